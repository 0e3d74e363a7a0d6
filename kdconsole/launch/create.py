"""From a recipe to run directories, one for each seed."""

from pathlib import Path

from kdconsole.files import write_text_atomically
from kdconsole.recipe.schema import Recipe
from kdconsole.recipe.write import recipe_toml
from kdconsole.runs.layout import RunFolder, create_run
from kdconsole.text import slug


def create_runs(recipe: Recipe, root: Path, source_text: str, name: str | None = None) -> list[RunFolder]:
    """Make the run directories of `recipe` below `root`. Each keeps its resolved recipe and the text as it was written.

    Raises UserError when the root cannot be written or `name` is not a file name.
    """
    folders = []
    for seed in recipe.seeds:
        one = recipe.model_copy(update={"seeds": [seed]})
        folder = create_run(root, f"{name or slug(recipe.name)}-s{seed}")
        write_text_atomically(folder.source, source_text)
        write_text_atomically(folder.recipe, recipe_toml(one))
        folders.append(folder)
    return folders
