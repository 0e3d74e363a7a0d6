"""`kdconsole import FILE`: bring foreign weights in as safetensors that say what they are."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from kdconsole.cli.narrate import print_json, say
from kdconsole.cli.options import Json, Root, root_folder
from kdconsole.text import printable, slug


def register(app: typer.Typer) -> None:
    app.command("import", help="Convert a foreign checkpoint to safetensors with metadata.")(import_)


def import_(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A checkpoint of PyTorch or safetensors.")],
    arch: Annotated[str | None, typer.Option("--arch", help="Network; guessed from the keys when left out.")] = None,
    data: Annotated[str | None, typer.Option("--data", help="Data set that it was trained on.")] = None,
    normalize: Annotated[
        str | None, typer.Option("--normalize", help="Channel statistics: a data set's name, imagenet or none.")
    ] = None,
    out: Annotated[Path | None, typer.Option("--out", help="Default: teachers/ in the folder of the runs.")] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace another file of that name.")] = False,
    root: Root = None,
    json: Json = False,
) -> None:
    from kdconsole.models.importer import import_checkpoint

    target = out or root_folder(root) / "teachers" / f"{slug(file.stem)}.safetensors"
    report = import_checkpoint(file, arch=arch, dataset=data, normalise=normalize, out=target, overwrite=overwrite)
    if json:
        print_json(asdict(report))
        return
    print(report.path)
    say(f"{report.arch}, {report.classes} classes, {report.tensors} tensors")
    for what, names in (("left aside", report.ignored), ("not in the file, filled in", report.filled)):
        if names:
            say(
                f"{what}: {len(names)} tensors ({', '.join(printable(name) for name in names[:6])}{', …' if names[6:] else ''})"
            )
    for note in report.notes:
        say(f"note: {printable(note)}")
    for key, value in report.claimed.items():
        say(f"the file claims {printable(key)} = {value:g}; nobody has checked it")
    say(f"next: kdconsole eval {report.path}")
