"""Which seeds a cell has and lacks."""

from pathlib import Path

from kdconsole.compare.collect import Row
from kdconsole.compare.seeds import Seed, SeedStatus, relatives_of, runs_of, seeds_of, stem_of
from kdconsole.compare.table import Line, Table, compare_table
from kdconsole.runs.layout import RunFolder
from kdconsole.runs.status import RunStatus, Status
from tests.compare.papers import row


def runs(method: str, *seeds: int, **changes: object) -> list[Row]:
    return [row(method, 75.0 + seed, seed, run=f"{method}-s{seed}", **changes) for seed in seeds]


def line_of(table: Table, label: str) -> Line:
    return next(line for line in table.lines if line.label == label)


def statuses(seeds: list[Seed]) -> dict[int, str]:
    return {seed.number: str(seed.status) for seed in seeds}


def test_seeds_of_the_column_that_a_cell_lacks_are_missing() -> None:
    table = compare_table([*runs("kd", 0, 1, 2), *runs("dkd", 1, 4)])
    assert statuses(seeds_of(table, line_of(table, "dkd"), 0)) == {
        0: "missing", 1: "counted", 2: "missing", 4: "counted",
    }  # fmt: skip
    found = seeds_of(table, line_of(table, "kd"), 0)
    assert [(seed.number, seed.value) for seed in found if seed.status is SeedStatus.COUNTED] == [
        (0, 75.0), (1, 76.0), (2, 77.0),
    ]  # fmt: skip


def test_unfinished_runs_of_the_same_recipe_are_told_from_missing_ones() -> None:
    table = compare_table(
        [
            *runs("kd", 0, 1, 2, 3),
            *runs("dkd", 0),
            *runs("dkd", 1, status=RunStatus(Status.LIVE), epoch=100),
            *runs("dkd", 2, status=RunStatus(Status.FAILED, "nan"), epoch=7),
            row("dkd", 70.0, 2, run="dkd-s2-2", status=RunStatus(Status.STALE, "killed"), epoch=80),
            *runs("dkd", 3, status=RunStatus(Status.DONE), recipe_hash="another recipe"),
        ]
    )
    seeds = seeds_of(table, line_of(table, "dkd · #dkd-ha"), 0)
    assert statuses(seeds) == {0: "counted", 1: "running", 2: "unfinished", 3: "missing"}
    assert seeds[2].row is not None and seeds[2].row.run == "dkd-s2-2"  # the one that has come farthest


def test_a_run_that_waits_for_its_turn_is_known_by_its_name() -> None:
    waiting = Row(run="dkd-s2", status=RunStatus(Status.QUEUED))
    table = compare_table([*runs("kd", 0, 1, 2), *runs("dkd", 0), waiting])
    assert statuses(seeds_of(table, line_of(table, "dkd"), 0)) == {0: "counted", 1: "missing", 2: "running"}


def test_the_stem_of_the_names() -> None:
    table = compare_table([*runs("kd", 0), row("odd", 75.0, 1, run="a name")])
    assert stem_of(runs_of(table, line_of(table, "kd"), 0)) == "kd"
    assert stem_of(runs_of(table, line_of(table, "odd"), 0)) == ""


def test_cells_without_runs_or_seeds_lack_nothing() -> None:
    table = compare_table([row("kd", 75.0, seed=None), *runs("dkd", 1)])
    assert seeds_of(table, line_of(table, "teacher"), 0) == []
    assert seeds_of(table, line_of(table, "kd"), 0) == []


OTHER = {"teacher": "vgg13", "student": "vgg8"}


def test_a_blank_cell_names_the_seeds_that_have_not_come_so_far() -> None:
    stale = {"status": RunStatus(Status.STALE, "killed"), "epoch": 80}
    table = compare_table(
        [*runs("kd", 0, 1), *runs("kd", 0, 1, **OTHER), *runs("dkd", 0), *runs("dkd", 1, **stale, **OTHER)]
    )
    column = table.columns.index("vgg13→vgg8")
    line = line_of(table, "dkd")
    assert line.cells[column] is None
    assert statuses(seeds_of(table, line, column)) == {0: "missing", 1: "unfinished"}
    assert seeds_of(table, line_of(table, "kd"), column)[0].status is SeedStatus.COUNTED


def test_unfinished_runs_of_several_recipes_are_no_ones_in_particular() -> None:
    live = {"status": RunStatus(Status.LIVE), "epoch": 8}
    table = compare_table(
        [*runs("kd", 0), *runs("kd", 0, **OTHER), *runs("dkd", 0), *runs("dkd", 0, recipe_hash="a", **live, **OTHER),
         *runs("dkd", 1, recipe_hash="b", **live, **OTHER)]
    )  # fmt: skip
    assert runs_of(table, line_of(table, "dkd"), table.columns.index("vgg13→vgg8")) == ()


def test_the_relatives_of_a_cell_without_runs(tmp_path: Path) -> None:
    def run(method: str, student: str, seed: int = 0, **changes: object) -> Row:
        name = f"{method}-{student}-s{seed}"
        return row(method, 75.0, seed, run=name, student=student, folder=RunFolder(tmp_path / name), **changes)

    wide, narrow = "wrn_40_1", "wrn_16_2"
    rows = [run("kd", narrow), run("kd", wide, 0), run("kd", wide, 3), run("dkd", narrow), run("ce", wide, teacher="")]
    table = compare_table(rows)

    def column_of(table: Table) -> int:
        return [pair for pair, _ in table.pairs].index(f"wrn_40_2→{wide}")

    column = column_of(table)
    found = relatives_of(table, line_of(table, "dkd"), column)
    assert found is not None and found.seeds == (0, 3)
    assert [folder.name for folder in found.line] == [f"dkd-{narrow}-s0"]
    assert [folder.name for folder in found.column] == [f"kd-{wide}-s0", f"kd-{wide}-s3"], "with the teacher"
    assert found.recipes() is None, "nothing is stored"
    for folder in (found.line[0], found.column[1]):
        folder.path.mkdir()
        folder.recipe.touch()
    assert found.recipes() == (found.line[0].recipe, found.column[1].recipe)
    # cells that have runs, even if none counts, and lines that no recipe could be of
    assert relatives_of(table, line_of(table, "kd"), column) is None
    assert relatives_of(table, line_of(table, "teacher"), column) is None
    begun = compare_table([*rows, run("dkd", wide, status=RunStatus(Status.STALE, "killed"), epoch=3)])
    assert relatives_of(begun, line_of(begun, "dkd"), column_of(begun)) is None
    by_student = compare_table(rows, by="student")
    assert not any(
        relatives_of(by_student, line, at) for line in by_student.lines for at in range(len(by_student.columns))
    )
