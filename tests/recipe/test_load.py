"""Recipes: what loads, what is refused, and how it is said."""

from pathlib import Path

import pytest

from kdconsole.recipe.load import build_recipe, load_recipe
from kdconsole.recipe.problems import RecipeError
from kdconsole.recipe.schema import Recipe
from kdconsole.recipe.source import source_from_text
from kdconsole.recipe.write import method_label, recipe_hash, recipe_toml

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


def test_a_good_recipe_loads_with_the_papers_defaults() -> None:
    recipe = load(GOOD)
    assert [term.name for term in recipe.method] == ["ce", "kd", "icd"]
    assert recipe.train.optimizer.lr == 0.05
    assert recipe.train.schedule.milestones == [19, 22, 26]
    assert recipe.teacher is not None and [view.name for view in recipe.teacher.augment] == ["crop", "flip"]
    assert recipe.data.normalize == "cifar100"


def test_the_crd_protocol_is_the_default_and_a_preset() -> None:
    recipe = load('data = "cifar100"\nstudent = "wrn_16_2"\nmethod = "ce"\ntrain = "crd"\n')
    assert (recipe.train.epochs, recipe.train.batch_size) == (240, 64)
    assert recipe.train.schedule.milestones == [150, 180, 210]
    assert recipe == load('data = "cifar100"\nstudent = "wrn_16_2"\nmethod = "ce"\n')


def test_the_resolved_recipe_loads_to_the_same_recipe() -> None:
    recipe = load(GOOD)
    assert load(recipe_toml(recipe)) == recipe


@pytest.mark.parametrize("path", sorted(Path(__file__).resolve().parents[2].glob("recipes/**/*.toml")), ids=str)
def test_every_recipe_in_the_tree_is_good(path: Path) -> None:
    recipe = load_recipe(path)
    assert load(recipe_toml(recipe)) == recipe


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ('name = "good"', "recipe.toml:1: seedz: unknown key"),
        ('arch = "wrn_40_2"', "recipe.toml:5: teacher.arch: unknown network"),
        ('arch = "wrn_16_2"', "recipe.toml:9: student.arch: no network “wrn_17_2”"),
        ('dataset = "cifar100"', "recipe.toml:3: data.dataset: unknown data set “cifar1000”"),
        ('name = "kd"', "recipe.toml:13: method.kdd: unknown name “kdd”"),
        ('"crop", "flip"', "recipe.toml:17: augment.student.corp: unknown name “corp”"),
        ("epochs = 30", "recipe.toml:19: train.epochs: found 0; allowed: ≥ 1"),
    ],
)
def test_each_fault_names_file_line_key_and_remedy(change: str, expected: str) -> None:
    wrong = {
        'name = "good"': "seedz = [1]",
        'arch = "wrn_40_2"': 'arch = "wrn_4O_2"',
        'arch = "wrn_16_2"': 'arch = "wrn_17_2"',
        'dataset = "cifar100"': 'dataset = "cifar1000"',
        'name = "kd"': 'name = "kdd"',
        '"crop", "flip"': '"corp", "flip"',
        "epochs = 30": "epochs = 0",
    }[change]
    found = problems(GOOD.replace(change, wrong))
    assert len(found) == 1, found
    assert found[0].startswith(expected)
    if "epochs" not in change:
        assert "→" in found[0]


