"""Loading a recipe that is about to run: its own rules, and whether the files that it names fit it. Without torch."""

from collections.abc import Sequence
from pathlib import Path

from kdconsole.errors import UserError
from kdconsole.models.weights_info import read_info, require_fits
from kdconsole.recipe.catalogue import DATASETS
from kdconsole.recipe.load import build_recipe
from kdconsole.recipe.problems import Problem, RecipeError
from kdconsole.recipe.schema import Recipe
from kdconsole.recipe.source import Source, read_source


def load_checked(file: Path, overrides: Sequence[str] = ()) -> tuple[Recipe, Source]:
    """The recipe in `file` and its source. Raises RecipeError with all problems, those of its teacher's weights included."""
    source = read_source(file, list(overrides))
    recipe = build_recipe(source)
    fault = _weights_fault(recipe)
    if fault is not None:
        place = source.place(("teacher", "weights"))
        raise RecipeError([Problem(place, "teacher.weights", fault.message, hint=fault.hint)])
    return recipe, source


def _weights_fault(recipe: Recipe) -> UserError | None:
    teacher = recipe.teacher
    if teacher is None or teacher.weights is None:
        return None
    path, dataset = Path(teacher.weights), DATASETS[recipe.data.dataset]
    try:
        info = read_info(path)
        require_fits(info, path, classes=dataset.classes, channels=dataset.channels)
    except UserError as error:
        return error
    if info.arch != teacher.arch:
        return UserError(
            f"the file holds a {info.arch}, not a {teacher.arch}", hint=f"set teacher.arch = “{info.arch}”"
        )
    return None
