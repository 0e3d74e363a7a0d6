"""All runs below a root, newest first, each in one line's worth of facts."""

import os
import time
from dataclasses import dataclass, field
from pathlib import Path

from kdconsole.runs.layout import TEACHERS, RunFolder, run_folders
from kdconsole.runs.log import EventTail
from kdconsole.runs.state import RunState
from kdconsole.runs.status import RunStatus, Status, status_of
from kdconsole.text import printable


@dataclass(frozen=True)
class RunSummary:
    """What a list shows of a run. Texts are printable; `name` opens the run unless it holds control characters.

    Accuracies are top-1 in per cent on `split` (validation where it exists, else test). Times are Unix seconds.
    """

    name: str
    folder: RunFolder
    status: RunStatus
    teacher: bool = False
    facts: dict[str, str] = field(default_factory=dict)
    seed: int | None = None
    started: float | None = None
    phase: str = ""
    epoch: int = 0  # completed epochs of the current phase
    epochs: int = 0  # planned epochs of the current phase
    split: str = ""
    last_top1: float | None = None
    best_top1: float | None = None
    eta: float | None = None  # seconds


def list_runs(root: Path) -> list[RunSummary]:
    """All runs below `root`, teachers included, newest first. A run that cannot be read is listed with the reason."""
    return Listing(root).refresh()


class Listing:
    """The list of runs, kept up to date cheaply: each refresh reads only what the logs have gained."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._followed: dict[Path, _Followed] = {}

    def refresh(self) -> list[RunSummary]:
        """The list as it is now."""
        now = time.time()
        followed: dict[Path, _Followed] = {}
        dated: list[tuple[float, str, RunSummary]] = []
        for name, folder in run_folders(self.root):
            follower = self._followed.get(folder.path) or _Followed(name, folder)
            followed[folder.path] = follower
            summary = follower.summary(now)
            dated.append((summary.started or _changed(folder), name, summary))
        self._followed = followed
        dated.sort(key=lambda entry: entry[:2], reverse=True)
        return [summary for _, _, summary in dated]


class _Followed:
    """One run of a listing and the reader of its log."""

    def __init__(self, name: str, folder: RunFolder) -> None:
        self.name = name
        self.folder = folder
        self._begin()

    def _begin(self) -> None:
        self._tail = EventTail(self.folder.events, steps=False)
        self._state = RunState(curves=False)

    def summary(self, now: float) -> RunSummary:
        try:
            self._read()
            status = status_of(self.folder, self._state, now)
        except OSError as error:
            self._begin()
            status = RunStatus(Status.STALE, f"unreadable: {error.strerror or error}")
        state = self._state
        return RunSummary(
            name=printable(self.name),
            folder=self.folder,
            status=status,
            teacher=self.name.startswith(f"{TEACHERS}/"),
            facts=state.facts,
            seed=state.seed,
            started=state.started,
            phase=state.phase,
            epoch=state.epochs_done,
            epochs=state.epochs,
            split=state.selected_on,
            last_top1=state.last_top1,
            best_top1=state.best_top1,
            eta=state.eta,
        )

    def _read(self) -> None:
        events = self._tail.read()
        if self._tail.restarted:
            self._state = RunState(curves=False)
        self._state.extend(events)
        self._state.skipped = self._tail.skipped


def _changed(folder: RunFolder) -> float:
    try:
        return os.stat(folder.path).st_mtime  # noqa: PTH116  # a run without events has no other date
    except OSError:
        return 0.0
