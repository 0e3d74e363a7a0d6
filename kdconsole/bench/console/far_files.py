"""The console where files are far away: each call that a network file system sends to its server takes a round trip.

For the benchmark, which runs this module in the place of `kdconsole`. Nothing tells such a reader of changes, so whatever it
shows it has asked for.
"""

import builtins
import io
import os
import time
from collections.abc import Callable
from typing import Any

ROUND_TRIP = 0.002  # seconds


def _far(call: Callable[..., Any]) -> Callable[..., Any]:
    def asked(*args: Any, **options: Any) -> Any:
        time.sleep(ROUND_TRIP)
        return call(*args, **options)

    return asked


def main() -> None:
    """Take the files away, then be the console."""
    from kdconsole.__main__ import main as console

    for name in ("open", "stat", "pread", "scandir", "replace"):
        setattr(os, name, _far(getattr(os, name)))
    builtins.open = io.open = _far(io.open)
    console()


if __name__ == "__main__":
    main()
