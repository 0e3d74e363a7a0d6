"""The list of runs: filter, columns, sorting, groups, marks, baselines, preview, and what it does to runs."""

import json
import os
import shutil
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from kdconsole.runs.layout import RunFolder, index_file, run_names
from kdconsole.runs.listing import Listing, RunSummary, list_runs
from kdconsole.runs.trash import trash_of
from kdconsole.tui.app import KdApp
from kdconsole.tui.screens.compare import CompareScreen
from kdconsole.tui.screens.live import LiveScreen
from kdconsole.tui.screens.runs import RunsScreen
from kdconsole.tui.views import View
from kdconsole.tui.widgets.run_table import RunTable
from tests.backends import Typed
from tests.tui.complete_runs import complete_run
from tests.tui.fixture_run import Holder, Story, make_run
from tests.tui.screens import has, shown, until

WIDE = (160, 40)


def names(app: KdApp) -> list[str]:
    """The rows of the table from top to bottom, as the person reads their names."""
    return [row.entry.name for row in app.screen.query_one(RunTable).rows]


async def select(pilot: Pilot[int], name: str) -> None:
    """Move the selection to the row called `name`."""
    table = pilot.app.screen.query_one(RunTable)
    table.select(next(place for place, row in enumerate(table.rows) if row.entry.name == name))
    await pilot.pause()


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 60), (50, 12)])
async def test_the_list_its_groups_and_its_preview_fit_every_size(runs: Path, size: tuple[int, int]) -> None:
    app = KdApp(runs)
    async with app.run_test(size=size) as pilot:
        await until(pilot, has("7 runs", "kd-w-s0"))
        await pilot.press("g", "b")
        await until(pilot, has("▸ dkd ×3", "▸ kd ×3"))
        if size[1] >= 18:
            await until(pilot, lambda text: "└" in text and any("\u2800" < sign <= "\u28ff" for sign in text))
        rows = shown(app)
        assert len(rows) == size[1] and {len(row) for row in rows} == {size[0]}
        assert "quit" in rows[-1]
        if size[0] >= 120:
            assert has("wrn_40_2→wrn_16_2", "0–2", "75.00 ±0.20", "Δbase")("\n".join(rows))


async def test_the_filter_works_while_it_is_typed_and_a_mistake_is_named(runs: Path) -> None:
    app = KdApp(runs)
    async with app.run_test(size=WIDE) as pilot:
        await until(pilot, has("7 runs"))
        await pilot.press("slash", *"method:dkd acc>76.3")
        await until(pilot, has("1 of 7 runs"))
        assert names(app) == ["dkd-s1"]
        await pilot.press(*" (seed>")
        await until(pilot, has("↑ a value is missing after “seed>”"))
        assert names(app) == ["dkd-s1"]  # what was understood last holds
        await pilot.press(*"5)")
        await until(pilot, has("No run fits"))
        await pilot.press("enter", "backspace")
        await until(pilot, lambda text: "7 runs" in text and "of 7" not in text)
        assert not app.screen.query_one("#filter", Input).display


async def test_groups_show_mean_and_spread_of_complete_runs_and_open(runs: Path) -> None:
    app = KdApp(runs)
    async with app.run_test(size=WIDE) as pilot:
        await until(pilot, has("7 runs"))
        await pilot.press("g")
        text = await until(
            pilot, has("▸ kd ×3", "✓ 3", "75.00 ±0.20", "▸ dkd ×3", "? 1  ✓ 2", "0–2", "2–4/4", "76.30 ±0.14 (2)")
        )
        assert "kd-s1" not in "".join(text.splitlines()[:8])
        await select(pilot, "kd")
        await pilot.press("enter")
        await until(pilot, has("▾ kd ×3", "  kd-s1"))
        await pilot.press("down", "enter")
        await pilot.pause()
        assert isinstance(app.screen, LiveScreen) and app.screen.run_name == "kd-s2"
        await pilot.press("q")
        await until(pilot, has("▾ kd ×3"))
        await pilot.press("g")
        await until(pilot, lambda text: "×3" not in text)


