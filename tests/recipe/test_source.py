"""`extends` and `--set`: what wins, and where each value is said to come from."""

from pathlib import Path

import pytest
import tomli

from kdconsole.recipe.load import load_recipe
from kdconsole.recipe.problems import RecipeError
from tests.recipe.helpers import GOOD, at


def test_extends_merges_and_keeps_places(tmp_path: Path) -> None:
    (tmp_path / "base.toml").write_text(GOOD)
    (tmp_path / "child.toml").write_text(
        'extends = "base.toml"\nname = "child"\n[train]\nepochs = 40\noptimizer = "adam"\n'
    )
    recipe = load_recipe(tmp_path / "child.toml")
    assert (recipe.name, recipe.train.epochs, recipe.train.optimizer.name) == ("child", 40, "adam")
    assert recipe.student.arch == "wrn_16_2"
    (tmp_path / "bad.toml").write_text('extends = "base.toml"\n[student]\narch = "resnet9"\n')
    with pytest.raises(RecipeError) as raised:
        load_recipe(tmp_path / "bad.toml", ["teacher.arch=resnet7"])
    shown = str(raised.value)
    assert "bad.toml:3: student.arch" in shown
    assert "--set teacher.arch=resnet7: teacher.arch" in shown


@pytest.mark.parametrize(
    ("base", "child", "key", "expected"),
    [
        ('augment = "icda"', "[augment]\nshare_geometry = false", "augment.teacher.*.name", ["crop", "flip", "solarize"]),
        ('augment = ["crop"]', "[augment]\nshare_geometry = false", "augment.student.*.name", ["crop"]),
        ("[augment]\nstudent = ['blur']", 'augment = "base"', "augment.student.*.name", ["crop", "flip"]),
        ("[augment]\nstudent = ['blur']", "augment = ['crop']", "augment.student.*.name", ["crop"]),
        ('train = "crd"', "[train]\nepochs = 30", "train.schedule.milestones", [19, 22, 26]),
        ("[train]\nepochs = 30", 'train = "crd"', "train.epochs", 240),
        ('data = "cifar10"', "[data]\nfraction = 0.5", "data.dataset", "cifar10"),
        ("[data]\nfraction = 0.5\ndataset = 'cifar10'", "data = 'digits'", "data.fraction", 1.0),
        ('teacher = "wrn_40_2"', '[teacher]\ntrain = "crd"', "teacher.arch", "wrn_40_2"),
        ('student = "wrn_40_2"', "[student]\n", "student.arch", "wrn_40_2"),
        ('[train]\noptimizer = "adam"', "[train]\noptimizer = { lr = 0.5 }", "train.optimizer.name", "adam"),
        ('[teacher]\narch = "wrn_40_2"\ntrain = "crd"', "[teacher]\ntrain = { epochs = 9 }", "teacher.train.epochs", 9),
        ('[teacher]\narch = "wrn_40_2"\ntrain = "crd"', '[teacher]\nweights = "w"', "teacher.train", None),
        ('[teacher]\narch = "wrn_40_2"\nweights = "w"', "[teacher.train]\nepochs = 3", "teacher.weights", None),
    ],
)  # fmt: skip
def test_extends_merges_short_and_long_forms(tmp_path: Path, base: str, child: str, key: str, expected: object) -> None:
    rest = {"method": "ce", "data": "cifar100", "student": "wrn_16_2"}
    own = tomli.loads(base)
    if "teacher" not in own:
        base += '\n[teacher]\narch = "wrn_40_2"\ntrain = "crd"'
    words = "".join(f'{key} = "{value}"\n' for key, value in rest.items() if key not in own)
    (tmp_path / "base.toml").write_text(words + base)
    (tmp_path / "child.toml").write_text(f'extends = "base.toml"\n{child}\n')
    assert at(load_recipe(tmp_path / "child.toml"), key) == expected


def test_a_merged_word_and_a_replaced_origin_keep_their_places(tmp_path: Path) -> None:
    (tmp_path / "base.toml").write_text(
        'method = "kd"\ndata = "cifar100"\nstudent = "wrn_16_2"\naugment = "icdaa"\n'
        '[teacher]\narch = "wrn_40_2"\n[teacher.train]\nepochs = 0\n'
    )
    child = tmp_path / "child.toml"
    child.write_text('extends = "base.toml"\n[augment]\nshare_geometry = 1\n[teacher]\nweights = 3\n')
    with pytest.raises(RecipeError) as raised:
        load_recipe(child)
    shown = [str(problem).split("\n")[0].removeprefix(f"{tmp_path}/") for problem in raised.value.problems]
    assert shown == [
        "base.toml:4: augment.preset: unknown preset “icdaa”",
        "child.toml:3: augment.share_geometry: found 1; allowed: true or false",
        "child.toml:5: teacher.weights: found 3; allowed: a text in quotes",
    ]
    with pytest.raises(RecipeError, match=r"--set teacher.train.epochs=0: teacher.train.epochs"):
        load_recipe(child, ["teacher.train.epochs=0"])


