"""The list of runs."""

import threading
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from itertools import islice
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

from kdconsole.compare.curves import baseline_of
from kdconsole.compare.folding import Entry, Fold, fold
from kdconsole.errors import UserError
from kdconsole.launch.resuming import require_resumable
from kdconsole.runs.filtering import Filter, FilterError
from kdconsole.runs.layout import TEACHERS
from kdconsole.runs.listing import Listing, RunSummary
from kdconsole.runs.status import Status
from kdconsole.runs.trash import discard, require_idle
from kdconsole.text import printable
from kdconsole.tui.describe import Field, fit
from kdconsole.tui.format import shorten
from kdconsole.tui.keys import RUNS, bindings, shown_key
from kdconsole.tui.messages import OpenBuilder, OpenCompare, OpenRun, StartRuns
from kdconsole.tui.palette import palette_for
from kdconsole.tui.run_columns import COLUMNS, Against, Place, place_of, sort_entries
from kdconsole.tui.screens.ask import Ask
from kdconsole.tui.screens.confirm import Confirm
from kdconsole.tui.screens.pick import PickOne, PickOrder, PickSeveral
from kdconsole.tui.views import OWN, View, load_views, save_views, views_file
from kdconsole.tui.widgets.fault_line import FaultLine
from kdconsole.tui.widgets.key_bar import KeyBar
from kdconsole.tui.widgets.preview import Preview
from kdconsole.tui.widgets.run_table import RunTable, Shown, TableRow, fold_key
from kdconsole.tui.widgets.status_line import StatusLine

REFRESH_SECONDS = 1.0
SHARE, CORE_SHARE = 5, 50  # a list that takes long to read is read seldom: at most this part of the time, and of a core
KEEP = "keep this view …"
NAMES = 3  # of runs that a question lists before it only counts

EMPTY = "There are no runs here yet. Press {key} to build a recipe, or start one from a shell:\n\n    {command}"
COMMAND = "kdconsole run recipes/quickstart.toml"


class Listed(Message):
    """The runs as they are now, and what they are measured against. A later message makes an earlier one pointless."""

    def __init__(self, runs: list[RunSummary], against: Against) -> None:
        super().__init__()
        self.runs = runs
        self.against = against

    def can_replace(self, message: Message) -> bool:
        """Only the latest list is worth drawing."""
        return isinstance(message, Listed)


