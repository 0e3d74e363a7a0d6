"""A curve reduced to the columns of a plot: extremes per column, so that a million points cost as a thousand do."""

import math
from array import array
from bisect import bisect_left
from dataclasses import dataclass

from kdconsole.runs.series import Series


@dataclass(frozen=True, slots=True)
class Column:
    """What falls into one column of dots. `joined`: no gap lies between it and the column before."""

    low: float
    high: float
    first: float
    last: float
    joined: bool


class Columns:
    """Columns of equal width between `begin` and `end`. Each call of `take` costs only what has been added."""

    def __init__(self, begin: float, end: float, count: int) -> None:
        self.begin = begin
        self.end = end
        self.count = max(1, count)
        self.filled: dict[int, Column] = {}  # in ascending order
        self._taken = 0
        self._open = 0  # index of the first point of the column that may still grow
        self._gap = True  # a gap lies before the open column

    def take(self, x: "array[float]", y: "array[float]") -> None:
        """Bring the columns up to date with the points (x, y), of which earlier ones have not changed."""
        if len(x) == self._taken:
            return
        self._taken = len(x)
        index, gap = self._open, self._gap
        width = (self.end - self.begin) / self.count
        while index < len(x):
            self._open, self._gap = index, gap
            place = min(self.count - 1, max(0, int((x[index] - self.begin) / width)))
            after = len(x) if place == self.count - 1 else bisect_left(x, self.begin + (place + 1) * width, index)
            after = max(after, index + 1)
            values = y[index:after]
            if math.isfinite(sum(values)):
                self.filled[place] = Column(min(values), max(values), values[0], values[-1], not gap)
                gap = False
            else:
                finite = [value for value in values if math.isfinite(value)]
                if finite:
                    joined = not gap and math.isfinite(values[0])
                    self.filled[place] = Column(min(finite), max(finite), finite[0], finite[-1], joined)
                gap = not math.isfinite(values[-1])
            index = after

    @property
    def extremes(self) -> tuple[float, float] | None:
        """The lowest and the highest value; None without any."""
        if not self.filled:
            return None
        return min(column.low for column in self.filled.values()), max(column.high for column in self.filled.values())

    @property
    def least_positive(self) -> float | None:
        """The lowest value that a logarithmic axis can show."""
        return min((value for c in self.filled.values() for value in (c.low, c.high) if value > 0), default=None)


class Smoothed:
    """The exponential moving average of a series, corrected for its start; grows with the series. Gaps stay gaps."""

    def __init__(self, factor: float) -> None:
        self.factor = factor
        self.y = array("d")
        self._mean = 0.0
        self._weight = 0.0

    def take(self, y: "array[float]") -> None:
        """Bring the average up to date with `y`, of which earlier values have not changed."""
        keep, mean, weight, append = self.factor, self._mean, self._weight, self.y.append
        for value in y[len(self.y) :]:
            if math.isfinite(value):
                mean = keep * mean + (1 - keep) * value
                weight = keep * weight + (1 - keep)
                append(mean / weight)
            else:
                append(math.nan)
        self._mean, self._weight = mean, weight


class CurveCache:
    """Columns of one series, raw and smoothed, for one plot. A plot of another range or width needs a new one."""

    def __init__(self, begin: float, end: float, count: int, factor: float) -> None:
        self.key = (begin, end, count, factor)
        self._begin_anew()

    def _begin_anew(self) -> None:
        begin, end, count, factor = self.key
        self.raw = Columns(begin, end, count)
        self.smooth = Columns(begin, end, count) if factor else None
        self._average = Smoothed(factor) if factor else None
        self._last_x = -math.inf
        self._length = 0

    def take(self, series: Series) -> None:
        """Bring the columns up to date with `series`, which may have grown or been cut."""
        if len(series) < self._length or (self._length and series.x[self._length - 1] != self._last_x):
            self._begin_anew()
        self._length = len(series)
        self._last_x = series.x[-1] if self._length else -math.inf
        self.raw.take(series.x, series.y)
        if self.smooth is not None and self._average is not None:
            self._average.take(series.y)
            self.smooth.take(series.x, self._average.y)