async def test_sorting_by_several_columns_in_both_directions(runs: Path) -> None:
    app = KdApp(runs)
    async with app.run_test(size=WIDE) as pilot:
        await until(pilot, has("7 runs"))
        await pilot.press("S", "j", "j", "space", "space", *"jjjjj", "space")
        await until(pilot, has("▲1  method", "▼2  top-1"))
        await pilot.press("enter")
        await until(pilot, has("method ▲1", "top-1 ▼2"))
        assert names(app) == ["dkd-s1", "dkd-s0", "dkd-s2", "kd-s2", "kd-s1", "kd-s0", "kd-w-s0"]
        await pilot.press("S", "j", "j", "space", "q")
        assert names(app)[0] == "dkd-s1"  # q leaves things as they were


async def test_columns_are_chosen_and_the_name_always_stays(runs: Path) -> None:
    app = KdApp(runs)
    async with app.run_test(size=WIDE) as pilot:
        await until(pilot, has("7 runs", "status"))
        await pilot.press("o", "space", "end", "pagedown", "pagedown", "space", "enter")
        await until(pilot, lambda text: "recipe" in text.splitlines()[1] and "status" not in text.splitlines()[1])
        assert "kd-w-s0" in "\n".join(shown(app))


async def test_accuracy_can_be_smoothed_and_sorted_by(runs: Path) -> None:
    app = KdApp(runs)
    async with app.run_test(size=WIDE) as pilot:
        await until(pilot, has("7 runs"))
        screen = app.screen
        assert isinstance(screen, RunsScreen)
        screen.view = View(columns=("run", "top-1", "smooth"), order=(("smooth", True),))
        await until(pilot, has("smooth ▼", "65.30"))  # of 51, 62, 72 and 76.2
        assert names(app)[:2] == ["dkd-s1", "dkd-s0"]


async def test_a_baseline_is_compared_with_at_the_same_epoch(runs: Path) -> None:
    app = KdApp(runs)
    async with app.run_test(size=WIDE) as pilot:
        text = await until(pilot, has("7 runs"))
        assert "Δbase" not in text
        await select(pilot, "kd-s1")
        await pilot.press("b")
        text = await until(pilot, has("Δbase"))
        rows = {name: next(row for row in text.splitlines() if f"{name} " in row) for name in run_names(runs)}
        assert "+1.50" in rows["dkd-s2"]  # killed at epoch 2, where the median of kd is 60
        assert "+1.40" in rows["dkd-s1"] and "0.00" in rows["kd-s1"] and "−0.20" in rows["kd-s0"]
        assert "  –  " in rows["kd-w-s0"]  # another student: nothing to compare with
        assert "◇" in rows["kd-s0"] and "◇" not in rows["dkd-s1"]
        await pilot.press("b")
        await until(pilot, lambda text: "Δbase" not in text)


async def test_the_preview_follows_the_selection(runs: Path) -> None:
    app = KdApp(runs)
    async with app.run_test(size=WIDE) as pilot:
        await until(pilot, has("7 runs"))
        await select(pilot, "dkd-s1")
        await until(pilot, has("dkd-s1  recipe beside", "method kd → dkd", "76.40"))
        await pilot.press("p")
        await until(pilot, lambda text: "recipe beside" not in text and "└" not in text)
        await pilot.press("p")
        await until(pilot, has("recipe beside", "└"))


def curves(app: KdApp) -> list[str]:
    """The rows of the screen that show some, without what a dialog covers."""
    return [row[:8] for row in shown(app) if any("\u2800" < sign <= "\u28ff" for sign in row)]


