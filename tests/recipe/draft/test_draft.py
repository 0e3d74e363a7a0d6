"""Edits of a draft: one setting at a time, all of them to be taken back."""

from pathlib import Path

import pytest
import tomli

from kdconsole.errors import UserError
from kdconsole.recipe.draft.draft import Draft
from kdconsole.recipe.draft.files import cloned_draft, content_of, fresh_draft, open_draft
from kdconsole.recipe.draft.fresh import FRESH
from kdconsole.recipe.draft.offers import offers_of, presets_around
from kdconsole.recipe.draft.rows import Row
from kdconsole.recipe.problems import KeyPath

FILE = Path("recipe.toml")
WORDS = 'method = "icda+kd"  # word\nstudent = "resnet8"\nteacher = "resnet20"\ndata = "cifar100"\n'


def at(draft: Draft, *path: str | int) -> Row:
    row = draft.reading.row(path)
    assert row is not None, path
    return row


def names(draft: Draft, *path: str) -> list[str]:
    value = draft.reading.table
    for part in path:
        value = value[part]
    return [entry["name"] for entry in value]  # type: ignore[index]


def test_a_fresh_recipe_is_good_and_named_after_what_it_is() -> None:
    draft = fresh_draft(Path("/nowhere"))
    assert draft.reading.recipe is not None and draft.reading.recipe.name == "ce+kd resnet20→resnet8"
    assert draft.is_modified and draft.runs == 1


def test_undo_and_redo_go_through_every_state() -> None:
    draft = Draft(FRESH, FILE, FRESH)
    texts = [draft.text]
    for epochs in ("3", "4", "5"):
        draft.set(at(draft, "train", "epochs"), epochs)
        texts.append(draft.text)
    assert [draft.undo() and draft.text for _ in range(3)] == texts[2::-1]
    assert not draft.undo() and not draft.is_modified
    assert [draft.redo() and draft.text for _ in range(3)] == texts[1:]
    assert not draft.redo()
    draft.undo()
    draft.set(at(draft, "train", "epochs"), "9")
    assert not draft.redo()


def test_what_is_typed_must_be_a_value() -> None:
    draft = Draft(FRESH, FILE)
    with pytest.raises(UserError, match="“many” is not a whole number"):
        draft.set(at(draft, "train", "epochs"), "many")
    assert draft.text == FRESH
    draft.set(at(draft, "train", "epochs"), "0")  # out of range: a problem like any other
    assert [problem.key for problem in draft.reading.problems] == ["train.epochs"]


def test_typing_nothing_removes_what_is_set() -> None:
    draft = Draft(FRESH, FILE)
    draft.set(at(draft, "train", "log_every"), "")
    assert "log_every" not in draft.text
    with pytest.raises(UserError, match="not set"):
        draft.set(at(draft, "train", "log_every"), " ")


def test_an_inherited_value_cannot_be_removed_here(tmp_path: Path) -> None:
    (tmp_path / "base.toml").write_text(FRESH)
    draft = Draft('extends = "base.toml"\n', tmp_path / "recipe.toml")
    with pytest.raises(UserError, match=r"comes from .*base.toml:2\d"):
        draft.unset(at(draft, "train", "epochs"))


def test_a_part_of_a_word_is_set_without_losing_what_the_word_means() -> None:
    draft = Draft(WORDS, FILE)
    before = draft.reading.table
    draft.set(at(draft, "method", 2, "alpha"), "0.3")
    assert names(draft, "method") == ["ce", "kd", "icd"] and "# word" in draft.text
    assert draft.reading.table["augment"] == before["augment"]
    assert draft.reading.table["method"][2]["alpha"] == 0.3


def test_what_a_word_takes_for_the_pair_is_named_when_it_is_written_out() -> None:
    draft = Draft('data = "cifar100"\nstudent = "wrn_16_2"\nteacher = "wrn_40_2"\nmethod = "dkd"\n', FILE)
    assert draft.reading.table["method"][1]["beta"] == 6.0
    draft.set(at(draft, "method", 1, "temperature"), "3")
    assert tomli.loads(draft.text)["method"][1] == {"name": "dkd", "preset": "wrn_40_2→wrn_16_2", "temperature": 3.0}
    assert draft.reading.table["method"][1]["beta"] == 6.0


@pytest.mark.parametrize(
    ("text", "path", "name", "after"),
    [
        (FRESH, ("method",), "at", ["ce", "kd", "at"]),
        (FRESH, ("augment", "student"), "flip", ["crop", "flip"]),
        (FRESH, ("augment", "teacher"), "blur", ["blur"]),
        (FRESH, ("teacher", "augment"), "flip", ["crop", "flip"]),
        (WORDS, ("method",), "at", ["ce", "kd", "icd", "at"]),
        (WORDS, ("augment", "teacher"), "blur", ["crop", "flip", "solarize", "blur"]),
    ],
)
def test_entries_are_added_moved_renamed_and_removed(text: str, path: KeyPath, name: str, after: list[str]) -> None:
    draft = Draft(text, FILE)
    keys = tuple(map(str, path))
    entry = draft.add(at(draft, *path), name)
    assert names(draft, *keys) == after and entry == (*path, len(after) - 1)
    if len(after) > 1:
        moved = draft.move(at(draft, *entry), -1)
        assert moved == (*path, len(after) - 2)
        assert names(draft, *keys) == [*after[:-2], after[-1], after[-2]]
        assert draft.move(at(draft, *path, 0), -1) is None
        draft.undo()
    draft.unset(at(draft, *entry))
    assert names(draft, *keys) == after[:-1]


