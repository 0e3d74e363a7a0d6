"""Runs side by side on the screen: what is shown, what is missing, and what can be taken along."""

import subprocess
import sys
from pathlib import Path

import pytest
from textual.pilot import Pilot

from kdconsole.recipe.write import recipe_toml
from kdconsole.runs.layout import RunFolder, run_names
from kdconsole.runs.reader import is_finished
from kdconsole.tui.app import KdApp
from kdconsole.tui.screens.build import BuildScreen
from kdconsole.tui.screens.compare import CompareScreen
from kdconsole.tui.screens.live import LiveScreen
from kdconsole.tui.screens.pick import PickOne
from kdconsole.tui.widgets.grid import Grid
from tests.backends import ALONE, Backend, kdconsole
from tests.recipe.helpers import load
from tests.tui.complete_runs import complete_run
from tests.tui.screens import has, shown, until

WIDE = (140, 40)


def stored(method: str, student: str, epochs: int) -> str:
    """A run's recipe as its folder holds it."""
    text = f"""method = "{method}"
student = "{student}"
teacher = {{ arch = "wrn_40_2", train = {{}} }}
data = "cifar100"
train = {{ epochs = {epochs} }}
"""
    return recipe_toml(load(text))


async def opened(pilot: Pilot[int], *words: str) -> str:
    """The comparison, once it shows `words`."""
    await until(pilot, has("runs"))
    await pilot.press("4")
    return await until(pilot, has("compare", *words))


def line(text: str, label: str) -> str:
    """The row of the table that begins with `label`."""
    return next(row for row in text.splitlines() if row[1:].startswith(label))


async def go_to(pilot: Pilot[int], label: str, column: int = 0) -> None:
    """Select a cell by its row's label."""
    grid = pilot.app.screen.query_one(Grid)
    grid.select(next(i for i, row in enumerate(grid.data.rows) if row[0].text.startswith(label)), column)
    await pilot.pause()


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 60), (60, 14)])
async def test_table_cell_and_curves_fit_every_size(runs: Path, size: tuple[int, int]) -> None:
    app = KdApp(runs)
    async with app.run_test(size=size) as pilot:
        text = await opened(pilot, "75.00 ±0.20 (3)")
        rows = shown(app)
        assert len(rows) == size[1] and {len(row) for row in rows} == {size[0]}
        assert "back" in rows[-1]
        if size[1] >= 16:
            text = await until(pilot, has("└", "kd (3)"))
        if size[0] >= 80:
            assert has("kd (baseline)", "76.30 ±0.14 (2)", "73.50 (1)", "avg Δ", "1 not counted")(text)
            assert has("s0 74.80  s1 75.00  s2 75.20")(text)


async def test_statistics_baselines_and_metrics_are_chosen_by_keys(runs: Path) -> None:
    app = KdApp(runs)
    async with app.run_test(size=WIDE) as pilot:
        await opened(pilot, "v mean ±std (n)")
        for shown_as, cell in (
            ("median (n)", "75.00 (3)"),
            ("best seed (n)", "75.20 (3)"),
            ("Δ", "+1.30"),
            ("p", "welch"),
        ):
            await pilot.press("v")
            await until(pilot, has(f"v {shown_as}", cell))
        await pilot.press("v", "v")
        await go_to(pilot, "dkd")
        await until(pilot, has("Δ +1.30 to kd, p", "welch", "⚠ 2 seeds"))
        await pilot.press("b")
        text = await until(pilot, has("dkd (baseline)"))
        assert "kd (baseline)" not in line(text, "kd ")
        await pilot.press("b")
        await until(pilot, has("b base teacher"))
        await pilot.press("m")
        await until(pilot, has("m top-1 best on test", "chosen on the test split itself"))


async def test_published_numbers_stand_beside_ones_own_with_their_source(runs: Path) -> None:
    app = KdApp(runs)
    async with app.run_test(size=WIDE) as pilot:
        await opened(pilot)
        await go_to(pilot, "kd")
        await until(pilot, has("papers: 74.92 ICDA Table 1, ICD Table 1"))
        await pilot.press("P")
        text = await until(pilot, has("P papers of these methods"))
        assert has("74.92", "73.54")(line(text, "kd · ICDA, ICD")) and "CRD" not in text
        await go_to(pilot, "kd · ICDA")
        await until(pilot, has("published in ICDA Table 1, ICD Table 1"))
        await pilot.press("P")
        await until(pilot, has("P papers of all methods", "CRD+KD · "))
        await pilot.press("P")
        await until(pilot, lambda text: "papers none" in text and "ICDA, ICD" not in text)


