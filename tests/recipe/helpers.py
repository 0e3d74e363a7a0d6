"""A good recipe, and what tests ask of it."""

from pathlib import Path
from typing import Any

import pytest

from kdconsole.recipe.load import build_recipe
from kdconsole.recipe.problems import RecipeError
from kdconsole.recipe.schema import Recipe
from kdconsole.recipe.source import source_from_text

GOOD = """\
name = "good"
[data]
dataset = "cifar100"
[teacher]
arch = "wrn_40_2"
[teacher.train]
epochs = 3
[student]
arch = "wrn_16_2"
[[method]]
name = "ce"
[[method]]
name = "kd"
[[method]]
name = "icd"
[augment]
student = ["crop", "flip"]
[train]
epochs = 30
"""


def load(text: str) -> Recipe:
    return build_recipe(source_from_text(text, Path("recipe.toml")))


def problems(text: str) -> list[str]:
    with pytest.raises(RecipeError) as raised:
        load(text)
    return [str(problem) for problem in raised.value.problems]


def at(value: Any, key: str) -> Any:
    """The setting of a recipe at a dotted key; `*` stands for each entry of a list."""
    first, _, rest = key.partition(".")
    if first == "*":
        return [at(entry, rest) for entry in value]
    found = value[int(first)] if first.isdigit() else getattr(value, first)
    return at(found, rest) if rest else found
