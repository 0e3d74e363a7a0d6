"""What a recipe's parts must agree on."""

import pytest

from kdconsole.recipe.write import recipe_toml
from tests.recipe.helpers import GOOD, load, problems


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
