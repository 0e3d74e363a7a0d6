"""Drafts and the files that they come from and go to."""

from collections.abc import Sequence
from pathlib import Path

from kdconsole.errors import UserError
from kdconsole.files import write_text_atomically
from kdconsole.recipe.draft.crossing import crossed
from kdconsole.recipe.draft.draft import Draft
from kdconsole.recipe.draft.fresh import FRESH
from kdconsole.recipe.draft.reading import Reading, read
from kdconsole.recipe.load import load_recipe
from kdconsole.text import printable, slug


def open_draft(file: Path) -> Draft:
    """The recipe in `file`; a fresh one that would be saved there when there is none. Raises UserError."""
    text = content_of(file)
    return Draft(FRESH if text is None else text, file, text)


def fresh_draft(folder: Path) -> Draft:
    """A recipe to begin with, in no file yet."""
    return Draft(FRESH, folder / "recipe.toml")


def cloned_draft(parent: Path, folder: Path) -> Draft:
    """A copy of the recipe in `parent`, in no file yet. Raises UserError when that cannot be read."""
    text = content_of(parent)
    if text is None:
        raise UserError(f"no file {printable(str(parent))}")
    return _named_draft(Draft(text, parent), folder)


def crossed_draft(parent: Path, pair: Path, seeds: Sequence[int], folder: Path) -> Draft:
    """The recipe in `parent` with the data and networks of the one in `pair`, for `seeds`, in no file yet. Raises UserError
    when one of them cannot be read or is no good.
    """
    text = crossed(load_recipe(parent), load_recipe(pair), seeds)
    return _named_draft(Draft(text, parent), folder)


def _named_draft(draft: Draft, folder: Path) -> Draft:
    name = draft.reading.table.get("name")
    draft.moved_to(folder / f"{slug(name if isinstance(name, str) else 'recipe')}.toml")
    return draft


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
