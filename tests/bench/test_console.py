"""The console's benchmark measures the real console on runs that every reader takes for real."""

import sys
from pathlib import Path

import pytest

from kdconsole.bench.console.growth import growth
from kdconsole.bench.console.leet import leet
from kdconsole.bench.console.logs import finished_run, live_run
from kdconsole.bench.console.report import Figure, line
from kdconsole.bench.console.session import CHART, SMALL, Load, Marks, console, key_latencies, percentile, seen
from kdconsole.errors import UserError
from kdconsole.runs.listing import list_runs
from kdconsole.runs.reader import load_state
from kdconsole.runs.status import Status
from tests.backends import REPOSITORY


@pytest.fixture(autouse=True)
def importable(monkeypatch: pytest.MonkeyPatch) -> None:
    """The console is this checkout's, installed or not."""
    monkeypatch.setenv("PYTHONPATH", str(REPOSITORY))


def test_made_up_runs_are_as_they_claim(tmp_path: Path) -> None:
    over = finished_run(tmp_path, "over", 3, epochs=4, per_epoch=5, terms=7)
    state = load_state(over)
    assert len(state.series["distill", "loss"]) == 20
    assert len([key for key in state.series if key[0] == "distill" and "/" not in key[1].removeprefix("loss/")]) == 9
    with live_run(tmp_path, "live") as run:
        before = load_state(run.folder).step
        run.grow()
        assert load_state(run.folder).step > before
        found = {each.name: (each.status.status, each.epoch, each.epochs) for each in list_runs(tmp_path)}
    assert found == {"over": (Status.DONE, 4, 4), "live": (Status.LIVE, 50, 120)}


@pytest.mark.parametrize("program", ["kdconsole", "kdconsole.bench.console.far_files"])
def test_events_and_keys_are_seen_on_the_screen(tmp_path: Path, program: str) -> None:
    with live_run(tmp_path, "live") as run, console(tmp_path, "live", SMALL, program=program) as terminal:
        seen(terminal, CHART)
        load, marks, since = Load(run), Marks(run), len(terminal.sent)
        marks.log()
        seen(terminal, marks.logged[0][0], since)
        ((logged, shown),) = marks.arrivals(terminal, since)
        assert logged < shown
        assert all(delay > 0 for delay in key_latencies(terminal, load, 2))
        assert terminal.cpu_seconds() > 0 and terminal.resident_mib() > 10


def test_a_link_takes_its_time(tmp_path: Path) -> None:
    finished_run(tmp_path, "over", 3, epochs=4, per_epoch=5)
    delay = 0.3
    with console(tmp_path, "over", SMALL, rate=1 << 20, delay=delay) as terminal:
        seen(terminal, CHART)
        since = len(terminal.sent)
        typed = terminal.type("\t")
        assert seen(terminal, "━ top-1 %".encode(), since) - typed > 2 * delay


def test_figures_say_whether_they_are_good_enough() -> None:
    assert [Figure("", 2.0, "ms", target).met for target in (1.0, 3.0, None)] == [False, True, None]
    assert Figure("", 4.0, "Hz", 3.0, least=True).met
    assert line(Figure("a key", 2.0, "ms", 3.0)).split() == ["✓", "a", "key", "2.00", "ms", "≤", "3", "ms"]
    assert percentile([3.0, 1.0, 2.0], 0.95) == 3.0


def test_drawing_is_measured_for_short_and_long_curves() -> None:
    long, ratio = growth(3000)
    assert long.found > 0 and ratio.found > 0


def test_leet_is_measured_only_where_there_is_wandb() -> None:
    with pytest.raises(UserError, match="has no wandb: ModuleNotFoundError"):
        next(leet(Path(sys.executable)))
