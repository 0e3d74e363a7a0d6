"""The columns of the list of runs: what they show of a run and of a group of seeds, and how they sort."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from kdconsole.compare.curves import Baseline
from kdconsole.compare.folding import Entry, Fold
from kdconsole.compare.statistics import mean
from kdconsole.runs.fields import FIELDS
from kdconsole.runs.listing import RunSummary
from kdconsole.runs.status import Status
from kdconsole.tui.format import age, duration

NONE = "–"
Place: TypeAlias = tuple[str, str, str]  # pair, data set, split: where two runs may be compared


def place_of(run: RunSummary) -> Place:
    """What a run shares with those that it can be compared with."""
    return run.pair, run.facts.get("dataset", ""), run.split


@dataclass(frozen=True)
class Against:
    """The baselines that a person has chosen, one for each place at most: `recipes` names them by their hash."""

    recipes: Mapping[Place, str] = field(default_factory=dict)
    baselines: Mapping[Place, Baseline] = field(default_factory=dict)

    def delta(self, run: RunSummary) -> float | None:
        """The run's accuracy minus the baseline's at the same epoch, in percentage points."""
        baseline = self.baselines.get(place_of(run))
        return baseline.delta(run) if baseline else None

    def holds(self, run: RunSummary) -> bool:
        """Whether the run is one of those that others are measured against."""
        return bool(run.recipe_hash) and self.recipes.get(place_of(run)) == run.recipe_hash


@dataclass(frozen=True)
class Column:
    """A column, as wide as its widest text but at most `most`. `rank`: the highest go first where width is missing.

    `text` and `key` are of a run, `folded` and `folded_key` of a group; without the latter two, those of its newest run.
    """

    title: str
    most: int
    rank: int
    text: Callable[[RunSummary, Against], str]
    key: Callable[[RunSummary, Against], Any]
    folded: Callable[[Fold, Against], str] | None = None
    folded_key: Callable[[Fold, Against], Any] | None = None
    right: bool = False
    usual: bool = True  # shown unless the person chooses otherwise

    def of(self, entry: Entry, against: Against) -> str:
        """The text of the column for a run or a group."""
        if isinstance(entry, RunSummary):
            return self.text(entry, against)
        return self.folded(entry, against) if self.folded else self.text(entry.runs[0], against)

    def sort_key(self, entry: Entry, against: Against) -> Any:
        """What the column sorts by; None for what has nothing there."""
        if isinstance(entry, RunSummary):
            return self.key(entry, against)
        return self.folded_key(entry, against) if self.folded_key else self.key(entry.runs[0], against)


def _field(name: str, title: str, most: int, rank: int, *, usual: bool = True) -> Column:
    """A column for one of the texts that filters know too."""
    known = FIELDS[name]

    def text(run: RunSummary, against: Against) -> str:
        found = known.get(run)
        return (found[0] if isinstance(found, tuple) else "") or NONE

    return Column(title, most, rank, text, lambda run, against: known.key(run), usual=usual)


def _epoch(run: RunSummary, against: Against) -> str:
    return f"{run.epoch}/{run.epochs}" if run.epochs else NONE


def _epochs(group: Fold, against: Against) -> str:
    done = sorted({run.epoch for run in group.runs})
    planned = max(run.epochs for run in group.runs)
    return f"{done[0]}–{done[-1]}/{planned}" if len(done) > 1 else f"{done[0]}/{planned}"


def _seeds(group: Fold, against: Against) -> str:
    seeds = sorted({run.seed for run in group.runs if run.seed is not None})
    if len(seeds) > 2 and seeds[-1] - seeds[0] == len(seeds) - 1:
        return f"{seeds[0]}–{seeds[-1]}"
    return ",".join(map(str, seeds)) or NONE


def score(value: float | None) -> str:
    """An accuracy in per cent."""
    return NONE if value is None else f"{value:.2f}"


def _mean(group: Fold, against: Against) -> str:
    spread = "" if group.std is None else f" ±{group.std:.2f}"
    counted = len(group.scores)
    return f"{score(group.mean)}{spread}" + (f" ({counted})" if 0 < counted < len(group.runs) else "")


def _average(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return mean(known) if known else None


def _best(group: Fold, against: Against) -> float | None:
    return _average([run.best_top1 for run in group.runs if run.status.status is Status.DONE])


def _smooth(group: Fold, against: Against) -> float | None:
    return _average([run.smooth_top1 for run in group.runs if run.status.status is Status.DONE])


def signed(value: float | None) -> str:
    """A difference with its sign; what rounds to nothing has none."""
    if value is None:
        return NONE
    text = f"{abs(value):.2f}"
    return text if not float(text) else f"{'+' if value > 0 else '−'}{text}"


def _deltas(group: Fold, against: Against) -> float | None:
    done = [run for run in group.runs if run.status.status is Status.DONE]
    return _average([against.delta(run) for run in done or group.runs])


def _time(run: RunSummary, against: Against) -> str:
    if run.eta is not None:
        return f"eta {duration(run.eta)}"
    return NONE if run.status.age_seconds is None else f"{age(run.status.age_seconds)} ago"


COLUMNS = (
    Column(
        "run",
        60,
        0,
        lambda run, against: run.name,
        lambda run, against: run.name.casefold(),
        lambda group, against: f"{group.name} ×{len(group.runs)}",
        lambda group, against: group.name.casefold(),
    ),
    Column(
        "status",
        18,
        0,
        lambda run, against: f"{run.status.glyph} {run.status.word}",
        lambda run, against: str(run.status.status),
        lambda group, against: group.statuses,
    ),
    _field("method", "method", 20, 5),
    _field("pair", "pair", 30, 6),
    Column(
        "seed",
        9,
        8,
        lambda run, _: NONE if run.seed is None else str(run.seed),
        lambda run, _: run.seed,
        _seeds,
        right=True,
    ),
    _field("phase", "phase", 10, 9),
    Column("epoch", 12, 1, _epoch, lambda run, against: run.epoch, _epochs, right=True),
    Column(
        "top-1",
        18,
        0,
        lambda run, against: score(run.last_top1),
        lambda run, against: run.last_top1,
        _mean,
        lambda group, against: group.mean,
        right=True,
    ),
    Column(
        "best",
        6,
        4,
        lambda run, against: score(run.best_top1),
        lambda run, against: run.best_top1,
        lambda group, against: score(_best(group, against)),
        _best,
        right=True,
    ),
    Column(
        "smooth",
        8,
        7,
        lambda run, against: score(run.smooth_top1),
        lambda run, against: run.smooth_top1,
        lambda group, against: score(_smooth(group, against)),
        _smooth,
        right=True,
        usual=False,
    ),
    Column(
        "Δbase",
        7,
        2,
        lambda run, against: signed(against.delta(run)),
        lambda run, against: against.delta(run),
        lambda group, against: signed(_deltas(group, against)),
        _deltas,
        right=True,
    ),
    _field("split", "on", 10, 10),
    Column(
        "age/eta",
        10,
        3,
        _time,
        lambda run, against: run.status.age_seconds,
        right=True,
    ),
    _field("dataset", "data set", 14, 11, usual=False),
    _field("teacher", "teacher", 20, 12, usual=False),
    _field("student", "student", 20, 13, usual=False),
    _field("augment", "augment", 30, 14, usual=False),
    _field("recipe", "recipe", 40, 15, usual=False),
)
BY_TITLE = {column.title: column for column in COLUMNS}
USUAL = tuple(column.title for column in COLUMNS if column.usual)

Sort: TypeAlias = tuple[tuple[str, bool], ...]  # titles of columns, the most important first; True: highest first


def sort_entries(entries: Sequence[Entry], order: Sort, against: Against) -> list[Entry]:
    """`entries` sorted by several columns. What has nothing in a column comes last there, whichever way it is sorted."""
    ordered = list(entries)
    for title, descending in reversed(order):
        column = BY_TITLE[title]
        keyed = [(column.sort_key(entry, against), entry) for entry in ordered]
        present = sorted((pair for pair in keyed if pair[0] is not None), key=lambda pair: pair[0], reverse=descending)
        ordered = [entry for _, entry in present] + [entry for key, entry in keyed if key is None]
    return ordered