async def test_the_preview_stays_behind_a_dialog_and_fits_another_size(runs: Path) -> None:
    app = KdApp(runs)
    async with app.run_test(size=WIDE) as pilot:
        await until(pilot, has("7 runs"))
        await select(pilot, "dkd-s2")
        await until(pilot, lambda text: bool(curves(app)))
        before = curves(app)
        await pilot.press("r")
        await until(pilot, has("Resume dkd-s2?"))
        await pilot.pause(0.3)
        assert curves(app) == before
        await pilot.press("n")
        await pilot.resize_terminal(110, 40)
        await until(pilot, lambda text: all(len(row) == 110 for row in shown(app)))
        await pilot.pause(0.3)
        resized = shown(app)
        await pilot.press("p")
        await until(pilot, lambda text: not curves(app))
        await pilot.press("p")
        await until(pilot, lambda text: shown(app) == resized)


async def test_a_first_reading_that_takes_long_is_soon_followed_by_the_next(
    runs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It has all logs to read, later ones look only for what has changed."""
    refresh, waits = Listing.refresh, [0.5]

    def slow_at_first(listing: Listing) -> list[RunSummary]:
        time.sleep(waits.pop() if waits else 0.0)
        return refresh(listing)

    monkeypatch.setattr(Listing, "refresh", slow_at_first)
    monkeypatch.setattr("kdconsole.tui.screens.runs.SHARE", 100)
    app = KdApp(runs)
    async with app.run_test(size=WIDE) as pilot:
        await until(pilot, has("7 runs"))
        make_run(runs, Story(name="another"))
        await until(pilot, has("8 runs"))


async def test_who_comes_back_sees_the_list_as_it_is_now(runs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kdconsole.tui.screens.runs.REFRESH_SECONDS", 1000.0)
    app = KdApp(runs)
    async with app.run_test(size=WIDE) as pilot:
        await until(pilot, has("7 runs"))
        make_run(runs, Story(name="another"))
        await pilot.press("question_mark")
        await until(pilot, has("q close"))
        await pilot.press("q")
        await until(pilot, has("8 runs"))


async def test_marked_runs_are_compared(runs: Path) -> None:
    app = KdApp(runs)
    async with app.run_test(size=WIDE) as pilot:
        await until(pilot, has("7 runs"))
        for name in ("kd-s0", "dkd-s1"):
            await select(pilot, name)
            await pilot.press("space")
        await until(pilot, has("◆ 2 marked"))
        await pilot.press("C")
        await until(pilot, has("◆ 2 marked runs", "74.80 (1)", "76.40 (1)"))
        assert isinstance(app.screen, CompareScreen)
        await pilot.press("a")
        await until(pilot, has("75.00 ±0.20 (3)"))
        await pilot.press("1")
        await until(pilot, has("◆ 2 marked", "7 runs"))
        await pilot.press("backspace")
        await until(pilot, lambda text: "◆" not in text)


async def test_a_group_is_marked_as_one(runs: Path) -> None:
    app = KdApp(runs)
    async with app.run_test(size=WIDE) as pilot:
        await until(pilot, has("7 runs"))
        await pilot.press("g")
        await until(pilot, has("▸ kd ×3"))
        await select(pilot, "kd")
        await pilot.press("space")
        await until(pilot, has("◆ 3 marked"))
        await select(pilot, "kd")
        await pilot.press("space")
        await until(pilot, lambda text: "◆" not in text)


async def test_a_marked_run_that_is_gone_is_not_marked_any_more(runs: Path) -> None:
    app = KdApp(runs)
    async with app.run_test(size=WIDE) as pilot:
        await until(pilot, has("7 runs"))
        await select(pilot, "kd-s0")
        await pilot.press("space")
        await until(pilot, has("◆ 1 marked"))
        shutil.rmtree(runs / "kd-s0")
        await until(pilot, lambda text: "6 runs" in text and "◆" not in text)


async def test_deleting_asks_and_moves_into_the_trash(runs: Path) -> None:
    app = KdApp(runs)
    async with app.run_test(size=WIDE) as pilot:
        await until(pilot, has("7 runs"))
        await select(pilot, "kd-s1")
        await pilot.press("D")
        await until(pilot, has("Move kd-s1 into the trash?"))
        await pilot.press("enter", "n")
        assert "kd-s1" in run_names(runs)
        await pilot.press("D", "y")
        await until(pilot, has("6 runs"))
        assert run_names(trash_of(runs)) == ["kd-s1"]


async def test_a_live_run_is_never_deleted(root: Path, live: Holder) -> None:
    app = KdApp(root)
    async with app.run_test(notifications=True) as pilot:
        await until(pilot, has("young", "old"))
        await select(pilot, "young")
        await pilot.press("D")
        await until(pilot, has("“young” is live"))
        assert isinstance(app.screen, RunsScreen)
        assert run_names(root) == ["old", "young"]


async def test_a_run_that_begins_while_the_question_stands_is_not_deleted(runs: Path) -> None:
    app = KdApp(runs)
    async with app.run_test(size=WIDE, notifications=True) as pilot:
        await until(pilot, has("7 runs"))
        await select(pilot, "dkd-s2")
        await pilot.press("D")
        await until(pilot, has("Move dkd-s2"))
        holder = Holder(RunFolder(runs / "dkd-s2"))
        await pilot.press("y")
        await until(pilot, has("cannot be moved"))
        holder.release()
        assert "dkd-s2" in run_names(runs)


async def test_only_runs_that_can_go_on_are_resumed(runs: Path, started: list[list[str]]) -> None:
    app = KdApp(runs)
    async with app.run_test(size=WIDE, notifications=True) as pilot:
        await until(pilot, has("7 runs"))
        await select(pilot, "kd-s0")
        await pilot.press("r")
        await until(pilot, has("is finished"))
        await select(pilot, "dkd-s2")
        await pilot.press("r")
        await until(pilot, has("Resume dkd-s2?"))
        await pilot.press("y")
        await until(pilot, has("dkd-s2 goes on"))
    assert started == [["dkd-s2"]]


async def test_a_backend_that_dies_at_once_is_told_with_its_last_words(
    runs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.executable", shutil.which("false"))
    monkeypatch.setattr("kdconsole.tui.app.LOOK_SECONDS", 0.05)
    app = KdApp(runs)
    async with app.run_test(size=WIDE, notifications=True) as pilot:
        await until(pilot, has("7 runs"))
        RunFolder(runs / "dkd-s2").log.write_text("an old word\n", encoding="utf-8")
        await select(pilot, "dkd-s2")
        await pilot.press("r", "y")
        text = await until(pilot, has("dkd-s2 was not started"))
        assert "an old word" not in text


async def test_a_view_is_kept_and_taken_again(
    runs: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path_factory.mktemp("config")))
    app = KdApp(runs)
    async with app.run_test(size=WIDE) as pilot:
        await until(pilot, has("7 runs"))
        await pilot.press("slash", *"method=kd", "enter", "g", "V", "pagedown", "enter")
        await until(pilot, has("keep this view as"))
        await pilot.press("enter")
        await until(pilot, has("a name is needed"))
        await pilot.press(*"mine", "enter")
        await pilot.press("V", "enter")  # the first: all runs
        await until(pilot, lambda text: "7 runs" in text and "×3" not in text)
    again = KdApp(runs)
    async with again.run_test(size=WIDE) as pilot:
        await until(pilot, has("7 runs"))
        await pilot.press("V", "pagedown", "k")
        await until(pilot, has("mine"))
        await pilot.press("enter")
        await until(pilot, has("4 of 7 runs", "▸ kd ×3"))


@pytest.mark.parametrize("size", [(80, 24), (200, 60)])
async def test_hostile_names_are_shown_and_do_nothing(tmp_path: Path, size: tuple[int, int]) -> None:
    bad = "[red]x[@red]\x1b[2J\u202e漢字"
    for seed in (0, 1):
        complete_run(
            tmp_path, f"[b]{bad}", seed, (50.0, 60.0), name=f"[bold]{bad}-s{seed}", student=bad, teacher=bad, recipe="h"
        )
    app = KdApp(tmp_path)
    async with app.run_test(size=size, notifications=True) as pilot:
        await until(pilot, has("2 runs", "[bold]"))
        text = ""
        for keys in (["g"], ["enter"], ["b"], ["space"], ["D"], ["y"]):
            await pilot.press(*keys)
            await pilot.pause()
            text += "\n".join(shown(app))
        await until(pilot, has("in the trash"))
        text += "\n".join(shown(app))
        assert not set(text) & {"\x1b", "\x07", "\u202e"}


async def test_ten_thousand_rows_are_drawn_as_ten(tmp_path: Path) -> None:
    """Only what is visible is drawn, sorted and filtered rows included."""
    make_run(tmp_path, Story(name="one", teacher_epochs=0, stop_at=0))
    app = KdApp(tmp_path)
    async with app.run_test() as pilot:
        await until(pilot, has("1 run"))
        screen = app.screen
        assert isinstance(screen, RunsScreen)
        one = screen.runs[0]
        drawn: list[int] = []
        table = screen.query_one(RunTable)
        render_line = table.render_line
        table.render_line = lambda y: (drawn.append(y), render_line(y))[1]  # type: ignore[method-assign]
        screen.runs = [one] * 10_000
        screen._redraw()
        await until(pilot, has("10000 runs"))
        assert len(drawn) < 100


def _delete(root: Path) -> None:
    shutil.rmtree(root / "kd-s0")


def _rename(root: Path) -> None:
    (root / "kd-s0").rename(root / "renamed")


def _exchange(root: Path) -> None:
    (root / "kd-s0").rename(root / "other")
    (root / "dkd-s0").rename(root / "kd-s0")
    (root / "other").rename(root / "dkd-s0")


def _go_on(root: Path) -> None:
    shutil.copy(root / "dkd-s1" / "events.jsonl", root / "dkd-s2" / "events.jsonl")


def _lose_the_log(root: Path) -> None:
    (root / "kd-s1" / "events.jsonl").unlink()


def _add(root: Path) -> None:
    complete_run(root, "crd", 0, (1.0, 2.0))


@pytest.mark.parametrize("change", [_delete, _rename, _exchange, _go_on, _lose_the_log, _add])
async def test_the_list_and_ls_agree_whatever_happens_behind_the_index(
    runs: Path, typed: Typed, monkeypatch: pytest.MonkeyPatch, change: Callable[[Path], None]
) -> None:
    """As with thousands of runs: an index is kept, and each refresh of an open list looks at a part of the runs alone."""
    monkeypatch.setattr("kdconsole.runs.index._LEAST", 1)
    monkeypatch.setattr("kdconsole.runs.listing.LOOKS", 2)
    monkeypatch.setattr("kdconsole.tui.screens.runs.REFRESH_SECONDS", 0.05)
    for events in runs.glob("*/events.jsonl"):
        os.utime(events, (1.7e9, 1.7e9))  # what has changed just now is kept by no index

    def facts(found: Sequence[RunSummary]) -> list[tuple[object, ...]]:
        return [(run.name, run.status.status, run.seed, run.epoch, run.last_top1) for run in found]

    app = KdApp(runs)
    async with app.run_test(size=WIDE) as pilot:
        await until(pilot, has("7 runs"))
        assert index_file(runs).exists()
        screen = app.screen
        assert isinstance(screen, RunsScreen)
        before = facts(screen.runs)
        change(runs)
        found = facts(list_runs(runs))
        assert found != before
        await until(pilot, lambda _: facts(screen.runs) == found)
    for _ in range(2):
        told = json.loads(typed("ls", "--json", root=runs)[1])
        assert [(run["run"], run["status"], run["seed"], run["epoch"], run["last_top1"]) for run in told] == found
        index_file(runs).unlink(missing_ok=True)  # the second time, each run tells by itself


async def test_no_colour_needs_no_colour(runs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    app = KdApp(runs)
    async with app.run_test(size=WIDE) as pilot:
        await until(pilot, has("7 runs"))
        await select(pilot, "kd-s1")
        await pilot.press("space", "k", "b")
        await until(pilot, has("▌", "◈", "◇", "✓ done", "? stale"))
