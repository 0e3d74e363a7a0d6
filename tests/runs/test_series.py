import math
import random

from kdconsole.runs.series import Series


def filled(points: list[tuple[float, float | None]]) -> Series:
    series = Series()
    for x, y in points:
        series.append(x, y)
    return series


def test_gaps_are_nan_and_do_not_count() -> None:
    series = filled([(1, 3.0), (2, None), (3, -1.0), (4, None)])
    assert len(series) == 4
    assert math.isnan(series.y[1])
    assert (series.last, series.minimum, series.maximum) == (-1.0, -1.0, 3.0)


def test_nothing_has_no_extremes() -> None:
    for series in (Series(), filled([(1, None)])):
        assert (series.last, series.minimum, series.maximum) == (None, None, None)


def test_a_later_line_replaces_what_it_overtakes() -> None:
    series = filled([(1, 1.0), (2, 2.0), (3, 3.0), (2, 5.0)])
    assert (list(series.x), list(series.y)) == ([1, 2], [1.0, 5.0])
    series.truncate_after(1.5)
    assert list(series.x) == [1]
    series.truncate_after(100)
    assert list(series.x) == [1]


def test_extremes_stay_right_through_any_sequence() -> None:
    chance = random.Random(0)
    series = Series()
    for _ in range(500):
        if chance.random() < 0.1:
            series.truncate_after(chance.uniform(0, 60))
        else:
            series.append(chance.randrange(60), chance.choice([None, chance.uniform(-9, 9)]))
        values = [y for y in series.y if y == y]
        assert series.minimum == min(values, default=None)
        assert series.maximum == max(values, default=None)
        assert list(series.x) == sorted(set(series.x))
