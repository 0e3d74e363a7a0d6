import errno
import os
import threading
import time
from pathlib import Path

import pytest

from kdconsole.runs.events import AnyEvent, Failed, Notice, Step, Vitals, encode
from kdconsole.runs.log import EventTail, EventWriter
from tests.runs.logs import read_events

from .logs import run_log


def notice(message: str) -> Notice:
    return Notice(level="info", code="x", message=message)


def messages(events: list[AnyEvent]) -> list[str]:
    return [event.message for event in events if isinstance(event, Notice)]


def test_what_is_appended_is_read_and_stamped(tmp_path: Path) -> None:
    before = time.time()
    with EventWriter(tmp_path / "events.jsonl") as writer:
        written = writer.append(notice("a"))
        kept = writer.append(Notice(t=5.0, level="info", code="x", message="b"))
        writer.sync()
    assert before <= written.t <= time.time()
    assert kept.t == 5.0
    assert read_events(tmp_path / "events.jsonl") == [written, kept]
    assert [path.name for path in tmp_path.iterdir()] == ["events.jsonl"]


@pytest.mark.parametrize("torn", [b'{"type":"not', b"x" * 200_000])
@pytest.mark.parametrize("whole", [b"", encode(notice("whole"))])
def test_a_torn_last_line_is_ignored_by_readers_and_cut_by_the_writer(
    tmp_path: Path, whole: bytes, torn: bytes
) -> None:
    log = tmp_path / "events.jsonl"
    log.write_bytes(whole + torn)
    tail = EventTail(log)
    first = tail.read()
    assert (messages(first), tail.skipped) == ((["whole"] if whole else []), 0)
    with EventWriter(log) as writer:
        writer.append(notice("after"))
    assert messages(tail.read()) == ["after"]
    assert not tail.restarted
    assert messages(read_events(log)) == ([*messages(first), "after"])


def test_unknown_types_newer_versions_and_rubbish_are_skipped_and_counted(tmp_path: Path) -> None:
    log = tmp_path / "events.jsonl"
    rubbish = [
        b'{"type":"later","v":1}', b'{"type":"notice","v":99,"level":"i","code":"c","message":"m"}', b"", b"null",
        b"\xff\xfe", b'{"type":"notice","level":"i","code":"c","message":"\xff"}', b"[" * 100_000, b"\x00" * 50,
        b'{"type":"notice","level":"i","code":"c","message":"m","deep":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    ]  # fmt: skip
    log.write_bytes(b"\n".join([*rubbish, encode(notice("good"))]))
    tail = EventTail(log)
    assert messages(tail.read()) == ["good"]
    assert tail.skipped == len(rubbish)


def test_bytes_that_arrive_one_by_one_give_the_same_events(tmp_path: Path) -> None:
    content = b"".join(encode(event) for event in run_log(1))[:3000]
    whole, log = tmp_path / "whole", tmp_path / "log"
    whole.write_bytes(content)
    tail = EventTail(log)
    events = tail.read()
    with log.open("wb", buffering=0) as file:
        for i in range(len(content)):
            file.write(content[i : i + 1])
            events += tail.read()
            assert not tail.restarted
    assert events == read_events(whole)
    assert len(events) > 5


def test_lines_longer_than_a_block_and_limits(tmp_path: Path) -> None:
    log = tmp_path / "events.jsonl"
    long = ["x" * 3_000_000, "y", "z" * 1_100_000, *"abcdefgh", *("short" * 20 for _ in range(1000))]
    log.write_bytes(b"".join(encode(notice(text)) for text in long))
    for limit, least in ((1, 4), (1_500_000, 2), (10_000_000, 1)):
        tail, found, reads = EventTail(log), list[str](), 0
        while tail.has_more or not reads:
            new = messages(tail.read(limit))
            assert new
            found += new
            reads += 1
        assert found == long and reads >= least and tail.read(limit) == []
    assert messages(read_events(log)) == long


def test_an_absent_file_has_no_events_and_a_replaced_one_starts_over(tmp_path: Path) -> None:
    log = tmp_path / "events.jsonl"
    tail = EventTail(log)
    assert tail.read() == [] and not tail.restarted
    log.write_bytes(encode(notice("one")) + encode(notice("two")))
    assert messages(tail.read()) == ["one", "two"] and not tail.restarted
    assert tail.read() == [] and not tail.restarted
    log.write_bytes(encode(notice("new")))  # the same inode, shorter
    assert messages(tail.read()) == ["new"] and tail.restarted
    log.write_bytes(encode(notice("longer than it was before")))  # the same inode, longer
    assert messages(tail.read()) == ["longer than it was before"] and tail.restarted
    other = tmp_path / "other"
    other.write_bytes(encode(notice("other")) * 9)
    other.replace(log)
    assert len(tail.read()) == 9 and tail.restarted
    log.unlink()
    assert tail.read() == [] and tail.restarted
    assert tail.read() == [] and not tail.restarted


def test_a_full_disk_leaves_nothing_torn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log = tmp_path / "events.jsonl"
    real = os.write
    room = 40

    def write(file: int, data: bytes) -> int:
        nonlocal room
        if not room:
            raise OSError(errno.ENOSPC, "No space left on device")
        written = real(file, bytes(data)[:room])
        room -= written
        return written

    with EventWriter(log) as writer:
        writer.append(notice("before"))
        before = log.read_bytes()
        monkeypatch.setattr(os, "write", write)
        with pytest.raises(OSError, match="No space"):
            writer.append(notice("does not fit"))
        assert log.read_bytes() == before
        room = 1 << 20
        writer.append(notice("after"))
    assert messages(read_events(log)) == ["before", "after"]


def test_the_last_word_is_written_into_the_reserve(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log = tmp_path / "events.jsonl"
    real = os.write

    def write(file: int, data: bytes) -> int:
        if any(path.name.endswith(".reserve") for path in tmp_path.iterdir()):
            raise OSError(errno.ENOSPC, "No space left on device")
        return real(file, data)

    with EventWriter(log) as writer:
        monkeypatch.setattr(os, "write", write)
        with pytest.raises(OSError):
            writer.append(notice("does not fit"))
        writer.append(Failed(step=7, cause="disk", message="No space left on device"))
    assert [type(event) for event in read_events(log)] == [Failed]


def test_short_writes_are_completed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.write
    with EventWriter(tmp_path / "events.jsonl") as writer:
        monkeypatch.setattr(os, "write", lambda file, data: real(file, bytes(data)[:3]))
        writer.append(notice("whole"))
    assert messages(read_events(tmp_path / "events.jsonl")) == ["whole"]


def test_threads_share_a_writer(tmp_path: Path) -> None:
    with EventWriter(tmp_path / "events.jsonl") as writer:
        threads = [
            threading.Thread(target=lambda: [writer.append(notice("x" * n)) for n in range(100)]) for _ in range(4)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    tail = EventTail(tmp_path / "events.jsonl")
    assert (len(tail.read()), tail.skipped) == (400, 0)


def test_a_listing_decodes_only_the_last_of_many_steps(tmp_path: Path) -> None:
    log = tmp_path / "events.jsonl"
    events = [*run_log(1), Vitals(t=1.0, values={"cpu": 1.0}), *run_log(3), Vitals(t=2.0, values={"cpu": 2.0})]
    log.write_bytes(b"".join(encode(event) for event in events))
    found = EventTail(log, steps=False).read()
    passed_over = [*(event for event in events if isinstance(event, Step)), events[len(run_log(1))]]
    passed_over.remove(next(event for event in reversed(events) if isinstance(event, Step)))
    assert found == [event for event in events if event not in passed_over]
