"""`kdconsole run RECIPE`: make the run directories, start the backend, follow it."""

from typing import Annotated

import typer

from kdconsole.cli.options import Detach, Json, RecipeFile, Root, Set, root_folder


def register(app: typer.Typer) -> None:
    app.command("run", help="Train what a recipe describes and follow it.")(run)


def run(
    recipe: RecipeFile,
    set_: Set = None,
    name: Annotated[
        str | None, typer.Option("--name", help="Name of the run directory; default from the recipe.")
    ] = None,
    detach: Detach = False,
    root: Root = None,
    json: Json = False,
) -> None:
    from kdconsole.cli.attend import train
    from kdconsole.launch.create import create_runs
    from kdconsole.launch.preflight import load_checked

    loaded, source = load_checked(recipe, set_ or ())
    folders = create_runs(loaded, root_folder(root).resolve(), source.text, name)
    raise typer.Exit(train(folders, detach=detach, json=json))
