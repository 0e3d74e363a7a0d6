"""What the recipe room knows of a network family without importing torch: which names it answers to."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from kdconsole.errors import UserError
from kdconsole.text import printable


def _anything(_: dict[str, str]) -> str:
    return ""


@dataclass(frozen=True)
class ModelFamily:
    """A family of architectures, whose name carries every choice (`wrn_40_2`, `resnet56`).

    `pattern` matches whole architecture names; its groups are the family's arguments. `refuse` gets the groups and
    returns why such a network cannot exist, or an empty string. `examples` are the members that papers use.
    """

    name: str
    help: str
    source: str
    pattern: str
    examples: tuple[str, ...]
    refuse: Callable[[dict[str, str]], str] = field(default=_anything)

    def catalogue_name(self) -> str:
        return self.name

    def arguments(self, arch: str) -> dict[str, str] | None:
        """The groups of `arch`, or None when the name is not of this family.

        Raises UserError when the name has the family's form but no such network exists.
        """
        match = re.fullmatch(self.pattern, arch)
        if match is None:
            return None
        groups = {key: value for key, value in match.groupdict().items() if value is not None}
        reason = self.refuse(groups)
        if reason:
            raise UserError(f"no network “{printable(arch)}”: {reason}", hint=f"for example {', '.join(self.examples)}")
        return groups
