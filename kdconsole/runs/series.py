"""Curves: numbers over training steps, compact and cheap to append to."""

import math
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from typing import NamedTuple, Self
from weakref import ref

BLOCK = 128


class Blocks(NamedTuple):
    """Lowest value, highest value and sum of each `BLOCK` values of a series, one after the other; all are NaN where one of
    the values is a gap. They spare whoever looks at a long series from afar to look at every point. They never change: with
    more values there are other ones.
    """

    low: "array[float]" = array("d")
    high: "array[float]" = array("d")
    total: "array[float]" = array("d")

    def of(self, y: "array[float]") -> Self:
        """Those of the values `y`, of which what these stand for has not changed."""
        if len(y) // BLOCK <= len(self.low):
            return self
        columns = [column[:] for column in self]
        for begin in range(len(self.low) * BLOCK, len(y) - BLOCK + 1, BLOCK):
            values = y[begin : begin + BLOCK].tolist()
            total = sum(values)
            found = (min(values), max(values), total) if math.isfinite(total) else (math.nan,) * 3
            for column, value in zip(columns, found, strict=True):
                column.append(value)
        return type(self)(*columns)

    def cut(self, length: int) -> Self:
        """Those of the first `length` values."""
        return type(self)(*(column[: length // BLOCK] for column in self))


class Series:
    """Points (x, y) with strictly increasing x; a y of NaN is a gap.

    `x` and `y` are read-only for everybody else. A point at an x that is already there, or before it, replaces what
    follows: the later line of a log is the valid one.
    """

    __slots__ = ("__weakref__", "_blocks", "_rows", "x", "y")

    def __init__(self) -> None:
        self.x, self.y = array("d"), array("d")
        self._blocks = Blocks()
        self._rows: Rows | None = None  # those to whom `x` belongs

    @classmethod
    def of(cls, x: "array[float]", y: "array[float]", blocks: Blocks) -> Self:
        """A series of these points, whose x increase, with what `blocks` returned for them. Raises ValueError where they do
        not belong together.
        """
        lengths = {len(column) for column in (blocks.low, blocks.high, blocks.total)}
        if len(x) != len(y) or lengths != {len(y) // BLOCK}:
            raise ValueError("columns of different series")
        series = cls()
        series.x, series.y, series._blocks = x, y, blocks
        return series

    def __len__(self) -> int:
        return len(self.x)

    def __eq__(self, other: object) -> bool:
        """Equal points; gaps are equal to gaps."""
        if not isinstance(other, Series):
            return NotImplemented
        return self.x == other.x and self.y.tobytes() == other.y.tobytes()

    __hash__ = None  # type: ignore[assignment]  # it changes

    def __repr__(self) -> str:
        return f"Series({len(self)} points, last {self.last})"

    def append(self, x: float, y: float | None) -> None:
        """Add a point; None is a gap."""
        self._own()
        if self.x and x <= self.x[-1]:
            self._cut(bisect_left(self.x, x))
        self.x.append(x)
        self.y.append(math.nan if y is None else y)

    def truncate_after(self, x: float) -> None:
        """Drop all points beyond `x`."""
        self._cut(bisect_right(self.x, x))

    def clear(self) -> None:
        """Drop all points."""
        self._cut(0)

    @property
    def blocks(self) -> Blocks:
        """A summary of its values. Costs little more than the points added since it was last asked for."""
        self._blocks = self._blocks.of(self.y)
        return self._blocks

    @property
    def last(self) -> float | None:
        """The latest value, gaps passed over; None without one."""
        return next((y for y in reversed(self.y) if y == y), None)

    def _cut(self, length: int) -> None:
        if length < len(self.x):
            self._own()
            del self.x[length:]
            del self.y[length:]
            self._blocks = self._blocks.cut(length)

    def _own(self) -> None:
        """Before a change that the series of the same rows do not share."""
        if self._rows is not None:
            self._rows.part()


class Rows:
    """Series that get their points together, and therefore share one x: half the memory, and quick to append to."""

    def __init__(self, members: Sequence[Series]) -> None:
        """The x of all `members` have to be equal."""
        self.x = members[0].x
        # weak: series and rows that held each other would stay in memory until Python looks for such circles
        self._members = tuple(map(ref, members))
        self._adders = [series.y.append for series in members]
        for series in members:
            series.x = self.x
            series._rows = self

    @classmethod
    def of(cls, members: Sequence[Series]) -> Self | None:
        """The rows that `members` make up, or None when their points are not at the same x."""
        first = members[0]
        rows = first._rows
        if isinstance(rows, cls) and rows._consist_of(members):
            return rows
        if any(series._rows is not None or series.x != first.x for series in members):
            return None
        return cls(members) if len(set(map(id, members))) == len(members) else None

    def append(self, x: float, values: Iterable[float | None]) -> bool:
        """Add a point to each member, in their order; None is a gap. False, and nothing is added, when that is not possible:
        when `x` is not the next one, or the members have parted.
        """
        if not self._members or (self.x and x <= self.x[-1]):
            return False
        self.x.append(x)
        for add, value in zip(self._adders, values, strict=True):
            add(math.nan if value is None else value)
        return True

    def part(self) -> None:
        """Give each member an x of its own."""
        for member in self._members:
            series = member()
            if series is not None:
                series.x = self.x[:]
                series._rows = None
        self._members = ()

    def _consist_of(self, members: Sequence[Series]) -> bool:
        return len(members) == len(self._members) and all(
            member() is series for member, series in zip(self._members, members, strict=True)
        )
