"""One recipe's method and training with another's data and networks."""

import itertools
from pathlib import Path

import pytest

from kdconsole.errors import UserError
from kdconsole.recipe.draft.crossing import crossed, without_what_goes_without_saying
from kdconsole.recipe.draft.files import crossed_draft
from kdconsole.recipe.schema import Recipe
from kdconsole.recipe.write import recipe_toml
from tests.recipe.helpers import load

PAIRS = ("wrn_40_2→wrn_16_2", "resnet32x4→ShuffleV1", "ResNet50→MobileNetV2", "resnet56→resnet20")


def recipe_of(method: str, pair: str, data: str = "cifar100", rest: str = "") -> Recipe:
    teacher, student = pair.split("→")
    return load(
        f'method = "{method}"\ndata = "{data}"\nstudent = "{student}"\n'
        f'teacher = {{ arch = "{teacher}", train = {{}} }}\naugment = ["crop", "flip"]\n{rest}'
    )


@pytest.mark.parametrize("method", ["kd", "dkd", "ofd", "reviewkd", "class_rep", "cid", "icda+kd", "crd+kd"])
def test_what_a_pair_asks_for_is_what_the_new_one_asks_for(method: str) -> None:
    """Learning rates and values that were published for a pair, though a stored recipe spells them out."""
    for line, column in itertools.permutations(PAIRS, 2):
        found = load(crossed(recipe_of(method, line), recipe_of("kd", column), [0]))
        direct = recipe_of(method, column)
        assert found.model_dump(exclude={"name"}) == direct.model_dump(exclude={"name"}), (line, column)


def test_what_somebody_set_stays() -> None:
    mine = recipe_of("dkd", PAIRS[0], rest="train = { epochs = 7, optimizer = { name = 'sgd', lr = 0.07 } }")
    mine = load(recipe_toml(mine).replace("beta = 6.0", "beta = 5.5").replace("fraction = 1.0", "fraction = 0.5"))
    theirs = load(recipe_toml(recipe_of("kd", PAIRS[1])).replace("epochs = 240", "epochs = 230", 1))
    found = load(crossed(mine, theirs, [0, 2]))
    assert (found.train.epochs, found.data.fraction, found.seeds) == (7, 0.5, [0, 2])
    assert getattr(found.train.optimizer, "lr") == 0.07 and getattr(found.method[1], "beta") == 5.5  # noqa: B009
    assert found.name == "dkd resnet32x4→ShuffleV1"
    assert found.teacher is not None and found.teacher.train is not None and found.teacher.train.epochs == 230


def test_another_data_set_brings_what_is_its_own() -> None:
    mine = recipe_of("kd", PAIRS[0], rest="").model_copy()
    mine = load(recipe_toml(mine).replace("fraction = 1.0", "fraction = 0.5"))
    theirs = load(recipe_toml(recipe_of("kd", PAIRS[0], "tiny_imagenet")).replace("workers = 2", "workers = 3"))
    found = load(crossed(mine, theirs, [0]))
    assert (found.data.dataset, found.data.normalize) == ("tiny_imagenet", "tiny_imagenet")
    assert (found.data.fraction, found.data.workers) == (0.5, 2)
    assert [getattr(view, "padding", 0) for view in found.augment.student] == [8, 0]


def test_a_recipe_without_a_teacher_stays_without_one() -> None:
    alone = load('method = "ce"\ndata = "digits"\nstudent = "resnet8"\n')
    taught = recipe_of("kd", "resnet20→resnet14", "digits")
    found = load(crossed(alone, taught, [0]))
    assert found.teacher is None and found.student.arch == "resnet14" and found.name == "ce resnet14"


@pytest.mark.parametrize("method", ["kd", "dkd", "cid", "icda+kd"])
def test_what_goes_without_saying_says_the_same(method: str) -> None:
    recipe = recipe_of(method, PAIRS[1])
    short = without_what_goes_without_saying(recipe)
    assert load(short) == recipe and len(short) < len(recipe_toml(recipe)) / 2


def test_files_that_cannot_be_crossed_are_told_with_their_names(tmp_path: Path) -> None:
    good, bad = tmp_path / "good.toml", tmp_path / "bad.toml"
    good.write_text(recipe_toml(recipe_of("kd", PAIRS[0])), encoding="utf-8")
    draft = crossed_draft(good, good, [1], tmp_path / "here")
    assert draft.file == tmp_path / "here" / "kd-wrn_40_2-wrn_16_2.toml" and draft.saved is None
    for text in ("\ufeffname = 1", "[data", 'extends = "gone.toml"', 'student = "resnet8"', None):
        bad.unlink(missing_ok=True)
        if text is not None:
            bad.write_text(text, encoding="utf-8")
        for pair in ((good, bad), (bad, good)):
            with pytest.raises(UserError, match=r"bad\.toml|gone\.toml"):
                crossed_draft(*pair, [0], tmp_path)
