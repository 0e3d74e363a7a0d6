import time
from pathlib import Path

from kdconsole.runs.events import encode
from kdconsole.runs.layout import RunFolder
from kdconsole.runs.listing import Listing, list_runs
from kdconsole.runs.lock import RunLock
from kdconsole.runs.reader import load_state
from kdconsole.runs.status import Status

from .logs import epochs_of, finished, run_log, write_log


def test_runs_and_teachers_are_listed_newest_first(tmp_path: Path) -> None:
    write_log(tmp_path / "old", [*run_log(3, seed=4, t=1000.0), finished(53.25)])
    write_log(tmp_path / "new", run_log(2, t=5000.0))
    write_log(tmp_path / "teachers" / "big", run_log(1, t=3000.0))
    (tmp_path / "teachers" / "file.safetensors").write_text("")
    (tmp_path / "notes").mkdir()
    runs = list_runs(tmp_path)
    assert [(run.name, run.teacher, run.status.status) for run in runs] == [
        ("new", False, Status.STALE),
        ("teachers/big", True, Status.STALE),
        ("old", False, Status.DONE),
    ]
    new, _, old = runs
    assert (new.epoch, new.epochs, new.split, new.last_top1, new.best_top1) == (2, 3, "validation", 60.0, 60.0)
    assert (old.seed, old.split, old.last_top1, old.started) == (4, "test", 53.25, 1000.0)


def test_only_a_live_run_has_time_left(tmp_path: Path) -> None:
    folder = write_log(tmp_path / "run", run_log(2, t=time.time() + 60))  # it has said so after it had taken its lock
    with RunLock(folder):
        (live,) = list_runs(tmp_path)
    (killed,) = list_runs(tmp_path)
    assert live.status.status is Status.LIVE
    assert live.eta is not None and live.eta == load_state(folder, curves=False).eta
    assert (killed.status.status, killed.eta) == (Status.STALE, None)


def test_a_broken_run_is_listed_with_the_reason(tmp_path: Path) -> None:
    write_log(tmp_path / "good", run_log(1))
    (tmp_path / "bad" / "events.jsonl").mkdir(parents=True)
    write_log(tmp_path / "rubbish", []).events.write_bytes(b"\x00\xff\n")
    loop = RunFolder(tmp_path / "loop")
    loop.path.mkdir()
    loop.events.symlink_to(loop.events)
    evil = RunFolder(tmp_path / "a\x1b[2Jb")
    evil.path.mkdir()
    evil.recipe.write_text("")
    details = {run.name: (run.status.status, run.status.detail) for run in list_runs(tmp_path)}
    assert details == {
        "good": (Status.STALE, "killed"),
        "bad": (Status.STALE, "unreadable: Is a directory"),
        "rubbish": (Status.STALE, "unreadable: 1 unknown lines in the event log"),
        "loop": (Status.STALE, "unreadable: Too many levels of symbolic links"),
        "a\\x1b[2Jb": (Status.NEW, ""),
    }


def test_accuracy_is_smoothed_over_the_latest_evaluations(tmp_path: Path) -> None:
    write_log(tmp_path / "long", run_log(9))  # 60 - |epoch - 2| on the validation images
    write_log(tmp_path / "short", run_log(2))
    write_log(tmp_path / "begun", run_log(0))
    assert {run.name: run.smooth_top1 for run in list_runs(tmp_path)} == {"long": 55.0, "short": 59.5, "begun": None}


def test_nothing_is_listed_where_nothing_is(tmp_path: Path) -> None:
    assert list_runs(tmp_path / "absent") == []


def test_a_listing_follows_its_runs(tmp_path: Path) -> None:
    listing = Listing(tmp_path)
    assert listing.refresh() == []
    folder = write_log(tmp_path / "run", run_log(1))
    assert listing.refresh()[0].epoch == 1
    with folder.events.open("ab") as log:
        log.write(b"".join(encode(event) for event in epochs_of("distill", 2, first=2)))
    assert listing.refresh()[0].epoch == 2
    write_log(folder, run_log(0, seed=7))
    assert [(run.epoch, run.seed) for run in listing.refresh()] == [(0, 7)]
    folder.events.unlink()
    assert listing.refresh() == []
