"""The list of runs as a virtual table: only visible rows are ever drawn, so ten thousand cost no more than ten."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual.events import Click, Resize
from textual.message import Message
from textual.strip import Strip

from kdconsole.compare.folding import Entry, Fold
from kdconsole.runs.listing import RunSummary
from kdconsole.tui.describe import status_style
from kdconsole.tui.format import shorten
from kdconsole.tui.run_columns import BY_TITLE, USUAL, Against, Column, Sort
from kdconsole.tui.widgets.row_list import RowList

_GAP = 2
_SIGNS = 2  # cells for the selection and the mark
_LEAST_NAME = 26
_MEASURED = 120  # rows that decide how wide a column is


@dataclass(frozen=True, slots=True)
class TableRow:
    """A row: a run, or a group of seeds that is `open` when its runs follow, each as a `child`."""

    entry: Entry
    child: bool = False
    open: bool = False

    @property
    def key(self) -> str:
        """By which a selection finds its row again."""
        if isinstance(self.entry, RunSummary):
            return self.entry.name
        return fold_key(self.entry)

    @property
    def runs(self) -> tuple[RunSummary, ...]:
        """The runs that the row stands for."""
        return (self.entry,) if isinstance(self.entry, RunSummary) else self.entry.runs

    @property
    def prefix(self) -> str:
        """What shows before the name whether the row is a group, or in one."""
        if isinstance(self.entry, Fold):
            return "▾ " if self.open else "▸ "
        return "  " if self.child else ""


def fold_key(group: Fold) -> str:
    """A name for a group that no run can have."""
    run = group.runs[0]
    return f"\0{run.recipe_hash}\0{run.pair}\0{run.facts.get('dataset', '')}"


@dataclass(frozen=True)
class Shown:
    """How the rows are shown: the columns' titles, the order that the head tells, marks, and baselines."""

    columns: tuple[str, ...] = USUAL
    order: Sort = ()
    marked: Collection[str] = frozenset()
    against: Against = field(default_factory=Against)


def wanted_widths(rows: Sequence[TableRow], shown: Shown) -> dict[str, int]:
    """How wide each column would like to be. The first rows decide: a list of thousands is not read for this."""
    first = rows[:_MEASURED]
    return {
        title: min(
            BY_TITLE[title].most,
            max([len(head_of(title, shown.order)), *(width_of(_text(BY_TITLE[title], row, shown)) for row in first)]),
        )
        for title in shown.columns
    }


def head_of(title: str, order: Sort) -> str:
    """A column's title, with its sign and, where several columns sort, its rank among them."""
    for place, (sorted_by, descending) in enumerate(order, 1):
        if sorted_by == title:
            return f"{title} {'▼' if descending else '▲'}{place if len(order) > 1 else ''}"
    return title


def layout(width: int, wanted: dict[str, int]) -> list[tuple[Column, int]]:
    """The columns that fit into `width` cells, with their widths. The names give way before another column goes."""
    kept = [BY_TITLE[title] for title in wanted]
    room = width - _SIGNS
    name = kept[0].title
    least = min(wanted[name], _LEAST_NAME)
    while len(kept) > 1 and sum(wanted[column.title] + _GAP for column in kept) - wanted[name] + least > room:
        kept.remove(max(kept[1:], key=lambda column: column.rank))
    others = sum(wanted[column.title] + _GAP for column in kept[1:])
    return [(kept[0], max(4, min(wanted[name], room - others - _GAP))), *((c, wanted[c.title]) for c in kept[1:])]


def width_of(text: str) -> int:
    """How many cells `text` takes."""
    return len(text) if text.isascii() else cell_len(text)


def cell(text: str, width: int, right: bool) -> str:
    """`text` in exactly `width` cells, also where its glyphs are wide or have no width."""
    length = width_of(text)
    if length > width:
        narrow = length == len(text)
        text = shorten(text, width) if narrow else set_cell_size(text, width - 1) + "…"
        length = width
    room = " " * (width - length)
    return room + text if right else text + room


def _text(column: Column, row: TableRow, shown: Shown) -> str:
    text = column.of(row.entry, shown.against)
    return row.prefix + text if column.title == "run" else text


