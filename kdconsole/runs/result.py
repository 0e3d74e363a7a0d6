"""What a finished run has achieved: the content of result.json."""

from pathlib import Path

import msgspec

from kdconsole.files import write_atomically


class Score(msgspec.Struct, kw_only=True, frozen=True):
    """Accuracy in per cent on a named split, at a named epoch (0 for a network that was not trained here)."""

    split: str
    epoch: int
    top1: float
    top5: float | None = None
    loss: float | None = None


class Result(msgspec.Struct, kw_only=True, frozen=True):
    """Scores of a run. `last` is the student after its last epoch, `best` at the epoch that was best on `selected_on`.

    Both are stored, because papers differ in which of the two they print. All scores of one kind are on every split
    that was evaluated: {"test": Score, "validation": Score}. `files` maps a role ("student", "student_best", "teacher")
    to a path.
    """

    run: str
    seed: int
    recipe_hash: str
    facts: dict[str, str]
    epochs: int
    steps: int
    seconds: float
    selected_on: str
    last: dict[str, Score]
    best: dict[str, Score]
    teacher: dict[str, Score] = {}
    parameters: dict[str, int] = {}  # "student", "teacher", "method": trainable scalars
    files: dict[str, str] = {}


def write_result(path: Path, result: Result) -> None:
    """Write result.json, readable by people, atomically."""
    text = msgspec.json.format(msgspec.json.encode(result), indent=2)
    write_atomically(path, lambda temporary: _write(temporary, text))


def read_result(path: Path) -> Result | None:
    """The result in `path`, or None when there is none that can be read."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=Result)
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None


def _write(path: Path, content: bytes) -> None:
    path.write_bytes(content)
