"""The live screen through Textual's pilot: panes, cursor, zoom, baseline, images, log, replay."""

import gc
from pathlib import Path

import pytest
from textual.widgets import Input

from kdconsole.runs.events import Augmented, Phase, Started, Step, Turn, Vitals, encode
from kdconsole.runs.series import Series
from kdconsole.runs.timeline import Timeline
from kdconsole.tui.app import KdApp
from kdconsole.tui.charset import VARIABLE
from kdconsole.tui.log_places import place_in
from kdconsole.tui.place import Place
from kdconsole.tui.replay import Replay
from kdconsole.tui.screens.live import LiveScreen
from kdconsole.tui.screens.log import FileLines, LogScreen
from kdconsole.tui.view_state import Cursor
from tests.tui.fixture_run import Holder, Story, append, finished, make_run
from tests.tui.hard_run import make_hard_run
from tests.tui.screens import has, list_has, live_has, shown, until

SIZES = [(80, 24), (120, 40), (200, 60)]


def live_screen(app: KdApp) -> LiveScreen:
    assert isinstance(app.screen, LiveScreen)
    return app.screen


@pytest.mark.parametrize("size", SIZES)
async def test_a_run_with_an_augmentor_fits_every_size(tmp_path: Path, size: tuple[int, int]) -> None:
    make_hard_run(tmp_path)
    app = KdApp(tmp_path, "hard")
    async with app.run_test(size=size) as pilot:
        text = await until(pilot, live_has("A3 20 it 50.40→50.00 pool 3" if size[0] < 160 else "augmentor 3"))
        rows = shown(app)
        assert len(rows) == size[1] and {len(row) for row in rows} == {size[0]}
        assert has("━", "agree", "ce 33%", "kd 67%")(text)
        if size[0] >= 120:
            await until(
                pilot, has("switch on error", "distillation health", "host · gpu07", "images · step 20", "▀▀▀▀")
            )
        else:
            assert "host · gpu07" not in text and "images ·" not in text


async def test_images_take_the_place_of_charts_where_there_is_little_room(tmp_path: Path) -> None:
    make_hard_run(tmp_path)
    app = KdApp(tmp_path, "hard")
    async with app.run_test() as pilot:
        await until(pilot, live_has("pool 3"))
        await pilot.press("i")
        text = await until(pilot, has("━ images · step 20", "1/4", "▀▀▀▀▀▀▀▀ ▀"))
        assert "loss" not in text
        await pilot.press("i", "o")
        await until(pilot, has("2/4", "after"))
        await pilot.press("tab", "tab")
        await until(pilot, has("━ loss"))


async def test_images_follow_the_cursor(tmp_path: Path) -> None:
    make_hard_run(tmp_path)
    app = KdApp(tmp_path, "hard")
    async with app.run_test(size=(200, 60)) as pilot:
        await until(pilot, has("images · step 20"))
        live_screen(app).action_cursor(-400)
        await until(pilot, has("images · step 0"))


async def test_a_missing_picture_is_named(tmp_path: Path) -> None:
    folder = make_hard_run(tmp_path)
    for file in folder.images.iterdir():
        file.unlink()
    app = KdApp(tmp_path, "hard")
    async with app.run_test(size=(120, 44)) as pilot:
        await until(pilot, has("images/augmented-", "cannot be"))


async def test_the_cursor_moves_through_all_charts_and_zooms(root: Path) -> None:
    app = KdApp(root, "old")
    async with app.run_test(size=(200, 60), notifications=True) as pilot:
        await until(pilot, live_has("✓ done", "learning rate"))
        await pilot.press("left", "left")
        await until(pilot, has("step 1,1", "╎"))
        cursor = live_screen(app).view.cursor
        assert cursor is not None and 1100 < cursor.step < 1200
        await pilot.press("right", "plus", "plus")
        window = live_screen(app).view.windows["step"]
        assert window.low <= cursor.step <= window.high and window.length == pytest.approx(300)
        await pilot.press("left_square_bracket", "minus", "m")
        await until(pilot, has("x axes in steps"))  # for some seconds
        await until(pilot, has("800"))
        await pilot.press("0")
        await until(pilot, lambda text: "╎" not in text)
        assert not live_screen(app).view.windows