async def choose(pilot: Pilot[int], entry: str) -> None:
    """Take `entry` from the list in front."""
    choice = pilot.app.screen
    assert isinstance(choice, PickOne)
    await pilot.press(*["down"] * choice.entries.index(entry), "enter")


async def test_the_filter_and_the_rows_are_chosen_like_everywhere(runs: Path) -> None:
    app = KdApp(runs)
    async with app.run_test(size=WIDE) as pilot:
        await opened(pilot, "76.30")
        await pilot.press("slash", *"method=kd seed:0|1", "enter")
        await until(pilot, lambda text: "74.90 ±0.14 (2)" in text and "76.30" not in text)
        await pilot.press("slash", *" (seed>", "enter")
        await until(pilot, has("↑ a value is missing", "74.90 ±0.14 (2)"))
        await pilot.press("backspace")
        await until(pilot, has("76.30"))
        await pilot.press("g")
        await until(pilot, has("a row for each", "student.arch"))
        await choose(pilot, "method.dkd.weight")
        await until(pilot, has("g method.dkd.weight", "2.0"))


async def test_columns_in_which_nothing_differs_are_hidden(runs: Path) -> None:
    app = KdApp(runs)
    async with app.run_test(size=WIDE) as pilot:
        await opened(pilot, "wrn_40_2→wrn_40_1")
        await pilot.press("u")
        text = await until(pilot, has("1 equal columns hidden"))
        assert "wrn_40_1" not in text
        await pilot.press("u")
        await until(pilot, has("wrn_40_2→wrn_40_1"))


async def test_differences_of_the_recipes_and_nothing_else(runs: Path) -> None:
    with (runs / "dkd-s0" / "recipe.toml").open("a", encoding="utf-8") as recipe:
        recipe.write("log_every = 7\n")  # says how the run is watched
    app = KdApp(runs)
    async with app.run_test(size=WIDE) as pilot:
        await opened(pilot, "76.30")
        await pilot.press("d")
        text = await until(pilot, has("only what differs", "3 of 6 settings differ"))
        assert has("method.kd.weight", "method.dkd.weight", "2.0")(text)
        assert "train.epochs" not in text and "log_every" not in text
        await pilot.press("u")
        await until(pilot, has("all settings", "train.epochs", "train.log_every", "3 of 6 settings differ"))
        await pilot.press("q")
        await until(pilot, has("kd (baseline)"))
        assert isinstance(app.screen, CompareScreen)


async def test_the_runs_behind_a_cell_can_be_opened(runs: Path) -> None:
    app = KdApp(runs)
    async with app.run_test(size=WIDE) as pilot:
        await opened(pilot, "76.30")
        await go_to(pilot, "dkd")
        await pilot.press("enter")
        await until(pilot, has("dkd-s0", "76.20", "dkd-s2", "? stale"))
        await pilot.press("j", "enter")
        await pilot.pause()
        assert isinstance(app.screen, LiveScreen) and app.screen.run_name == "dkd-s1"
        await pilot.press("q")
        await until(pilot, has("kd (baseline)"))


async def test_missing_seeds_are_named_and_started_after_asking(runs: Path, started: list[list[str]]) -> None:
    complete_run(runs, "kd", 3, (50.0, 60.0, 70.0, 75.1))
    RunFolder(runs / "dkd-s0").recipe.write_text(ALONE, encoding="utf-8")  # one that really holds
    app = KdApp(runs)
    async with app.run_test(size=WIDE, notifications=True) as pilot:
        await opened(pilot, "76.30")
        await go_to(pilot, "kd")
        await pilot.press("R")
        await until(pilot, has("No seed is missing here"))
        await go_to(pilot, "dkd")
        await until(pilot, has("s0 76.20  s1 76.40  s2 ? stale 2/4  s3 missing  → R"))
        await pilot.press("R")
        await until(pilot, has("Start seeds 3, 2 of dkd?", "dkd-s2 goes on from epoch 2"))
        await pilot.press("n")
        assert started == []
        await pilot.press("R", "y")
        await until(pilot, lambda _: bool(started))
    assert started == [["dkd-s3", "dkd-s2"]]
    assert "dkd-s3" in run_names(runs)


