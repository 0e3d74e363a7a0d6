"""Rows in a list of any length: only those that are seen are ever drawn, and a bar beside them tells which these are."""

from collections.abc import Collection
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual.events import Click, Hide, MouseDown, MouseMove, MouseUp
from textual.geometry import Region, Size
from textual.scroll_view import ScrollView
from textual.strip import Strip

from kdconsole.tui.palette import Palette, palette_for

_THUMB = "▐"


def thumb(height: int, top: int, count: int) -> range:
    """Which cells of a bar of `height` cells stand for the rows that are seen, `height` of `count` from `top` on."""
    if height >= count or height <= 0:
        return range(0)
    length = max(1, height * height // count)
    begin = round(top / (count - height) * (height - length))
    return range(begin, begin + length)


# Without Textual's own bindings: its Home, End and Page keys would scroll and leave the selection where it is. Without its bar,
# too, which is a widget of its own, takes as long to draw as a tenth of the screen, and cannot be seen without colours.
class RowList(ScrollView, can_focus=True, inherit_bindings=False):
    """What lists have in common; a subclass knows how many rows there are and draws them."""

    DEFAULT_CSS = "RowList { width: 100%; height: 1fr; overflow-x: hidden; scrollbar-size-vertical: 0; }"
    HEAD: ClassVar[int] = 0  # lines above the rows, which stay where they are

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.ground = Style()  # of the widget, while lines are drawn: to look it up costs more than a line does
        self._palette: Palette | None = None  # likewise
        self._grip = 0  # the cell of the thumb that is held
        self._first = self._count = self._width = 0
        self._thumb = range(0)

    @property
    def palette(self) -> Palette:
        """The colours for the theme in use."""
        return self._palette or palette_for(self.app.current_theme.dark)

    @property
    def count(self) -> int:
        """How many rows there are."""
        raise NotImplementedError

    def row_strip(self, place: int, width: int) -> Strip:
        """The row at `place`, `width` cells wide."""
        raise NotImplementedError

    def head_strip(self, y: int, width: int) -> Strip:
        """Line `y` of the head, `width` cells wide."""
        return Strip.blank(width, self.ground)

    @property
    def room(self) -> int:
        """How many rows can be seen at once."""
        return max(0, self.size.height - self.HEAD)

    @property
    def row_width(self) -> int:
        """How many columns a row has beside the bar."""
        return max(0, self.size.width - (self.count > self.room))

    @property
    def top(self) -> int:
        """The first row that is seen."""
        return int(self.scroll_offset.y)

    def row_of(self, place: int) -> int:
        """The line of this widget in which the row at `place` is."""
        return place - self.top + self.HEAD

    def clicked(self, event: Click) -> int | None:
        """The place of the row that was clicked at; None where none is."""
        place = self.top + event.y - self.HEAD
        return place if event.y >= self.HEAD and event.x < self.row_width and place < self.count else None

    def fit(self) -> None:
        """Take note of another number of rows."""
        # as high as the widget at least: a list that grows within it changes no layout
        size = Size(self.size.width, max(self.count, self.room) + self.HEAD)
        if size != self.virtual_size:
            self.virtual_size = size
            last = max(0, self.count - self.room)
            if self.top > last:
                self.scroll_rows_to(last)
            self.refresh()

    def repaint(self, places: Collection[int]) -> None:
        """Draw the rows at `places` again, as far as they are seen."""
        lines = [line for line in map(self.row_of, places) if self.HEAD <= line < self.size.height]
        if lines:
            self.refresh(*(Region(0, line, self.size.width, 1) for line in lines))

    def reveal(self, place: int) -> None:
        """Scroll as far as it takes to see the row at `place`."""
        if not self.room:
            return
        if place < self.top:
            self.scroll_rows_to(place)
        elif place >= self.top + self.room:
            self.scroll_rows_to(place - self.room + 1)

    def scroll_rows_to(self, place: int) -> None:
        """Have the row at `place` first, as far as there are enough after it."""
        self.scroll_to(y=place, animate=False, force=True)

    def on_mouse_down(self, event: MouseDown) -> None:
        cell, held = event.y - self.HEAD, self._thumb_cells()
        if held and event.button == 1 and event.x == self.row_width and cell >= 0:
            self._grip = cell - held.start if cell in held else len(held) // 2
            self.suppress_click()
            self.capture_mouse()
            self._drag(cell)

    def on_mouse_move(self, event: MouseMove) -> None:
        if self.app.mouse_captured is not self:
            return
        if event.button:
            self._drag(event.y - self.HEAD)
        else:  # the button went up where nobody told
            self._let_go()

    def on_mouse_up(self, event: MouseUp) -> None:
        self._let_go()

    def on_hide(self, event: Hide) -> None:
        self._let_go()

    def _let_go(self) -> None:
        if self.app.mouse_captured is self:
            self.release_mouse()

    def _thumb_cells(self) -> range:
        """The cells of the thumb; none where all rows are seen."""
        return thumb(self.room, self.top, self.count)

    def _drag(self, cell: int) -> None:
        """Have the held cell of the thumb at `cell` of the bar; where it is there already, all stays as it is."""
        held = self._thumb_cells()
        begin = min(self.room - len(held), max(0, cell - self._grip))
        if begin != held.start:
            self.scroll_rows_to(round(begin / (self.room - len(held)) * (self.count - self.room)))

    def render_lines(self, crop: Region) -> list[Strip]:
        """As Textual's own; what all lines have in common is looked up once."""
        self.ground, self._palette = self.rich_style, palette_for(self.app.current_theme.dark)
        self._first, self._count, self._width = self.top, self.count, self.row_width
        self._thumb = self._thumb_cells()
        return super().render_lines(crop)

    def render_line(self, y: int) -> Strip:
        """Line `y`, with its cell of the bar."""
        width, place = self._width, self._first + y - self.HEAD
        if y < self.HEAD:
            strip = self.head_strip(y, width)
        elif place < self._count:
            strip = self.row_strip(place, width)
        else:
            strip = Strip.blank(width, self.ground)
        if not self._thumb:
            return strip
        sign = _THUMB if y - self.HEAD in self._thumb else " "
        return Strip([*strip, Segment(sign, self.ground + self.palette.dim)], strip.cell_length + 1)
