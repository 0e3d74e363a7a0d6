"""What a screen held goes when it is left."""

import gc
import os
import weakref

import psutil
import pytest

from kdconsole.tui.memory import keep_large_apart, tidy


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


@pytest.mark.skipif(
    not hasattr(os, "confstr") or "glibc" not in (os.confstr("CS_GNU_LIBC_VERSION") or ""), reason="glibc"
)
def test_large_pieces_go_back_to_the_system_at_once() -> None:
    keep_large_apart()
    bytearray(8 << 20)  # without it, glibc would keep what comes next
    process, size, count = psutil.Process(), 4 << 20, 16
    pieces = [bytearray(b"x" * size) for _ in range(count)]
    begin = process.memory_info().rss
    between = bytearray(100)  # keeps what lies before it in the heap from shrinking
    del pieces
    assert begin - process.memory_info().rss > size * count * 0.9
    assert between