async def test_a_zoomed_view_follows_a_growing_run(root: Path, live: Holder) -> None:
    app = KdApp(root, "young")
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, live_has("12/30"))
        await pilot.press("f")
        before = live_screen(app).contents.charts[0].x.ends
        for step in range(600, 610):
            append(live.folder, Step(phase="distill", step=step, epoch=15, epoch_step=1, values={"loss": 1.0}))
        await until(pilot, has("15/30"))
        low, high = live_screen(app).contents.charts[0].x.ends
        assert low > before[0] and high >= 609 and high - low == pytest.approx(before[1] - before[0])


async def test_events_move_the_cursor(root: Path) -> None:
    app = KdApp(root, "old")
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, live_has("✓ done"))
        await pilot.press("down", "down")
        await until(pilot, has("▌", "━ events"))
        await pilot.press("enter")
        await until(pilot, has("╎", "step 1,200"))


async def test_pages_of_charts(tmp_path: Path) -> None:
    make_hard_run(tmp_path)
    app = KdApp(tmp_path, "hard")
    async with app.run_test() as pilot:
        await until(pilot, has("━ loss", "top-1"))
        for key, title in (("n", "━ switch on error"), ("n", "━ held-out loss"), ("N", "━ switch on error")):
            await pilot.press(key)
            await until(pilot, has(title))


async def test_a_baseline_is_chosen_and_left(root: Path, live: Holder) -> None:
    app = KdApp(root, "young")
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, live_has("12/30"))
        await pilot.press("b")
        await until(pilot, has("Compare with which run?", "no baseline", "old"))
        await pilot.press("enter")
        await until(pilot, has("baseline", "vs old"))
        await pilot.press("b")
        await until(pilot, has("Compare with which run?"))
        await pilot.press("up", "enter")
        await until(pilot, lambda text: "vs old" not in text and "Compare" not in text)


async def test_without_finished_runs_there_is_no_baseline(tmp_path: Path) -> None:
    make_run(tmp_path, Story(name="alone", stop_at=3))
    app = KdApp(tmp_path, "alone")
    async with app.run_test(notifications=True) as pilot:
        await until(pilot, live_has("? stale"))
        await pilot.press("b")
        await until(pilot, has("no finished run to compare with"))


async def test_alerts_are_in_the_state_line_and_among_the_events(root: Path, live: Holder) -> None:
    app = KdApp(root, "young")
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, live_has("12/30"))
        append(live.folder, Step(phase="distill", step=490, epoch=13, epoch_step=1, values={"loss": None}))
        await until(pilot, has("! the loss is not a number", "ALERT   the loss is not a number"))
        assert app.title.startswith("! the loss is not a number")


async def test_the_log_is_shown_and_leads_back_to_a_step(root: Path) -> None:
    app = KdApp(root, "old")
    async with app.run_test(size=(100, 30)) as pilot:
        await until(pilot, live_has("✓ done"))
        await pilot.press("L")
        await until(pilot, has("events.jsonl · old", '"type":"finished"', "q back"))
        assert isinstance(app.screen, LogScreen)
        await pilot.press("up", "up", "enter")
        await until(pilot, live_has("step 1,200", "╎"))


async def test_the_log_opens_at_the_cursor_and_the_cursor_goes_where_the_log_was_left(root: Path) -> None:
    (root / "old" / "backend.log").write_text("what it printed\n")
    app = KdApp(root, "old")
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, live_has("✓ done"))
        live_screen(app).view.cursor = Cursor(406.0)
        await pilot.press("L")
        await until(pilot, has("events.jsonl · old"))
        assert isinstance(app.screen, LogScreen)
        await until(pilot, lambda _: selected_place(app) == Place("distill", 404))
        await until(pilot, has('"step":380', '"step":428'))
        await pilot.press("down")
        await until(pilot, lambda _: selected_place(app) == Place("distill", 408))
        await pilot.press("enter")
        await until(pilot, live_has("step 408", "╎"))
        assert live_screen(app).view.cursor == Cursor(408.0)


