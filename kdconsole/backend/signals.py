"""Requests to stop that come as signals. Free of torch, so that it is in place before the slow imports."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


class StopRequested(Exception):
    """A signal or a control line asked the run to stop. `step` and `epoch` are where it stands, 0 before training."""

    def __init__(self, reason: str, step: int = 0, epoch: int = 0) -> None:
        super().__init__(reason)
        self.reason = reason
        self.step = step
        self.epoch = epoch


class Signals:
    """Turns SIGTERM and SIGINT into a request to stop; SIGHUP (a lost terminal) is no event for training.

    Training looks at `stop_reason` between steps. Work without steps (a download) runs inside `interruptible`, where a
    signal takes effect at once.
    """

    def __init__(self) -> None:
        self.stop_reason = ""
        self._interruptible = False
        signal.signal(signal.SIGTERM, self._stop)
        signal.signal(signal.SIGINT, self._stop)
        signal.signal(signal.SIGHUP, signal.SIG_IGN)

    def raise_if_stopped(self) -> None:
        """Raise StopRequested when a signal has come."""
        if self.stop_reason:
            raise StopRequested(self.stop_reason)

    def ignore(self) -> None:
        """The last word is written: nothing that comes now may change the exit code."""
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        signal.signal(signal.SIGINT, signal.SIG_IGN)

    @contextmanager
    def interruptible(self) -> Iterator[None]:
        """Inside, a signal raises StopRequested where it strikes: nothing that is written there may be half of a file."""
        self.raise_if_stopped()
        self._interruptible = True
        try:
            yield
        finally:
            self._interruptible = False

    def _stop(self, number: int, frame: FrameType | None) -> None:
        self.stop_reason = f"signal {signal.Signals(number).name}"
        if self._interruptible:
            self._interruptible = False
            raise StopRequested(self.stop_reason)
