"""The short table at the end of a run: what came out, where it is, what to type next."""

import contextlib
from pathlib import Path

from kdconsole.cli.words import duration, percent
from kdconsole.runs.layout import RunFolder
from kdconsole.runs.result import Result, Score, read_result


def print_summary(folder: RunFolder) -> None:
    """Print the result of a finished run on stdout."""
    result = read_result(folder.result)
    if result is None:
        return
    split = result.selected_on
    rows: list[tuple[str, ...]] = [("", "network", "parameters", f"{split} top-1", "epoch", "weights")]
    if result.teacher:
        rows.append(_row("teacher", result, result.teacher.get(split), "teacher", result.files.get("teacher", "")))
    rows.append(_row("student", result, result.last.get(split), "student", result.files["student"]))
    rows.append(_row("student, best", result, result.best.get(split), "student", result.files["student_best"]))
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    print()
    for row in rows:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
    selection = "the test set itself" if split == "test" else f"the {split} split"
    print(f"\nbest chosen on {selection}; {duration(result.seconds)} of training, seed {result.seed}")
    print(
        f"next: kdconsole compare {folder.name} · kdconsole eval {folder.name} · kdconsole show {folder.name} · kdconsole"
    )


def _row(role: str, result: Result, score: Score | None, key: str, path: str) -> tuple[str, ...]:
    arch = result.facts.get(key, "")
    shown = path
    with contextlib.suppress(ValueError):
        shown = str(Path(path).relative_to(Path.cwd()))
    epoch = str(score.epoch) if score is not None and score.epoch else ""
    parameters = f"{result.parameters.get(key, 0):,}"
    return role, arch, parameters, percent(score.top1 if score else None), epoch, shown