async def test_a_blank_cell_names_the_runs_that_have_not_come_so_far(runs: Path, started: list[list[str]]) -> None:
    complete_run(runs, "dkd", 0, (40.0, 50.0), epochs=4, name="dkd-w-s0", student="wrn_40_1")
    app = KdApp(runs)
    async with app.run_test(size=WIDE, notifications=True) as pilot:
        await opened(pilot, "76.30")
        grid = app.screen.query_one(Grid)
        await go_to(pilot, "dkd", next(i for i, head in enumerate(grid.data.heads[1:]) if head.endswith("wrn_40_1")))
        await until(pilot, has("dkd · wrn_40_2→wrn_40_1  s0 ? stale 2/4  → R"))
        await pilot.press("enter")
        await until(pilot, has("dkd-w-s0", "? stale"))
        await pilot.press("q", "R")
        await until(pilot, has("Start seed 0 of dkd?", "dkd-w-s0 goes on from epoch 2"))
        await pilot.press("y")
        await until(pilot, lambda _: bool(started))
    assert started == [["dkd-w-s0"]]


async def test_the_recipe_of_a_cell_without_runs_is_built_from_its_line_and_its_column(
    runs: Path, started: list[list[str]]
) -> None:
    app = KdApp(runs)
    async with app.run_test(size=WIDE, notifications=True) as pilot:
        await opened(pilot, "76.30")
        grid = app.screen.query_one(Grid)
        column = next(i for i, head in enumerate(grid.data.heads[1:]) if head.endswith("wrn_40_1"))
        RunFolder(runs / "dkd-s0").recipe.write_text(stored("dkd", "wrn_16_2", 3), encoding="utf-8")
        RunFolder(runs / "kd-w-s0").recipe.write_text(stored("kd", "wrn_40_1", 9), encoding="utf-8")
        await go_to(pilot, "dkd", column)
        await until(pilot, has("no complete run  → R builds its recipe"))
        await pilot.press("R")
        await until(pilot, lambda _: isinstance(app.screen, BuildScreen))
        assert isinstance(app.screen, BuildScreen)
        recipe = app.screen.draft.reading.recipe
        assert recipe is not None and recipe.teacher is not None
        assert (recipe.teacher.arch, recipe.student.arch, recipe.seeds) == ("wrn_40_2", "wrn_40_1", [0])
        assert recipe.term_labels() == ["ce", "dkd"] and recipe.train.epochs == 3
        await until(pilot, has("dkd-wrn_40_2-wrn_40_1.toml", "diff vs the run's recipe", "+ student.arch = wrn_40_1"))
        await pilot.press("4")
        RunFolder(runs / "dkd-s0").recipe.write_text("[data", encoding="utf-8")
        await go_to(pilot, "dkd", column)
        await pilot.press("R")
        await until(pilot, has("dkd-s0/recipe.toml"))
        await go_to(pilot, "teacher", column)
        await pilot.press("R")
        await until(pilot, has("There is no run here whose recipe"))
    assert started == []


async def test_a_recipe_that_no_longer_holds_is_told_and_nothing_starts(runs: Path, started: list[list[str]]) -> None:
    complete_run(runs, "kd", 3, (50.0, 60.0, 70.0, 75.1))
    before = run_names(runs)
    app = KdApp(runs)
    async with app.run_test(size=WIDE, notifications=True) as pilot:
        await opened(pilot, "76.30")
        await go_to(pilot, "dkd")
        await pilot.press("R", "y")
        await until(pilot, has("recipe.toml"))
    assert started == [] and run_names(runs) == before


async def test_a_missing_seed_is_really_trained(backend: Backend, monkeypatch: pytest.MonkeyPatch) -> None:
    """From key to result: only that the process begins with PyTorch loaded is unlike what a person starts."""
    monkeypatch.setattr("kdconsole.launch.process.launch", lambda folders: backend.start(*folders))
    text = ALONE.replace("epochs = 2", "epochs = 1")
    folders = [backend.create(text.replace("[train]", f"seeds = [{seed}]\n[train]", 1), "one") for seed in (0, 1)]
    longer = backend.create(ALONE, "two")
    assert backend.finish(*folders, longer) == 0
    app = KdApp(backend.root)
    async with app.run_test(size=WIDE) as pilot:
        await opened(pilot, "ce · 1 epochs", "ce · 2 epochs")
        await go_to(pilot, "ce · 2 epochs")
        await until(pilot, has("s1 missing"))
        await pilot.press("R", "y")
        further = RunFolder(backend.root / "two-s1")
        await until(pilot, lambda _: further.path.exists() and is_finished(further), seconds=60)
        await until(pilot, lambda text: "(2)" in line(text, "ce · 2 epochs"), seconds=10)
    assert "seeds = [1]" in further.recipe.read_text(encoding="utf-8")


