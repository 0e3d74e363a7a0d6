"""Recipes: what loads, what is refused, and how it is said."""

import copy
from collections.abc import Iterator
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

import pytest
import tomli
import tomlkit

from kdconsole.recipe.load import build_recipe, load_recipe
from kdconsole.recipe.problems import KeyPath, RecipeError
from kdconsole.recipe.schema import Recipe
from kdconsole.recipe.source import source_from_text
from kdconsole.recipe.write import method_label, recipe_hash, recipe_toml
from kdconsole.text import printable

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
        ('[teacher.train]\nepochs = 3', 'train = "crd"\nweights = "a"', "both weights and train are given"),
        ('[teacher.train]\nepochs = 3', 'weights = "a\\u0000b"', "a path with a NUL character"),
        ('[teacher.train]', 'seed = 99999999999\n[teacher.train]', "teacher.seed: found 99999999999; allowed: ≤ 4294967295"),
        ('"cifar100"', '"cifar100"\nsplit_seed = 4294967296', "data.split_seed: found 4294967296; allowed: ≤ 4294967295"),
        ('"cifar100"', '"cifar100"\nfraction = nan', "data.fraction: found nan; allowed: a finite number"),
        ('name = "icd"', 'name = "icd"\nweight = inf', "method.icd.weight: found inf; allowed: a finite number"),
        ("epochs = 30", "epochs = 30\noptimizer = { lr = inf }", "train.optimizer.lr: found inf; allowed: a finite number"),
        ("epochs = 30", "epochs = 1000001", "train.epochs: found 1000001; allowed: ≤ 1000000"),
        ("epochs = 30", "epochs = 30\nthreads = 1025", "allowed: ≤ 1024"),
        ("epochs = 30", "epochs = 30\neval_batch_size = 1000001", "allowed: ≤ 1000000"),
        ("epochs = 30", "epochs = 30\nlog_every = 1000001", "allowed: ≤ 1000000"),
        ("epochs = 30", "epochs = 30\nschedule = { milestones = [0, 5] }", "epochs from 1 in rising order"),
        ("epochs = 30", "epochs = 30\nschedule = { milestones = [5, 5] }", "epochs from 1 in rising order"),
        ("epochs = 30", "epochs = 30\nschedule = { milestones = [5, 30] }", "leave milestones out"),
        ("epochs = 3\n", "epochs = 3\nbatch_size = 60000\n", "teacher.train.batch_size: found 60000"),
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
    good = load(tomlkit.dumps(table))
    assert good.train.threads == 1
    places = [path for path in _paths(table) if path]
    inside = [(*path, key) for path in ((), *places) if isinstance(_at(table, path), dict) for key in _ANY_KEYS]
    for path in [*places, *inside]:
        for value in _ODD:
            changed = copy.deepcopy(table)
            _at(changed, path[:-1])[path[-1]] = copy.deepcopy(value)
            try:
                recipe = load(tomlkit.dumps(changed))
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
    1, -1, True, 1.5, float("inf"), float("nan"), 2**63 - 1, 10**30, "", "x", "a\0b", "~nobody/x", "x" * 5000, "crop",
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


@pytest.mark.parametrize(("epochs", "expected"), [(1, []), (2, [1]), (3, [2]), (4, [2, 3]), (240, [150, 180, 210])])
def test_derived_milestones_fit_a_run_of_any_length(epochs: int, expected: list[int]) -> None:
    recipe = load(GOOD.replace("epochs = 30", f"epochs = {epochs}"))
    assert recipe.train.schedule.milestones == expected
    assert load(recipe_toml(recipe)) == recipe


TWO_VIEWS = GOOD.replace('student = ["crop", "flip"]', "share_geometry = true\n{}")


@pytest.mark.parametrize(
    ("lists", "expected"),
    [
        (
            'teacher = ["crop"]\nstudent = ["crop", "flip"]',
            "views are crop (padding 4), the student's crop (padding 4) then",
        ),
        ('teacher = ["flip", "crop"]\nstudent = ["crop", "flip"]', "flip (probability 0.5) then crop (padding 4)"),
        (
            'teacher = [{name = "crop", padding = 2}]\nstudent = ["crop"]',
            "crop (padding 2), the student's crop (padding 4)",
        ),
        ('teacher = ["solarize"]\nstudent = ["crop"]', "geometric views are none"),
    ],
)
def test_geometry_that_cannot_be_shared_is_refused(lists: str, expected: str) -> None:
    found = problems(TWO_VIEWS.format(lists))
    assert len(found) == 1 and found[0].startswith("recipe.toml:17: augment.share_geometry: true, but")
    assert expected in found[0]
    assert load(TWO_VIEWS.format(lists).replace("share_geometry = true", "share_geometry = false"))


