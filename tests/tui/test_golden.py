"""Every screen, sign by sign, at several sizes, as files in `golden/`; the README shows some of them.

After a change that is meant to be seen: `KDCONSOLE_GOLDEN=write pytest -n0 tests/tui/test_golden.py` on an idle machine, then
read what git shows as different. The README's pictures are written at the same time.
"""

import difflib
import os
import re
import shutil
import threading
import time
from base64 import b64encode
from collections.abc import Awaitable, Callable, Iterator, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import NoReturn

import pytest
from textual.pilot import Pilot

from kdconsole.launch.errands import ErrandFailed, Picture, Pictures
from kdconsole.recipe.schema import Recipe
from kdconsole.runs.timeline import Timeline
from kdconsole.tui.app import KdApp
from kdconsole.tui.messages import OpenBuilder
from kdconsole.tui.replay import Replay
from tests.tui.complete_runs import RECIPE, study
from tests.tui.fixture_run import Holder, Story, finished, make_run
from tests.tui.hard_run import BEGIN, make_hard_run
from tests.tui.screens import PATIENCE, has, shown, until

REPOSITORY = Path(__file__).resolve().parents[2]
GOLDEN = Path(__file__).parent / "golden"
README = REPOSITORY / "README.md"
SIZES = ((80, 24), (120, 40), (200, 60))
PICTURES = {  # of the README
    "live": (100, 26), "runs": (100, 26), "hard": (120, 40), "build": (120, 32), "compare": (100, 26), "groups": (80, 24),
    "sort": (80, 24), "stop": (80, 24), "log": (80, 24), "keys": (80, 24), "replay": (80, 24), "find": (80, 24),
    "views": (80, 24), "rehearsal": (80, 24), "differences": (80, 24), "export": (80, 24),
}  # fmt: skip
SETTLED = 2.0  # seconds after which nothing on a screen changes any more, when files are written
WRITE = os.environ.get("KDCONSOLE_GOLDEN") == "write"
OVER = "icd+kd-s0"
LIVE = Story(name="icd+kd-s1", seed=1, stop_at=22, begin=BEGIN + 30)


def drawn(recipe: Recipe, count: int, skip: int, side: int) -> SimpleNamespace:
    """What a process that draws images answers, as far as signs go."""
    blank = Picture(width=side, height=side, rgb=b64encode(bytes(3 * side * side)).decode())
    pictures = [Pictures(label=7 + place, views={"image": blank, "student": blank}) for place in range(count)]
    return SimpleNamespace(answer=lambda: pictures, cancel=lambda: None)


def unanswered(recipe: Recipe) -> SimpleNamespace:
    """A rehearsal that takes until nobody waits for it any more."""
    over = threading.Event()

    def answer() -> NoReturn:
        over.wait()
        raise ErrandFailed("it was cancelled", "", "internal")

    return SimpleNamespace(answer=answer, cancel=over.set)


