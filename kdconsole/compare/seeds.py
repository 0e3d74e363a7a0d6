"""Which seeds a cell of a table has, and which it lacks beside the other cells of its column."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from kdconsole.compare.collect import Row
from kdconsole.compare.table import Line, Table
from kdconsole.runs.layout import RunFolder
from kdconsole.runs.status import Status


class SeedStatus(StrEnum):
    """What there is of a seed."""

    COUNTED = "counted"
    RUNNING = "running"
    UNFINISHED = "unfinished"  # stopped, killed or failed: it can go on
    UNSCORED = "unscored"  # complete, but not measured on the split that the table is about
    MISSING = "missing"  # no run at all


@dataclass(frozen=True)
class Seed:
    """One seed of a cell. `row` is its run, None for a missing one; `value` what it counts with."""

    number: int
    status: SeedStatus
    value: float | None = None
    row: Row | None = None


def runs_of(table: Table, line: Line, column: int) -> tuple[Row, ...]:
    """The runs behind a cell. Behind a blank one: those of the line's method that have not reached their last epoch there, as
    long as no other line could lay claim to them and all are of one recipe.
    """
    cell = line.cells[column]
    if cell is not None:
        return cell.rows
    alone = line.method and [other.method for other in table.lines if not other.source].count(line.method) == 1
    begun = tuple(
        row
        for row in table.rows
        if alone and not row.complete and row.recipe_hash
        and row.method == line.method and (row.pair, row.dataset) == table.pairs[column]
    )  # fmt: skip
    return begun if table.by == "method" and len({row.recipe_hash for row in begun}) == 1 else ()


@dataclass(frozen=True)
class Relatives:
    """Of a cell without any run: the runs of its line, those of its column, and the column's seeds. What the former do, with
    the data and networks of the latter, is what the cell lacks.
    """

    line: tuple[RunFolder, ...]
    column: tuple[RunFolder, ...]
    seeds: tuple[int, ...]

    def recipes(self) -> tuple[Path, Path] | None:
        """A stored recipe of each; None where all of one are gone."""
        line, column = (
            next((folder.recipe for folder in side if folder.recipe.exists()), None)
            for side in (self.line, self.column)
        )
        return None if line is None or column is None else (line, column)


def relatives_of(table: Table, line: Line, column: int) -> Relatives | None:
    """None for a cell that has runs, complete or not, where the line or the column has none of one's own, and where the
    lines of the table are not methods: networks and data may be what tells them apart.
    """
    here = [row for row in table.rows if (row.pair, row.dataset) == table.pairs[column]]
    if table.by != "method" or line.teacher or line.source or line.cells[column] is not None:
        return None
    if any(row.method == line.method for row in here):
        return None
    of_line = tuple(row.folder for cell in line.cells if cell for row in cell.rows if row.folder)
    of_column = tuple(row.folder for row in here if row.folder)
    if not of_line or not of_column:
        return None
    above = [other.cells[column] for other in table.lines if not other.teacher and not other.source]
    seeds = {seed for cell in above if cell for seed in cell.seeds if seed is not None}
    return Relatives(of_line, of_column, tuple(sorted(seeds)) or (0,))


def seeds_of(table: Table, line: Line, column: int) -> list[Seed]:
    """The seeds that any cell of the `column` has, those of the cell's own unfinished runs included, in order.

    Empty for cells without runs of one's own, and for runs without seeds. A run that has not begun to
    train has told nothing but its name: it counts as running under the name that `kdconsole run` gives a further seed of
    the cell's runs.
    """
    cell, rows = line.cells[column], runs_of(table, line, column)
    if not rows:
        return []
    counted = dict(zip(cell.seeds, zip(cell.rows, cell.values, strict=True), strict=True)) if cell else {}
    if {row.seed for row in rows} == {None}:
        return []
    recipe, pair, dataset = rows[0].recipe_hash, rows[0].pair, rows[0].dataset
    related = [
        row for row in table.rows if recipe and (row.recipe_hash, row.pair, row.dataset) == (recipe, pair, dataset)
    ]
    others = [other.cells[column] for other in table.lines if not other.teacher]
    expected = {seed for other in others if other for seed in other.seeds if seed is not None}
    expected |= {row.seed for row in related if row.seed is not None}
    waiting = {row.run for row in table.rows if not row.recipe_hash and row.status.status is Status.QUEUED}
    stem = stem_of(rows)
    seeds = []
    for number in sorted(expected):
        if number in counted:
            row, value = counted[number]
            seeds.append(Seed(number, SeedStatus.COUNTED, value, row))
        elif f"{stem}-s{number}" in waiting:
            seeds.append(Seed(number, SeedStatus.RUNNING))
        else:
            seeds.append(_uncounted(number, [row for row in related if row.seed == number]))
    return seeds


def _uncounted(number: int, rows: Sequence[Row]) -> Seed:
    running = next((row for row in rows if row.status.status in (Status.LIVE, Status.QUEUED)), None)
    if running:
        return Seed(number, SeedStatus.RUNNING, row=running)
    over = max((row for row in rows), key=lambda row: (row.complete, row.epoch, row.started), default=None)
    if over is None:
        return Seed(number, SeedStatus.MISSING)
    return Seed(number, SeedStatus.UNSCORED if over.complete else SeedStatus.UNFINISHED, row=over)


def stem_of(rows: Sequence[Row]) -> str:
    """What the names of a cell's runs begin with: "kd" for "kd-s0"; "" where no run has a name like that."""
    for row in rows:
        stem, found, seed = row.run.rpartition("-s")
        if found and seed == str(row.seed):
            return stem
    return ""
