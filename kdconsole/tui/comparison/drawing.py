"""A comparison as lines and cells: functions of a table and of what is selected in it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rich.style import Style
from rich.text import Text

from kdconsole.compare.collect import Row
from kdconsole.compare.published import published_words
from kdconsole.compare.render.text import cell_text, label_text, number, p_text, remarks, signed
from kdconsole.compare.seeds import Relatives, Seed, SeedStatus, relatives_of, runs_of, seeds_of
from kdconsole.compare.table import TEACHER, Cell, Line, Statistic, Table
from kdconsole.text import printable
from kdconsole.tui.comparison.options import PAPERS, SHOWN, Options
from kdconsole.tui.comparison.reading import Curved
from kdconsole.tui.describe import Field, fit
from kdconsole.tui.format import duration
from kdconsole.tui.palette import Palette
from kdconsole.tui.widgets.grid import GridCell, GridData
from kdconsole.tui.widgets.group_chart import GroupChartData

PRECISION = 2  # digits after the point
KeyOf = Callable[[str], str]  # the key of an action, as a person reads it

NO_RUNS = "There are no runs to compare.   {clear} clears the filter, {all} takes all runs."
NOTHING = "No run has reached its last epoch yet: only those can be compared."


@dataclass(frozen=True)
class Selected:
    """A cell of a table, and where it is."""

    table: Table
    line: Line
    column: int

    @property
    def cell(self) -> Cell | None:
        return self.line.cells[self.column]

    @property
    def title(self) -> str:
        """ "kd · wrn_40_2→wrn_16_2"."""
        return f"{self.line.label} · {self.table.columns[self.column]}"

    @property
    def rows(self) -> tuple[Row, ...]:
        """The runs behind the cell; behind a blank one those that have not come so far."""
        return runs_of(self.table, self.line, self.column)

    @property
    def seeds(self) -> list[Seed]:
        """The seeds that the cell has and lacks; empty without runs of one's own."""
        return seeds_of(self.table, self.line, self.column)

    @property
    def relatives(self) -> Relatives | None:
        """Whose recipes together say what a blank cell lacks."""
        return relatives_of(self.table, self.line, self.column)


def nothing_words(table: Table | None, runs: int, trouble: str, key: KeyOf) -> str:
    """Why there is nothing to see although `runs` runs were looked at."""
    left_out = "\n".join(remarks(table)) if table else trouble
    none = NO_RUNS.format(clear=key("compare.clear"), all=key("compare.all"))
    return f"{NOTHING if runs else none}\n\n{left_out}"


def differing_columns(table: Table) -> list[int]:
    """The columns in which at least two rows differ, as the table prints them; all where none does."""
    found = []
    for column in range(len(table.columns)):
        cells = [line.cells[column] for line in table.lines if not line.teacher and not line.source]
        if len({number(cell.mean, PRECISION) for cell in cells if cell}) > 1:
            found.append(column)
    return found or list(range(len(table.columns)))


# -- above the table --------------------------------------------------------------------------------------------------


def head_line(
    table: Table | None, palette: Palette, width: int, key: KeyOf, *, runs: int, marked: int, hidden: int, wanted: str
) -> Text:
    """How much is compared. `marked` runs alone, if any; `hidden` columns; `wanted`: the filter."""
    lines = len([line for line in table.lines if not line.source]) if table else 0
    return fit(
        [
            Field("kdconsole", palette.accent, 1),
            Field("compare", palette.strong, 0),
            Field(f"◆ {_many(marked, 'marked run')}, {key('compare.all')} all" if marked else "", palette.accent, 2),
            Field(_many(lines, "row"), palette.plain, 5),
            Field(_many(len(table.columns) if table else 0, "pair"), palette.plain, 6),
            Field(_many(runs, "run"), palette.plain, 3),
            Field(f"{len(table.excluded)} not counted" if table and table.excluded else "", palette.warning, 2),
            Field(f"{hidden} equal columns hidden" if hidden else "", palette.dim, 4),
            Field(f"{key('compare.filter')} {printable(wanted)}" if wanted else "", palette.dim, 7),
        ],
        width,
        gap=3,
    )


def _many(count: int, what: str) -> str:
    return f"{count} {what}" if count == 1 else f"{count} {what}s"


def options_line(options: Options, table: Table | None, palette: Palette, width: int, key: KeyOf) -> Text:
    """What was chosen, each beside its key."""
    split = f" on {table.split}" if table and table.split else ""
    baseline = table.baseline if table else ""
    papers = palette.plain if options.papers else palette.dim
    return fit(
        [
            Field(f"{key('compare.metric')} top-1 {options.metric}{split}", palette.plain, 1),
            Field(f"{key('compare.baseline')} base {baseline or '–'}", palette.plain, 2),
            Field(f"{key('compare.show')} {SHOWN[options.show]}", palette.plain, 0),
            Field(f"{key('compare.group')} {options.by}", palette.plain, 3),
            Field(f"{key('compare.papers')} papers {PAPERS[options.papers]}", papers, 4),
        ],
        width,
        gap=3,
    )


# -- the table --------------------------------------------------------------------------------------------------------


