"""The resolved recipe as text, and its identity."""

from kdconsole.recipe.write import recipe_hash, recipe_toml
from kdconsole.text import printable
from tests.recipe.helpers import GOOD, load


def test_the_resolved_recipe_loads_to_the_same_recipe() -> None:
    recipe = load(GOOD)
    assert load(recipe_toml(recipe)) == recipe


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
