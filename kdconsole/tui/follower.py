"""The feed of a live screen: one thread reads the log and reduces it, the screen looks at the result.

Only the reading thread changes the state, always under `lock`; whoever draws holds `lock` while looking. Decoding and
file access happen outside of it, so that a key never waits for a disk.
"""

import threading
import time
from dataclasses import dataclass

from kdconsole.runs.layout import RunFolder
from kdconsole.runs.reader import StateReader
from kdconsole.runs.state import RunState
from kdconsole.runs.status import RunStatus, Status, status_of
from kdconsole.text import printable
from kdconsole.tui.format import age

SLICE = 1 << 20  # bytes of the log read at a time
SLICE_SECONDS = 0.05
STATUS_SECONDS = 1.0


@dataclass(frozen=True)
class Polled:
    """What one look at the log has brought. `behind`: there is more to read at once."""

    changed: bool
    behind: bool


class Follower:
    """A run's state, kept up to date by whoever calls `poll` (one thread)."""

    def __init__(self, folder: RunFolder) -> None:
        self.folder = folder
        self.lock = threading.Lock()
        self.status = RunStatus(Status.NEW)
        self.gone = False  # the folder has vanished; the last known state stays
        self.fault = ""  # why the log cannot be read
        self.looked = 0.0  # Unix time of the latest look at the status
        self._reader = StateReader(folder)
        self._restarted = False

    @property
    def state(self) -> RunState:
        """What the log has been reduced to so far."""
        return self._reader.state

    @property
    def generation(self) -> int:
        """Changes whenever points that were there before may have changed."""
        return self._reader.generation

    def poll(self) -> Polled:
        """Read what is new, up to a slice, and look at the status when it is due."""
        begin = time.monotonic()
        changed = behind = False
        while True:
            got, full = self._read_slice()
            changed, behind = changed or got, full
            if not full or time.monotonic() - begin > SLICE_SECONDS:
                break
        if (changed and not behind) or time.time() - self.looked >= STATUS_SECONDS:
            changed = self._look() or changed
        return Polled(changed, behind)

    def keep(self) -> None:
        """Let the next reader of a long log have it easier. Once all of it is read, and nothing else is urgent."""
        self._reader.keep()

    def release(self) -> None:
        """Let go of the curves. Nothing is read after that."""
        with self.lock:
            self._reader.forget()

    def _read_slice(self) -> tuple[bool, bool]:
        """Whether anything changed, and whether more lines may wait."""
        reader = self._reader
        try:
            events = reader.read(SLICE)
            fault = ""
        except OSError as error:
            events, fault = [], printable(error.strerror or str(error))
        # A log that vanished is kept on screen; only the first line of another one takes its place.
        self._restarted = self._restarted or reader.restarted
        changed = bool(events) or reader.has_restored or fault != self.fault
        with self.lock:
            self.fault = fault
            if self._restarted and events:
                self._restarted = False
                reader.forget()
            reader.take(events)
        return changed, reader.has_more

    def _look(self) -> bool:
        self.looked = time.time()
        gone = not self.folder.path.exists()
        try:
            status = status_of(self.folder, self.state, self.looked)
        except OSError as error:
            status = RunStatus(Status.STALE, f"unreadable: {printable(error.strerror or str(error))}")
        ticking = status.status is Status.LIVE  # its remaining time is on the screen
        changed = ticking or _seen(status) != _seen(self.status) or gone != self.gone
        with self.lock:
            self.status, self.gone = status, gone
        return changed


def _seen(status: RunStatus) -> tuple[Status, str, str]:
    """What the screen shows of a status: an age changes all the time, but not in words."""
    return status.status, status.detail, "" if status.age_seconds is None else age(status.age_seconds)
