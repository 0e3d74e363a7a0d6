"""`kdconsole eval RUN|FILE`: measure a student, rebuilt from its file alone."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from kdconsole.cli.narrate import print_json
from kdconsole.cli.options import Json, Root, root_folder
from kdconsole.cli.words import number, percent, run_name
from kdconsole.errors import UserError
from kdconsole.runs.layout import open_run
from kdconsole.text import printable


class Split(StrEnum):
    """The official splits."""

    test = "test"
    train = "train"


def register(app: typer.Typer) -> None:
    app.command("eval", help="Measure a run's student, or a weights file, on a data set.")(evaluate)


def evaluate(
    what: Annotated[str, typer.Argument(metavar="RUN|FILE", help="A run, or a safetensors file.")],
    data: Annotated[str | None, typer.Option("--data", help="Data set; default the one it was trained on.")] = None,
    split: Annotated[Split, typer.Option("--split", help="Which official split.")] = Split.test,
    best: Annotated[bool, typer.Option("--best", help="The best student of a run instead of the last.")] = False,
    data_root: Annotated[Path | None, typer.Option("--data-root", help="Folder of data sets.")] = None,
    download: Annotated[bool, typer.Option("--download", help="Fetch the data set when it is absent.")] = False,
    root: Root = None,
    json: Json = False,
) -> None:
    path = Path(what)
    if best and what.endswith(".safetensors"):
        raise UserError(
            f"--best chooses between the two students of a run; {printable(what)} is one file",
            hint="leave --best out, or name the run",
        )
    if not what.endswith(".safetensors"):
        folder = open_run(root_folder(root), what)
        path = folder.student_best if best else folder.student
        if not path.exists():
            raise UserError(
                f"run “{run_name(folder)}” has no {path.name} yet", hint="it is written after its first epoch"
            )
    from kdconsole.backend.threads import wait_politely

    wait_politely()
    from kdconsole.evaluate.saved import evaluate_file

    accuracy, info, dataset = evaluate_file(
        path, dataset=data, split=split.value, root=data_root or _recipe_root(path), download=download
    )
    if json:
        print_json(
            {"file": str(path), "arch": info.arch, "dataset": dataset, "split": split.value, **accuracy._asdict()}
        )
        return
    top5 = f", top-5 {percent(accuracy.top5)} %" if accuracy.top5 is not None else ""
    print(
        f"{info.arch} on {dataset} {split.value}: top-1 {percent(accuracy.top1)} %{top5}, "
        f"loss {number(accuracy.loss)}, {accuracy.images:,} images"
    )


def _recipe_root(weights: Path) -> Path | None:
    """The folder of data sets that the run beside `weights` used."""
    recipe = weights.parent / "recipe.toml"
    if not recipe.is_file():
        return None
    import tomli

    # nothing but this one setting: the rest of the recipe (a teacher's file, say) need not be valid any more
    try:
        data = tomli.loads(recipe.read_text(encoding="utf-8")).get("data")
    except (OSError, ValueError):
        return None
    named = data.get("root") if isinstance(data, dict) else None
    return Path(named) if isinstance(named, str) and named else None
