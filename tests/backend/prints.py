"""Prints of several runs in the tests' own process."""

import os
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def prints_come_back() -> Iterator[None]:
    """Runs in turns send what is printed to their logs; after them it goes where it went before."""
    kept = os.dup(1), os.dup(2)
    try:
        yield
    finally:
        for number, file in enumerate(kept, start=1):
            os.dup2(file, number)
            os.close(file)
