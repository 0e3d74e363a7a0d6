"""Methods in rows, pairs in columns: means over seeds, what they mean, and what is missing."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

from rich.text import Text
from textual import on, work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.events import Resize
from textual.screen import Screen
from textual.widgets import Input, Static
from textual.worker import get_current_worker

from kdconsole.compare.grouping import group_keys
from kdconsole.compare.seeds import Relatives
from kdconsole.compare.table import Line, Table
from kdconsole.errors import UserError
from kdconsole.runs.filtering import Filter, FilterError
from kdconsole.runs.layout import RunFolder
from kdconsole.text import printable
from kdconsole.tui.clipboard import copy
from kdconsole.tui.comparison.drawing import (
    Selected,
    cell_lines,
    chart_of,
    differing_columns,
    grid_data,
    head_line,
    nothing_words,
    options_line,
    run_words,
)
from kdconsole.tui.comparison.further import NO_RECIPE, Further, further_runs
from kdconsole.tui.comparison.options import Options
from kdconsole.tui.comparison.reading import Compared, Curved, TableReader, Wanted, read_curves
from kdconsole.tui.comparison.taking import fault_of_name, markdown, write_table
from kdconsole.tui.keys import COMPARE, bindings, shown_key
from kdconsole.tui.messages import OpenBuilder, OpenRun, StartRuns
from kdconsole.tui.palette import palette_for
from kdconsole.tui.screens.ask import Ask
from kdconsole.tui.screens.confirm import Confirm
from kdconsole.tui.screens.differences import DifferencesScreen
from kdconsole.tui.screens.pick import PickOne
from kdconsole.tui.widgets.fault_line import FaultLine
from kdconsole.tui.widgets.grid import Grid
from kdconsole.tui.widgets.group_chart import ZOOMS, GroupChart
from kdconsole.tui.widgets.key_bar import KeyBar
from kdconsole.tui.widgets.lines import Lines
from kdconsole.tui.widgets.status_line import StatusLine


class CompareScreen(Screen[None]):
    """Runs side by side. All computing is done in `kdconsole.compare`, and all reading in threads."""

    CSS_PATH = "compare.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(COMPARE)]
    PLACE: ClassVar[str] = COMPARE
    AUTO_FOCUS: ClassVar[str | None] = "Grid"  # never the filter, which is hidden only after it could take keys

    def __init__(self, root: Path, folders: Sequence[RunFolder] = ()) -> None:
        """Compares the runs in `folders`, or all below `root` but the teachers."""
        super().__init__()
        self.root = root
        self.wanted = Wanted(only=tuple(folders))
        self.table: Table | None = None
        self._reader = TableReader(root, self.post_message)
        self._reader.want(self.wanted)
        self._fault: FilterError | None = None
        self._trouble = ""
        self._runs = 0  # that were looked at
        self._hide_equal = False
        self._columns: list[int] = []  # of the table, as they are shown
        self._curves: Curved | None = None
        self._zoom = 0

    def compose(self) -> ComposeResult:
        """Two lines of state, the filter, the table, what is in the selected cell, the curves of its column, the keys."""
        yield StatusLine(id="head")
        yield StatusLine(id="options")
        yield Input(
            placeholder="method:dkd|crd  student:r8x4  acc>72  not …", id="filter", compact=True, select_on_focus=False
        )
        yield FaultLine()
        yield Grid()
        yield Static(Text("reading …"), id="nothing")
        yield Lines(id="cell")
        yield GroupChart()
        yield KeyBar(COMPARE)

    def on_mount(self) -> None:
        self._filter.display = False
        self._grid.display = False
        self._arrange()
        self._grid.focus()
        self.watch(self.app, "theme", self._redraw, init=False)
        self._read()

    def on_unmount(self) -> None:
        self._reader.close()

    def on_screen_resume(self) -> None:
        self._reader.show()

    def on_screen_suspend(self) -> None:
        self._reader.hide()

    def on_resize(self, event: Resize) -> None:
        self._arrange()
        self._redraw()

    def take(self, folders: Sequence[RunFolder]) -> None:
        """Compare these runs from now on, all of them where none is given."""
        self._want(replace(self.wanted, only=tuple(folders)))

    @property
    def _grid(self) -> Grid:
        return self.query_one(Grid)

    @property
    def _filter(self) -> Input:
        return self.query_one("#filter", Input)

    # -- reading --------------------------------------------------------------------------------------------------

    @work(thread=True, exclusive=True, group="table", exit_on_error=False)
    def _read(self) -> None:
        self._reader.run()

    def _want(self, wanted: Wanted) -> None:
        self.wanted = wanted
        self._reader.want(wanted)

    @on(Compared)
    def _compared(self, message: Compared) -> None:
        self._runs, self._trouble = message.runs, message.fault
        if message.fault:
            self._want(replace(self.wanted, options=self.wanted.options.without_what_may_be_gone()))
        elif message.table != self.table or self.table is None:
            label = self._line.label if self._line else ""
            self.table = message.table
            self._redraw()
            self._select(label)
            self._begin_curves()
            return
        self._redraw()

    def _select(self, label: str) -> None:
        """Select the row called `label`, wherever it is now; without one, the first that is not the teacher's."""
        lines = self.table.lines if self.table else ()
        places = [place for place, line in enumerate(lines) if line.label == label]
        own = [place for place, line in enumerate(lines) if not line.teacher]
        if not label or not places:
            places = own
        if places:
            self._grid.select(places[0], self._grid.column)

    def _begin_curves(self) -> None:
        column = self._column
        if self.table is None or column is None:
            self._curves = None
            return
        line = self._line
        self._read_curves(self.table, column, line.label if line else "")

    @work(thread=True, exclusive=True, group="curves", exit_on_error=False)
    def _read_curves(self, table: Table, column: int, selected: str) -> None:
        worker = get_current_worker()
        curved = read_curves(table, column, selected, lambda: worker.is_cancelled)
        if curved is not None:
            self.post_message(curved)

    @on(Curved)
    def _curved(self, message: Curved) -> None:
        if message.table is self.table and message.column == self._column:
            self._curves = message
            self._draw_curves()

    # -- what is selected -----------------------------------------------------------------------------------------

    @property
    def _line(self) -> Line | None:
        lines = self.table.lines if self.table else ()
        return lines[self._grid.row] if self._grid.row < len(lines) else None

    @property
    def _column(self) -> int | None:
        """The selected column of the table, None on one of the others."""
        place = self._grid.column
        return self._columns[place] if place < len(self._columns) else None

    @property
    def _selected(self) -> Selected | None:
        line, column = self._line, self._column
        if self.table is None or line is None or column is None:
            return None
        return Selected(self.table, line, column)

    @on(Grid.Moved)
    def _moved(self) -> None:
        self._draw_cell()
        self._begin_curves()

    # -- drawing --------------------------------------------------------------------------------------------------

    def _arrange(self) -> None:
        """The table takes what it needs, the chart the rest, which is never less than it needs itself."""
        height = self.app.size.height
        chart, cell = self.query_one(GroupChart), self.query_one("#cell")
        chart.display = height >= 16
        cell.styles.height = 3 if height >= 30 else 2
        rows = height - 5 - (height >= 30) - self._filter.display - self.query_one(FaultLine).display
        lines = len(self.table.lines) + 1 if self.table else 6
        self._grid.styles.height = min(lines, rows - max(7, rows * 2 // 5)) if chart.display else "1fr"

    def _redraw(self) -> None:
        if not self.is_mounted or not self.is_attached:
            return
        table, width = self.table, self.size.width
        palette = palette_for(self.app.current_theme.dark)
        self.query_one(FaultLine).show_fault(self._fault)
        self._arrange()
        has_lines = table is not None and bool(table.lines)
        self._grid.display = has_lines
        nothing = self.query_one("#nothing", Static)
        nothing.display = not has_lines
        if table is not None:
            self._columns = differing_columns(table) if self._hide_equal else list(range(len(table.columns)))
        if table is not None and has_lines:
            self._grid.show(grid_data(table, self._columns, palette))
        elif table is not None or self._trouble:
            nothing.update(Text(nothing_words(table, self._runs, self._trouble, self._key)))
        head = head_line(
            table,
            palette,
            width,
            self._key,
            runs=self._runs,
            marked=len(self.wanted.only),
            hidden=len(table.columns) - len(self._columns) if table else 0,
            wanted=self.wanted.filter.text,
        )
        self.query_one("#head", StatusLine).show([head])
        options = options_line(self.wanted.options, table, palette, width, self._key)
        self.query_one("#options", StatusLine).show([options])
        self._draw_cell()
        self._draw_curves()

    def _key(self, action: str) -> str:
        return shown_key(self.app, action)

    def _draw_cell(self) -> None:
        lines = self.query_one("#cell", Lines)
        lines.show(cell_lines(self._selected, self.table, lines.palette, self.size.width, self._key))

    def _draw_curves(self) -> None:
        chart = self.query_one(GroupChart)
        if not chart.display:
            return
        if self._curves is None:
            chart.show_strips([])
            return
        # of a table that may be older than the one above, until its curves have been read
        chart.show_groups(chart_of(self._curves, ZOOMS[self._zoom]))

    # -- moving ---------------------------------------------------------------------------------------------------

    def action_move(self, down: int, right: int) -> None:
        """Select another cell."""
        self._grid.move(down, right)

    def action_page(self, direction: int) -> None:
        """Move by a page."""
        self._grid.page(direction)

    @on(Grid.Opened)
    def action_runs(self) -> None:
        """Let the person open one of the runs behind the cell."""
        selected = self._selected
        if selected is None or not selected.rows:
            self._complain("There are no runs behind this cell.")
            return
        rows = [seed.row for seed in selected.seeds if seed.row]
        rows += [row for row in selected.rows if all(row is not known for known in rows)]

        def chosen(place: int | None) -> None:
            if place is not None and (folder := rows[place].folder) is not None:
                self.post_message(OpenRun(folder, rows[place].run))

        self.app.push_screen(PickOne(selected.title, [run_words(row, selected.table) for row in rows]), chosen)

    # -- what is shown --------------------------------------------------------------------------------------------

    def _choose(self, options: Options) -> None:
        self._want(replace(self.wanted, options=options))
        self._redraw()

    def action_metric(self) -> None:
        """Take the next metric: the last and the best epoch, on each split."""
        self._choose(self.wanted.options.with_next_metric(self.table))

    def action_baseline(self) -> None:
        """Measure against the selected row; if that is so already, against the teacher."""
        line = self._line
        if line is not None and line.source:
            self._complain("Published numbers have no seeds to compare with: take one of your own rows.")
        elif line is not None:
            self._choose(self.wanted.options.against(line))

    def action_show(self) -> None:
        """Show the next statistic."""
        self._choose(self.wanted.options.with_next_statistic())

    def action_papers(self) -> None:
        """Add published numbers, more of them, none."""
        self._choose(self.wanted.options.with_next_papers())

    def action_group(self) -> None:
        """Let the person choose what a row stands for."""
        if self.table is None:
            return
        keys = group_keys(self.table.rows)
        options = self.wanted.options

        def chosen(place: int | None) -> None:
            if place is not None:
                self._choose(replace(self.wanted.options, by=keys[place], baseline=""))

        now = keys.index(options.by) if options.by in keys else 0
        self.app.push_screen(PickOne("a row for each", keys, now), chosen)

    def action_hide(self) -> None:
        """Hide the columns in which nothing differs, or show all."""
        self._hide_equal = not self._hide_equal
        self._redraw()
        self._begin_curves()

    def action_zoom(self) -> None:
        """Show the curves over all epochs or their last part."""
        self._zoom = (self._zoom + 1) % len(ZOOMS)
        self._draw_curves()

    def action_all(self) -> None:
        """Compare all runs, not only the marked."""
        self.take(())

    def action_differences(self) -> None:
        """Show in which settings the recipes of the selected column differ."""
        table, column = self.table, self._column
        if table is None:
            return
        found = []
        for line in table.lines:
            cells = line.cells if column is None else (line.cells[column],)
            rows = [row for cell in cells if cell for row in cell.rows]
            if rows:
                found.append((line.label, rows[0].settings))
        title = "recipes" if column is None else f"recipes · {table.columns[column]}"
        self.app.push_screen(DifferencesScreen(title, [label for label, _ in found], [recipe for _, recipe in found]))

    # -- filter ---------------------------------------------------------------------------------------------------

    def action_filter(self) -> None:
        """Let the person type which runs to compare."""
        self._filter.display = True
        self._filter.focus()

    def action_clear_filter(self) -> None:
        """Compare all runs again."""
        self._filter.value = ""
        self._filter.display = False
        self._grid.focus()

    @on(Input.Changed, "#filter")
    def _filter_changed(self) -> None:
        try:
            self._want(replace(self.wanted, filter=Filter(self._filter.value)))
            self._fault = None
        except FilterError as error:
            self._fault = error  # what was understood last stays in force
        self._redraw()

    @on(Input.Submitted, "#filter")
    def _filter_done(self) -> None:
        self._filter.display = bool(self._filter.value.strip())
        self._grid.focus()

    # -- missing seeds --------------------------------------------------------------------------------------------

    def action_seeds(self) -> None:
        """Ask, then start the seeds that the selected cell lacks; for a cell without any run, build its recipe."""
        further = further_runs(self._selected)
        if isinstance(further, str):
            self._complain(further)
            return
        if isinstance(further, Relatives):
            recipes = further.recipes()
            if recipes is None:
                self._complain(NO_RECIPE)
            else:
                self.post_message(OpenBuilder(recipes[0], pair=recipes[1], seeds=further.seeds))
            return

        def answered(yes: bool | None) -> None:
            if yes:
                self._start(further)

        self.app.push_screen(Confirm(further.question, further.detail), answered)

    @work(thread=True, exclusive=True, group="start", exit_on_error=False)
    def _start(self, further: Further) -> None:
        try:
            folders = further.folders()
        except (UserError, OSError) as error:
            self.app.call_from_thread(self._complain, str(error))
            return
        names = ", ".join(printable(folder.name) for folder in folders)
        self.post_message(StartRuns(folders, f"started: {names}"))
        self._reader.want(self.wanted)

    # -- taking the table along -----------------------------------------------------------------------------------

    def action_export(self) -> None:
        """Ask for a file's name and write the table to it, in the format that the name ends with."""
        if self.table is not None:
            self.app.push_screen(Ask("write the table to", "compare.md", fault_of_name), self._export)

    def _export(self, name: str | None) -> None:
        if name is None or self.table is None:
            return
        file = Path(name).expanduser()
        try:
            write_table(self.table, file, self.wanted, self.root)
        except OSError as error:
            self._complain(f"cannot write {printable(str(file))}: {error.strerror or error}")
        else:
            self.notify(f"written: {printable(str(file.absolute()))}", markup=False)

    def action_copy(self) -> None:
        """Copy the table as Markdown."""
        if self.table is not None:
            self.notify(copy(self.app, markdown(self.table)), markup=False)

    def _complain(self, words: str) -> None:
        self.notify(words, severity="warning", markup=False, timeout=6)
