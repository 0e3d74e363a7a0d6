"""Events written by a thread: in order, none lost, and a full disk is told to the one who trains."""

import errno
import threading
from pathlib import Path

import pytest

from kdconsole.backend.sinks import Background
from kdconsole.runs.cache import Cache
from kdconsole.runs.events import AnyEvent, Epoch, Notice, Step
from kdconsole.runs.layout import RunFolder
from kdconsole.runs.log import EventTail, EventWriter
from kdconsole.runs.reader import StateReader
from kdconsole.runs.state import RunState
from tests.backends import PATIENCE
from tests.runs.logs import read_events


def _notice(text: str) -> Notice:
    return Notice(level="info", code="test", message=text)


def test_everything_is_written_in_order_when_the_context_ends(tmp_path: Path) -> None:
    with EventWriter(tmp_path / "events.jsonl") as events, Background(events) as log:
        stamped = [log.append(_notice(str(number))) for number in range(500)]
    assert read_events(tmp_path / "events.jsonl") == stamped
    assert all(event.t for event in stamped)


def test_flush_waits_for_the_disk_and_append_does_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    slow = threading.Event()
    with EventWriter(tmp_path / "events.jsonl") as events:
        write = events.append
        monkeypatch.setattr(events, "append", lambda event: (slow.wait(PATIENCE), write(event))[1])
        with Background(events) as log:
            log.append(_notice("one"))
            assert not read_events(tmp_path / "events.jsonl")
            slow.set()
            log.flush()
            assert len(read_events(tmp_path / "events.jsonl")) == 1


def test_a_failed_write_is_raised_by_what_comes_next_and_nothing_follows_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with EventWriter(tmp_path / "events.jsonl") as events:
        written: list[AnyEvent] = []

        def full(event: AnyEvent) -> AnyEvent:
            if len(written) == 2:
                raise OSError(errno.ENOSPC, "No space left on device")
            written.append(event)
            return event

        monkeypatch.setattr(events, "append", full)
        with pytest.raises(OSError, match="No space left"), Background(events) as log:
            for number in range(5):
                log.append(_notice(str(number)))
            log.flush()
        assert len(written) == 2


def test_whatever_goes_wrong_in_the_thread_is_raised_and_nobody_waits_for_ever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(event: AnyEvent) -> AnyEvent:
        raise TypeError("cannot be encoded")

    with EventWriter(tmp_path / "events.jsonl") as events:
        monkeypatch.setattr(events, "append", broken)
        with pytest.raises(TypeError, match="cannot be encoded"), Background(events) as log:
            log.append(_notice("one"))
            log.flush()


def test_a_long_log_has_its_cache_before_anybody_attaches(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    values: dict[str, float | None] = {f"loss/{place}": float(place) for place in range(40)}
    with EventWriter(folder.events) as events, Background(events) as log:
        for step in range(1, 2501):
            log.append(
                Step(phase="distill", step=step, epoch=step // 500, epoch_step=1, values=values, images_per_second=1.0)
            )
            if step == 100:
                log.append(Epoch(phase="distill", step=step, epoch=1, values={}, seconds=1.0))
                log.flush()
                assert not folder.curves_cache.exists()  # a short log is read as quickly
        log.append(Epoch(phase="distill", step=2500, epoch=5, values={}, seconds=1.0))
    tail = EventTail(folder.events)
    restored = Cache(folder.curves_cache, folder.events, RunState).restore(tail)
    assert restored is not None and tail.position == folder.events.stat().st_size
    assert len(restored.series["distill", "loss/39"]) == 2500


def test_a_cache_that_cannot_be_made_ends_no_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(reader: StateReader, limit: int | None = None) -> RunState:
        raise ValueError("a defect of the reduction")

    monkeypatch.setattr("kdconsole.backend.sinks._LONG", 0)
    monkeypatch.setattr(StateReader, "update", broken)
    epoch = Epoch(phase="distill", step=1, epoch=1, values={}, seconds=1.0)
    with EventWriter(tmp_path / "events.jsonl") as events, Background(events) as log:
        log.append(epoch)
        log.append(_notice("and on"))
    assert len(read_events(tmp_path / "events.jsonl")) == 2
