"""What a screen held goes when it is left."""

import gc
import platform
import subprocess
import sys
import weakref

import pytest

from kdconsole.tui.memory import tidy


class _Part:
    """Holds itself, as screens and their widgets do."""

    def __init__(self) -> None:
        self.itself = self


def test_parts_that_hold_each_other_are_dropped() -> None:
    gc.disable()
    try:
        part = weakref.ref(_Part())
        assert part() is not None
        tidy()
        assert part() is None
    finally:
        gc.enable()


FREED = """
import psutil
from kdconsole.tui.memory import keep_large_apart

size, count = 4 << 20, 16
keep_large_apart()
bytearray(2 * size)  # else the next ones would have glibc raise its threshold
pieces = [b"x" * (size + number) for number in range(count)]
between = bytearray(100_000)  # keeps the heap from shrinking
before = psutil.Process().memory_info().rss
del pieces
print((before - psutil.Process().memory_info().rss) / (size * count))
"""


@pytest.mark.skipif("glibc" not in platform.libc_ver(), reason="of glibc's memory")
def test_large_pieces_go_back_to_the_system_at_once() -> None:
    """In a process of its own: where much has been freed before, pieces are taken from that."""
    done = subprocess.run([sys.executable, "-P", "-c", FREED], capture_output=True, text=True, check=True)
    assert float(done.stdout) > 0.9
