"""Single key presses while a run is followed on a terminal."""

import contextlib
import os
import re
import select
import sys
import termios
import time
import tty
from collections.abc import Iterator

from kdconsole.cli.leaving import Detached

_LEAVE = re.compile(rb"[dq]")
# an arrow key is a sequence whose last byte may be a letter: rxvt sends ESC [ d for shift-left
_SEQUENCE = re.compile(rb"\x1b(?:[\[O][0-9;?<]*[ -/]*[@-~]|.)?", re.DOTALL)


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
        # now, not when all output is drained: a terminal that was paused with ctrl-S would never let go.
        # One that hung up has no modes left to restore.
        with contextlib.suppress(termios.error):
            termios.tcsetattr(sys.stdin, termios.TCSANOW, before)


def wait_or_detach(seconds: float) -> None:
    """Wait; raise Detached when `d` or `q` is among the keys that were pressed."""
    file = sys.stdin.fileno()
    ready, _, _ = select.select([file], [], [], seconds)
    if not ready:
        return
    typed = os.read(file, 64)  # not sys.stdin.read: what that buffers, select does not see
    if not typed:
        time.sleep(seconds)  # ctrl-D, or the end of input, which is "ready" at every look
    elif _LEAVE.search(_SEQUENCE.sub(b"", typed)):
        raise Detached
