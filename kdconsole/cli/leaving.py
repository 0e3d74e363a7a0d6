"""The ways in which a person, or the system, leaves a run that is being followed. None of them touches the run."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

_SIGNALS = (signal.SIGTERM, signal.SIGHUP)


class Detached(Exception):
    """The person left; the run goes on."""


class Signalled(BaseException):
    """SIGTERM or SIGHUP came. No plain Exception: nothing on the way out may mistake it for a fault."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


def hung_up() -> Signalled:
    """The terminal is gone, and has been noticed before its signal came."""
    return Signalled(signal.SIGHUP)


@contextmanager
def signals_unwind() -> Iterator[None]:
    """Inside, the first of these signals raises Signalled, so that the terminal is put in order on the way out.

    One that is ignored stays so: that is what nohup asks for.
    """
    left = False

    def leave(number: int, frame: FrameType | None) -> None:
        nonlocal left
        if not left:  # a second one must not cut the tidying short
            left = True
            raise Signalled(number)

    before = {number: signal.getsignal(number) for number in _SIGNALS}
    taken = [number for number in _SIGNALS if before[number] is not signal.SIG_IGN]
    for number in taken:
        signal.signal(number, leave)
    try:
        yield
    finally:
        for number in taken:
            signal.signal(number, before[number])
