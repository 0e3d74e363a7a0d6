"""Ending well when the terminal or the session goes away: the screen is restored, the run is not touched."""

import asyncio
import contextlib
import os
import signal
import threading
from collections.abc import Callable
from types import FrameType

ENDING = (signal.SIGHUP, signal.SIGTERM)
PATIENCE = 3.0  # seconds that an orderly end may take


class Signals:
    """What an app does on signals while it runs. For the main thread; elsewhere it does nothing."""

    def __init__(self, loop: asyncio.AbstractEventLoop, leave: Callable[[int], None]) -> None:
        """`leave` is called with the signal's number, inside `loop`, when one of ENDING arrives."""
        self._loop = loop
        self._leave = leave
        self._stopped = False
        self._replaced: dict[int, Callable[[int, FrameType | None], object]] = {}

    def install(self) -> None:
        """Begin to handle signals. To be called once the driver has installed its own handlers."""
        if threading.current_thread() is not threading.main_thread():
            return
        for number in ENDING:
            with contextlib.suppress(NotImplementedError, RuntimeError):
                self._loop.add_signal_handler(number, self._end, int(number))
        # A terminal that hangs up sends SIGCONT too. Textual takes it for the end of a suspension, starts its driver a
        # second time and waits for ever for the first one's writer; so SIGCONT only counts after SIGTSTP.
        for number, handler in ((signal.SIGTSTP, self._stop), (signal.SIGCONT, self._go_on)):
            previous = signal.getsignal(number)
            if callable(previous):
                self._replaced[number] = previous
                signal.signal(number, handler)

    def remove(self) -> None:
        """Handle no more signals."""
        if threading.current_thread() is not threading.main_thread():
            return
        for number in ENDING:
            with contextlib.suppress(NotImplementedError, RuntimeError):
                self._loop.remove_signal_handler(number)
        for stop, previous in self._replaced.items():
            signal.signal(stop, previous)
        self._replaced.clear()

    def _end(self, number: int) -> None:
        # The terminal may be gone for good, and a write to it may block. Nothing here is worth waiting for.
        watchdog = threading.Timer(PATIENCE, os._exit, (128 + number,))
        watchdog.daemon = True
        watchdog.start()
        self._leave(number)

    def _stop(self, number: int, frame: FrameType | None) -> None:
        self._stopped = True
        self._replaced[number](number, frame)

    def _go_on(self, number: int, frame: FrameType | None) -> None:
        if self._stopped:
            self._stopped = False
            self._replaced[number](number, frame)
