"""The feed of a live screen: one thread reads the log and reduces it, the screen looks at the result.

Only the reading thread changes the state, always under `lock`; whoever draws holds `lock` while looking. Decoding and
file access happen outside of it, so that a key never waits for a disk.
"""

import threading
import time
from collections import deque
from dataclasses import dataclass

from kdconsole.runs.events import Step
from kdconsole.runs.layout import RunFolder
from kdconsole.runs.log import EventTail
from kdconsole.runs.state import RunState
from kdconsole.runs.status import RunStatus, Status, status_of
from kdconsole.text import printable
from kdconsole.tui.event_lines import EventLine, event_line
from kdconsole.tui.format import age

SLICE = 2000  # lines of the log read at a time
SLICE_SECONDS = 0.05
STATUS_SECONDS = 1.0
KEPT = 500  # lines for the events pane


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
        self.state = RunState()
        self.status = RunStatus(Status.NEW)
        self.lines: deque[EventLine] = deque(maxlen=KEPT)
        self.gone = False  # the folder has vanished; the last known state stays
        self.fault = ""  # why the log cannot be read
        self.generation = 0  # changes whenever points that were there before may have changed
        self.looked = 0.0  # Unix time of the latest look at the status
        self._tail = EventTail(folder.events)
        self._restarted = False

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

    def _read_slice(self) -> tuple[bool, bool]:
        """Whether anything changed, and whether more lines may wait."""
        try:
            events = self._tail.read(SLICE)
            fault = ""
        except OSError as error:
            events, fault = [], printable(error.strerror or str(error))
        # A log that vanished is kept on screen; only the first line of another one takes its place.
        self._restarted = self._restarted or self._tail.restarted
        changed = bool(events) or fault != self.fault
        skipped = self._tail.skipped
        if not changed and skipped == self.state.skipped:
            return False, False
        with self.lock:
            self.fault = fault
            if self._restarted and events:
                self._restarted = False
                self.state = RunState()
                self.lines.clear()
                self.generation += 1
            state = self.state
            for event in events:
                starts = state.starts
                state.apply(event)
                if state.starts != starts:
                    self.generation += 1
                if type(event) is not Step:
                    line = event_line(state.recent[-1], state)
                    if line is not None:
                        self._add(line)
            state.skipped = skipped
        return changed, len(events) >= SLICE

    def _add(self, line: EventLine) -> None:
        if line.topic and self.lines and self.lines[0].topic == line.topic:
            self.lines.popleft()
        self.lines.appendleft(line)

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
