"""From an architecture's name to its family."""

from typing import NamedTuple

from kdconsole.errors import UserError
from kdconsole.recipe.catalogue import MODELS
from kdconsole.text import printable, suggestion


class Arch(NamedTuple):
    """An architecture name, resolved: its family and the family's arguments."""

    name: str
    family: str
    arguments: dict[str, str]


def known_archs() -> list[str]:
    """Every member that the families name as an example."""
    return [example for family in MODELS for example in family.examples]


def find_arch(name: str) -> Arch:
    """Resolve `name`. Raises UserError, with a suggestion, when no family answers to it."""
    for family in MODELS:
        arguments = family.arguments(name)
        if arguments is not None:
            return Arch(name, family.name, arguments)
    close = suggestion(name, known_archs())
    raise UserError(
        f"unknown network “{printable(name)}”",
        hint=f"did you mean “{close}”?" if close else "`kdconsole models` lists them",
    )
