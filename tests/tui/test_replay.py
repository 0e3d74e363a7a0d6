"""A run played once more: which events are there at which time."""

import os
import shutil
from pathlib import Path

import msgspec
import pytest

from kdconsole.runs.events import AnyEvent, Notice
from kdconsole.runs.state import RunState
from kdconsole.runs.timeline import Timeline
from kdconsole.tui.replay import LONGEST_GAP, USUAL_LENGTH, Replay
from tests.runs.logs import timeline_of
from tests.tui.fixture_run import Story, finished

EVENTS = [*Story().events(), finished(Story())]  # 0.05 s a step, 40 steps an epoch, 10 + 30 epochs


class Hand:
    """A clock that is moved by hand."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Timeline:
    return timeline_of(EVENTS, tmp_path_factory.mktemp("run") / "events.jsonl")


def replay(log: Timeline, speed: float | None = 1.0) -> tuple[Replay, Hand]:
    hand = Hand()
    return Replay(log, speed, hand), hand


def settled(player: Replay) -> RunState:
    while player.poll().behind:
        pass
    return player.state


def test_events_come_at_their_time(log: Timeline) -> None:
    player, hand = replay(log)
    assert settled(player).step == 0
    hand.now += 2.01
    assert player.poll().changed and player.state.step == 40
    assert not player.poll().changed  # nothing has come, nothing is drawn
    hand.now += 2.0
    assert settled(player).step == 80


def test_the_end_is_the_state_of_the_whole_log(log: Timeline) -> None:
    player, hand = replay(log)
    hand.now += 1e6
    state = RunState()
    state.extend(EVENTS)
    assert settled(player) == state
    assert player.status.word == "replay ended"


def test_a_pause_holds_the_time(log: Timeline) -> None:
    player, hand = replay(log)
    player.pause()
    hand.now += 50
    assert settled(player).step == 0 and player.status.word == "paused"
    player.pause()
    hand.now += 2.01
    assert settled(player).step == 40


def test_hops_lead_from_epoch_to_epoch_in_both_directions(log: Timeline) -> None:
    player, _ = replay(log)
    player.pause()
    steps = []
    for by in (1, 1, 1, -1, -1, -1, -1):
        player.hop(by)
        steps.append(settled(player).step)
    assert steps == [40, 80, 120, 80, 40, 0, 0]
    generation = player.generation
    player.hop(1)
    settled(player)
    player.hop(-1)
    settled(player)
    assert player.generation > generation  # charts must forget what they drew


def test_hopping_on_ends_at_the_end_and_space_begins_again(log: Timeline) -> None:
    player, _ = replay(log)
    for _ in range(60):
        player.hop(1)
    assert settled(player).outcome is not None
    player.pause()
    assert settled(player).outcome is None


def test_a_replay_takes_about_a_minute(log: Timeline) -> None:
    player, hand = replay(log, None)
    hand.now += USUAL_LENGTH / 2
    assert 0 < settled(player).step < 1200
    hand.now += USUAL_LENGTH / 2 + 0.1
    assert settled(player).outcome is not None


def test_speed(log: Timeline) -> None:
    player, hand = replay(log)
    player.faster(2.0)
    hand.now += 2.01
    assert settled(player).step == 80 and player.status.word == "replay ×2"


def test_long_pauses_of_the_run_are_short(tmp_path: Path) -> None:
    events = [Notice(t=t, level="info", code="c", message="m") for t in (0.0, 10.0, 86400.0, 86405.0)]
    assert Replay(timeline_of(events, tmp_path / "events.jsonl")).length == 10 + LONGEST_GAP + 5


@pytest.mark.parametrize("times", [(5.0, 3.0, 4.0, 6.0), (0.0, 0.0, 0.0, 0.0)])
def test_clocks_that_go_back_do_not_reorder_events(times: tuple[float, ...], tmp_path: Path) -> None:
    events = [msgspec.structs.replace(event, t=t) for event, t in zip(EVENTS, times, strict=False)]
    player, hand = replay(timeline_of(events, tmp_path / "events.jsonl"))
    hand.now += 100
    state = RunState()
    state.extend(events)
    assert settled(player) == state


def test_a_log_that_vanishes_is_told_and_what_was_played_stays(log: Timeline, tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    shutil.copy(log.path, path)
    player, hand = replay(Timeline(path))
    hand.now += 4.01
    assert settled(player).step == 80
    path.rename(tmp_path / "elsewhere")
    hand.now += 2.0
    assert player.poll().changed and player.fault == "No such file or directory"
    assert player.state.step == 80 and player.status.word == "paused" and not player.poll().changed
    player.hop(-1)
    assert settled(player).step == 80
    (tmp_path / "elsewhere").rename(path)
    player.pause()
    hand.now += 2.01
    assert settled(player).step == 120 and not player.fault


def test_a_log_that_is_cut_or_another_is_no_end(log: Timeline, tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    for change in (lambda: os.truncate(path, 500), lambda: (path.unlink(), shutil.copy(log.path, path))):
        path.unlink(missing_ok=True)
        shutil.copy(log.path, path)
        player, hand = replay(Timeline(path))
        hand.now += 2.01
        assert settled(player).step == 40
        keep = path.open()  # so that its place in the file system is not given to the next
        change()
        hand.now += 1e6
        assert settled(player).step == 40 and player.status.word == "paused"
        assert player.fault == "the log is not the one that was opened"
        keep.close()


def test_no_key_waits_for_the_disk(log: Timeline, monkeypatch: pytest.MonkeyPatch) -> None:
    player, hand = replay(log)
    read = log.read

    def slow(first: int, until: int) -> list[AnyEvent]:
        assert not player.lock.locked()
        return read(first, until)

    monkeypatch.setattr(log, "read", slow)
    hand.now += 2.01
    assert settled(player).step == 40