def test_geometry_that_can_be_shared_is_accepted() -> None:
    views = 'teacher = ["crop", "flip", "solarize"]\nstudent = ["jitter", "crop", "blur", "flip"]'
    assert load(TWO_VIEWS.format(views)).augment.share_geometry


def _digits(data: str, size: int, teacher_size: int = 64) -> str:
    return (
        f'method = "kd"\nstudent = "resnet8"\ntrain = {{ batch_size = {size} }}\n'
        f'teacher = {{ arch = "resnet8", train = {{ batch_size = {teacher_size} }} }}\n[data]\ndataset = "digits"\n{data}'
    )


@pytest.mark.parametrize("fraction", [0.001, 0.01, 0.0345, 0.3, 0.999, 1.0])
@pytest.mark.parametrize("validation", [0.0, 0.001, 0.05, 0.1, 0.5, 0.999])
def test_a_batch_of_all_images_is_never_refused(fraction: float, validation: float) -> None:
    """The numbers of `kdconsole.data.subset`: each class rounded by itself, none empty."""
    classes = [142, 146, 142, 146, 145, 145, 145, 143, 139, 144]  # of digits' 1437
    kept = [n - (min(max(1, round(n * validation)), n - 1) if validation else 0) for n in classes]
    used = sum(max(1, round(n * fraction)) if fraction < 1 else n for n in kept)
    shares = f"fraction = {fraction}\nvalidation = {validation}"
    assert load(_digits(shares, used, sum(kept)))
    assert "an epoch has only" in problems(_digits(shares, used + 30))[0]


def test_a_teacher_trains_on_all_images_but_the_held_out_ones() -> None:
    assert load(_digits("fraction = 0.01", 16, 1437))
    found = problems(_digits("fraction = 0.01", 64, 1438))
    assert [line.split(": ")[1] for line in found] == ["train.batch_size", "teacher.train.batch_size"]
    assert "only about 14 images" in found[0] and "only 1437 images" in found[1]


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


