"""What commands print: data on stdout, narration on stderr."""

import sys
from typing import Any

import msgspec


def say(text: str) -> None:
    """Narration: what is going on, what to type next."""
    print(text, file=sys.stderr, flush=True)


def print_json(value: Any) -> None:
    """`value` (anything msgspec encodes) as indented JSON on stdout."""
    print(msgspec.json.format(msgspec.json.encode(value), indent=2).decode())
