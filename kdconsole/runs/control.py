"""Words to a running backend: one line each in control.jsonl, answered by `Control` events."""

import json
import os
import time
from pathlib import Path

from kdconsole.errors import UserError
from kdconsole.runs.layout import RunFolder
from kdconsole.runs.lines import LineTail
from kdconsole.text import printable, suggestion

COMMANDS = ("stop", "stop_after_epoch", "checkpoint")


def send(folder: RunFolder, command: str) -> None:
    """Ask the backend of the run for `command`, one of COMMANDS. Several processes may send at a time.

    Raises UserError for an unknown command or when the file cannot be written.
    """
    if command not in COMMANDS:
        close = suggestion(command, COMMANDS)
        hint = f"did you mean '{close}'?" if close else ""
        raise UserError(f"'{printable(command)}' is not one of {', '.join(COMMANDS)}", hint=hint)
    line = json.dumps({"command": command, "t": time.time()}).encode() + b"\n"
    try:
        _append(folder.control, line)
    except OSError as error:
        raise UserError(f"cannot write '{printable(str(folder.control))}': {error.strerror or error}") from error


def _append(path: Path, line: bytes) -> None:
    file = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        size = os.fstat(file).st_size
        if size and os.pread(file, 1, size - 1) != b"\n":
            line = b"\n" + line  # a sender died in mid-line; its half becomes a line that is refused
        if os.write(file, line) != len(line):
            raise OSError("the disk is full")
        os.fsync(file)
    finally:
        os.close(file)


class ControlTail:
    """New commands for a run, in the order they were sent."""

    def __init__(self, path: Path) -> None:
        self._lines = LineTail(path)

    def read(self) -> list[str]:
        """Commands sent since the last call. A line that holds none is returned as its printable text.

        So whoever answers can refuse everything that is not in COMMANDS. Raises OSError when the file is unreadable.
        """
        return [_command(line) for line in self._lines.read() if line.strip()]


def _command(line: bytes) -> str:
    try:
        command = json.loads(line)["command"]
    except (ValueError, KeyError, TypeError, RecursionError):
        command = None
    return printable(command if isinstance(command, str) else line.decode("utf-8", "replace"))


def clear(folder: RunFolder) -> None:
    """Forget all commands: those of an earlier start are not meant for the next."""
    folder.control.unlink(missing_ok=True)
