"""On which line of a TOML text each key stands. tomli gives values without places; messages need the places."""

import re
from collections import Counter

from kdconsole.recipe.problems import KeyPath

_PART = re.compile(r"""\s*(?:"((?:[^"\\]|\\.)*)"|'([^']*)'|([A-Za-z0-9_-]+))\s*""")
_STRING = re.compile(r'"""(?:[^\\]|\\.)*?"""|\'\'\'.*?\'\'\'|"(?:[^"\\\n]|\\.)*"|\'[^\'\n]*\'', re.DOTALL)


def key_lines(text: str) -> dict[KeyPath, int]:
    """The line (from 1) of every table header, array-of-tables entry and key of a valid TOML text.

    Keys inside inline tables and arrays are not listed; their line is that of the key that holds them.
    """
    lines: dict[KeyPath, int] = {}
    entries: Counter[KeyPath] = Counter()
    table: KeyPath = ()
    for line, statement in _statements(text):
        if statement.startswith("[["):
            path = _with_entries(_split(statement[2:]), entries)
            index = entries[path]
            entries[path] += 1
            table = (*path, index)
            lines.setdefault(path, line)
            lines[table] = line
        elif statement.startswith("["):
            table = _with_entries(_split(statement[1:]), entries)
            lines.setdefault(table, line)
        else:
            path = table
            for part in _split(statement):
                path = (*path, part)
                lines.setdefault(path, line)
    return lines


def _statements(text: str) -> list[tuple[int, str]]:
    """Logical lines: a value that spans several lines (brackets, long strings) belongs to its first."""
    hidden = _STRING.sub(lambda match: "\x00" * len(match[0].replace("\n", "")) + "\n" * match[0].count("\n"), text)
    statements: list[tuple[int, str]] = []
    depth = 0
    for number, (shown, original) in enumerate(zip(hidden.split("\n"), text.split("\n"), strict=True), start=1):
        bare = shown.split("#", 1)[0]
        if depth == 0 and bare.strip("\x00 \t\r"):
            statements.append((number, original.strip()))
        if not (depth == 0 and bare.lstrip().startswith("[")):
            depth += sum(bare.count(char) for char in "[{") - sum(bare.count(char) for char in "]}")
    return statements


def _split(dotted: str) -> list[str]:
    """The parts of a dotted key at the start of `dotted`."""
    parts: list[str] = []
    position = 0
    while (match := _PART.match(dotted, position)) is not None:
        parts.append(next(group for group in match.groups() if group is not None))
        position = match.end()
        if dotted[position : position + 1] != ".":
            break
        position += 1
    return parts


def _with_entries(parts: list[str], entries: Counter[KeyPath]) -> KeyPath:
    """`method.options` inside the second `[[method]]` is (`method`, 1, `options`)."""
    path: KeyPath = ()
    for position, part in enumerate(parts):
        path = (*path, part)
        if path in entries and position < len(parts) - 1:
            path = (*path, entries[path] - 1)
    return path
