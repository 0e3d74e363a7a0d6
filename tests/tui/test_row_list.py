"""Lists of any length: the bar beside them, by key and by mouse."""

import pytest
from rich.segment import Segment
from textual.app import App, ComposeResult
from textual.events import Click, MouseDown, MouseEvent, MouseMove, MouseUp
from textual.pilot import Pilot
from textual.strip import Strip

from kdconsole.tui.widgets.row_list import RowList, thumb


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


class Numbers(RowList):
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

    def on_click(self, event: Click) -> None:
        place = self.clicked(event)
        if place is not None:
            self.app.clicks.append(place)  # type: ignore[attr-defined]


class Only(App[None]):
    def __init__(self, amount: int) -> None:
        super().__init__()
        self.rows = Numbers(amount)
        self.clicks: list[int] = []

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


async def do(pilot: Pilot[None], kind: type[MouseEvent], x: int, y: int, button: int = 1) -> list[str]:
    """As a terminal tells it, which makes clicks of what is pressed and let go; returns what is seen then."""
    pilot.app.post_message(kind(None, x, y, 0, 0, button, False, False, False, x, y))
    await pilot.pause()
    return seen(pilot)


async def test_the_bar_is_dragged() -> None:
    app = Only(80)
    async with app.run_test(size=(20, 9)) as pilot:
        assert (await do(pilot, MouseDown, 19, 8))[8] == "79"
        assert (await do(pilot, MouseMove, 5, 1))[1] == "0"  # the pointer may leave the bar
        await do(pilot, MouseUp, 5, 1)
        assert (await do(pilot, MouseMove, 5, 8, 0))[1] == "0" and app.mouse_captured is None
        assert app.clicks == []


async def test_who_takes_the_thumb_does_not_move_it() -> None:
    app = Only(20)
    async with app.run_test(size=(20, 9)) as pilot:
        app.rows.scroll_rows_to(7)
        await pilot.pause()
        before = seen(pilot)
        assert before[-1] == "    ▐▐▐  "
        for y in (4, 5, 6):
            assert await do(pilot, MouseDown, 19, y) == before
            assert await do(pilot, MouseMove, 19, y + 1) != before
            assert (await do(pilot, MouseMove, 19, y))[-1] == before[-1]
            await do(pilot, MouseUp, 19, y)
            app.rows.scroll_rows_to(7)
            await pilot.pause()


async def test_nothing_but_the_bar_is_dragged() -> None:
    app = Only(80)
    async with app.run_test(size=(20, 9)) as pilot:
        for x, y, button in ((3, 8, 1), (19, 0, 1), (19, 8, 3)):  # a row, the head, another button
            await do(pilot, MouseDown, x, y, button)
            assert app.mouse_captured is None
            await do(pilot, MouseUp, x, y, button)
        assert seen(pilot)[1] == "0"
        assert app.clicks == [7]


@pytest.mark.parametrize("hidden", [True, False])
async def test_a_bar_is_let_go_where_nobody_tells(hidden: bool) -> None:
    app = Only(80)
    async with app.run_test(size=(20, 9)) as pilot:
        await do(pilot, MouseDown, 19, 8)
        assert app.mouse_captured is app.rows
        if hidden:
            app.rows.display = False
            await pilot.pause()
        else:
            await do(pilot, MouseMove, 19, 1, 0)
        assert app.mouse_captured is None
