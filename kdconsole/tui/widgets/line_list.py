"""Lines in a list of any length, one of them selected: only those that are seen are ever drawn."""

from collections.abc import Collection, Sequence

from rich.style import Style
from rich.text import Text
from textual.events import Blur, Click, Focus, Resize
from textual.message import Message
from textual.strip import Strip

from kdconsole.tui.widgets.drawn import Drawn
from kdconsole.tui.widgets.lines import strip_of
from kdconsole.tui.widgets.row_list import RowList


class LineList(RowList):
    """Shows the lines it was last given; a subclass may make them itself. Without selection the keys scroll."""

    class Chosen(Message):
        """The person wants to do something with the selected line."""

        def __init__(self, lines: "LineList") -> None:
            super().__init__()
            self.lines = lines

    class Moved(Message):
        """Another line is selected."""

        def __init__(self, lines: "LineList") -> None:
            super().__init__()
            self.lines = lines

    def __init__(self, *, id: str | None = None, selectable: bool = True, in_hand: bool = False) -> None:
        """`in_hand`: it looks as if it had the focus, for a screen that sends it the keys."""
        super().__init__(id=id)
        self.selectable = selectable
        self._in_hand = in_hand
        self.selected = 0
        self._lines: Sequence[Text | Strip] = ()

    @property
    def count(self) -> int:
        """How many lines there are."""
        return len(self._lines)

    def line(self, place: int, width: int) -> Text | Strip:
        """The line at `place`, for `width` columns."""
        return self._lines[place]

    def show(self, lines: Sequence[Text | Strip], selected: int | None = None) -> None:
        """Show `lines`, and select one of them. Nothing is painted again when all looks as before."""
        selected = self.selected if selected is None else selected
        if list(lines) != list(self._lines) or selected != self.selected:
            self._lines = lines
            self.shown(selected)

    def shown(self, selected: int, changed: Collection[int] | None = None) -> None:
        """There are other lines now: at the places `changed` if that is known, and at the old and the new selection."""
        before = self.selected
        self.selected = max(0, min(selected, self.count - 1))
        self.fit()
        if changed is None:
            self.refresh()
        else:
            self.repaint({*changed, *({before, self.selected} if before != self.selected else ())})
        self._reveal()

    def move(self, by: int) -> None:
        """Select the line `by` further down, or scroll so far."""
        if not self.selectable:
            self.scroll_rows_to(self.top + by)
            return
        before, self.selected = self.selected, max(0, min(self.selected + by, self.count - 1))
        if before != self.selected:
            self.repaint({before, self.selected})
            self._reveal()
            self.post_message(self.Moved(self))

    def page(self, direction: int) -> None:
        """One page further down (1) or up (-1)."""
        self.move(direction * max(1, self.room - 1))

    def edge(self, direction: int) -> None:
        """To the first line (-1) or the last (1)."""
        self.move(direction * max(1, self.count))

    def select(self, place: int) -> None:
        """Select the line at `place`, or the nearest there is."""
        self.move(place - self.selected) if self.selectable else self.scroll_rows_to(place)

    def _reveal(self) -> None:
        if self.selectable:
            self.reveal(self.selected)

    def on_resize(self, event: Resize) -> None:
        self.shown(self.selected)
        self.post_message(Drawn.Resized())

    def on_focus(self, event: Focus) -> None:
        self.refresh()

    def on_blur(self, event: Blur) -> None:
        self.refresh()

    def on_click(self, event: Click) -> None:
        place = self.clicked(event)
        if self.selectable and place is not None:
            self.select(place)
            if event.chain > 1:
                self.post_message(self.Chosen(self))

    def row_strip(self, place: int, width: int) -> Strip:
        """The line at `place`, the selected one on another ground; one that is too long ends in a sign for that."""
        line = self.line(place, width)
        if isinstance(line, Text) and line.cell_len > width:
            line = line.copy()
            line.truncate(width, overflow="ellipsis")
        strip = (line if isinstance(line, Strip) else strip_of(line)).adjust_cell_length(width)
        if self.selectable and place == self.selected:
            ground = self.palette.selected if self.has_focus or self._in_hand else Style(bold=True)
            strip = Strip([segment._replace(style=(segment.style or Style()) + ground) for segment in strip], width)
        return strip.apply_style(self.ground)
