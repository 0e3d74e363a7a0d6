"""What screens ask of the app, which alone knows the other screens."""

from collections.abc import Sequence
from pathlib import Path

from textual.message import Message

from kdconsole.runs.layout import RunFolder


class OpenRun(Message):
    """The person wants to see a run."""

    def __init__(self, folder: RunFolder, name: str) -> None:
        super().__init__()
        self.folder = folder
        self.name = name


class Detach(Message):
    """The person leaves and wants to know how to come back to a run."""

    def __init__(self, run_name: str) -> None:
        super().__init__()
        self.run_name = run_name


class OpenBuilder(Message):
    """The person wants to build a recipe: that in `path`, a new one that begins as `parent` does, or just a new one.

    With a `pair`, the new one has that recipe's data and networks, and is for `seeds`.
    """

    def __init__(
        self,
        parent: Path | None = None,
        path: Path | None = None,
        pair: Path | None = None,
        seeds: tuple[int, ...] = (),
    ) -> None:
        super().__init__()
        self.parent = parent
        self.path = path
        self.pair = pair
        self.seeds = seeds


class OpenCompare(Message):
    """The person wants to compare these runs, all of them where none is given."""

    def __init__(self, folders: Sequence[RunFolder] = ()) -> None:
        super().__init__()
        self.folders = tuple(folders)


class StartRuns(Message):
    """Runs are to be trained one after the other, in a process that outlives the console. `done` says so once it runs."""

    def __init__(self, folders: Sequence[RunFolder], done: str) -> None:
        super().__init__()
        self.folders = tuple(folders)
        self.done = done
