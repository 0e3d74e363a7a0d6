"""How often a live screen looks at its run, and how often it draws."""

import threading
import time
from collections import deque
from collections.abc import Callable

from kdconsole.runs.status import Status
from kdconsole.tui.feed import Feed

LIVE_SECONDS = 0.02  # between two looks at the log of a run that is at work
QUIET_SECONDS = 0.25  # and of one that is not
LOOKING_SHARE = 0.02  # of the time that looking may take, where files are slow to answer
LOOKS = 8  # the shortest of so many tells how slow: a busy machine makes single ones long
FRAMES, FRAMES_SECONDS = 3, 0.6  # at most so many pictures in so many seconds, where a log never pauses
CATCH_UP_SECONDS = 0.01  # between slices of a long log, so that keys are served


class Feeding:
    """Polls `follower` until `end`, and lets go of what it knows then; `run` is for a thread of its own. `tell` is called there
    when there is something new.
    """

    def __init__(self, follower: Feed, tell: Callable[[], object]) -> None:
        self._follower = follower
        self._tell = tell
        self._leaving = threading.Event()
        self._drawn = threading.Event()
        self._drawn.set()

    def drawn(self) -> None:
        """The screen has seen the latest news, and may be told again."""
        self._drawn.set()

    def end(self) -> None:
        """Nobody looks any more."""
        self._leaving.set()

    def run(self) -> None:
        """Look and tell."""
        waiting = False  # something changed that the screen has not been told
        told = deque([-FRAMES_SECONDS] * FRAMES, maxlen=FRAMES)  # when the latest pictures were asked for
        looks: deque[float] = deque(maxlen=LOOKS)  # seconds that they took
        while not self._leaving.is_set():
            begun = time.monotonic()
            polled = self._follower.poll()
            now = time.monotonic()
            looks.append(now - begun)
            waiting = waiting or polled.changed
            # A screen that has not drawn the last news yet gets no further ones: frames are dropped, never events.
            if waiting and now - told[0] >= FRAMES_SECONDS and self._drawn.is_set():
                self._drawn.clear()
                waiting = False
                told.append(now)
                self._tell()
            if polled.behind:
                self._leaving.wait(CATCH_UP_SECONDS)
                continue
            if not self._leaving.is_set():
                self._follower.keep()
            at_work = waiting or self._follower.status.status in (Status.LIVE, Status.QUEUED)
            pause = max(LIVE_SECONDS, min(looks) / LOOKING_SHARE) if at_work else QUIET_SECONDS
            self._leaving.wait(min(pause, QUIET_SECONDS))
        self._follower.release()
