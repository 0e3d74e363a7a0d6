"""A state from the cache beside a log is the state that the log tells, and a cache that is not right is no obstacle."""

import gc
import os
import random
from collections.abc import Callable
from pathlib import Path
from unittest import mock
from weakref import ref

import msgspec
import pytest

from kdconsole import files
from kdconsole.runs import cache
from kdconsole.runs.events import AnyEvent, Notice, Step, Turn, encode
from kdconsole.runs.layout import RunFolder
from kdconsole.runs.reader import StateReader, load_state
from kdconsole.runs.state import RunState
from tests.tui.fixture_run import Story

from .logs import finished, resumed_at, run_log, started, write_log

# which of the steps a reader without curves has seen decides what it thinks of the run's pace
ALL_BUT_PACE = (
    "phases", "phase", "step", "evaluations", "best", "checkpoints", "news", "outcome", "turns", "facts",
)  # fmt: skip


@pytest.fixture(autouse=True)
def small_logs_count(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "LEAST", 1)


def told(events: list[AnyEvent]) -> RunState:
    """What a log tells that nobody has ever read."""
    state = RunState()
    state.extend(msgspec.json.decode(encode(event), type=AnyEvent) for event in events)
    return state


def kept(folder: RunFolder) -> bytes:
    load_state(folder)
    return folder.curves_cache.read_bytes()


def unread(folder: RunFolder, monkeypatch: pytest.MonkeyPatch) -> RunState:
    """The state while the log's events cannot be had."""
    with monkeypatch.context() as patch:
        patch.setattr("kdconsole.runs.log.decode", lambda line: pytest.fail("a line was read again"))
        return load_state(folder)


def random_log(chance: random.Random, *, odd_steps: bool) -> list[AnyEvent]:
    """A run that is killed and resumed, with other events in between, also steps that nobody expects."""
    log = list(run_log(chance.randrange(1, 4)))
    for _ in range(chance.randrange(3)):
        log = log[: chance.randrange(2, len(log) + 1)]
        log += resumed_at(chance.choice([0, 7, 10, 20])) if chance.random() < 0.8 else run_log(2)
    for place in sorted(chance.sample(range(len(log)), 5), reverse=True):
        step = chance.randrange(40)
        names = chance.sample(["loss", "loss/kd", "lr", "hard/quantity", "other"], 3)
        values: dict[str, float | None] = {name: chance.choice([0.5, None, 1e-300]) for name in names}
        phase, iteration = chance.choice(["distill", "unannounced"]), chance.choice([0, step])
        others: list[AnyEvent] = [
            Notice(t=9.0, level="warning", code="x", message="a\x1bb é 漢"),
            Turn(
                t=9.0, phase="distill", step=step, epoch=1, iteration=step, turn="student", number=1, reason="low",
                quantity=0.5, quantity_name="q", low=0.1, high=0.9, pool=2,
            ),
            Step(t=9.0, phase=phase, step=step, epoch=1, epoch_step=1, values=values, iteration=iteration),
        ]  # fmt: skip
        log.insert(place, chance.choice(others if odd_steps else others[:2]))
    return [*log, finished()] if chance.random() < 0.3 else log


def grown(folder: RunFolder, events: list[AnyEvent], chance: random.Random, *, curves: bool) -> RunState:
    """The state of a run that was looked at now and then while it wrote `events`."""
    while events:
        more = chance.randrange(1, 12)
        with folder.events.open("ab") as log:
            log.write(b"".join(encode(event) for event in events[:more]))
        events = events[more:]
        if chance.random() < 0.5:
            load_state(folder, curves=curves)
    return load_state(folder, curves=curves)


