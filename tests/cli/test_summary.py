"""The table at the end of a run, and where `eval` looks for data."""

from pathlib import Path

import pytest

from kdconsole.cli.evaluate import _recipe_root
from kdconsole.cli.summary import print_summary
from kdconsole.runs.layout import RunFolder
from kdconsole.runs.result import Result, Score, write_result
from tests.backends import kdconsole


def test_a_validation_split_does_not_hide_the_test_set(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def scores(epoch: int, validation: float, test: float) -> dict[str, Score]:
        return {
            split: Score(split=split, epoch=epoch, top1=top1)
            for split, top1 in (("validation", validation), ("test", test))
        }

    folder = RunFolder(tmp_path / "kd-s0")
    folder.path.mkdir()
    result = Result(
        run="kd-s0", seed=0, recipe_hash="", facts={"student": "resnet8"}, epochs=9, steps=9, seconds=1,
        selected_on="validation", last=scores(9, 70.0, 71.5), best=scores(7, 72.25, 69.75),
        files={"student": "a", "student_best": "b"},
    )  # fmt: skip
    write_result(folder.result, result)
    print_summary(folder)
    lines = capsys.readouterr().out.splitlines()
    assert lines[1].split() == ["network", "parameters", "validation", "top-1", "test", "top-1", "epoch"]
    assert lines[3].split() == ["student,", "best", "resnet8", "0", "72.25", "69.75", "7"]


def test_eval_needs_only_the_folder_of_data_from_a_recipe(tmp_path: Path) -> None:
    (tmp_path / "recipe.toml").write_text('unknown = 1\n[data]\nroot = "/data"\ndataset = "gone"\n')
    assert _recipe_root(tmp_path / "student.safetensors") == Path("/data")
    (tmp_path / "recipe.toml").write_text("not a recipe")
    assert _recipe_root(tmp_path / "student.safetensors") is None


def test_best_and_a_file_contradict_each_other(tmp_path: Path) -> None:
    done = kdconsole("eval", "--best", "some.safetensors", root=tmp_path)
    assert done.returncode == 2 and "--best" in done.stderr and "some.safetensors" in done.stderr
