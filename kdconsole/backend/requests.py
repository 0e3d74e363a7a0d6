"""What people ask of a running backend: lines of control.jsonl, and signals."""

import signal
import time
from types import FrameType

from kdconsole.backend.failures import StopRequested
from kdconsole.runs.control import COMMANDS, ControlTail
from kdconsole.runs.events import Control
from kdconsole.runs.layout import RunFolder
from kdconsole.runs.log import EventWriter

_POLL_SECONDS = 0.25


class Signals:
    """Turns SIGTERM and SIGINT into a request to stop; SIGHUP (a lost terminal) is no event for training.

    A second signal does not wait for the step to end (a download, say, has no steps): what was saved last is kept.
    """

    def __init__(self) -> None:
        self.stop_reason = ""
        signal.signal(signal.SIGTERM, self._stop)
        signal.signal(signal.SIGINT, self._stop)
        signal.signal(signal.SIGHUP, signal.SIG_IGN)

    def _stop(self, number: int, frame: FrameType | None) -> None:
        again = bool(self.stop_reason)
        self.stop_reason = f"signal {signal.Signals(number).name}"
        if again:
            raise StopRequested(f"{self.stop_reason} twice")


class Requests:
    """The pending requests of one run, polled between steps at the cost of a clock reading."""

    def __init__(self, folder: RunFolder, events: EventWriter, signals: Signals) -> None:
        self._tail = ControlTail(folder.control)
        self._events = events
        self._signals = signals
        self._next_poll = 0.0
        self._stop = ""
        self.stop_after_epoch = ""
        self.checkpoint = False

    @property
    def stop(self) -> str:
        """Why to stop now, or an empty string."""
        self.poll()
        return self._signals.stop_reason or self._stop

    def poll(self) -> None:
        """Read new control lines, at most four times a second, and answer each with an event."""
        now = time.monotonic()
        if now < self._next_poll:
            return
        self._next_poll = now + _POLL_SECONDS
        for command in self._tail.read():
            self._events.append(self._answer(command))

    def _answer(self, command: str) -> Control:
        if command == "stop":
            self._stop = "asked to stop"
            return Control(command=command, accepted=True, message="saving the state, then stopping")
        if command == "stop_after_epoch":
            self.stop_after_epoch = "asked to stop after the epoch"
            return Control(command=command, accepted=True, message="stopping after this epoch")
        if command == "checkpoint":
            self.checkpoint = True
            return Control(command=command, accepted=True, message="saving the state after this step")
        return Control(command=command, accepted=False, message=f"unknown; known: {', '.join(COMMANDS)}")
