"""All runs below a root, newest first, each in one line's worth of facts."""

import functools
import math
import os
import time
from pathlib import Path

import msgspec

from kdconsole.runs.index import NOWHERE, Index, Known, evidence, is_settled
from kdconsole.runs.layout import TEACHERS, RunFolder, index_file, is_run, subfolders
from kdconsole.runs.lock import is_locked
from kdconsole.runs.reader import StateReader
from kdconsole.runs.state import RunState
from kdconsole.runs.status import RunStatus, Status, status_of
from kdconsole.text import printable

SMOOTHED = 5  # evaluations
LOOKS = 2000  # runs on which nobody works; of more than that, each refresh looks at a part in turn
_EXACT = 100  # an age is right to this part of it


class RunSummary(msgspec.Struct, frozen=True, dict=True, array_like=True):
    """What a list shows of a run. Texts are printable; `name` opens the run unless it holds control characters.

    Accuracies are top-1 in per cent on `split` (validation where it exists, else test). Times are Unix seconds.
    """

    name: str
    folder: RunFolder
    status: RunStatus
    teacher: bool = False
    facts: dict[str, str] = {}
    seed: int | None = None
    started: float | None = None
    phase: str = ""
    epoch: int = 0  # completed epochs of the current phase
    epochs: int = 0  # planned epochs of the current phase
    split: str = ""
    last_top1: float | None = None
    best_top1: float | None = None
    eta: float | None = None  # seconds; of a live run
    scored_epoch: int = 0  # at which `last_top1` was measured
    recipe_hash: str = ""  # seeds left out: equal for runs that differ by their seed alone
    smooth_top1: float | None = None  # mean of the latest SMOOTHED evaluations: a single one is noisy

    @functools.cached_property
    def pair(self) -> str:
        return pair_of(self.facts)

    @functools.cached_property
    def searched(self) -> str:
        """Everything that a list shows, without upper case: what the words of a filter are looked for in."""
        status = self.status
        texts = (self.name, str(status.status), status.word, self.pair, self.phase, *self.facts.values())
        return "\n".join(texts).casefold()


def pair_of(facts: dict[str, str]) -> str:
    """ "teacher→student", as far as known."""
    return "→".join(facts[role] for role in ("teacher", "student") if facts.get(role))


def list_runs(root: Path) -> list[RunSummary]:
    """All runs below `root`, teachers included, newest first. A run that cannot be read is listed with the reason."""
    return Listing(root).refresh()


class Listing:
    """The list of runs, kept up to date cheaply: a refresh reads only what the logs have gained, and of runs on which nobody
    works it only looks whether their files have changed. What is known of those outlives the process, in the root's index.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self._index = Index(index_file(root), RunSummary)
        self._known: dict[str, Known[RunSummary]] = {}
        self._readers: dict[str, StateReader] = {}
        self._refreshed = 0

    def refresh(self) -> list[RunSummary]:
        """The list as it is now."""
        now = time.time()
        known = self._known if self._refreshed else self._index.load()
        turns = len(known) // LOOKS + 1 if self._refreshed else 1
        turn = self._refreshed % turns
        self._refreshed += 1
        readers, self._known, self._readers = self._readers, {}, {}
        dated: list[tuple[float, str, RunSummary]] = []
        for place, (name, path) in enumerate(subfolders(self.root)):
            entry = known.get(name)
            if entry is not None and (place % turns != turn or evidence(path, len(entry.evidence)) == entry.evidence):
                self._known[name] = entry
                summary = _as_of(entry, name, path, now)
            elif is_run(Path(path)):
                folder = RunFolder(Path(path))
                summary = self._read(name, folder, readers.get(name) or StateReader(folder, curves=False), now)
            else:
                continue
            dated.append((summary.started or _changed(path), name, summary))
        self._index.keep(self._known)
        dated.sort(key=lambda entry: entry[:2], reverse=True)
        return [summary for _, _, summary in dated]

    def _read(self, name: str, folder: RunFolder, reader: StateReader, now: float) -> RunSummary:
        """The summary of a run of which nothing is known, or no longer."""
        found = evidence(str(folder.path), 3)
        teacher = name.startswith(f"{TEACHERS}/")
        try:
            state = reader.update()
            status = status_of(folder, state, now)
            lock_tells = is_locked(folder) is False
        except OSError as error:
            reason = f"unreadable: {error.strerror or error}"
            return RunSummary(printable(name), folder, RunStatus(Status.STALE, reason), teacher)
        summary = RunSummary(
            name=printable(name),
            folder=folder,
            status=status,
            teacher=teacher,
            facts=state.facts,
            seed=state.seed,
            started=state.started,
            phase=state.phase,
            epoch=state.epochs_done,
            epochs=state.epochs,
            split=state.selected_on,
            last_top1=state.last_top1,
            best_top1=state.best_top1,
            eta=state.eta if status.status is Status.LIVE else None,
            scored_epoch=state.scored_epoch,
            recipe_hash=state.recipe_hash,
            smooth_top1=_smooth_top1(state),
        )
        at_work = status.status in (Status.LIVE, Status.QUEUED)
        if at_work or found[0] is None or not is_settled(found, now) or not name.isprintable():
            self._readers[name] = reader
        else:
            # who works on a run takes its lock first; where that cannot be seen from here, the heartbeat tells
            self._known[name] = Known(found[:2] if lock_tells else found, now, summary)
        return summary


def _smooth_top1(state: RunState) -> float | None:
    wanted = ("student", state.selected_on)
    scores = [event.top1 for event in state.evaluations if (event.subject, event.split) == wanted][-SMOOTHED:]
    return math.fsum(scores) / len(scores) if scores else None


def _as_of(entry: Known[RunSummary], name: str, path: str, now: float) -> RunSummary:
    """The summary in `entry`, brought up to date."""
    summary = entry.entry
    if summary.folder.path is NOWHERE:
        summary = entry.entry = msgspec.structs.replace(summary, name=printable(name), folder=RunFolder(Path(path)))
    age, passed = summary.status.age_seconds, now - entry.at
    if age is not None and passed > age / _EXACT:
        status = msgspec.structs.replace(summary.status, age_seconds=age + passed)
        summary = entry.entry = msgspec.structs.replace(summary, status=status)
        entry.at = now
    return summary


def _changed(path: str) -> float:
    try:
        return os.stat(path).st_mtime  # noqa: PTH116  # a run without events has no other date
    except OSError:
        return 0.0
