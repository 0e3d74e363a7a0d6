"""`kdconsole check RECIPE`: everything that is wrong with a recipe, without starting anything."""

import typer

from kdconsole.cli.narrate import print_json, say
from kdconsole.cli.options import Json, RecipeFile, Set
from kdconsole.errors import ExitCode


def register(app: typer.Typer) -> None:
    app.command("check", help="Report every problem of a recipe; exit code 2 when there is one.")(check)


def check(recipe: RecipeFile, set_: Set = None, json: Json = False) -> None:
    from kdconsole.launch.preflight import load_checked
    from kdconsole.recipe.problems import RecipeError
    from kdconsole.recipe.write import recipe_hash

    try:
        loaded, _ = load_checked(recipe, set_ or ())
    except RecipeError as error:
        if not json:
            raise
        print_json(
            [
                {
                    "file": problem.place.file, "line": problem.place.line, "key": problem.key,
                    "found": problem.found, "allowed": problem.allowed, "hint": problem.hint,
                }
                for problem in error.problems
            ]
        )  # fmt: skip
        raise typer.Exit(ExitCode.INVALID) from None
    if json:
        print_json([])
    else:
        say(
            f"{recipe}: good; {len(loaded.seeds)} run{'s' if len(loaded.seeds) > 1 else ''}, identity {recipe_hash(loaded)}"
        )
