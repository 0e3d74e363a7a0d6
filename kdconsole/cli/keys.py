"""Single key presses while a run is followed on a terminal."""

import contextlib
import select
import sys
import termios
import tty
from collections.abc import Iterator

from kdconsole.cli.follow import Detached


@contextlib.contextmanager
def key_presses() -> Iterator[None]:
    """Deliver keys at once instead of at the end of a line; the terminal is restored whatever happens."""
    if not sys.stdin.isatty():
        yield
        return
    before = termios.tcgetattr(sys.stdin)
    try:
        tty.setcbreak(sys.stdin)
        yield
    finally:
        termios.tcsetattr(sys.stdin, termios.TCSADRAIN, before)


def wait_or_detach(seconds: float) -> None:
    """Wait; raise Detached when `d` or `q` is pressed."""
    ready, _, _ = select.select([sys.stdin], [], [], seconds)
    if ready and sys.stdin.read(1) in ("d", "q"):
        raise Detached
