"""What a recipe's parts must agree on, beyond each table's own rules."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from kdconsole.recipe.catalogue import DATASETS
from kdconsole.recipe.params import TransformParams
from kdconsole.recipe.problems import KeyPath
from kdconsole.recipe.schema import Recipe, Training


class Fault(NamedTuple):
    """One disagreement."""

    path: KeyPath
    found: str
    hint: str = ""


def recipe_faults(recipe: Recipe) -> Iterator[Fault]:
    """Everything that can be known to be wrong before any data or weights are read."""
    yield from _train_faults(recipe, recipe.train, ("train",), recipe.data.fraction)
    if recipe.teacher is not None and recipe.teacher.train is not None:
        # a data-limited student still has a teacher that saw everything
        yield from _train_faults(recipe, recipe.teacher.train, ("teacher", "train"), 1.0)
    yield from _view_faults(recipe)
    yield from _normalize_faults(recipe)
    for index, term in enumerate(recipe.method):
        for found, hint in term.conflicts():
            yield Fault(("method", index), found, hint)


def _train_faults(recipe: Recipe, train: Training, path: KeyPath, fraction: float) -> Iterator[Fault]:
    images, off_by = recipe.images_for_training(fraction)
    if train.batch_size > images + off_by:
        number = f"about {images}" if off_by else str(images)
        shares = "data.validation" if fraction == 1 else "data.fraction and data.validation"
        yield Fault(
            (*path, "batch_size"),
            f"found {train.batch_size}, but an epoch has only {number} images",
            f"at most {number}, with this {shares}" if off_by else f"at most {number}",
        )
    milestones = getattr(train.schedule, "milestones", None) or []
    where = (*path, "schedule", "milestones")
    if milestones != sorted(set(milestones)) or min(milestones, default=1) < 1:
        yield Fault(where, f"found {milestones}", "epochs from 1 in rising order, each once")
    elif max(milestones, default=0) >= train.epochs:
        yield Fault(
            where,
            f"found {milestones}, but there are only {train.epochs} epochs: the rate would never drop there",
            'leave milestones out (schedule = "multistep") and they follow the epochs',
        )


def _view_faults(recipe: Recipe) -> Iterator[Fault]:
    augment = recipe.augment
    size = min(DATASETS[recipe.data.dataset].size)
    lists: list[tuple[KeyPath, list[Any]]] = [(("augment", "student"), augment.student)]
    if augment.teacher is not None:
        lists.append((("augment", "teacher"), augment.teacher))
        if recipe.teacher is None:
            yield Fault(
                ("augment", "teacher"), "a view for a teacher, but there is no [teacher]", "remove one or add the other"
            )
    elif augment.share_geometry:
        yield Fault(
            ("augment", "share_geometry"), "true, but there is only one view", "add augment.teacher, or remove it"
        )
    if augment.teacher is not None and augment.share_geometry:
        of_teacher, of_student = (
            [view for view in views if view.geometric] for views in (augment.teacher, augment.student)
        )
        if of_teacher != of_student:
            yield Fault(
                ("augment", "share_geometry"),
                f"true, but the teacher's geometric views are {_listed(of_teacher)}, the student's {_listed(of_student)}",
                "list the same ones with the same settings in the same order, or set it to false",
            )
    if recipe.teacher is not None:
        lists.append((("teacher", "augment"), recipe.teacher.augment))
    for path, transforms in lists:
        for index, transform in enumerate(transforms):
            for found, hint in transform.conflicts():
                yield Fault((*path, index), found, hint)
            padding = getattr(transform, "padding", 0)
            if padding >= size:
                yield Fault((*path, index, "padding"), f"found {padding}, but images are {size} pixels wide")
            if getattr(transform, "kernel", 0) // 2 >= size:
                yield Fault((*path, index, "kernel"), f"found {transform.kernel}, but images are {size} pixels wide")


def _listed(transforms: list[TransformParams]) -> str:
    def shown(transform: TransformParams) -> str:
        return f"{transform.name} ({', '.join(f'{k} {v}' for k, v in transform.model_dump(exclude={'name'}).items())})"

    return " then ".join(map(shown, transforms)) or "none"


def _normalize_faults(recipe: Recipe) -> Iterator[Fault]:
    channels = DATASETS[recipe.data.dataset].channels
    choices: list[tuple[KeyPath, str | None]] = [(("data", "normalize"), recipe.data.normalize)]
    if recipe.teacher is not None:
        choices.append((("teacher", "normalize"), recipe.teacher.normalize))
    for path, name in choices:
        if name is None or name == "none":
            continue
        given = 3 if name == "imagenet" else DATASETS[name].channels
        if given != channels:
            yield Fault(
                path, f"“{name}” has statistics for {given} channels, images have {channels}", "use the data set's own"
            )