async def test_a_line_of_another_phase_shows_that_phase(root: Path) -> None:
    app = KdApp(root, "old")
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, live_has("✓ done", "kd"))
        await pilot.press("L")
        await until(pilot, has("events.jsonl · old", '"type":"finished"'))
        await pilot.press("home", "down", "down", "enter")
        text = await until(pilot, live_has("step 4 ", "╎"))
        assert "kd" not in text.split("top-1")[0].split("loss")[1] and live_screen(app).view.phase == "teacher"


def selected_place(app: KdApp) -> Place | None:
    lines = app.screen.query_one(FileLines)
    found = lines.file.lines(lines.selected, 1)
    return place_in(found[0]) if found else None


async def test_a_log_without_lines_and_the_other_file(root: Path) -> None:
    (root / "old" / "backend.log").write_text("a warning\x1b[31m of torch\n")
    app = KdApp(root, "old")
    async with app.run_test(size=(100, 30)) as pilot:
        await until(pilot, live_has("✓ done"))
        await pilot.press("L")
        text = await until(pilot, has("backend.log · old", "a warning\\x1b[31m of torch", "1 of 1 lines"))
        assert "\x1b" not in text
        await pilot.press("tab")
        await until(pilot, has("events.jsonl", '"type":"finished"'))
        await pilot.press("home")
        await until(pilot, has('"type":"started"'))
        await pilot.press("q")
        await until(pilot, live_has("✓ done"))


@pytest.mark.parametrize("charset", ["ascii", "block"])
@pytest.mark.parametrize("size", SIZES)
async def test_terminals_without_braille(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, charset: str, size: tuple[int, int]
) -> None:
    monkeypatch.setenv(VARIABLE, charset)
    make_hard_run(tmp_path)
    app = KdApp(tmp_path, "hard")
    async with app.run_test(size=size) as pilot:
        text = await until(pilot, has("d detach", "pool 3", "agree"))
        await pilot.press("question_mark")
        text += await until(pilot, has(" keys "))
        assert not any("\u2800" <= char <= "\u28ff" for char in text)
        assert charset == "block" or text.isascii()
        assert {len(row) for row in shown(app)} == {size[0]}


@pytest.mark.parametrize("size", [*SIZES, (50, 16), (200, 90)])
async def test_the_list_of_keys_keeps_its_head_and_its_foot(tmp_path: Path, size: tuple[int, int]) -> None:
    make_hard_run(tmp_path)
    app = KdApp(tmp_path, "hard")
    async with app.run_test(size=size) as pilot:
        await until(pilot, live_has("hard"))
        await pilot.press("question_mark")
        rows = (await until(pilot, has("q close"))).splitlines()
        top = next(place for place, row in enumerate(rows) if "╭" in row)
        bottom = next(place for place, row in enumerate(rows) if "╰" in row)
        assert "keys" in rows[top + 1] and "q close" in rows[bottom - 1]
        assert sum("│ " in row and row.strip(" │") != "" for row in rows[top + 2 : bottom - 1]) >= bottom - top - 5
        await pilot.press("end")
        await until(pilot, has("quit from anywhere", "q close"))


HOSTILE = "[red]x[/red]\x1b[2J\x07\u202e" * 3


