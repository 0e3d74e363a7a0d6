"""A run's log played once more, in the order and at a multiple of the pace in which it was written."""

import threading
import time
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence

from kdconsole.runs.events import AnyEvent
from kdconsole.runs.state import RunState
from kdconsole.runs.status import RunStatus, Status
from kdconsole.runs.timeline import Timeline
from kdconsole.text import printable
from kdconsole.tui.follower import Polled

LONGEST_GAP = 30.0  # seconds of the run: nobody watches a stopped run wait to be resumed
USUAL_LENGTH = 60.0  # seconds that a replay takes unless a speed is asked for
SLICE = 5000  # events that are taken at a time


class ReplayStatus(RunStatus, frozen=True):
    """What the state line says of a replay."""

    words: str = ""

    @property
    def glyph(self) -> str:
        return "▸"

    @property
    def word(self) -> str:
        return self.words


class Replay:
    """Feeds a live screen with a log by a clock of its own. `pause`, `hop` and `faster` may be called by any thread."""

    def __init__(self, log: Timeline, speed: float | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        """`speed` is how many seconds of the run pass in one; None: as many as make the replay USUAL_LENGTH long."""
        self.lock = threading.Lock()
        self.gone = False
        self.fault = ""
        self.looked = 0.0
        self.state = RunState()
        self.generation = 0
        self._log = log
        self._times = _paced(log.times)  # seconds of the replay at speed 1
        self._epochs = [self._times[place] for place in log.epochs]
        self.length = self._times[-1] if self._times else 0.0
        self.speed = max(1.0, self.length / USUAL_LENGTH) if speed is None else speed
        self.paused = False
        self._clock = clock
        self._then = clock()
        self._place = 0.0
        self._taken = 0
        self._told = False  # what has changed beside the events
        self.status: RunStatus = self._status()

    def poll(self) -> Polled:
        """Take the events that are due. They are read without the lock, so that no key waits for a disk."""
        with self.lock:
            now = self._clock()
            if not self.paused:
                self._place = min(self.length, self._place + (now - self._then) * self.speed)
            self._then = now
            due = bisect_right(self._times, self._place)
            again = due < self._taken
            first = 0 if again else self._taken
            until = min(due, first + SLICE)
        # what is wrong with the log is seen again only where it is read
        events, fault = self._read(first, until) if again or until > first else ([], self.fault)
        with self.lock:
            changed = self._told or again or until != first or fault != self.fault
            self._told, self.fault = False, fault
            if fault:  # what was played stays
                self.paused, self._place = True, self._times[self._taken - 1] if self._taken else 0.0
            else:
                if again:
                    self._begin_anew()
                starts = self.state.starts
                self.state.extend(events)
                self.generation += self.state.starts != starts
                self._taken = until
            self.status = self._status()
            return Polled(changed, until < due and not fault)

    def _read(self, first: int, until: int) -> tuple[list[AnyEvent], str]:
        """Events, or why there are none."""
        try:
            return self._log.read(first, until), ""
        except OSError as error:
            return [], printable(error.strerror or str(error))

    def keep(self) -> None:
        """A replay leaves nothing behind."""

    def release(self) -> None:
        """Let go of the curves; a later `poll` begins with the first event."""
        with self.lock:
            self._begin_anew()

    def _begin_anew(self) -> None:
        self.state, self._taken = RunState(), 0
        self.generation += 1

    def pause(self) -> None:
        """Stand still, or go on; from the end, begin again."""
        with self.lock:
            if self._place >= self.length and not self.paused:
                self._place = 0.0
            else:
                self.paused = not self.paused
            self._told = True

    def hop(self, by: int) -> None:
        """Go to the end of the next epoch (1), or of the one before the latest (-1)."""
        with self.lock:
            if by > 0:
                place = bisect_right(self._epochs, self._place)
                self._place = self._epochs[place] if place < len(self._epochs) else self.length
            else:
                place = bisect_left(self._epochs, self._place) - 1
                # while it plays, "the epoch before" means more than what has passed since the last one ended
                if place > 0 and not self.paused and self._place - self._epochs[place] < self.speed:
                    place -= 1
                self._place = self._epochs[place] if place >= 0 else 0.0
            self._told = True

    def faster(self, factor: float) -> None:
        """Play so many times as fast."""
        with self.lock:
            self.speed = min(1e6, max(1e-3, self.speed * factor))
            self._told = True

    def _status(self) -> ReplayStatus:
        words = (
            "paused" if self.paused else "replay ended" if self._place >= self.length else f"replay ×{self.speed:.3g}"
        )
        return ReplayStatus(Status.LIVE, words=words)


def _paced(times: Sequence[float]) -> Sequence[float]:
    """When each event is due: as in the run, long pauses shortened, clocks that were set back ignored."""
    due = array("d")
    place, latest = 0.0, times[0] if times else 0.0
    for written in times:
        if written > latest:
            place += min(written - latest, LONGEST_GAP)
            latest = written
        due.append(place)
    return due
