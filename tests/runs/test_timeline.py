"""A log by its times."""

from pathlib import Path

import msgspec
import pytest

from kdconsole.runs import timeline
from kdconsole.runs.events import Epoch, encode
from kdconsole.runs.lines import LineTail
from kdconsole.runs.timeline import Timeline
from tests.runs.logs import epochs_of, started, timeline_of

EVENTS = [started(), *epochs_of("distill", 4)]


@pytest.fixture
def log(tmp_path: Path) -> Timeline:
    return timeline_of(EVENTS, tmp_path / "events.jsonl")


def test_every_part_can_be_read(log: Timeline) -> None:
    assert len(log) == len(EVENTS) and list(log.times) == [event.t for event in EVENTS]
    for start in range(len(EVENTS) + 1):
        for stop in range(start, len(EVENTS) + 3):
            assert log.read(start, stop) == EVENTS[start:stop]
    assert [EVENTS[place] for place in log.epochs] == [event for event in EVENTS if isinstance(event, Epoch)]


def test_slices_change_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log = timeline_of([started(), *epochs_of("distill", 500)], tmp_path / "events.jsonl")
    reads = []
    read = LineTail.read
    monkeypatch.setattr(LineTail, "read", lambda tail, limit: (reads.append(limit), read(tail, limit))[1])
    monkeypatch.setattr(timeline, "_SLICE", 1 << 16)
    again = Timeline(log.path)
    assert len(reads) > 5, "smaller than a slice"
    assert again.times == log.times and again.epochs == log.epochs and again.read(900, 1900) == log.read(900, 1900)


def test_lines_that_are_no_events_are_passed_over(log: Timeline) -> None:
    whole = log.path.read_bytes().splitlines(keepends=True)
    newer = [encode(msgspec.structs.replace(event, v=99)) for event in EVENTS if isinstance(event, Epoch)]
    strange = [b"\n", b"\xff\n", b'{"type":"comet","v":1,"t":1e12}\n', b'{"t":1}\n', *newer, b"[" * 5000 + b"\n"]
    log.path.write_bytes(b"".join([*strange, *whole[:3], *strange, *whole[3:], b'{"type":"epo']))
    found = Timeline(log.path)
    assert found.read(0, len(found)) == EVENTS and found.read(2, 5) == EVENTS[2:5]
    assert (found.times, found.epochs) == (log.times, log.epochs)
    log.path.write_bytes(b"".join(strange))
    assert len(Timeline(log.path)) == 0


def test_what_is_not_there(tmp_path: Path, log: Timeline) -> None:
    assert len(Timeline(tmp_path / "nowhere.jsonl")) == 0
    log.path.unlink()
    with pytest.raises(FileNotFoundError):
        log.read(0, 1)
    assert log.read(3, 3) == []
