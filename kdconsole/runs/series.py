"""One curve: numbers over training steps, compact and cheap to append to."""

import math
from array import array
from bisect import bisect_left, bisect_right


class Series:
    """Points (x, y) with strictly increasing x; a y of NaN is a gap.

    `x` and `y` are read-only for everybody else. A point at an x that is already there, or before it, replaces what
    follows: the later line of a log is the valid one.
    """

    __slots__ = ("_high", "_low", "_scanned", "x", "y")

    def __init__(self) -> None:
        self.x = array("d")
        self.y = array("d")
        self._scanned = 0  # points that the extremes cover
        self._low = math.inf
        self._high = -math.inf

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
    def last(self) -> float | None:
        """The latest value, gaps passed over; None without one."""
        return next((y for y in reversed(self.y) if y == y), None)

    @property
    def minimum(self) -> float | None:
        """The smallest value, None without one. Costs only the points added since it was last asked for."""
        self._scan()
        return self._low if self._low <= self._high else None

    @property
    def maximum(self) -> float | None:
        """The largest value, None without one. Costs only the points added since it was last asked for."""
        self._scan()
        return self._high if self._low <= self._high else None

    def _scan(self) -> None:
        new = [y for y in self.y[self._scanned :] if y == y]
        self._scanned = len(self.y)
        if new:
            self._low = min(self._low, min(new))
            self._high = max(self._high, max(new))

    def _cut(self, length: int) -> None:
        if length < len(self.x):
            del self.x[length:]
            del self.y[length:]
            self._forget_extremes()

    def _forget_extremes(self) -> None:
        self._scanned = 0
        self._low = math.inf
        self._high = -math.inf