Way = Callable[[Pilot[int]], Awaitable[str]]


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A working directory with runs of every kind and a recipe, at a time that stands still; two of the runs are live."""
    root = tmp_path / "runs"
    root.mkdir()
    study(root)
    over = make_run(root, Story(name=OVER), finished(Story(name=OVER)))
    folders = [make_hard_run(root, "hard-affine-s0"), make_run(root, LIVE)]
    for folder in (over, folders[1]):
        text = RECIPE.format(method="icd", seed=folder.name[-1], student="wrn_16_2", weight=1.0, epochs=30)
        folder.recipe.write_text(text, encoding="utf-8")
    shutil.copytree(REPOSITORY / "recipes", tmp_path / "recipes")
    monkeypatch.chdir(tmp_path)
    now = list(LIVE.events())[-1].t + 2
    monkeypatch.setattr(time, "time", lambda: now)
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    monkeypatch.setattr("kdconsole.tui.screens.before_after.ask_views", drawn)
    monkeypatch.setattr("kdconsole.tui.screens.rehearsal.ask_dry_run", unanswered)
    monkeypatch.setattr("kdconsole.tui.screens.rehearsal.time", SimpleNamespace(monotonic=lambda: 0.0))
    holders = [Holder(folder) for folder in folders]
    yield
    for holder in holders:
        holder.release()
    monkeypatch.undo()
    time.tzset()


async def runs(pilot: Pilot[int]) -> str:
    return await until(pilot, has("icd+kd-s1", "● live", "top-1 %"))


async def live(pilot: Pilot[int]) -> str:
    await runs(pilot)
    await pilot.press("enter")
    return await until(
        pilot, has("22/30", "T76.31" if pilot.app.size.width < 100 else "T 76.31", "loss · ema", "d detach")
    )


async def hard(pilot: Pilot[int]) -> str:
    return await until(pilot, has("d detach", "augmentor", "▀" if pilot.app.size.height > 30 else "hard"))


async def build(pilot: Pilot[int]) -> str:
    return await until(pilot, has("icd_kd.toml", "nothing is wrong"))


async def compare(pilot: Pilot[int]) -> str:
    await runs(pilot)
    await pilot.press("4")
    await until(pilot, has("76.30 ±0.14", "· mean ±std"))
    await pilot.press("down", "down")
    return await until(pilot, has("R starts them"))


async def replay(pilot: Pilot[int]) -> str:
    return await until(pilot, has("replay ended", "30/30"))


def after(way: Way, keys: Sequence[str], *words: str) -> Way:
    """The screen to which `keys` lead from another, known by `words`."""

    async def further(pilot: Pilot[int]) -> str:
        await way(pilot)
        await pilot.press(*keys)
        return await until(pilot, has(*words))

    return further


SCREENS: dict[str, Way] = {
    "runs": runs,
    "groups": after(runs, "g", "×3", "75.00 ±0.20"),
    "sort": after(runs, "S", "sort by"),
    "live": live,
    "hard": hard,
    "stop": after(live, "x", "Stop icd+kd-s1 after this epoch?"),
    "log": after(live, "L", "events.jsonl", "880"),
    "keys": after(live, ["question_mark"], "q close"),
    "replay": replay,
    "build": build,
    "find": after(build, ["slash", *"temp"], "find a setting", "method.kd.temperature"),
    "views": after(build, "v", "image, class 7", "the view of both"),
    "rehearsal": after(build, "R", "training one batch … 0 s"),
    "compare": compare,
    "differences": after(compare, "d", "settings differ"),
    "export": after(compare, "E", "write the table to"),
}
BUILDER = ("build", "find", "views", "rehearsal")


def console(name: str) -> KdApp:
    """The console as it is opened for a screen."""
    root = Path("runs")
    if name in BUILDER:
        return KdApp(root, None, OpenBuilder(path=Path("recipes/icd/icd_kd.toml")))
    if name == "replay":
        return KdApp(root, OVER, None, Replay(Timeline(root / OVER / "events.jsonl"), 1e6))
    return KdApp(root, {"hard": "hard-affine-s0"}.get(name))


async def settled(name: str, size: tuple[int, int], expected: str) -> str:
    """A screen as soon as it is `expected`, else as it is after a while. Lines are without the blanks at their ends."""
    app = console(name)
    async with app.run_test(size=size) as pilot:
        await SCREENS[name](pilot)
        end = time.monotonic() + (SETTLED if WRITE else PATIENCE)
        while (now := "\n".join(map(str.rstrip, shown(app))) + "\n") != expected and time.monotonic() < end:
            await pilot.pause(0.05)
        return now


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.parametrize("name", SCREENS)
async def test_a_screen_is_as_it_was(name: str, size: tuple[int, int]) -> None:
    file = GOLDEN / f"{name}-{size[0]}x{size[1]}.txt"
    expected = "" if WRITE else file.read_text(encoding="utf-8")
    found = await settled(name, size, expected)
    if WRITE:
        GOLDEN.mkdir(exist_ok=True)
        file.write_text(found, encoding="utf-8")
        return
    differing = difflib.unified_diff(expected.splitlines(), found.splitlines(), file.name, "now", lineterm="")
    assert found == expected, "\n".join(differing)


@pytest.mark.parametrize("name", PICTURES)
async def test_the_readme_shows_the_screens_as_they_are(name: str) -> None:
    text = README.read_text(encoding="utf-8")
    block = re.compile(rf"(<!-- screen: {name} -->\n```\n)(.*?)(```\n)", re.DOTALL)
    match = block.search(text)
    assert match is not None
    found = await settled(name, PICTURES[name], "" if WRITE else match[2])
    if WRITE:
        README.write_text(block.sub(lambda match: match[1] + found + match[3], text), encoding="utf-8")
        return
    differing = difflib.unified_diff(match[2].splitlines(), found.splitlines(), "README.md", "now", lineterm="")
    assert found == match[2], "\n".join(differing)


def test_no_golden_file_is_left_over() -> None:
    assert {file.name for file in GOLDEN.iterdir()} == {f"{name}-{w}x{h}.txt" for name in SCREENS for w, h in SIZES}
