"""Small assemblies for tests of the step and its modes."""

from pathlib import Path

import torch

from kdconsole.backend.assembly import Assembly, assemble
from kdconsole.backend.device import prepare_device
from kdconsole.backend.splits import Library
from kdconsole.backend.teacher import ReadyTeacher
from kdconsole.models.zoo import build
from kdconsole.recipe.load import build_recipe
from kdconsole.recipe.schema import Recipe
from kdconsole.recipe.source import source_from_text

# real digits, two views, every kind of term; 269 images in batches of 32: the last one of an epoch holds 13
_RECIPE = """
method = $METHOD
augment = $AUGMENT
data = { dataset = "digits", fraction = 0.187 $DATA }
student = "$STUDENT"
teacher = { arch = "$TEACHER", train = {} }
[train]
batch_size = 32
epochs = 10
schedule = "cosine"
"""


_TWO_VIEWS = '{ student = [{name = "crop", padding = 1}, "jitter"], teacher = ["blur"] }'


def recipe_with(
    *,
    data: str = "",
    train: str = "",
    method: str = '"icda+kd"',
    augment: str = _TWO_VIEWS,
    pair: tuple[str, str] = ("resnet8", "wrn_10_1"),
) -> Recipe:
    """The recipe with more settings in its tables, as TOML. `pair`: teacher and student."""
    teacher, student = pair
    named = {"DATA": data, "METHOD": method, "AUGMENT": augment, "TEACHER": teacher, "STUDENT": student}
    text = _RECIPE
    for name, value in named.items():
        text = text.replace(f"${name}", value)
    return build_recipe(source_from_text(text + train, Path("r.toml")))


def assembly_of(recipe: Recipe, notes: list[str] | None = None, teacher: ReadyTeacher | None = None) -> Assembly:
    """On the recipe's device, with a teacher of fixed random weights unless one is given."""
    device = prepare_device(recipe.train)
    notify = (lambda note: None) if notes is None else notes.append
    return assemble(recipe, device, Library(device).splits(recipe.data), teacher or _teacher(recipe, device), notify)


def _teacher(recipe: Recipe, device: torch.device) -> ReadyTeacher:
    arch = recipe.teacher.arch if recipe.teacher is not None else None
    torch.manual_seed(0)
    network = build(arch or "resnet8", classes=10, channels=1).to(device).eval().requires_grad_(False)
    return ReadyTeacher(network, (0.5,), (0.25,), Path(), "")
