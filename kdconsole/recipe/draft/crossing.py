"""One recipe's method and training with another's data and networks."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from kdconsole.recipe.draft.lines import drop, put
from kdconsole.recipe.load import build_recipe
from kdconsole.recipe.params import pair_name
from kdconsole.recipe.problems import KeyPath, RecipeError
from kdconsole.recipe.schema import Recipe
from kdconsole.recipe.source import source_from_text
from kdconsole.recipe.write import method_label, recipe_toml

# of a data set, not of what is done with it
_OF_A_SET = ("dataset", "root", "download", "normalize")


def crossed(recipe: Recipe, pair: Recipe, seeds: Sequence[int]) -> str:
    """`recipe` as a text, with the networks of `pair`, its data set where that is another, and `seeds`.

    A setting that `recipe` has by default, or because its networks or its data ask for it, is what the new ones ask for: a
    run's stored recipe spells out a learning rate that was published for its pair. The teacher is that of `pair` to the
    last setting, so that one which was trained is found again; without a teacher in `recipe` there is none.
    """
    text = _without_presets(without_what_goes_without_saying(recipe), recipe)
    for section in ("name", "seeds", "teacher", "student"):
        text = drop(text, (section,))
    networks = _networks(pair) if recipe.teacher else ""
    text = put(text, ("name",), f"{method_label(recipe)} {networks or pair.student.arch}")
    text = put(text, ("seeds",), list(seeds))
    if recipe.data.dataset != pair.data.dataset:
        theirs = pair.data.model_dump(exclude_none=True)
        for key in _OF_A_SET:
            text = drop(text, ("data", key))
            if key in theirs:
                text = put(text, ("data", key), theirs[key])
    taken = pair.model_dump(exclude_none=True, include={"student"} | ({"teacher"} if recipe.teacher else set()))
    for path, value in _settings((), taken, into_lists=False):
        text = put(text, path, value)
    for index, term in enumerate(recipe.method):
        if networks in term.presets:
            text = put(text, ("method", index, "preset"), networks)
    return text


def without_what_goes_without_saying(recipe: Recipe) -> str:
    """`recipe` as a text, without settings that would be the same if nobody set them."""
    text = recipe_toml(recipe)
    # later settings first: of a list's entries none moves before it has been looked at
    for path, _ in reversed(list(_settings((), recipe.model_dump(exclude_none=True), into_lists=True))):
        shorter = drop(text, path)
        try:
            if build_recipe(source_from_text(shorter, Path("recipe.toml"))) == recipe:
                text = shorter
        except RecipeError:
            continue
    return text


def _without_presets(text: str, recipe: Recipe) -> str:
    """`text` without values that were published for the recipe's own networks."""
    for index, term in enumerate(recipe.method):
        published = term.presets.get(_networks(recipe))
        values = published.values if published else {}
        if all(getattr(term, key) == value for key, value in values.items()):
            for key in values:
                text = drop(text, ("method", index, key))
    return text


def _networks(recipe: Recipe) -> str:
    return pair_name(recipe.teacher.arch, recipe.student.arch) if recipe.teacher else ""


def _settings(path: KeyPath, value: Any, *, into_lists: bool) -> Iterator[tuple[KeyPath, Any]]:
    """The settings in a table and in those below it; a list of tables as one, or each entry's."""
    if isinstance(value, dict):
        for key, inside in value.items():
            yield from _settings((*path, key), inside, into_lists=into_lists)
    elif into_lists and isinstance(value, list) and any(isinstance(entry, dict) for entry in value):
        for index, entry in enumerate(value):
            yield from _settings((*path, index), entry, into_lists=True)
    else:
        yield path, value