@pytest.mark.parametrize(
    ("base", "child", "check"),
    [
        (
            'augment = "icda"', "[augment]\nshare_geometry = false",
            lambda r: len(r.augment.student) == 6 and r.augment.teacher is not None,
        ),
        ('augment = ["crop"]', "[augment]\nshare_geometry = false", lambda r: len(r.augment.student) == 1),
        ("[augment]\nstudent = ['blur']", 'augment = "base"', lambda r: [v.name for v in r.augment.student] == ["crop", "flip"]),
        ("[augment]\nstudent = ['blur']", "augment = ['crop']", lambda r: [v.name for v in r.augment.student] == ["crop"]),
        ('train = "crd"', "[train]\nepochs = 30", lambda r: r.train.epochs == 30 and r.train.schedule.milestones == [19, 22, 26]),
        ("[train]\nepochs = 30", 'train = "crd"', lambda r: r.train.epochs == 240),
        ('data = "cifar10"', "[data]\nfraction = 0.5", lambda r: (r.data.dataset, r.data.fraction) == ("cifar10", 0.5)),
        ("[data]\nfraction = 0.5\ndataset = 'cifar10'", "data = 'digits'", lambda r: r.data.fraction == 1.0),
        ('teacher = "wrn_40_2"', '[teacher]\ntrain = "crd"', lambda r: r.teacher.arch == "wrn_40_2"),
        ('student = "wrn_40_2"', "[student]\n", lambda r: r.student.arch == "wrn_40_2"),
        (
            '[train]\noptimizer = "adam"', "[train]\noptimizer = { lr = 0.5 }",
            lambda r: (r.train.optimizer.name, r.train.optimizer.lr) == ("adam", 0.5),
        ),
        (
            '[teacher]\narch = "wrn_40_2"\ntrain = "crd"', "[teacher]\ntrain = { epochs = 30 }",
            lambda r: r.teacher.train.epochs == 30,
        ),
        (
            '[teacher]\narch = "wrn_40_2"\ntrain = "crd"', '[teacher]\nweights = "w"',
            lambda r: r.teacher.train is None and r.teacher.weights,
        ),
        (
            '[teacher]\narch = "wrn_40_2"\nweights = "w"', "[teacher.train]\nepochs = 3",
            lambda r: r.teacher.weights is None and r.teacher.train.epochs == 3,
        ),
    ],
)  # fmt: skip
def test_extends_merges_short_and_long_forms(tmp_path: Path, base: str, child: str, check: Any) -> None:
    rest = {"method": "ce", "data": "cifar100", "student": "wrn_16_2"}
    own = tomli.loads(base)
    words = "".join(f'{key} = "{value}"\n' for key, value in rest.items() if key not in own)
    (tmp_path / "base.toml").write_text(words + base)
    (tmp_path / "child.toml").write_text(f'extends = "base.toml"\n{child}\n')
    assert check(load_recipe(tmp_path / "child.toml"))


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
    ("file", "overrides", "check"),
    [
        ("icd/icd.toml", ["method.icd.alpha=0.25"], lambda r: [t.name for t in r.method] == ["ce", "icd"] and r.method[1].alpha == 0.25),
        ("icd/icd_kd.toml", ["method.kd.temperature=2.0"], lambda r: r.method[1].temperature == 2.0),
        ("icda/icda_kd.toml", ["method.icd.alpha=0.25"], lambda r: r.augment.teacher and r.method[2].alpha == 0.25),
        ("icda/icda.toml", ["augment.student.crop.padding=2"], lambda r: r.augment.student[0].padding == 2 and len(r.augment.student) == 6),
        ("icda/icda.toml", ["method.icd.alpha=0.25", "method=kd", "augment=base"], lambda r: r.augment.teacher is None),
        ("icd/icd.toml", ["teacher.weights=w"], lambda r: r.teacher.train is None),
        ("icd/icd.toml", ["teacher.weights=w", "teacher.train.epochs=3"], lambda r: r.teacher.weights is None),
        ("icd/icd.toml", ["teacher.train.optimizer.lr=0.1"], lambda r: r.teacher.train.optimizer.lr == 0.1),
        ("icd/icd.toml", ["train.epochs=2"], lambda r: r.train.schedule.milestones == [1]),
    ],
)  # fmt: skip
def test_overrides_of_shipped_recipes(file: str, overrides: list[str], check: Any) -> None:
    assert check(load_recipe(RECIPES / file, overrides))
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


def test_identity_ignores_name_seed_and_place_of_execution_only() -> None:
    identity = recipe_hash(load(GOOD))
    same = GOOD.replace('"good"', '"other"\nseeds = [5]').replace(
        "epochs = 30", 'epochs = 30\ndevice = "cpu"\nlog_every = 1'
    )
    assert recipe_hash(load(same)) == identity
    assert recipe_hash(load(GOOD.replace("epochs = 30", "epochs = 31"))) != identity


def test_a_teachers_file_may_move_without_changing_what_is_computed() -> None:
    here, there = (GOOD.replace("[teacher.train]\nepochs = 3", f'weights = "{file}"') for file in ("a", "b/c"))
    assert recipe_hash(load(here)) == recipe_hash(load(there)) != recipe_hash(load(GOOD))


def test_a_resolved_recipe_is_safe_on_a_terminal_and_loads_to_itself() -> None:
    everything = "".join(map(chr, [*range(0x20), 0x22, 0x5C, *range(0x7F, 0x300), *range(0x2000, 0x2070)]))
    recipe = load(GOOD).model_copy(update={"name": everything + "\ufeff\ue000\U000e0001\U000f0000é→名🙂"})
    text = recipe_toml(recipe)
    assert load(text) == recipe
    assert all(printable(char) == char for char in text if char != "\n")
    assert "é→名🙂" in text


def test_text_from_a_recipe_cannot_drive_the_terminal() -> None:
    found = problems('name = "x"\n"\\u001b[2Jevil" = 1\n' + GOOD.split("\n", 1)[1])
    assert "\x1b" not in "".join(found)
    assert any("unknown key" in line for line in found)
