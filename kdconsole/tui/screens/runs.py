"""The list of runs."""

import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from rich.text import Text
from textual import on, work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.events import Resize
from textual.message import Message
from textual.screen import Screen
from textual.widgets import Input, Static

from kdconsole.runs.listing import Listing, RunSummary
from kdconsole.runs.status import Status
from kdconsole.text import printable
from kdconsole.tui.describe import Field, fit, pair
from kdconsole.tui.format import shorten
from kdconsole.tui.keys import RUNS, bindings
from kdconsole.tui.palette import palette_for
from kdconsole.tui.screens.live import LiveScreen
from kdconsole.tui.widgets.key_bar import KeyBar
from kdconsole.tui.widgets.run_table import RunTable
from kdconsole.tui.widgets.status_line import StatusLine

REFRESH_SECONDS = 1.0
SHARE = 5  # a list that takes long to read is read seldom: at most this part of the time

EMPTY = "There are no runs here yet. Start one from a shell:\n\n    kdconsole run recipes/quickstart.toml"


class Listed(Message):
    """The runs as they are now. A later message makes an earlier one pointless."""

    def __init__(self, runs: list[RunSummary]) -> None:
        super().__init__()
        self.runs = runs

    def can_replace(self, message: Message) -> bool:
        """Only the latest list is worth drawing."""
        return isinstance(message, Listed)


def matches(run: RunSummary, wanted: str) -> bool:
    """Whether every word of `wanted` occurs in what the list shows of a run."""
    shown = " ".join(
        (run.name, str(run.status.status), run.status.word, pair(run.facts), run.phase, *run.facts.values())
    ).casefold()
    return all(word in shown for word in wanted.casefold().split())


class RunsScreen(Screen[None]):
    """All runs below a root, newest first."""

    CSS_PATH = "runs.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(RUNS)]
    PLACE: ClassVar[str] = RUNS

    def __init__(self, root: Path, selected: str = "") -> None:
        """The run called `selected` is selected once it appears, else the newest."""
        super().__init__()
        self._selected_first = selected
        self.root = root
        self.runs: list[RunSummary] = []
        self.loaded = False
        self._leaving = threading.Event()
        self._in_front = threading.Event()

    def compose(self) -> ComposeResult:
        """A head line, the table or the advice for an empty root, the filter, the keys."""
        yield StatusLine()
        yield RunTable()
        yield Static(Text("reading …"), id="empty")
        yield Input(placeholder="text in name, status, method, pair", id="filter", compact=True)
        yield KeyBar(RUNS)

    def on_mount(self) -> None:
        self._filter.display = False
        self._table.display = False
        self._table.selected_name = self._selected_first or None
        self._table.focus()
        self.watch(self.app, "theme", self._redraw, init=False)
        self._read()

    def on_unmount(self) -> None:
        self._leaving.set()
        self._in_front.set()

    def on_screen_resume(self) -> None:
        self._in_front.set()

    def on_screen_suspend(self) -> None:
        if not self._leaving.is_set():
            self._in_front.clear()

    def on_resize(self, event: Resize) -> None:
        self._redraw()

    @property
    def _table(self) -> RunTable:
        return self.query_one(RunTable)

    @property
    def _filter(self) -> Input:
        return self.query_one("#filter", Input)

    @work(thread=True, exclusive=True, group="list", exit_on_error=False)
    def _read(self) -> None:
        listing = Listing(self.root)
        while not self._leaving.is_set():
            begin = time.monotonic()
            runs = listing.refresh()
            taken = time.monotonic() - begin
            if self._leaving.is_set():
                return
            self.post_message(Listed(runs))
            self._leaving.wait(max(REFRESH_SECONDS, SHARE * taken))
            self._in_front.wait()  # behind another screen, a list that nobody sees is not read

    @on(Listed)
    def _listed(self, message: Listed) -> None:
        self.runs, self.loaded = message.runs, True
        self._redraw()

    def _redraw(self) -> None:
        if not self.is_mounted or not self.loaded:
            return
        wanted = self._filter.value.strip()
        shown = [run for run in self.runs if matches(run, wanted)]
        self._table.display = bool(shown)
        empty = self.query_one("#empty", Static)
        empty.display = not shown
        if not shown:
            words = f"No run contains “{printable(wanted)}”.   Esc shows all." if self.runs else EMPTY
            empty.update(Text(words))
        self._table.show(shown)
        self.query_one(StatusLine).show([self._head(shown)])

    def _head(self, shown: Sequence[RunSummary]) -> Text:
        palette = palette_for(self.app.current_theme.dark)
        statuses = [run.status.status for run in self.runs]
        live, stale, failed = (statuses.count(kind) for kind in (Status.LIVE, Status.STALE, Status.FAILED))
        count = f"{len(shown)} of {len(self.runs)} runs" if len(shown) != len(self.runs) else f"{len(shown)} runs"
        width = self.size.width
        return fit(
            [
                Field("kdconsole", palette.accent, 0),
                Field(count if len(self.runs) != 1 else "1 run", palette.plain, 1),
                Field(f"● {live} live" if live else "", palette.good, 2),
                Field(f"? {stale} stale" if stale else "", palette.warning, 3),
                Field(f"✗ {failed} failed" if failed else "", palette.bad, 4),
                Field(shorten(printable(str(self.root)), max(10, width // 3)), palette.dim, 5),
            ],
            width,
            gap=3,
        )

    # -- keys -----------------------------------------------------------------------------------------------------

    def action_move(self, by: int) -> None:
        """Move the selection."""
        self._table.move(by)

    def action_page(self, direction: int) -> None:
        """Move the selection by a page."""
        self._table.page(direction)

    def action_edge(self, direction: int) -> None:
        """Select the first or the last run."""
        self._table.select(0 if direction < 0 else len(self._table.runs) - 1)

    def action_open(self) -> None:
        """Open the selected run."""
        if self._table.selected is not None:
            self._open(self._table.selected)

    def action_filter(self) -> None:
        """Let the person type what to look for."""
        self._filter.display = True
        self._filter.focus()

    def action_clear_filter(self) -> None:
        """Show all runs again."""
        self._filter.value = ""
        self._filter.display = False
        self._table.focus()
        self._redraw()

    @on(Input.Changed, "#filter")
    def _filter_changed(self) -> None:
        self._redraw()

    @on(Input.Submitted, "#filter")
    def _filter_done(self) -> None:
        self._filter.display = bool(self._filter.value.strip())
        self._table.focus()

    @on(RunTable.Opened)
    def _table_opened(self, message: RunTable.Opened) -> None:
        self._open(message.run)

    def _open(self, run: RunSummary) -> None:
        self.app.push_screen(LiveScreen(run.folder, run.name))