def test_all_faults_are_told_at_once_in_the_order_of_the_file() -> None:
    text = GOOD.replace("epochs = 30", 'epochs = 1.5\nbatch_size = "64"\nfoo = 1').replace('"kd"', '"kdd"')
    found = problems(text)
    assert [line.split(" ")[1] for line in found] == [
        "method.kdd:", "train.epochs:", "train.batch_size:", "train.foo:",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("epochs = 30", 'epochs = "30"', "allowed: a whole number"),
        ("epochs = 30", "epochs = 30\nbatch_size = 60000", "an epoch has only 50000 images"),
        ("epochs = 30", "epochs = 30\ndeterministic = 1", "allowed: true or false"),
        ("epochs = 30", 'epochs = 30\nprecision = "fp8"', 'allowed: "fp32" or "bf16"'),
        ("epochs = 30", 'epochs = 30\ndevice = "gpu"', "auto, cpu, cuda or cuda:N"),
        ("epochs = 30", "epochs = 30\nschedule = { name = 'cosine', warmup_epochs = 30 }", "must be below train.epochs"),
        ("epochs = 30", "epochs = 30\noptimizer = 'sdg'", "did you mean “sgd”?"),
        ('name = "icd"', 'name = "icd"\nalpha = -1', "method.icd.alpha: found -1; allowed: ≥ 0"),
        ('name = "icd"', 'name = "icd"\nalfa = 1', "did you mean “alpha”?"),
        ('name = "icd"', 'weight = 2', "method.2: found"),
        ('["crop", "flip"]', '["crop", {name = "blur", sigma_min = 3.0}]', "sigma_min 3 is above sigma_max 2"),
        ('["crop", "flip"]', '[{name = "crop", padding = 40}]', "images are 32 pixels wide"),
        ('[teacher.train]\nepochs = 3', "", "neither weights nor train is given"),
        ('[teacher.train]\nepochs = 3', 'weights = "absent.safetensors"', "no file “absent.safetensors”"),
        ('"cifar100"', '"cifar100"\nnormalize = "mnist"', "statistics for 1 channels, images have 3"),
        ('"cifar100"', '"cifar100"\nfraction = 0.0', "data.fraction: found 0.0; allowed: > 0"),
        ('name = "good"', 'name = "good"\nseeds = [1, 1]', "a seed stands twice"),
        ('name = "good"', 'name = "good"\nseeds = []', "at least one entry"),
        ('name = "good"', "name = 3", "allowed: a text in quotes"),
    ],
)  # fmt: skip
def test_faults(old: str, new: str, expected: str) -> None:
    assert old in GOOD
    found = problems(GOOD.replace(old, new))
    assert any(expected in line for line in found), found


def test_an_empty_objective_is_refused() -> None:
    text = GOOD.split("[[method]]")[0] + "method = []\n"
    assert any("method: found nothing" in line for line in problems("method = []\n" + GOOD.split("[[method]]")[0]))
    assert any("method" in line for line in problems(text.replace("method = []\n", "")))


def test_a_method_without_its_teacher_is_refused() -> None:
    found = problems('data = "digits"\nstudent = "resnet8"\nmethod = "kd"\n')
    assert len(found) == 1 and "“kd” needs a teacher" in found[0]


def test_broken_toml_names_its_line() -> None:
    assert problems('name = "x"\n[data\n')[0].startswith("recipe.toml:2: not valid TOML")


def test_short_forms_expand() -> None:
    recipe = load(GOOD.replace("epochs = 30", "epochs = 30\noptimizer = 'adamw'\nschedule = 'cosine'"))
    assert (recipe.train.optimizer.name, recipe.train.schedule.name) == ("adamw", "cosine")
    icda = load(
        'method = "icda+kd"\ndata = "cifar100"\nstudent = "wrn_16_2"\nteacher = {arch = "wrn_40_2", train = "crd"}'
    )
    assert [view.name for view in icda.augment.teacher or []] == ["crop", "flip", "solarize"]
    assert method_label(icda) == "icda+kd"
    kd = load('method = "kd"\ndata = "cifar100"\nstudent = "wrn_16_2"\nteacher = {arch = "wrn_40_2", train = "crd"}')
    assert [(term.name, term.weight) for term in kd.method] == [("ce", 0.1), ("kd", 0.9)]
    assert kd.name == "ce+kd wrn_40_2→wrn_16_2"
    assert "did you mean “icd”" in problems('method = "icdd"\ndata = "digits"\nstudent = "resnet8"')[0]


def test_icda_over_a_single_view_is_refused_instead_of_becoming_icd() -> None:
    text = 'data = "cifar100"\nstudent = "wrn_16_2"\nteacher = {arch = "wrn_40_2", train = "crd"}\naugment = "base"\n'
    found = problems('method = "icda+kd"\n' + text)
    assert len(found) == 1 and found[0].startswith(
        "recipe.toml:5: augment: “icda+kd” gives teacher and student a view each"
    )
    assert load('method = "icd+kd"\n' + text).augment.teacher is None


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


def test_identity_ignores_name_seed_and_place_of_execution_only() -> None:
    identity = recipe_hash(load(GOOD))
    same = GOOD.replace('"good"', '"other"\nseeds = [5]').replace(
        "epochs = 30", 'epochs = 30\ndevice = "cpu"\nlog_every = 1'
    )
    assert recipe_hash(load(same)) == identity
    assert recipe_hash(load(GOOD.replace("epochs = 30", "epochs = 31"))) != identity


def test_text_from_a_recipe_cannot_drive_the_terminal() -> None:
    found = problems('name = "x"\n"\\u001b[2Jevil" = 1\n' + GOOD.split("\n", 1)[1])
    assert "\x1b" not in "".join(found)
    assert any("unknown key" in line for line in found)