def test_another_method_begins_with_its_own_defaults() -> None:
    draft = Draft(FRESH, FILE)
    draft.set(at(draft, "method", 1, "temperature"), "7")
    draft.choose(at(draft, "method", 1), "at")
    assert tomli.loads(draft.text)["method"] == [{"name": "ce"}, {"name": "at"}]
    draft.choose(at(draft, "train", "optimizer"), "adam")
    assert draft.reading.recipe is not None and draft.reading.recipe.train.optimizer.name == "adam"


def test_a_whole_table_is_removed_and_begun_again() -> None:
    draft = Draft(FRESH, FILE)
    draft.unset(at(draft, "teacher", "train"))
    assert [problem.key for problem in draft.reading.problems] == ["teacher"]
    draft.add_table(at(draft, "teacher", "train"))
    assert draft.reading.recipe is not None
    draft.unset(at(draft, "teacher"))
    assert "[teacher" not in draft.text
    assert [problem.key for problem in draft.reading.problems] == ["method.kd"]


def test_a_preset_replaces_what_would_hide_it() -> None:
    pair = 'data = "cifar100"\nstudent = "resnet20"\nteacher = { arch = "resnet56", train = "crd" }\n'
    draft = Draft(f'{pair}[[method]]\nname = "dkd"\nbeta = 8.0  # of another pair\n', FILE)
    offer = presets_around(at(draft, "method", 0), draft.reading.table)[0]
    assert offer.value == "resnet56→resnet20" and "beta 2.0" in offer.help
    draft.take_preset(offer)
    assert draft.reading.recipe is not None and draft.reading.recipe.method[0].model_dump()["beta"] == 2.0
    whole = next(o for o in presets_around(at(draft, "method"), draft.reading.table) if o.value == "icda")
    draft.take_preset(whole)
    assert 'method = "icda"' in draft.text and "[[method]]" not in draft.text
    assert draft.reading.recipe is not None and draft.reading.recipe.augment.teacher is not None


def test_names_are_offered_from_the_catalogues() -> None:
    draft = Draft(FRESH, FILE)
    table = draft.reading.table
    assert "wrn_40_2" in offers_of(at(draft, "teacher", "arch"), table).values
    assert offers_of(at(draft, "teacher", "arch"), table).open
    assert "cifar100" in offers_of(at(draft, "data", "dataset"), table).values
    assert offers_of(at(draft, "train", "precision"), table).values == ["fp32", "tf32", "bf16"]
    assert set(offers_of(at(draft, "train", "optimizer"), table).values) >= {"sgd", "adam", "adamw"}
    assert all(offer.help for offer in offers_of(at(draft, "method", 0), table).choices)
    assert not offers_of(at(draft, "train", "epochs"), table).choices


def test_several_values_are_a_run_each() -> None:
    draft = Draft(FRESH, FILE, FRESH)
    draft.vary(at(draft, "train", "optimizer", "lr"), "0.1, 0.05")
    draft.vary(at(draft, "method", 1, "temperature"), "2, 4, 8")
    assert not draft.is_modified and draft.runs == 6
    draft.vary(at(draft, "seeds"), "0..3")
    assert draft.runs == 24 and "seeds = [0, 1, 2, 3]" in draft.text
    variants = draft.variants()
    assert len({variant.suffix for variant in variants}) == len({variant.text for variant in variants}) == 6
    values = tomli.loads(variants[-1].text)
    assert (values["train"]["optimizer"]["lr"], values["method"][1]["temperature"]) == (0.05, 8.0)
    draft.undo()
    draft.undo()
    assert draft.runs == 2
    draft.unset(at(draft, "train", "optimizer", "lr"))
    assert draft.runs == 1


def test_a_value_that_is_not_allowed_is_no_variant() -> None:
    draft = Draft(FRESH, FILE)
    with pytest.raises(UserError, match=r"train.epochs: found 0"):
        draft.vary(at(draft, "train", "epochs"), "0, 5")
    with pytest.raises(UserError, match="5000 runs"):
        draft.vary(at(draft, "train", "epochs"), "1..5000")
    assert not draft.grid


def test_variants_of_a_removed_term_go_with_it() -> None:
    draft = Draft(FRESH, FILE)
    draft.vary(at(draft, "method", 1, "temperature"), "2, 4")
    draft.unset(at(draft, "method", 1))
    assert not draft.grid
    draft.undo()
    assert draft.grid


def test_files(tmp_path: Path) -> None:
    file = tmp_path / "there.toml"
    assert open_draft(file).text == FRESH and open_draft(file).saved is None
    file.write_text(WORDS)
    assert not open_draft(file).is_modified
    clone = cloned_draft(file, tmp_path / "elsewhere")
    assert clone.text == WORDS and clone.saved is None
    assert clone.file == tmp_path / "elsewhere" / "icda+kd-resnet20-resnet8.toml"
    with pytest.raises(UserError, match="no file"):
        cloned_draft(tmp_path / "gone.toml", tmp_path)
    file.write_bytes(b"\xff")
    with pytest.raises(UserError, match="UTF-8"):
        open_draft(file)
    with pytest.raises(UserError, match="cannot be read"):
        content_of(tmp_path)
