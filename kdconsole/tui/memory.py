"""Giving memory back once a place is left: the curves of a long run are many megabytes."""

import ctypes
import gc
from contextlib import suppress

_MMAP_THRESHOLD = -3  # M_MMAP_THRESHOLD of malloc.h
_LARGE = 1 << 18  # bytes


def keep_large_apart() -> None:
    """Have what is large, a curve say, lie in pages of its own, which go back to the system with it.

    Left to itself glibc raises that size with every large piece that is freed, and keeps what is freed later for itself.
    Elsewhere nothing happens.
    """
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).mallopt(_MMAP_THRESHOLD, _LARGE)


def tidy() -> None:
    """Drop what a screen that was left still holds: its parts hold each other.

    What glibc keeps of freed memory for later use goes back to the system, too; elsewhere that is left as it is.
    """
    gc.collect()
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)
