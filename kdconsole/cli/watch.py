"""`kdconsole watch RUN`: follow a run from any terminal."""

import typer

from kdconsole.cli.options import Json, Root, RunName, root_folder
from kdconsole.runs.layout import open_run


def register(app: typer.Typer) -> None:
    app.command("watch", help="Follow a run from any terminal; leaving it does not touch it.")(watch)


def watch(run: RunName, root: Root = None, json: Json = False) -> None:
    from kdconsole.cli.attend import watch_run

    raise typer.Exit(watch_run(open_run(root_folder(root), run), json=json))
