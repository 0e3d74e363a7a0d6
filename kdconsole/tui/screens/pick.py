"""Choosing from a list: one entry, several, or an order of several."""

from collections.abc import Sequence
from typing import ClassVar, TypeVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Static

from kdconsole.tui.palette import palette_for
from kdconsole.tui.widgets.lines import Lines

Answer = TypeVar("Answer")

_FRAME = 8  # rows around the entries: border, head, keys, and what lies behind


class Choice(ModalScreen[Answer | None]):
    """A list with a selection. Subclasses say what its signs are and what an answer is."""

    CSS_PATH = "modal.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", "up"),
        Binding("down,j", "move(1)", "down"),
        Binding("pageup", "move(-10)", "page up"),
        Binding("pagedown", "move(10)", "page down"),
        Binding("enter", "accept", "take"),
        Binding("q,escape,backspace", "dismiss(None)", "back"),
    ]
    KEYS: ClassVar[str] = "⏎ take     q back"

    def __init__(self, question: str, entries: Sequence[str], selected: int = 0) -> None:
        super().__init__()
        self._question = question
        self.entries = list(entries)
        self.place = max(0, min(selected, len(entries) - 1))

    def compose(self) -> ComposeResult:
        """A box with the question, as many entries as fit, and the keys."""
        with Vertical(classes="box wide"):
            yield Static(Text(self._question), classes="head")
            yield Lines(classes="entries")
            yield Static(Text(self.KEYS), classes="keys")

    def on_mount(self) -> None:
        self.query_one(Lines).styles.height = self._rows()
        self.call_after_refresh(self._draw)

    def on_resize(self) -> None:
        self.query_one(Lines).styles.height = self._rows()
        self.call_after_refresh(self._draw)

    def _rows(self) -> int:
        return max(1, min(len(self.entries), self.app.size.height - _FRAME))

    def sign(self, place: int) -> str:
        """What stands before an entry."""
        return ""

    def _draw(self) -> None:
        lines = self.query_one(Lines)
        palette = palette_for(self.app.current_theme.dark)
        rows, width = self._rows(), lines.size.width
        first = max(0, min(self.place - rows // 2, len(self.entries) - rows))
        shown = []
        for place, entry in enumerate(self.entries[first : first + rows], first):
            chosen = place == self.place
            words = f"{'▌' if chosen else ' '} {self.sign(place)}{entry}"
            line = Text(no_wrap=True)
            line.append(words.ljust(width), palette.selected if chosen else palette.plain)
            line.truncate(width, overflow="ellipsis")
            shown.append(line)
        lines.show(shown)

    def action_move(self, by: int) -> None:
        """Select another entry."""
        self.place = max(0, min(len(self.entries) - 1, self.place + by))
        self._draw()

    def action_accept(self) -> None:
        """Answer with what is chosen."""
        self.dismiss(self.answer())

    def answer(self) -> Answer | None:
        """What is chosen."""
        raise NotImplementedError


class PickOne(Choice[int]):
    """Answers with the place of one entry."""

    def answer(self) -> int | None:
        """The place of the selected entry."""
        return self.place if self.entries else None


class PickSeveral(Choice[tuple[str, ...]]):
    """Answers with the chosen entries, in the order of the list."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("space", "choose", "choose")]
    KEYS: ClassVar[str] = "space choose     ⏎ take     q back"

    def __init__(self, question: str, entries: Sequence[str], chosen: Sequence[str]) -> None:
        super().__init__(question, entries)
        self._chosen = set(chosen)

    def sign(self, place: int) -> str:
        """Whether an entry is chosen."""
        return "[x] " if self.entries[place] in self._chosen else "[ ] "

    def action_choose(self) -> None:
        """Choose the selected entry, or no longer."""
        self._chosen ^= {self.entries[self.place]}
        self._draw()

    def answer(self) -> tuple[str, ...]:
        """The chosen entries."""
        return tuple(entry for entry in self.entries if entry in self._chosen)


class PickOrder(Choice[tuple[tuple[str, bool], ...]]):
    """Answers with the entries to sort by, the most important first; True: the highest first."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("space", "turn", "sort")]
    KEYS: ClassVar[str] = "space ▼ highest, ▲ lowest first, neither; chosen earlier counts more\n⏎ take     q back"

    def __init__(self, question: str, entries: Sequence[str], order: Sequence[tuple[str, bool]]) -> None:
        super().__init__(question, entries)
        self._order = dict(order)

    def sign(self, place: int) -> str:
        """An entry's direction and its rank among those that sort."""
        entry = self.entries[place]
        if entry not in self._order:
            return "    "
        return f"{'▼' if self._order[entry] else '▲'}{list(self._order).index(entry) + 1}  "

    def action_turn(self) -> None:
        """Highest first, then lowest first, then not at all."""
        entry = self.entries[self.place]
        if entry not in self._order:
            self._order[entry] = True
        elif self._order[entry]:
            self._order[entry] = False
        else:
            del self._order[entry]
        self._draw()

    def answer(self) -> tuple[tuple[str, bool], ...]:
        """The order."""
        return tuple(self._order.items())