@pytest.mark.parametrize("seed", range(40))
def test_wherever_a_log_is_left_and_taken_up_again_its_state_is_the_same(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    events = random_log(chance, odd_steps=True)
    assert grown(write_log(tmp_path / "run", []), events, chance, curves=True) == told(events)


@pytest.mark.parametrize("curves", [True, False])
def test_a_log_is_the_same_in_slices(tmp_path: Path, curves: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = write_log(tmp_path / "run", [*run_log(9), finished()])
    whole = StateReader(folder, curves=curves).update()
    folder.curves_cache.unlink(missing_ok=True)
    folder.facts_cache.unlink(missing_ok=True)
    monkeypatch.setattr("kdconsole.runs.reader.SLICE", 300)
    monkeypatch.setattr("kdconsole.runs.lines._SMALL_BLOCK", 200)
    reader = StateReader(folder, curves=curves)
    reads = mock.Mock(wraps=reader.read)
    monkeypatch.setattr(reader, "read", reads)
    state = reader.update()
    assert reads.call_count > 3
    for name in ALL_BUT_PACE:
        assert getattr(state, name) == getattr(whole, name)


@pytest.mark.parametrize("seed", range(20))
def test_without_curves_all_else_is_the_same(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    events = random_log(chance, odd_steps=False)
    found, whole = grown(write_log(tmp_path / "run", []), events, chance, curves=False), told(events)
    for name in ALL_BUT_PACE:
        assert getattr(found, name) == getattr(whole, name)


@pytest.mark.parametrize("story", [Story(), Story(seed=1, stop_at=12, log_every=1)])
def test_a_long_run_is_restored_whole_and_without_reading_it(
    tmp_path: Path, story: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = write_log(tmp_path / "run", list(story.events()))
    whole = load_state(folder)
    again = unread(folder, monkeypatch)
    assert again == whole == told(list(story.events()))
    assert again.series["distill", "loss"].x is again.series["distill", "lr"].x
    assert again.recent.maxlen == whole.recent.maxlen


def test_what_was_restored_goes_with_its_last_holder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Curves that held each other would stay until Python looks for circles: many megabytes for each run looked at."""
    folder = write_log(tmp_path / "run", list(Story().events()))
    gc.disable()
    try:
        for state in (load_state(folder), unread(folder, monkeypatch)):
            loss = ref(state.series["distill", "loss"])
            assert loss() is not None
            state.series.clear()
            assert loss() is None
    finally:
        gc.enable()


def test_of_a_run_that_goes_on_only_what_is_new_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "GROWTH", 1000)
    folder = write_log(tmp_path / "run", run_log(2))
    reader = StateReader(folder)
    reader.update()
    with folder.events.open("ab") as log:
        log.write(b"nonsense\n" + encode(finished()))
    lines: list[bytes] = []
    decode = cache.EventTail.read.__globals__["decode"]
    monkeypatch.setattr("kdconsole.runs.log.decode", lambda line: lines.append(line) or decode(line))
    state = load_state(folder)
    assert len(lines) == 2 and state.outcome is not None and state.skipped == 1
    assert unread(folder, monkeypatch).skipped == 1
    assert reader.update() == state


def test_a_cache_grows_old_before_it_is_written_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = write_log(tmp_path / "run", run_log(3))
    before = kept(folder)
    with folder.events.open("ab") as log:
        log.write(encode(finished()))
    assert kept(folder) == before
    monkeypatch.setattr(cache, "GROWTH", 1000)
    assert kept(folder) != before


def test_short_logs_are_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    folder = write_log(tmp_path / "run", run_log(3))
    load_state(folder)
    load_state(folder, curves=False)
    assert [path.name for path in folder.path.iterdir()] == ["events.jsonl"]


def _replace(folder: RunFolder) -> None:
    other = folder.path / "other"
    other.write_bytes(folder.events.read_bytes().replace(b'"seed":0', b'"seed":5'))
    other.replace(folder.events)


def _rewrite_the_end(folder: RunFolder) -> None:
    content = folder.events.read_bytes()
    folder.events.write_bytes(content[:-200] + content[-200:].replace(b"resume", b"RESUME"))


CHANGES: list[Callable[[RunFolder], object]] = [
    _replace,
    _rewrite_the_end,
    lambda folder: folder.events.write_bytes(b"".join(encode(event) for event in run_log(2, seed=7, t=50.0))),
    lambda folder: folder.events.write_bytes(folder.events.read_bytes()[:-300]),
    lambda folder: folder.events.write_bytes(b""),
    lambda folder: folder.events.unlink(),
]


@pytest.mark.parametrize("change", CHANGES)
def test_the_cache_of_another_log_is_passed_over(tmp_path: Path, change: Callable[[RunFolder], object]) -> None:
    folder = write_log(tmp_path / "run", run_log(3))
    kept(folder)
    change(folder)
    found = load_state(folder)
    folder.curves_cache.unlink(missing_ok=True)
    assert found == load_state(folder)


@pytest.mark.parametrize("change", [_replace, *CHANGES[3:]])
def test_a_log_that_changes_while_its_cache_is_read(
    tmp_path: Path, change: Callable[[RunFolder], object], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = write_log(tmp_path / "run", run_log(1))
    kept(folder)
    reader = StateReader(folder)
    restore = reader._cache.restore

    def restored(tail: cache.EventTail) -> RunState | None:
        found = restore(tail)
        change(folder)
        return found

    with monkeypatch.context() as patch:
        patch.setattr(reader._cache, "restore", restored)
        found = reader.update()
    folder.curves_cache.unlink(missing_ok=True)
    assert found == load_state(folder)


@pytest.mark.parametrize("seed", range(60))
def test_a_damaged_cache_is_passed_over(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    folder = write_log(tmp_path / "run", run_log(3))
    content = bytearray(kept(folder))
    place = chance.randrange(len(content)) if seed % 2 else chance.randrange(100)
    match seed % 3:
        case 0:
            content[place] ^= 1 << chance.randrange(8)
        case 1:
            del content[place:]
        case 2:
            content[place:place] = b"\x00\xff"
    folder.curves_cache.write_bytes(content)
    assert load_state(folder) == told(run_log(3))


def test_the_cache_of_other_code_is_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = write_log(tmp_path / "run", run_log(1))
    before = kept(folder)
    with monkeypatch.context() as patch:
        patch.setattr(cache, "code_checksum", lambda: 1)
        assert kept(folder) != before
    assert kept(folder) == before


def test_a_forged_cache_cannot_drive_a_terminal(tmp_path: Path) -> None:
    folder = write_log(tmp_path / "run", run_log(1))
    reader = StateReader(folder)
    reader.update()
    bad = "\x1b]0;x\x07"
    reader.state.host = bad
    reader.state.facts = {bad: bad}
    reader.state.phases[0].name = bad
    reader.state.notices.append(Notice(level=bad, code=bad, message=bad))
    reader._cache._covered = 0
    reader.keep()
    forged = load_state(folder)
    assert (forged.host, forged.phases[0].name, forged.notices[0].message) == ("\\x1b]0;x\\x07",) * 3
    assert forged.facts == {forged.host: forged.host}


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_cannot_be_written_is_only_read(tmp_path: Path) -> None:
    folder = write_log(tmp_path / "run", run_log(1))
    folder.path.chmod(0o500)
    try:
        assert load_state(folder) == told(run_log(1))
    finally:
        folder.path.chmod(0o700)


@pytest.mark.parametrize("fault", ["no room", "cannot write"])
def test_where_nothing_can_be_kept_nothing_happens(tmp_path: Path, fault: str, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = write_log(tmp_path / "run", run_log(1))
    if fault == "no room":
        monkeypatch.setattr(files, "SPARE", 1 << 80)
    else:
        folder.curves_cache.mkdir()
    assert load_state(folder) == told(run_log(1))
    assert sorted(path.name for path in folder.path.iterdir()) == (
        ["events.jsonl"] if fault == "no room" else ["curves.cache", "events.jsonl"]
    )


def test_a_state_is_started_from_nothing_when_there_is_no_log(tmp_path: Path) -> None:
    folder = write_log(tmp_path / "run", [started()])
    kept(folder)
    folder.events.unlink()
    assert load_state(folder) == RunState()
