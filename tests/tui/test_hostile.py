"""Every screen on runs that try to drive the terminal."""

from collections.abc import Callable
from pathlib import Path

import pytest
from textual.pilot import Pilot

from kdconsole.runs.timeline import Timeline
from kdconsole.tui.app import KdApp
from kdconsole.tui.replay import Replay
from tests.hostile import NAME, hostile_runs, is_harmless
from tests.tui.pty_app import PtyApp
from tests.tui.screens import has, list_has, live_has, until

SIZES = [(80, 24), (200, 60)]
SEEN = "[red]x"  # is there to be read, and nothing is red


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    """See `hostile_runs`."""
    hostile_runs(tmp_path / "runs")
    return tmp_path / "runs"


async def look(pilot: Pilot[int], seen: Callable[[str], bool]) -> None:
    """Wait for a screen, and see that it is harmless."""
    text = await until(pilot, seen)
    assert is_harmless(text)
    assert is_harmless(pilot.app.title)


async def go_through(pilot: Pilot[int], steps: list[tuple[str, Callable[[str], bool]]]) -> None:
    """Press the keys of each step, separated by spaces, and look."""
    for keys, seen in steps:
        await pilot.press(*keys.split())
        await look(pilot, seen)


@pytest.mark.parametrize("size", SIZES)
async def test_the_list_and_what_it_asks(runs: Path, size: tuple[int, int]) -> None:
    app = KdApp(runs)
    async with app.run_test(size=size, notifications=True) as pilot:
        await look(pilot, list_has("6 runs", SEEN))
        await go_through(
            pilot,
            [
                ("g", has("▸")),
                ("g b", list_has(SEEN)),
                ("o", has("columns")),
                ("space end space pageup space enter", list_has("6 runs")),
                ("V", has("views")),
                ("q D", has("into the trash?", SEEN)),
                ("n slash [ r e d", list_has("[red")),
                ("enter escape end D y", has("in the trash")),
                ("home r", has("Resume ")),
            ],
        )


@pytest.mark.parametrize("size", SIZES)
async def test_a_run_its_log_and_its_clone(runs: Path, size: tuple[int, int]) -> None:
    app = KdApp(runs, "plain")
    async with app.run_test(size=size, notifications=True) as pilot:
        await look(pilot, live_has("✓ done", SEEN))
        await go_through(
            pilot,
            [
                ("i", live_has("✓ done")),
                ("n left plus p", live_has("✓ done")),
                ("0 tab z", live_has("✓ done")),
                ("z L", has("backend.log", SEEN)),
                ("tab", has("events.jsonl", SEEN)),
                ("q b", has("Compare with which run")),
                ("enter", live_has("✓ done")),
                ("c", has("R run", SEEN)),
                ("t", has(SEEN)),
            ],
        )


@pytest.mark.parametrize("name", ["failed", "stopped", "killed"])
async def test_other_ends_of_a_run(runs: Path, name: str) -> None:
    app = KdApp(runs, name)
    async with app.run_test(size=(200, 60)) as pilot:
        await look(pilot, live_has(SEEN))


@pytest.mark.parametrize("size", SIZES)
async def test_the_comparison_and_the_differences(runs: Path, size: tuple[int, int]) -> None:
    app = KdApp(runs)
    async with app.run_test(size=size, notifications=True) as pilot:
        await look(pilot, list_has(SEEN))
        await go_through(
            pilot,
            [
                ("4", has("compare", SEEN, "60.50")),
                ("down", has("compare", SEEN)),
                ("d", has("settings differ", SEEN)),
                ("u", has("train.epochs", SEEN)),
                ("q enter", has("seed ", SEEN)),
                ("q g", has("a row for each")),
                ("q R", has("seed")),
                ("n m m", has("compare", SEEN)),
                ("y", has("copied")),
            ],
        )


async def test_a_replay(runs: Path) -> None:
    app = KdApp(runs, "plain", replay=Replay(Timeline(runs / "plain" / "events.jsonl"), speed=1e9))
    async with app.run_test(size=(200, 60)) as pilot:
        await look(pilot, has("replay ended", SEEN))


def test_nothing_of_it_reaches_a_real_terminal(runs: Path) -> None:
    with PtyApp(runs, size=(120, 40)) as app:
        app.until(list_has(SEEN))
        app.press("\r")
        app.until(live_has(SEEN))
        app.press("L")
        app.until(has("backend.log", SEEN))
        app.press("q4")
        app.until(has("kdconsole   compare", SEEN, "60.50"))
        app.press("Q")
        assert app.end() == 0
        for sequence in (b"\x1b]0;owned", b"\x1b[2J", "\x9b".encode(), "\u202e".encode(), NAME.encode()):
            assert sequence not in app.sent