class RunTable(RowList):
    """Runs, one a row, below a fixed head. The selection stays with its run when the list changes."""

    HEAD = 1

    class Opened(Message):
        """The person wants to see what is in a row."""

    class Selected(Message):
        """Another row is selected."""

        def can_replace(self, message: Message) -> bool:
            """Only where the selection is now matters."""
            return isinstance(message, RunTable.Selected)

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[TableRow] = []
        self.shown = Shown()
        self.selected_key: str | None = None
        self._place = 0
        self._wanted = wanted_widths([], self.shown)
        self._columns: list[tuple[Column, int]] = []
        self._laid_out: int | None = None  # the width for which these columns are

    @property
    def count(self) -> int:
        """How many rows there are."""
        return len(self.rows)

    @property
    def selected(self) -> TableRow | None:
        """The selected row, None in an empty list."""
        return self.rows[self._place] if self._place < len(self.rows) else None

    def show(self, rows: Sequence[TableRow], shown: Shown) -> None:
        """Show `rows`; only those that differ are painted again."""
        old, self.rows = self.rows, list(rows)
        before = self._place
        if self.selected_key is None and self.rows:
            self.selected_key = self.rows[0].key
        self._place = self._find()
        self.fit()
        changed = {before, self._place} if before != self._place else set()
        for place in range(self.top, self.top + self.room):
            if (old[place] if place < len(old) else None) != (self.rows[place] if place < len(self.rows) else None):
                changed.add(place)
        wanted = wanted_widths(self.rows, shown)
        if wanted != self._wanted or shown != self.shown:
            self._wanted, self.shown = wanted, shown
            self._laid_out = None
            self.refresh()
        else:
            self.repaint(changed)
        if before != self._place:
            self.reveal(self._place)

    def _find(self) -> int:
        """Where the selected row is now: in place most of the time, else wherever it has moved, else the nearest."""
        if self._place < len(self.rows) and self.rows[self._place].key == self.selected_key:
            return self._place
        for place, row in enumerate(self.rows):
            if row.key == self.selected_key:
                return place
        return max(0, min(self._place, len(self.rows) - 1))

    def move(self, by: int) -> None:
        """Select the row `by` rows further down."""
        self.select(self._place + by)

    def page(self, direction: int) -> None:
        """Select the row one page further down (1) or up (-1)."""
        self.move(direction * max(1, self.room - 1))

    def select(self, place: int) -> None:
        """Select the row at `place`, or the nearest there is."""
        if not self.rows:
            return
        before, self._place = self._place, max(0, min(place, len(self.rows) - 1))
        self.selected_key = self.rows[self._place].key
        if before != self._place:
            self.repaint({before, self._place})
            self.reveal(self._place)
            self.post_message(self.Selected())

    def on_resize(self, event: Resize) -> None:
        self.fit()
        self.reveal(self._place)

    def on_click(self, event: Click) -> None:
        place = self.clicked(event)
        if place is not None:
            self.select(place)
            if event.chain > 1:
                self.post_message(self.Opened())

    def _laid_out_for(self, width: int) -> list[tuple[Column, int]]:
        if width != self._laid_out:
            self._laid_out, self._columns = width, layout(width, self._wanted)
        return self._columns

    def head_strip(self, y: int, width: int) -> Strip:
        """The titles of the columns."""
        columns = self._laid_out_for(width)
        heads = (cell(head_of(column.title, self.shown.order), size, column.right) for column, size in columns)
        text = " " * _SIGNS + "".join(head + " " * _GAP for head in heads)
        style = self.ground + self.palette.dim + Style(underline=True)
        return Strip([Segment(text, style)]).adjust_cell_length(width, style)

    def row_strip(self, place: int, width: int) -> Strip:
        """A run, or a group of seeds."""
        row, ground, palette, columns = self.rows[place], self.ground, self.palette, self._laid_out_for(width)
        chosen = place == self._place
        if chosen:
            ground += palette.selected
        # columns that look alike are one segment: whatever handles the line afterwards has less to do
        segments, plain = [], "▌" if chosen else " "
        sign = self._sign(row)
        if sign == " ":
            plain += sign
        else:
            segments, plain = [Segment(plain, ground), Segment(sign, ground + palette.accent)], ""
        room = width - _SIGNS
        for column, size in columns:
            text = cell(_text(column, row, self.shown), size, column.right)
            room -= size + _GAP
            if column.title == "status" and not chosen and isinstance(row.entry, RunSummary):
                style = status_style(row.entry.status, palette)
            elif column.title in ("run", "top-1"):
                style = palette.strong
            else:
                plain += text + " " * _GAP
                continue
            segments += [Segment(plain, ground), Segment(text, ground + style)]
            plain = " " * _GAP
        segments.append(Segment(plain + " " * room, ground))
        strip = Strip(segments, width - min(0, room))
        return strip if room >= 0 else strip.crop(0, width)

    def _sign(self, row: TableRow) -> str:
        """◆ for marked, ◇ for a baseline, ◈ for both; a group counts as marked when all of its seeds are."""
        names, against = self.shown.marked, self.shown.against
        if not names and not against.recipes:
            return " "  # as most of the time, for thousands of runs
        marked = all(run.name in names for run in row.runs)
        base = any(against.holds(run) for run in row.runs)
        return {(True, True): "◈", (True, False): "◆", (False, True): "◇"}.get((marked, base), " ")