def preview_rows(height: int) -> int:
    """How many rows of a screen of that height the preview takes; 0 where the list needs them all."""
    return 0 if height < 18 else min(16, max(7, height * 3 // 10))


class RunsScreen(Screen[None]):
    """All runs below a root, newest first unless the person sorts them."""

    CSS_PATH = "runs.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(RUNS)]
    PLACE: ClassVar[str] = RUNS
    AUTO_FOCUS: ClassVar[str | None] = "RunTable"  # never the filter, which comes before it and is hidden only later

    def __init__(self, root: Path, selected: str = "") -> None:
        """The run called `selected` is selected once it appears, else the newest."""
        super().__init__()
        self._selected_first = selected
        self.root = root
        self.runs: list[RunSummary] = []
        self._places: dict[str, int] = {}  # of runs in that list, by their names
        self._counts: Counter[Status] = Counter()
        self._rows_of: dict[str, TableRow] = {}  # the rows of single runs, which most of the time are what they were
        self.loaded = False
        self.view = View()
        self.marked: set[str] = set()
        self._filter_now = Filter()  # the last one that could be understood
        self._fault: FilterError | None = None
        self._open: set[str] = set()  # groups whose runs are shown
        self._recipes: dict[Place, str] = {}  # baselines by their recipe's hash
        self._against = Against()
        self._previewing = True
        self._leaving = False
        self._again = threading.Event()  # the list is wanted at once
        self._in_front = threading.Event()

    def compose(self) -> ComposeResult:
        """A head line, the filter, the table or the advice for an empty root, the preview, the keys."""
        yield StatusLine(id="head")
        yield Input(
            placeholder="dkd  method:dkd|crd  acc>72  status!=failed  has:best  not …",
            id="filter",
            compact=True,
            select_on_focus=False,
        )
        yield FaultLine()
        yield RunTable()
        yield Static(Text("reading …"), id="empty")
        yield Preview()
        yield KeyBar(RUNS)

    def on_mount(self) -> None:
        self._filter.display = False
        self._table.display = False
        self._arrange()
        self._table.selected_key = self._selected_first or None
        self._table.focus()
        self.watch(self.app, "theme", self._redraw, init=False)
        self._read()

    def on_unmount(self) -> None:
        self._leaving = True
        self._again.set()
        self._in_front.set()

    def on_screen_resume(self) -> None:
        self._again.set()
        self._in_front.set()
        self._redraw()

    def on_screen_suspend(self) -> None:
        if not self._leaving:
            self._in_front.clear()
            if self not in self.app.screen_stack:  # it is behind a dialog, else
                self.query_one(Preview).preview(None, None)

    def on_resize(self, event: Resize) -> None:
        self._arrange()
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
        told: tuple[list[RunSummary], Against] | None = None
        last = 0.0  # seconds to wait after the last reading, if that were usual: the first one has more to do
        while not self._leaving:
            begin, used = time.monotonic(), time.thread_time()
            self._again.clear()
            runs = listing.refresh()
            against = _against(dict(self._recipes), runs)
            for run in runs:
                run.searched  # noqa: B018  # found out here, once, and not when the first letter of a filter is typed
            taken, used = time.monotonic() - begin, time.thread_time() - used
            if self._leaving:
                return
            if told != (runs, against):  # to take in a list of thousands takes its time
                told = runs, against
                self.post_message(Listed(runs, against))
            pause = max(SHARE * taken, CORE_SHARE * used)
            self._again.wait(max(REFRESH_SECONDS, min(pause, last)))
            last = pause
            self._in_front.wait()  # behind another screen, a list that nobody sees is not read

    @on(Listed)
    def _listed(self, message: Listed) -> None:
        self.runs, self._against, self.loaded = message.runs, message.against, True
        self._places = {run.name: place for place, run in enumerate(message.runs)}
        self.marked &= self._places.keys()  # what is gone is no longer meant
        self._counts = Counter(run.status.status for run in message.runs)
        self._redraw()

    # -- drawing --------------------------------------------------------------------------------------------------

    def _arrange(self) -> None:
        rows = preview_rows(self.app.size.height) if self._previewing else 0
        preview = self.query_one(Preview)
        preview.styles.height = rows
        preview.display = rows > 0

    def _redraw(self) -> None:
        if not self.is_mounted or not self.loaded or not self.is_attached:
            return
        shown = self._filter_now.select(self.runs)
        rows = self._rows(shown)
        self._table.display = bool(rows)
        empty = self.query_one("#empty", Static)
        empty.display = not rows
        if not rows:
            wanted = printable(self._filter_now.text)
            if self.runs:
                words = f"No run fits “{wanted}”.   {shown_key(self.app, 'runs.clear')} shows all."
            else:
                words = EMPTY.format(key=shown_key(self.app, "runs.new"), command=COMMAND)
            empty.update(Text(words))
        columns = tuple(title for title in self.view.columns if title != "Δbase" or self._against.recipes)
        self._table.show(rows, Shown(columns, self.view.order, frozenset(self.marked), self._against))
        self.query_one("#head", StatusLine).show([self._head(shown)])
        self.query_one(FaultLine).show_fault(self._fault)
        self._preview()

    def _rows(self, runs: Sequence[RunSummary]) -> list[TableRow]:
        """The rows of the table: sorted, and folded where that is wanted."""
        entries: Sequence[Entry] = fold(runs) if self.view.grouped else runs
        rows = []
        for entry in sort_entries(entries, self.view.order, self._against):
            if isinstance(entry, RunSummary):
                rows.append(self._row_of(entry))
                continue
            is_open = fold_key(entry) in self._open
            rows.append(TableRow(entry, open=is_open))
            if is_open:
                rows += [TableRow(run, child=True) for run in sort_entries(entry.runs, self.view.order, self._against)]
        return rows

    def _row_of(self, run: RunSummary) -> TableRow:
        row = self._rows_of.get(run.name)
        if row is None or row.entry is not run:
            row = self._rows_of[run.name] = TableRow(run)
        return row

    def _head(self, shown: Sequence[RunSummary]) -> Text:
        palette = palette_for(self.app.current_theme.dark)
        live, stale, failed = (self._counts[kind] for kind in (Status.LIVE, Status.STALE, Status.FAILED))
        count = f"{len(shown)} of {len(self.runs)} runs" if len(shown) != len(self.runs) else f"{len(shown)} runs"
        width = self.size.width
        return fit(
            [
                Field("kdconsole", palette.accent, 0),
                Field(count if len(self.runs) != 1 else "1 run", palette.plain, 1),
                Field(f"◆ {len(self.marked)} marked" if self.marked else "", palette.accent, 2),
                Field(f"● {live} live" if live else "", palette.good, 3),
                Field(f"? {stale} stale" if stale else "", palette.warning, 4),
                Field(f"✗ {failed} failed" if failed else "", palette.bad, 5),
                Field(shorten(printable(str(self.root)), max(10, width // 3)), palette.dim, 6),
            ],
            width,
            gap=3,
        )

    def _preview(self) -> None:
        preview = self.query_one(Preview)
        if not self.is_current:
            return
        row = self._table.selected if preview.display else None
        run = row.runs[0] if row else None
        preview.preview(run, self._other(run) if run else None)

    def _other(self, run: RunSummary) -> RunSummary | None:
        """The run whose recipe is compared with: the baseline's newest, else the newest of another recipe before it."""
        base = self._recipes.get(place_of(run))
        if base is not None and base != run.recipe_hash:
            return next((each for each in self.runs if each.recipe_hash == base), None)
        older = islice(self.runs, self._places.get(run.name, len(self.runs)) + 1, None)
        return next((each for each in older if each.recipe_hash != run.recipe_hash and not each.teacher), None)

    # -- moving ---------------------------------------------------------------------------------------------------

    def action_move(self, by: int) -> None:
        """Move the selection."""
        self._table.move(by)

    def action_page(self, direction: int) -> None:
        """Move the selection by a page."""
        self._table.page(direction)

    def action_edge(self, direction: int) -> None:
        """Select the first or the last row."""
        self._table.select(0 if direction < 0 else len(self._table.rows) - 1)

    @on(RunTable.Selected)
    def _moved(self) -> None:
        self._preview()

    @on(RunTable.Opened)
    def action_open(self) -> None:
        """Open the selected run; unfold or fold the selected group."""
        row = self._table.selected
        if row is None:
            return
        if isinstance(row.entry, Fold):
            self._open ^= {row.key}
            self._redraw()
        else:
            self.post_message(OpenRun(row.entry.folder, row.entry.name))

    # -- filter ---------------------------------------------------------------------------------------------------

    def action_filter(self) -> None:
        """Let the person type what to look for."""
        self._filter.display = True
        self._filter.focus()

    def action_clear_filter(self) -> None:
        """Show all runs again; without a filter, unmark all."""
        if self._filter.value or self._filter.display:
            self._filter.value = ""
            self._filter.display = False
            self._table.focus()
        else:
            self.marked.clear()
        self._redraw()

    @on(Input.Changed, "#filter")
    def _filter_changed(self) -> None:
        try:
            self._filter_now, self._fault = Filter(self._filter.value), None
        except FilterError as error:
            self._fault = error  # what was understood last stays in force
        self._redraw()

    @on(Input.Submitted, "#filter")
    def _filter_done(self) -> None:
        self._filter.display = bool(self._filter.value.strip())
        self._table.focus()

    # -- what is shown, and how -----------------------------------------------------------------------------------

    def action_group(self) -> None:
        """Fold the seeds of one recipe into one row, or show every run."""
        self.view = replace(self.view, grouped=not self.view.grouped)
        self._redraw()

    def action_columns(self) -> None:
        """Let the person choose the columns. The run's name is always there."""
        titles = [column.title for column in COLUMNS[1:]]

        def chosen(columns: tuple[str, ...] | None) -> None:
            if columns is not None:
                self.view = replace(self.view, columns=(COLUMNS[0].title, *columns))
                self._redraw()

        self.app.push_screen(PickSeveral("columns", titles, self.view.columns), chosen)

    def action_sort(self) -> None:
        """Let the person choose what to sort by."""

        def chosen(order: tuple[tuple[str, bool], ...] | None) -> None:
            if order is not None:
                self.view = replace(self.view, order=order)
                self._redraw()

        self.app.push_screen(PickOrder("sort by", [column.title for column in COLUMNS], self.view.order), chosen)

    def action_preview(self) -> None:
        """Show or hide the preview."""
        self._previewing = not self._previewing
        self._arrange()
        self._redraw()

    def action_views(self) -> None:
        """Take one of the kept views, or keep the present one."""
        views = OWN | load_views(views_file())
        entries = [f"{printable(name):<24} {printable(view.filter)}" for name, view in views.items()]

        def chosen(place: int | None) -> None:
            if place is not None and place < len(views):
                self._take(list(views.values())[place])
            elif place is not None:
                self._keep_view()

        self.app.push_screen(PickOne("views", [*entries, KEEP]), chosen)

    def _take(self, view: View) -> None:
        self.view = view
        self._filter.value = view.filter
        self._filter.display = bool(view.filter)
        self._redraw()

    def _keep_view(self) -> None:
        def check(name: str, again: bool) -> str:
            if not name:
                return "a name is needed"
            if name in OWN:
                return f"“{printable(name)}” is one of the console's own; choose another name"
            return "" if again or name not in load_views(views_file()) else "there is one of that name; ⏎ replaces it"

        def named(name: str | None) -> None:
            if name is None:
                return
            view = replace(self.view, filter=self._filter_now.text)
            try:
                save_views(views_file(), load_views(views_file()) | {name: view})
            except OSError as error:
                self._complain(f"cannot keep the view: {error.strerror or error}")
            else:
                self.notify(f"kept as {printable(name)}", markup=False)

        self.app.push_screen(Ask("keep this view as", "", check), named)

    def action_baseline(self) -> None:
        """Measure the runs of this pair against the selected recipe, or no longer."""
        row = self._table.selected
        if row is None:
            return
        run = row.runs[0]
        if not run.recipe_hash:
            self._complain("This run has not begun: nothing can be measured against it.")
            return
        place = place_of(run)
        if self._recipes.get(place) == run.recipe_hash:
            del self._recipes[place]
        else:
            self._recipes[place] = run.recipe_hash
        self._again.set()

    # -- marks ----------------------------------------------------------------------------------------------------

    def action_mark(self) -> None:
        """Mark or unmark the selected row, and go on to the next."""
        row = self._table.selected
        if row is None:
            return
        names = {run.name for run in row.runs}
        self.marked = self.marked - names if names <= self.marked else self.marked | names
        self._table.move(1)
        self._redraw()

    def _chosen(self) -> list[RunSummary]:
        """The marked runs, else the selected row's."""
        marked = [run for run in self.runs if run.name in self.marked]
        return marked or list(self._table.selected.runs if self._table.selected else ())

    def action_compare(self) -> None:
        """Compare the marked runs, or all that are shown."""
        shown = self._filter_now.select(self.runs)
        runs = [run for run in self.runs if run.name in self.marked]
        if not runs and len(shown) < len(self.runs):
            runs = [run for run in shown if not run.teacher]
        self.post_message(OpenCompare([run.folder for run in runs]))

    # -- doing something ------------------------------------------------------------------------------------------

    def action_new(self) -> None:
        """Build a recipe."""
        self.post_message(OpenBuilder())

    def action_clone(self) -> None:
        """Build a recipe that begins as the selected run's."""
        row = self._table.selected
        if row is not None:
            self.post_message(OpenBuilder(row.runs[0].folder.recipe))

    def action_resume(self) -> None:
        """Ask, then go on with the marked runs or the selected one."""
        runs = self._chosen()
        try:
            for run in runs:
                require_resumable(run.folder, run.name)
        except (UserError, OSError) as error:
            self._complain(str(error))
            return
        if not runs:
            return

        def answered(yes: bool | None) -> None:
            if yes:
                folders = [run.folder for run in reversed(runs)]  # the list has the newest first
                self.post_message(StartRuns(folders, f"{_names(runs)} {'goes' if len(runs) == 1 else 'go'} on"))
                self.marked.clear()

        detail = "It goes on from its last saved state" + (", one run after the other." if runs[1:] else ".")
        self.app.push_screen(Confirm(f"Resume {_names(runs)}?", detail), answered)

    def action_delete(self) -> None:
        """Ask, then move the marked runs or the selected ones into the trash."""
        runs = self._chosen()
        try:
            for run in runs:
                require_idle(run.folder)
        except UserError as error:
            self._complain(str(error))
            return
        if not runs:
            return

        def answered(yes: bool | None) -> None:
            if yes:
                self._delete(runs)

        detail = "`kdconsole trash --restore RUN` brings a run back."
        if any(run.name.startswith(f"{TEACHERS}/") for run in runs):
            detail += " Runs that learn from a teacher need it where it is."
        self.app.push_screen(Confirm(f"Move {_names(runs)} into the trash?", detail), answered)

    def _delete(self, runs: Sequence[RunSummary]) -> None:
        gone = []
        for run in runs:
            try:
                discard(run.folder)  # looks at the lock once more
            except UserError as error:
                self._complain(str(error))
            else:
                gone.append(run)
                self.marked.discard(run.name)
        if gone:
            self.notify(f"{_names(gone)}: in the trash", markup=False)
        self._again.set()

    def _complain(self, words: str) -> None:
        self.notify(words, severity="warning", markup=False, timeout=6)


def _against(recipes: dict[Place, str], runs: Sequence[RunSummary]) -> Against:
    """The baselines as they are now. Files are read only where logs have grown."""
    baselines = {}
    for place, recipe in recipes.items():
        group = [
            run.folder
            for run in runs
            if run.recipe_hash == recipe and place_of(run) == place and run.status.status is not Status.FAILED
        ]
        baselines[place] = baseline_of(group, place[2])
    return Against(recipes, baselines)


def _names(runs: Sequence[RunSummary]) -> str:
    if len(runs) > NAMES:
        return f"{len(runs)} runs"
    return ", ".join(run.name for run in runs)
