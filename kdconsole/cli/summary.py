"""The short table at the end of a run: what came out, where it is, what to type next."""

import contextlib
from pathlib import Path

from kdconsole.cli.words import duration, percent
from kdconsole.runs.layout import RunFolder
from kdconsole.runs.result import Result, Score, read_result


def print_summary(folder: RunFolder) -> None:
    """Print the result of a finished run on stdout, no line wider than its paths."""
    result = read_result(folder.result)
    if result is None:
        return
    print()
    _print_table(_scores(result))
    selection = "the test set itself" if result.selected_on == "test" else f"the {result.selected_on} split"
    print(f"best chosen on {selection}; {duration(result.seconds)} of training, seed {result.seed}\n")
    files = [("student", "last epoch", result.files["student"]), ("", "best epoch", result.files["student_best"])]
    if "teacher" in result.files:
        files.insert(0, ("teacher", "", result.files["teacher"]))
    _print_table([(role, which, _from_here(path)) for role, which, path in files])
    print("\nnext")
    _print_table(
        [
            ("  kdconsole", "the console: all runs, live curves"),
            ("  kdconsole compare", "all runs in one table"),
            (f"  kdconsole eval {folder.name}", "measure the student again, from its file alone"),
            (f"  kdconsole show {folder.name}", "the recipe with every default spelled out"),
        ]
    )


def _scores(result: Result) -> list[tuple[str, ...]]:
    split = result.selected_on
    rows: list[tuple[str, ...]] = [("", "network", "parameters", f"{split} top-1", "epoch")]
    if result.teacher:
        rows.append(_row("teacher", result, result.teacher.get(split), "teacher"))
    rows.append(_row("student, last", result, result.last.get(split), "student"))
    rows.append(_row("student, best", result, result.best.get(split), "student"))
    return rows


def _row(role: str, result: Result, score: Score | None, key: str) -> tuple[str, ...]:
    epoch = str(score.epoch) if score is not None and score.epoch else ""
    parameters = f"{result.parameters.get(key, 0):,}"
    return role, result.facts.get(key, ""), parameters, percent(score.top1 if score else None), epoch


def _from_here(path: str) -> str:
    with contextlib.suppress(ValueError):
        return str(Path(path).relative_to(Path.cwd()))
    return path


def _print_table(rows: list[tuple[str, ...]]) -> None:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
