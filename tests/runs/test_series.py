import math
import random

import pytest

from kdconsole.runs.series import BLOCK, Rows, Series


def filled(points: list[tuple[float, float | None]]) -> Series:
    series = Series()
    for x, y in points:
        series.append(x, y)
    return series


def test_gaps_are_nan_and_do_not_count() -> None:
    series = filled([(1, 3.0), (2, None), (3, -1.0), (4, None)])
    assert len(series) == 4
    assert math.isnan(series.y[1])
    assert series.last == -1.0


def test_nothing_has_no_last_value() -> None:
    for series in (Series(), filled([(1, None)])):
        assert series.last is None


def test_a_later_line_replaces_what_it_overtakes() -> None:
    series = filled([(1, 1.0), (2, 2.0), (3, 3.0), (2, 5.0)])
    assert (list(series.x), list(series.y)) == ([1, 2], [1.0, 5.0])
    series.truncate_after(1.5)
    assert list(series.x) == [1]
    series.truncate_after(100)
    assert list(series.x) == [1]


def test_blocks_stay_right_through_any_sequence() -> None:
    chance = random.Random(0)
    series = Series()
    for _ in range(3000):
        if chance.random() < 0.002:
            series.truncate_after(chance.uniform(len(series) / 2, len(series)))
        else:
            series.append(len(series) - (chance.random() < 0.01), None if chance.random() < 0.002 else chance.random())
        if chance.random() < 0.1:
            blocks = series.blocks
            assert list(series.x) == sorted(set(series.x))
            assert len(blocks.low) == len(blocks.high) == len(blocks.total) == len(series) // BLOCK
            for place in range(len(blocks.low)):
                values = list(series.y[place * BLOCK : (place + 1) * BLOCK])
                if any(math.isnan(y) for y in values):
                    assert math.isnan(blocks.low[place]) and math.isnan(blocks.total[place])
                else:
                    assert (blocks.low[place], blocks.high[place]) == (min(values), max(values))
                    assert blocks.total[place] == sum(values)
    assert len(series) > 4 * BLOCK


@pytest.mark.parametrize("seed", range(5))
def test_series_in_rows_are_as_if_each_were_alone(seed: int) -> None:
    chance = random.Random(seed)
    shared, alone = [Series() for _ in range(3)], [Series() for _ in range(3)]
    together = 0
    for _ in range(300):
        x, values = chance.randrange(100), [chance.choice([None, 1.0, 2.0]) for _ in range(3)]
        match chance.randrange(10):
            case 0:
                place = chance.randrange(3)
                shared[place].append(x, values[place])
                alone[place].append(x, values[place])
            case 1:
                for series in (*shared, *alone):
                    series.truncate_after(x)
            case _:
                rows = Rows.of(shared)
                if rows is not None and rows.append(x, values):
                    together += 1
                else:
                    for series, value in zip(shared, values, strict=True):
                        series.append(x, value)
                for series, value in zip(alone, values, strict=True):
                    series.append(x, value)
        assert shared == alone
    assert together > 50


def test_rows_are_of_one_x_and_of_different_series() -> None:
    one, other = filled([(1, 1.0)]), filled([(1, 2.0)])
    rows = Rows.of([one, other])
    assert rows is not None and one.x is other.x
    assert Rows.of([one, other]) is rows
    assert Rows.of([one, filled([(1, 1.0)])]) is None  # the one belongs to others already
    assert Rows.of([filled([(1, 1.0)]), filled([(2, 1.0)])]) is None
    alone = filled([(1, 1.0)])
    assert Rows.of([alone, alone]) is None


def test_rows_do_without_a_member_that_has_gone() -> None:
    members = [filled([(1, 1.0)]), filled([(1, 2.0)])]
    rows = Rows.of(members)
    assert rows is not None
    kept = members.pop(0)
    members.clear()
    assert rows.append(2, [3.0, 4.0]) and list(kept.y) == [1.0, 3.0]
    kept.append(3, 5.0)
    assert (list(kept.x), list(kept.y)) == ([1, 2, 3], [1.0, 3.0, 5.0])
    assert not rows.append(4, [6.0, 7.0])