@pytest.mark.parametrize("form", ["md", "tex", "csv", "json"])
async def test_an_exported_file_is_what_the_command_prints(
    runs: Path, form: str, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path_factory.mktemp("out")
    monkeypatch.chdir(folder)
    app = KdApp(runs)
    async with app.run_test(size=WIDE, notifications=True) as pilot:
        await opened(pilot, "76.30")
        await pilot.press("P", "v")
        await until(pilot, has("v median", "ICDA"))
        await pilot.press("E", *["backspace"] * 10, *f"table.{form}", "enter")
        await until(pilot, has("written"))
    written = (folder / f"table.{form}").read_text(encoding="utf-8")
    printed = kdconsole(
        "compare", "--format", {"tex": "latex"}.get(form, form), "--baseline", "kd", "--published", "--show", "median",
        root=runs,
    )  # fmt: skip
    made = [text.splitlines() for text in (written, printed.stdout)]
    if form == "tex":
        assert made[0][0].startswith("% kdconsole compare") and "--baseline kd" in made[0][0]
        del made[0][0], made[1][0]
    assert made[0] == made[1]


async def test_a_file_is_replaced_only_when_that_is_meant(runs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(runs)
    Path("compare.md").write_text("mine", encoding="utf-8")
    app = KdApp(runs)
    async with app.run_test(size=WIDE, notifications=True) as pilot:
        await opened(pilot, "76.30")
        await pilot.press("E", "enter")
        await until(pilot, has("there is such a file"))
        await pilot.press("ctrl+g")
        assert Path("compare.md").read_text(encoding="utf-8") == "mine"
        await pilot.press("E", *["backspace"] * 3, *"x", "enter")
        await until(pilot, has("the name has to end with .md"))
        await pilot.press("backspace", *".md", "enter", "enter")
        await until(pilot, has("written"))
        assert Path("compare.md").read_text(encoding="utf-8") != "mine"


async def test_the_table_is_copied_into_tmux_too(
    runs: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    tools = tmp_path_factory.mktemp("bin")
    (tools / "tmux").write_text(f'#!/bin/sh\necho "$@" > {tools}/words; cat > {tools}/text\n', encoding="utf-8")
    (tools / "tmux").chmod(0o755)
    monkeypatch.setenv("PATH", str(tools), prepend=":")
    monkeypatch.setenv("TMUX", "/tmp/tmux/default,1,0")
    app = KdApp(runs)
    async with app.run_test(size=WIDE, notifications=True) as pilot:
        await opened(pilot, "76.30")
        await pilot.press("y")
        await until(pilot, has("pastes it in tmux"))
    assert (tools / "words").read_text() == "load-buffer -\n"
    assert "| kd (baseline)" in (tools / "text").read_text(encoding="utf-8")


async def test_without_complete_runs_it_says_why(tmp_path: Path) -> None:
    complete_run(tmp_path, "kd", 0, (50.0,), epochs=3)
    app = KdApp(tmp_path)
    async with app.run_test(size=WIDE) as pilot:
        await opened(pilot, "only those can be compared", "kd-s0: stale at epoch 1/3")
        await pilot.press("v", "b", "m", "enter", "R", "d", "u", "z", "y")
        assert "only those" in "\n".join(shown(app)) or "settings" in "\n".join(shown(app))


@pytest.mark.parametrize("size", [(80, 24), (200, 60)])
async def test_hostile_names_are_shown_and_do_nothing(tmp_path: Path, size: tuple[int, int]) -> None:
    bad = "[red]x[@red]\x1b[2J\u202e漢字"
    for seed in (0, 1):
        complete_run(tmp_path, f"[b]{bad}", seed, (50.0, 60.0), name=f"[b]{bad}-s{seed}", student=bad, teacher=bad)
    app = KdApp(tmp_path)
    async with app.run_test(size=size, notifications=True) as pilot:
        text = await opened(pilot, "60.00", "[b][red]")
        for key in ("down", "d", "q", "enter", "q", "g", "q", "y"):
            await pilot.press(key)
            text += "\n".join(shown(app))
        assert not set(text) & {"\x1b", "\x07", "\u202e"}


async def test_no_colour_needs_no_colour(runs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    app = KdApp(runs)
    async with app.run_test(size=WIDE) as pilot:
        await opened(pilot, "kd (baseline)", "⚠")
        await until(pilot, has("▐", "░", "━ kd", "┅ dkd"))


def test_the_screen_loads_no_numbers() -> None:
    code = (
        "import sys; from kdconsole.tui.screens.compare import CompareScreen; "
        "from kdconsole.compare.statistics import welch_p; welch_p([1.0, 2.0], [2.0, 4.0]); "
        "print(sorted({name.split('.')[0] for name in sys.modules} & {'torch', 'numpy', 'scipy', 'pydantic'}))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
