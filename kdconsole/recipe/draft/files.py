"""Drafts and the files that they come from and go to."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from kdconsole.errors import UserError
from kdconsole.files import write_text_atomically
from kdconsole.recipe.draft.draft import Draft
from kdconsole.recipe.draft.fresh import FRESH
from kdconsole.recipe.draft.lines import drop, put
from kdconsole.recipe.draft.reading import Reading, read
from kdconsole.recipe.problems import KeyPath
from kdconsole.text import printable, slug

_OF_A_PAIR = ("data", "teacher", "student")


def open_draft(file: Path) -> Draft:
    """The recipe in `file`; a fresh one that would be saved there when there is none. Raises UserError."""
    text = content_of(file)
    return Draft(FRESH if text is None else text, file, text)


def fresh_draft(folder: Path) -> Draft:
    """A recipe to begin with, in no file yet."""
    return Draft(FRESH, folder / "recipe.toml")


def cloned_draft(parent: Path, folder: Path) -> Draft:
    """A copy of the recipe in `parent`, in no file yet. Raises UserError when that cannot be read."""
    draft = _draft_of(parent)
    _name_after_recipe(draft, folder)
    return draft


def crossed_draft(parent: Path, pair: Path, seeds: Sequence[int], folder: Path) -> Draft:
    """A copy of the recipe in `parent` with the data and networks of the one in `pair`, for `seeds`, in no file yet.

    It gets the name that such a recipe has without one of its own. Raises UserError when one of them cannot be read.
    """
    text, other = _draft_of(parent).text, _draft_of(pair).reading.table
    for section in ("name", "seeds", *_OF_A_PAIR):
        text = drop(text, (section,))
    for section in _OF_A_PAIR:
        for path, value in _leaves((section,), other.get(section, {})):
            text = put(text, path, value)
    draft = Draft(put(text, ("seeds",), list(seeds)), parent)
    if draft.reading.recipe is not None:
        draft = Draft(put(draft.text, ("name",), draft.reading.recipe.name), parent)
    _name_after_recipe(draft, folder)
    return draft


def _draft_of(file: Path) -> Draft:
    text = content_of(file)
    if text is None:
        raise UserError(f"no file {printable(str(file))}")
    return Draft(text, file)


def _name_after_recipe(draft: Draft, folder: Path) -> None:
    name = draft.reading.table.get("name")
    draft.moved_to(folder / f"{slug(name if isinstance(name, str) else 'recipe')}.toml")


def _leaves(path: KeyPath, value: Any) -> Iterator[tuple[KeyPath, Any]]:
    """The settings in a table and in those below it."""
    if isinstance(value, dict):
        for key, inside in value.items():
            yield from _leaves((*path, key), inside)
    else:
        yield path, value


def content_of(file: Path) -> str | None:
    """The text of `file`, None when there is no such file. Raises UserError when it is none of a recipe."""
    try:
        return file.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    except UnicodeDecodeError as error:
        raise UserError(f"{printable(str(file))}: not a text in UTF-8 (byte {error.start})") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise UserError(f"{printable(str(file))}: cannot be read: {reason}") from None


def rescue_file(file: Path) -> Path:
    """Where edits of `file` are kept that nobody saved before the console ended."""
    return file.with_name(f"{file.name}.unsaved")


class DraftFile:
    """The file of a draft: what it held when it was last read or written, and edits that it does not have."""

    def __init__(self, draft: Draft) -> None:
        self._draft = draft
        self._begun = draft.text
        self.saved_reading = self._read_saved()

    @property
    def is_unsaved(self) -> bool:
        """Whether there are edits that a person would miss."""
        saved = self._draft.saved
        return self._draft.text != (self._begun if saved is None else saved)

    def took(self, text: str) -> None:
        """The file holds `text`."""
        self._draft.saved = text
        self.saved_reading = self._read_saved()

    def _read_saved(self) -> Reading | None:
        saved = self._draft.saved
        return None if saved is None else read(saved, self._draft.file)

    def is_others(self) -> bool:
        """Whether the file holds what neither was read from it nor is written here. Raises UserError."""
        text = content_of(self._draft.file)
        return text is not None and text not in (self._draft.saved, self._draft.text)

    def write(self, file: Path) -> None:
        """Make `file` the draft's file, with its text in it; a link stays a link. Raises OSError."""
        write_text_atomically(file.resolve() if file.is_symlink() else file, self._draft.text)
        self.forget_rescued()
        if file != self._draft.file:
            self._draft.moved_to(file)
        self.took(self._draft.text)

    def rescue(self) -> None:
        """Keep edits that nobody has saved, as far as that is possible."""
        if self.is_unsaved:
            try:
                write_text_atomically(rescue_file(self._draft.file), self._draft.text)
            except OSError:
                return

    def rescued(self) -> str | None:
        """Edits that were kept the last time and are not in the draft."""
        try:
            text = content_of(rescue_file(self._draft.file))
        except UserError:
            return None
        return None if text == self._draft.text else text

    def forget_rescued(self) -> None:
        """What was kept is of no use any more."""
        try:
            rescue_file(self._draft.file).unlink(missing_ok=True)
        except OSError:
            return