def test_one_view_under_icda_is_refused_in_every_form(tmp_path: Path) -> None:
    (tmp_path / "base.toml").write_text(
        'data = "cifar100"\nstudent = "wrn_16_2"\nteacher = {arch = "wrn_40_2", train = "crd"}\naugment = "base"\n'
    )
    child = tmp_path / "child.toml"
    child.write_text('extends = "base.toml"\nmethod = "icda"\n[augment]\nshare_geometry = false\n')
    for overrides in ([], ["method.icd.alpha=0.25"]):
        with pytest.raises(RecipeError, match="a view each"):
            load_recipe(child, overrides)
    child.write_text('extends = "base.toml"\nmethod = "icda"\naugment = {}\n')
    implied = load_recipe(child, ["augment.preset=icda", "method.icd.alpha=0.25"])
    assert implied.augment.teacher is not None and implied.method[1].alpha == 0.25
    with pytest.raises(RecipeError, match="a view each"):
        load_recipe(child, ["method.icd.alpha=0.25", "augment=base"])


RECIPES = Path(__file__).resolve().parents[2] / "recipes"


@pytest.mark.parametrize(
    ("file", "overrides", "key", "expected"),
    [
        ("icd/icd.toml", ["method.icd.alpha=0.25"], "method.1.alpha", 0.25),
        ("icd/icd_kd.toml", ["method.kd.temperature=2.0"], "method.1.temperature", 2.0),
        ("icda/icda_kd.toml", ["method.icd.alpha=0.25"], "method.2.alpha", 0.25),
        ("icda/icda_kd.toml", ["method.icd.alpha=0.25"], "augment.teacher.*.name", ["crop", "flip", "solarize"]),
        ("icda/icda.toml", ["augment.teacher.crop.padding=2"], "augment.teacher.0.padding", 2),
        ("icda/icda.toml", ["augment.teacher.crop.padding=2"], "augment.teacher.*.name", ["crop", "flip", "solarize"]),
        ("icda/icda.toml", ["method.icd.alpha=0.25", "method=kd", "augment=base"], "augment.teacher", None),
        ("icd/icd.toml", ["teacher.weights=w"], "teacher.train", None),
        ("icd/icd.toml", ["teacher.weights=w", "teacher.train.epochs=3"], "teacher.weights", None),
        ("icd/icd.toml", ["teacher.train.optimizer.lr=0.1"], "teacher.train.optimizer.lr", 0.1),
        ("icd/icd.toml", ["train.epochs=2"], "train.schedule.milestones", [1]),
    ],
)  # fmt: skip
def test_overrides_of_shipped_recipes(file: str, overrides: list[str], key: str, expected: object) -> None:
    assert at(load_recipe(RECIPES / file, overrides), key) == expected
    assert [term.weight for term in load_recipe(RECIPES / "base/crd_pair.toml").method] == [
        0.1,
        0.9,
    ]  # presets stay whole


def test_extends_in_a_circle_or_of_nothing_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text('extends = "b.toml"\n')
    (tmp_path / "b.toml").write_text('extends = "a.toml"\n')
    with pytest.raises(RecipeError, match="circle"):
        load_recipe(tmp_path / "a.toml")
    (tmp_path / "c.toml").write_text('extends = "nowhere.toml"\n')
    with pytest.raises(RecipeError, match=r"c.toml:1: extends: no file"):
        load_recipe(tmp_path / "c.toml")


@pytest.mark.parametrize(
    ("override", "check"),
    [
        ("train.epochs=7", lambda recipe: recipe.train.epochs == 7),
        ("method.icd.alpha=0.25", lambda recipe: recipe.method[2].alpha == 0.25),
        ("method.1.temperature=2.0", lambda recipe: recipe.method[1].temperature == 2.0),
        ("data.dataset=cifar10", lambda recipe: recipe.data.dataset == "cifar10"),
        ("seeds=[1, 2]", lambda recipe: recipe.seeds == [1, 2]),
        ("augment.student.crop.padding=2", lambda recipe: recipe.augment.student[0].padding == 2),
        ("train.optimizer=adam", lambda recipe: recipe.train.optimizer.name == "adam"),
        ("train.optimizer.lr=0.1", lambda recipe: recipe.train.optimizer.lr == 0.1),
    ],
)
def test_overrides(tmp_path: Path, override: str, check: object) -> None:
    (tmp_path / "r.toml").write_text(GOOD)
    assert callable(check) and check(load_recipe(tmp_path / "r.toml", [override]))


@pytest.mark.parametrize(
    ("override", "expected"),
    [
        ("train.epochs", "no key=value"),
        ("train.epocs=3", "did you mean “epochs”"),
        ("method.crd.weight=1", "no entry “crd”"),
        ("name.first=x", "“name” is not a table"),
    ],
)
def test_wrong_overrides_are_named(tmp_path: Path, override: str, expected: str) -> None:
    (tmp_path / "r.toml").write_text(GOOD)
    with pytest.raises(RecipeError) as raised:
        load_recipe(tmp_path / "r.toml", [override])
    assert f"--set {override}" in str(raised.value)
    assert expected in str(raised.value)
