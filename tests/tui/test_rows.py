"""Lists of any length: the bar beside them, by key and by mouse."""

import pytest
from rich.segment import Segment
from textual.app import App, ComposeResult
from textual.geometry import Offset
from textual.pilot import Pilot
from textual.strip import Strip

from kdconsole.tui.widgets.rows import Rows, thumb


@pytest.mark.parametrize(("height", "count"), [(1, 2), (3, 4), (20, 21), (20, 1000), (57, 10_000), (10, 11)])
def test_the_thumb_goes_from_the_first_cell_to_the_last(height: int, count: int) -> None:
    places = [thumb(height, top, count) for top in range(count - height + 1)]
    assert places[0].start == 0 and places[-1].stop == height
    assert all(0 <= place.start < place.stop <= height for place in places)
    assert [place.start for place in places] == sorted(place.start for place in places)
    assert len({len(place) for place in places}) == 1


@pytest.mark.parametrize(("height", "count"), [(0, 0), (0, 5), (5, 0), (5, 5), (6, 5)])
def test_no_bar_where_all_is_seen_or_nothing_can_be(height: int, count: int) -> None:
    assert not thumb(height, 0, count)


class Numbers(Rows):
    """A head, and a row for each number below `amount`."""

    HEAD = 1

    def __init__(self, amount: int) -> None:
        super().__init__()
        self.amount = amount

    @property
    def count(self) -> int:
        return self.amount

    def row_strip(self, place: int, width: int) -> Strip:
        return Strip([Segment(f"{place}".ljust(width))], width)

    def on_resize(self) -> None:
        self.fit()


class Only(App[None]):
    def __init__(self, amount: int) -> None:
        super().__init__()
        self.rows = Numbers(amount)

    def compose(self) -> ComposeResult:
        yield self.rows


def seen(pilot: Pilot[None]) -> list[str]:
    """Each line without its bar, then the bar from top to bottom."""
    lines = [strip.text for strip in pilot.app.screen._compositor.render_strips()]
    return [*(line[:-1].strip() for line in lines), "".join(line[-1] for line in lines)]


async def test_the_bar_tells_which_rows_are_seen() -> None:
    app = Only(80)
    async with app.run_test(size=(20, 9)) as pilot:
        assert seen(pilot) == ["", *map(str, range(8)), " ▐       "]
        app.rows.reveal(79)
        await pilot.pause()
        assert seen(pilot) == ["", *map(str, range(72, 80)), "        ▐"]
        app.rows.reveal(40)
        await pilot.pause()
        assert seen(pilot)[1] == "40"
        app.rows.amount = 8
        app.rows.fit()
        await pilot.pause()
        assert seen(pilot) == ["", *map(str, range(8)), " " * 9]


async def test_the_bar_is_dragged() -> None:
    app = Only(80)
    async with app.run_test(size=(20, 9)) as pilot:
        await pilot.mouse_down(offset=Offset(19, 8))
        await pilot.pause()
        assert seen(pilot)[8] == "79"
        await pilot.hover(offset=Offset(5, 1))
        await pilot.pause()
        assert seen(pilot)[1] == "0"
        await pilot.mouse_up(offset=Offset(5, 1))
        await pilot.hover(offset=Offset(5, 8))
        await pilot.pause()
        assert seen(pilot)[1] == "0" and app.mouse_captured is None
        await pilot.mouse_down(offset=Offset(3, 8))
        await pilot.pause()
        assert app.mouse_captured is None
