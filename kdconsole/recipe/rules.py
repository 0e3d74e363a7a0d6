"""What a recipe's parts must agree on, beyond each table's own rules."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from kdconsole.recipe.catalogue import DATASETS
from kdconsole.recipe.problems import KeyPath
from kdconsole.recipe.schema import Recipe, Train


class Fault(NamedTuple):
    """One disagreement."""

    path: KeyPath
    found: str
    hint: str = ""


def recipe_faults(recipe: Recipe) -> Iterator[Fault]:
    """Everything that can be known to be wrong before any data or weights are read."""
    yield from _batch_faults(recipe, recipe.train, ("train",))
    if recipe.teacher is not None and recipe.teacher.train is not None:
        yield from _batch_faults(recipe, recipe.teacher.train, ("teacher", "train"))
    yield from _view_faults(recipe)
    yield from _normalize_faults(recipe)
    for index, term in enumerate(recipe.method):
        for found, hint in term.conflicts():
            yield Fault(("method", index), found, hint)


def _batch_faults(recipe: Recipe, train: Train, path: KeyPath) -> Iterator[Fault]:
    images = recipe.images_for_training()
    if train.batch_size > images:
        yield Fault(
            (*path, "batch_size"),
            f"found {train.batch_size}, but an epoch has only {images} images",
            f"at most {images}; data.fraction and data.validation reduce the training images",
        )
    milestones = getattr(train.schedule, "milestones", None)
    if milestones is not None and milestones != sorted(set(milestones)):
        yield Fault((*path, "schedule", "milestones"), f"found {milestones}", "epochs in rising order, each once")


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