@pytest.mark.parametrize("size", SIZES)
async def test_hostile_text_of_an_augmentors_run(tmp_path: Path, size: tuple[int, int]) -> None:
    written = [
        Started(t=1.0, run="r", recipe_hash="", pid=1, host=HOSTILE, device="d", seed=0),
        Phase(t=1.0, phase="p", index=0, total=1, epochs=1, steps=9, weights={HOSTILE: 1.0, "b": 1.0}),
        Turn(t=1.0, phase="p", step=0, epoch=1, iteration=0, turn=HOSTILE, number=1, reason=HOSTILE, quantity=1.0,
             quantity_name=HOSTILE, low=1.0, high=2.0, pool=1),
        Augmented(t=1.0, phase="p", step=0, epoch=1, iteration=0, path=HOSTILE, facts={HOSTILE: 1.0}),
        *(Step(t=2.0 + n, phase="p", step=n + 1, epoch=1, epoch_step=1, turn=HOSTILE, iteration=n + 1,
               values={"loss": 1.0, f"loss/{HOSTILE}": 1.0, "loss/b": 1.0, "hard/quantity": 1.0, f"hard/{HOSTILE}": 2.0,
                       HOSTILE: 3.0}) for n in range(3)),
        Vitals(t=9.0, values={HOSTILE: 1.0, "gpu": 3.0}),
    ]  # fmt: skip
    folder = make_run(tmp_path, Story(name="r", epochs=0, teacher_epochs=0))
    folder.events.write_bytes(b"".join(encode(event) for event in written))
    folder.log.write_text(HOSTILE + "\n")
    app = KdApp(tmp_path, "r")
    async with app.run_test(size=size) as pilot:
        text = await until(pilot, live_has("loss", "b 50%" if size[0] >= 120 else "pool 1"))
        for keys in (("i",), ("n", "left", "plus"), ("tab", "z"), ("z", "L")):
            await pilot.press(*keys)
            text += "\n".join(shown(app))
        text += await until(pilot, has("events.jsonl", "of 8"))
        await pilot.press("tab")
        text += await until(pilot, has("backend.log", "1 of 1"))
        assert not set(text) & {"\x1b", "\x07", "\u202e"}
        assert {len(row) for row in shown(app)} == {size[0]}
        assert not app.query(Input)


async def test_a_run_that_was_left_is_forgotten(tmp_path: Path) -> None:
    """Its curves are most of what the console takes; whoever comes and goes must not pile them up."""
    make_hard_run(tmp_path)
    app = KdApp(tmp_path)
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, list_has("hard"))
        for _ in range(6):
            await pilot.press("enter")
            await until(pilot, live_has("pool 3"))
            await pilot.press("q")
            await until(pilot, list_has("hard"))
        gc.collect()
        kept = [thing for thing in gc.get_objects() if isinstance(thing, LiveScreen)]
        assert len(kept) <= 2  # the event loop may still hold the last one's thread


async def test_curves_go_at_once_with_what_showed_them(root: Path) -> None:
    """Not when Python next looks for circles, which may be much later."""

    def drawn() -> list[Series]:
        return [thing for thing in gc.get_objects() if isinstance(thing, Series) and len(thing)]

    app = KdApp(root)
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, list_has("old", "top-1 %"))
        gc.collect()
        assert drawn()
        gc.disable()
        try:
            await pilot.press("enter")
            await until(pilot, live_has("top-1 %"))
            await pilot.press("q")
            await until(pilot, list_has("old", "top-1 %"))
            await pilot.press("p")
            await until(pilot, lambda text: not drawn())
        finally:
            gc.enable()


# -- replay -----------------------------------------------------------------------------------------------------------


async def test_a_replay_plays_pauses_and_hops(tmp_path: Path) -> None:
    make_run(tmp_path, Story(name="done"), finished(Story(name="done")))
    player = Replay(Timeline(tmp_path / "done" / "events.jsonl"), speed=1e-3)
    app = KdApp(tmp_path, "done", replay=player)
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await until(pilot, has("▸ replay ×0.001", "space pause"))
        await pilot.press("space")
        await until(pilot, has("▸ paused"))
        await pilot.press(".", ".")
        await until(pilot, has("2/10"))
        await pilot.press(",")
        await until(pilot, has("1/10"))
        await pilot.press("x")
        await until(pilot, has("A replay asks nothing of a run."))
        assert not (tmp_path / "done" / "control.jsonl").exists()
        for _ in range(60):
            player.hop(1)
        await until(pilot, has("took 13m32s"))
        await pilot.press("q")
        await until(pilot, has("q quit", "done"))


async def test_a_replay_of_turns_draws_what_the_run_drew(tmp_path: Path) -> None:
    make_hard_run(tmp_path)
    player = Replay(Timeline(tmp_path / "hard" / "events.jsonl"), speed=1e6)
    app = KdApp(tmp_path, "hard", replay=player)
    async with app.run_test(size=(200, 60)) as pilot:
        await until(pilot, has("replay ended", "augmentor 3  20 iterations", "switch on error"))
