"""Whatever a recipe or an override holds, it loads or it is a list of problems."""

import copy
from collections.abc import Iterator
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

import pytest
import tomli

from kdconsole.recipe.load import build_recipe, load_recipe
from kdconsole.recipe.problems import KeyPath, RecipeError
from kdconsole.recipe.source import Source
from kdconsole.recipe.write import recipe_toml
from tests.recipe.helpers import GOOD, load, problems


@pytest.mark.parametrize(
    "override",
    [
        "train.preset=[1]",
        "augment.preset={a=1}",
        "train.epochs=" + "9" * 400,
        "train.epochs=" + "9" * 5000,
        "train.epochs=0x" + "f" * 5000,
        "train.epochs=" + "[" * 5000,
        "train." + "a." * 2000 + "b=1",
        "method.²=1",
        "method." + "9" * 5000 + "=1",
        "name=\udcff",
    ],
)
def test_no_override_ends_in_a_traceback(tmp_path: Path, override: str) -> None:
    (tmp_path / "r.toml").write_text(GOOD)
    with pytest.raises(RecipeError) as raised:
        load_recipe(tmp_path / "r.toml", [override])
    assert "--set" in str(raised.value)


def test_numbers_and_nesting_that_no_recipe_needs_have_a_line() -> None:
    assert problems('name = "x"\n[train]\nepochs = ' + "9" * 400) == [
        "recipe.toml:3: train.epochs: found a whole number beyond 64 bits"
    ]
    assert "nested too deeply" in problems("x = " + "[" * 30 + "]" * 30)[0]
    assert "not valid TOML" in problems("x = " + "9" * 5000)[0]
    assert "no path of a file" in problems('extends = "a\\u0000b"')[0]


def test_wrong_types_anywhere_become_problems() -> None:
    """Each value of a recipe in turn, and each key that it could have, against values of every other kind."""
    table = tomli.loads(EVERYTHING)
    assert load(EVERYTHING).train.threads == 1
    places = [path for path in _paths(table) if path]
    inside = [(*path, key) for path in ((), *places) if isinstance(_at(table, path), dict) for key in _ANY_KEYS]
    for path in [*places, *inside]:
        for value in _ODD:
            changed = copy.deepcopy(table)
            _at(changed, path[:-1])[path[-1]] = copy.deepcopy(value)
            try:
                recipe = build_recipe(Source(Path("recipe.toml"), "", changed))
            except RecipeError as error:
                assert error.problems
            else:
                assert load(recipe_toml(recipe)) == recipe


EVERYTHING = """
name = "all"
seeds = [0, 1]
method = [{ name = "ce", weight = 0.5 }, "kd", { name = "icd", invariance = "cross" }]
student = "wrn_16_2"
[data]
dataset = "cifar100"
root = "x"
download = true
fraction = 0.5
normalize = "cifar100"
[teacher]
arch = "wrn_40_2"
augment = ["crop"]
train = { preset = "crd", epochs = 5, optimizer = "adam", schedule = { name = "multistep", milestones = [2, 3] } }
[augment]
preset = "icda"
student = ["crop", { name = "blur", kernel = 3 }]
share_geometry = false
[train]
epochs = 30
optimizer = { name = "sgd", lr = 0.1 }
schedule = { name = "cosine", warmup_epochs = 2 }
precision = "fp32"
device = "cpu"
threads = 1
deterministic = true
"""
_ANY_KEYS = ("name", "preset", "weights", "milestones", "train", "augment", "teacher", "foo")
_ODD: list[Any] = [
    1, -1, True, 1.5, float("inf"), float("nan"), 2**63 - 1, "", "x", "a\0b", "~nobody/x", "x" * 5000, "crop",
    [], [1], [[]], ["crop", 3], {}, {"a": 1}, {"name": 1}, {"name": [1]}, {"name": {}}, {"preset": [1]},
    [{"name": []}], [{"a": {"b": [{"c": 1}]}}], date(2020, 1, 1), datetime(2020, 1, 1, 3), time(3, 4),
    {"optimizer": [], "schedule": 3}, {"optimizer": {"name": []}, "schedule": {"name": {}}}, {"epochs": date(2020, 1, 1)},
]  # fmt: skip


def _paths(value: Any, path: KeyPath = ()) -> Iterator[KeyPath]:
    yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, entry in items:
        yield from _paths(entry, (*path, key))


def _at(value: Any, path: KeyPath) -> Any:
    for part in path:
        value = value[part]
    return value
