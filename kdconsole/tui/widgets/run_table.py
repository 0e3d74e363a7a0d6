"""The list of runs as a virtual table: only visible rows are ever drawn, so ten thousand cost no more than ten."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual.events import Click
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from kdconsole.runs.listing import RunSummary
from kdconsole.runs.status import Status
from kdconsole.tui.describe import pair, status_style
from kdconsole.tui.format import age, duration, shorten
from kdconsole.tui.palette import Palette, palette_for


@dataclass(frozen=True)
class TableColumn:
    """A column, as wide as its widest text but at most `most`. `rank`: the highest go first where width is missing."""

    title: str
    most: int
    rank: int
    text: Callable[[RunSummary], str]
    right: bool = False


def _epoch(run: RunSummary) -> str:
    return f"{run.epoch}/{run.epochs}" if run.epochs else "–"


def _score(score: float | None) -> str:
    return "–" if score is None else f"{score:.2f}"


def _time(run: RunSummary) -> str:
    if run.status.status is Status.LIVE and run.eta is not None:
        return f"eta {duration(run.eta)}"
    return "–" if run.status.age_seconds is None else f"{age(run.status.age_seconds)} ago"


COLUMNS = (
    TableColumn("run", 60, 0, lambda run: run.name),
    TableColumn("status", 12, 0, lambda run: f"{run.status.glyph} {run.status.word}"),
    TableColumn("method", 20, 5, lambda run: run.facts.get("method", "–")),
    TableColumn("pair", 30, 6, lambda run: pair(run.facts) or "–"),
    TableColumn("seed", 4, 7, lambda run: "–" if run.seed is None else str(run.seed), right=True),
    TableColumn("phase", 10, 8, lambda run: run.phase or "–"),
    TableColumn("epoch", 9, 1, _epoch, right=True),
    TableColumn("top-1", 6, 0, lambda run: _score(run.last_top1), right=True),
    TableColumn("best", 6, 4, lambda run: _score(run.best_top1), right=True),
    TableColumn("on", 10, 9, lambda run: run.split or "–"),
    TableColumn("age/eta", 10, 3, _time, right=True),
)
_GAP = 2
_LEAST_NAME = 26
_MEASURED = 300


def wanted_widths(runs: Sequence[RunSummary]) -> dict[str, int]:
    """How wide each column would like to be. The newest runs decide: a list of thousands is not read for this."""
    newest = runs[:_MEASURED]
    return {
        column.title: min(column.most, max([len(column.title), *(len(column.text(run)) for run in newest)]))
        for column in COLUMNS
    }


def layout(width: int, wanted: dict[str, int]) -> list[tuple[TableColumn, int]]:
    """The columns that fit into `width` cells, with their widths. The names give way before another column goes."""
    kept = list(COLUMNS)
    room = width - 1
    name, least = COLUMNS[0].title, min(wanted[COLUMNS[0].title], _LEAST_NAME)
    while len(kept) > 1 and sum(wanted[column.title] + _GAP for column in kept) - wanted[name] + least > room:
        kept.remove(max(kept, key=lambda column: column.rank))
    others = sum(wanted[column.title] + _GAP for column in kept[1:])
    return [(kept[0], max(4, min(wanted[name], room - others - _GAP))), *((c, wanted[c.title]) for c in kept[1:])]


def cell(text: str, width: int, right: bool) -> str:
    """`text` in exactly `width` cells, also where its glyphs are wide or have no width."""
    if text.isascii() or cell_len(text) == len(text):
        shown = shorten(text, width)
        return shown.rjust(width) if right else shown.ljust(width)
    return set_cell_size(text, width)


# Without Textual's own bindings: its Home, End and Page keys would scroll and leave the selection where it is.
class RunTable(ScrollView, can_focus=True, inherit_bindings=False):
    """Runs, one a row, below a fixed head. The selection stays with its run when the list changes."""

    DEFAULT_CSS = "RunTable { width: 100%; height: 1fr; overflow-x: hidden; }"

    class Opened(Message):
        """The person wants to see a run."""

        def __init__(self, run: RunSummary) -> None:
            super().__init__()
            self.run = run

    def __init__(self) -> None:
        super().__init__()
        self.runs: list[RunSummary] = []
        self.selected_name: str | None = None
        self._place = 0
        self._wanted = wanted_widths([])

    @property
    def palette(self) -> Palette:
        """The colours for the theme in use."""
        return palette_for(self.app.current_theme.dark)

    @property
    def selected(self) -> RunSummary | None:
        """The selected run, None in an empty list."""
        return self.runs[self._place] if self._place < len(self.runs) else None

    def show(self, runs: Sequence[RunSummary]) -> None:
        """Show `runs`; only rows that differ are painted again."""
        old, self.runs = self.runs, list(runs)
        before = self._place
        if self.selected_name is None and self.runs:
            self.selected_name = self.runs[0].name
        names = [run.name for run in self.runs]
        if self.selected_name in names:
            self._place = names.index(self.selected_name)
        else:
            self._place = max(0, min(self._place, len(names) - 1))
        size = Size(self.size.width, len(self.runs) + 1)
        if size != self.virtual_size:
            self.virtual_size = size
        top = int(self.scroll_offset.y)
        changed = {before, self._place} if before != self._place else set()
        for place in range(top, top + self.size.height):
            if (old[place] if place < len(old) else None) != (self.runs[place] if place < len(self.runs) else None):
                changed.add(place)
        wanted = wanted_widths(self.runs)
        if wanted != self._wanted:
            self._wanted = wanted
            self.refresh()
        else:
            self._repaint(changed)
        if before != self._place:
            self._reveal()

    def move(self, by: int) -> None:
        """Select the run `by` rows further down."""
        self.select(self._place + by)

    def page(self, direction: int) -> None:
        """Select the run one page further down (1) or up (-1)."""
        self.move(direction * max(1, self.size.height - 2))

    def select(self, place: int) -> None:
        """Select the run at `place`, or the nearest there is."""
        if not self.runs:
            return
        before, self._place = self._place, max(0, min(place, len(self.runs) - 1))
        self.selected_name = self.runs[self._place].name
        if before != self._place:
            self._repaint({before, self._place})
            self._reveal()

    def _repaint(self, places: set[int]) -> None:
        top = int(self.scroll_offset.y)
        height = self.size.height
        rows = [place - top + 1 for place in places]
        regions = [Region(0, row, self.size.width, 1) for row in rows if 0 < row < height]
        if regions:
            self.refresh(*regions)

    def _reveal(self) -> None:
        rows = max(1, self.size.height - 1)
        top = int(self.scroll_offset.y)
        if self._place < top:
            self.scroll_to(y=self._place, animate=False, force=True)
        elif self._place >= top + rows:
            self.scroll_to(y=self._place - rows + 1, animate=False, force=True)

    def on_click(self, event: Click) -> None:
        if event.y > 0:
            self.select(int(self.scroll_offset.y) + event.y - 1)
            if event.chain > 1 and self.selected is not None:
                self.post_message(self.Opened(self.selected))

    def render_line(self, y: int) -> Strip:
        """The head, or the run of row `y`."""
        width = self.size.width
        palette = self.palette
        columns = layout(width, self._wanted)
        if y == 0:
            text = " " + "".join(cell(column.title, size, column.right) + " " * _GAP for column, size in columns)
            style = self.rich_style + palette.dim + Style(underline=True)
            return Strip([Segment(text, style)]).adjust_cell_length(width, style)
        place = int(self.scroll_offset.y) + y - 1
        if place >= len(self.runs):
            return Strip.blank(width, self.rich_style)
        run = self.runs[place]
        chosen = place == self._place
        ground = self.rich_style + (palette.selected if chosen else palette.plain)
        segments = [Segment("▌" if chosen else " ", ground)]
        for column, size in columns:
            style = ground
            if column.title == "status" and not chosen:
                style = ground + status_style(run.status, palette)
            elif column.title in ("run", "top-1"):
                style = ground + palette.strong
            segments.append(Segment(cell(column.text(run), size, column.right), style))
            segments.append(Segment(" " * _GAP, ground))
        return Strip(segments).adjust_cell_length(width, ground)
