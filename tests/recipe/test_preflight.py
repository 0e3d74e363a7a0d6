"""What is asked of a recipe's files before it runs, and not when it is only read."""

from pathlib import Path

import pytest

from kdconsole.launch.preflight import load_checked
from kdconsole.recipe.load import load_recipe
from kdconsole.recipe.problems import RecipeError
from kdconsole.recipe.write import recipe_toml

TEXT = """\
method = "kd"
data = "digits"
student = "resnet8"
[teacher]
arch = "resnet8"
weights = "absent.safetensors"
"""


def _problems(file: Path, *overrides: str) -> list[str]:
    with pytest.raises(RecipeError) as raised:
        load_checked(file, overrides)
    return [str(problem).split("\n")[0].removeprefix(f"{file.parent}/") for problem in raised.value.problems]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    (tmp_path / "r.toml").write_text(TEXT)
    return tmp_path / "r.toml"


def test_missing_weights_are_told_with_their_line_before_a_run(file: Path) -> None:
    expected = "r.toml:6: teacher.weights: no file “absent.safetensors” (looked here and beside the recipe)"
    assert _problems(file) == [expected]
    assert _problems(file, "train.epochs=0")[1:] == [expected]  # together with what else is wrong
    assert _problems(file, "teacher.weights=gone")[0].startswith("--set teacher.weights=gone: teacher.weights: no file")


def test_weights_that_are_wrong_in_themselves_are_told_once(file: Path) -> None:
    assert len(_problems(file, "teacher.weights=3")) == 1
    assert len(_problems(file, 'teacher.weights="a\\u0000b"')) == 1
    file.write_text(TEXT + 'train = "crd"\n')
    assert _problems(file) == ["r.toml:6: teacher.weights: both weights and train are given"]


def test_what_is_no_file_of_weights_is_told(file: Path) -> None:
    (file.parent / "absent.safetensors").write_text("<html>")  # found beside the recipe
    assert "neither a safetensors file nor" in _problems(file)[0]
    assert len(_problems(file, "teacher.weights=" + "x" * 5000)) == 1


def test_a_recipe_is_read_without_its_teachers_file(file: Path) -> None:
    recipe = load_recipe(file)
    resolved = file.with_name("recipe.toml")
    resolved.write_text(recipe_toml(recipe))
    assert load_recipe(resolved) == recipe
