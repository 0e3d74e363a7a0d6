"""Aligned columns on stdout."""

import shutil
import sys
from collections.abc import Collection, Sequence

_GAP = 2
_NARROWEST = 8  # characters of a shortened cell that still tell one run from another


def print_table(rows: Sequence[Sequence[str]], shorten: Collection[int] = ()) -> None:
    """Print `rows`. Where lines would be wider than the terminal, cells of the columns `shorten` lose their middle.

    A file or a pipe gets every cell whole.
    """
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    if sys.stdout.isatty():
        _narrow(widths, shorten, shutil.get_terminal_size().columns)
    for row in rows:
        cells = (_fitted(cell, width).ljust(width) for cell, width in zip(row, widths, strict=True))
        print((" " * _GAP).join(cells).rstrip())


def _narrow(widths: list[int], columns: Collection[int], total: int) -> None:
    """Take what is too much from the widest of `columns`, evenly."""
    while sum(widths) + _GAP * (len(widths) - 1) > total:
        widest = max(columns, key=lambda column: widths[column], default=None)
        if widest is None or widths[widest] <= _NARROWEST:
            return
        widths[widest] -= 1


def _fitted(cell: str, width: int) -> str:
    """`cell` in `width` characters. Its ends stay: a run's name begins with what it is and ends with its seed."""
    if len(cell) <= width:
        return cell
    tail = (width - 1) // 2
    return f"{cell[: width - 1 - tail]}…{cell[-tail:]}"
