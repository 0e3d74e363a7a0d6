"""What a recipe begins with."""

from pathlib import Path

from kdconsole.recipe.draft.draft import Draft
from kdconsole.recipe.draft.files import cloned_draft, crossed_draft, fresh_draft, open_draft
from kdconsole.tui.messages import OpenBuilder


def beginning(wish: OpenBuilder, here: Path) -> Draft:
    """The draft that the person wants, new ones in the folder `here`. Raises UserError when a file cannot be read."""
    if wish.path is not None:
        return open_draft(wish.path.absolute())
    if wish.parent is None:
        return fresh_draft(here)
    if wish.pair is None:
        return cloned_draft(wish.parent, here)
    return crossed_draft(wish.parent, wish.pair, wish.seeds, here)
