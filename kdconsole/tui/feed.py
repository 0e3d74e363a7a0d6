"""Where a live screen gets a run's state from: a log that grows, or one that is played once more."""

import threading
from typing import Protocol

from kdconsole.runs.state import RunState
from kdconsole.runs.status import RunStatus
from kdconsole.tui.follower import Polled


class Feed(Protocol):
    """One thread calls `poll`; who draws holds `lock` while looking at `state` and `status`."""

    lock: threading.Lock
    status: RunStatus
    gone: bool  # the folder has vanished; the last known state stays
    fault: str  # why the log cannot be read
    looked: float  # Unix time of the latest look at a run that may be at work, 0 for none

    @property
    def state(self) -> RunState:
        """What the events so far have been reduced to."""

    @property
    def generation(self) -> int:
        """Changes whenever points that were there before may have changed."""

    def poll(self) -> Polled:
        """Take what is new into account."""

    def keep(self) -> None:
        """Called when nothing is left to read for now."""

    def release(self) -> None:
        """Nobody looks any more: let go of the curves, whoever still holds the feed. By the thread that polls."""