def grid_data(table: Table, columns: Sequence[int], palette: Palette) -> GridData:
    """The table as a grid: its rows, the `columns` of it, the average difference and the time that a run takes."""
    average = len(table.columns) > 1 and bool(table.baseline)
    timed = any(line.seconds is not None for line in table.lines)
    heads = [table.by, *(table.columns[column] for column in columns)]
    heads += ["avg Δ"] * average + ["time/run"] * timed
    rows = []
    for line in table.lines:
        label = palette.dim if line.source else palette.strong if line.baseline else palette.plain
        row = [GridCell(label_text(line), label)]
        row += [_grid_cell(line.cells[column], line, table.show, palette) for column in columns]
        if average:
            row.append(GridCell("" if line.teacher or line.source else signed(line.average_delta, PRECISION), label))
        if timed:
            row.append(GridCell("" if line.seconds is None else duration(line.seconds), palette.dim))
        rows.append(tuple(row))
    return GridData(tuple(heads), tuple(rows))


def _grid_cell(cell: Cell | None, line: Line, show: Statistic, palette: Palette) -> GridCell:
    text = cell_text(cell, line, PRECISION, show)
    if cell is None or line.source or line.teacher:
        return GridCell(text, palette.dim)
    best = Style(bold=True) if cell.rank == 1 else Style(underline=True) if cell.rank == 2 else palette.plain
    return GridCell(text, best if show in ("all", "mean") else palette.plain)


# -- below the table --------------------------------------------------------------------------------------------------


def cell_lines(selected: Selected | None, table: Table | None, palette: Palette, width: int, key: KeyOf) -> list[Text]:
    """Three lines: the selected cell's seeds, what else there is to say about it, the notes on the whole table."""
    shown = [Text(" ", no_wrap=True), Text(" ", no_wrap=True), Text(" ", no_wrap=True)]
    if selected is not None:
        shown[0].append(f"{selected.title}  ", palette.accent)
        if selected.cell is None and not selected.rows:
            shown[0].append("no complete run", palette.dim)
            if selected.relatives is not None:
                shown[0].append(f"  → {key('compare.seeds')} builds its recipe", palette.accent)
        elif selected.cell is not None and selected.line.source:
            shown[0].append(f"{number(selected.cell.mean, PRECISION)} published in {selected.cell.source}")
        else:
            _append_seeds(shown[0], selected.seeds, palette, key)
        for words, style in _facts(selected, palette):
            shown[1].append(words + "   ", style)
    if table is not None:
        shown[2].append("   ".join(remarks(table)), palette.dim)
    for text in shown:
        text.truncate(width, overflow="ellipsis")
    return shown


def _append_seeds(line: Text, seeds: Sequence[Seed], palette: Palette, key: KeyOf) -> None:
    for seed in seeds:
        row = seed.row
        match seed.status:
            case SeedStatus.COUNTED:
                line.append(f"s{seed.number} {number(seed.value, PRECISION)}  ")
            case SeedStatus.RUNNING:
                at = f" {row.epoch}/{row.epochs}" if row else ""
                line.append(f"s{seed.number} ● running{at}  ", palette.good)
            case SeedStatus.UNFINISHED if row is not None:
                line.append(
                    f"s{seed.number} {row.status.glyph} {row.status.word} {row.epoch}/{row.epochs}  ", palette.warning
                )
            case SeedStatus.UNSCORED:
                line.append(f"s{seed.number} without a score  ", palette.dim)
            case _:
                line.append(f"s{seed.number} missing  ", palette.warning)
    if any(seed.status in (SeedStatus.MISSING, SeedStatus.UNFINISHED) for seed in seeds):
        line.append(f"→ {key('compare.seeds')}{' starts them' if len(seeds) > 1 else ''}", palette.accent)


def _facts(selected: Selected, palette: Palette) -> list[tuple[str, Style]]:
    facts = []
    table, line, cell = selected.table, selected.line, selected.cell
    if cell is not None and cell.delta is not None and not line.baseline:
        p = "" if cell.p is None else f", p {p_text(cell.p)} {cell.test} {cell.stars}".rstrip()
        facts.append((f"Δ {signed(cell.delta, PRECISION)} to {table.baseline}{p}", palette.plain))
    if cell is not None and cell.few and not line.teacher:
        facts.append((f"⚠ {cell.n} seed{'s' if cell.n > 1 else ''}", palette.warning))
    papers = "" if line.source or table.split != "test" else published_words(line, *table.pairs[selected.column])
    if papers:
        facts.append((f"papers: {papers}", palette.reference))
    if cell is not None and line.seconds is not None:
        facts.append((f"{duration(line.seconds)} a run", palette.dim))
    return facts


def chart_of(curved: Curved, zoom: float) -> GroupChartData:
    """The curves of a column, of whose epochs the last part `zoom` is shown, and the teacher's accuracy."""
    table = curved.table
    teacher = next((line.cells[curved.column] for line in table.lines if line.teacher), None)
    level = (TEACHER, teacher.mean) if teacher else None
    return GroupChartData(f"top-1 % · {table.columns[curved.column]} · mean ±std", curved.curves, level, zoom)


def run_words(row: Row, table: Table) -> str:
    """One of the runs behind a cell, in a list to choose from."""
    value = number(row.scores(table.metric).get(table.split), PRECISION)
    return (
        f"{row.run:<40} seed {'–' if row.seed is None else row.seed:<4} {row.status.glyph} {row.status.word:<8} {value}"
    )
