"""The measurements, one function for each question."""

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from kdconsole.bench.console.growth import growth
from kdconsole.bench.console.logs import finished_run, live_run
from kdconsole.bench.console.report import Figure
from kdconsole.bench.console.session import (
    CHART,
    FILTER,
    LARGE,
    LIST,
    OVER,
    SMALL,
    Load,
    Marks,
    console,
    key_latencies,
    last_answer,
    percentile,
    seen,
    settle,
)
from kdconsole.bench.terminal import Terminal
from kdconsole.errors import ExitCode, UserError
from kdconsole.runs.layout import RunFolder

_STARTS = 7
_WINDOW = 10.0  # seconds for which bytes and processor time are counted
_PRESSES = 40
_MARKS = 60
_SLOW, _FAR = 16 * 1024, 0.1  # bytes a second; seconds each way
_LONG = 100_000  # step events
_PER_EPOCH = 400  # of them
_TERMS = 7  # with their sum, accuracy and rate: ten metrics a step
_VIEWED = 4
_PRINTED = "#" * 40  # no other screen shows such signs, of which only those that differ would be sent
_COMPARED = 68  # the runs of a table with several methods, pairs and seeds


class Scale(NamedTuple):
    """Runs in the longest list, step events in the longest log."""

    runs: int
    steps: int


def measure(parts: Sequence[str], scale: Scale) -> Iterator[Figure]:
    """The figures of each of `parts`, as soon as they are known."""
    for name in parts:
        with TemporaryDirectory(prefix="kdconsole-") as root:
            yield from PARTS[name](Path(root), scale)


def start(root: Path, scale: Scale) -> Iterator[Figure]:
    """From nothing to a picture."""
    finished_run(root, "small", 0, 12, 40)
    yield Figure("start → first paint", 1e3 * _opening(root, None, LIST), "ms", 320)
    yield Figure("start → a run's charts", 1e3 * _opening(root, "small", CHART), "ms", 450)


def _opening(root: Path, run: str | None, wanted: bytes, times: int = _STARTS) -> float:
    """Seconds from the start of the process to `wanted` on its screen: the median of several starts."""

    def once() -> float:
        with console(root, run) as terminal:
            return seen(terminal, wanted) - terminal.began

    return statistics.median(once() for _ in range(times))


def live(root: Path, scale: Scale) -> Iterator[Figure]:
    """Four charts of a run that logs four times a second, and then no more."""
    for size, most_sent, most_used in ((SMALL, 1.5, 4.0), (LARGE, 3.0, 9.0)):
        name = f"{size[0]} × {size[1]}"
        with live_run(root, f"live{size[0]}") as run, console(root, run.folder.name, size) as terminal:
            load = Load(run)
            seen(terminal, CHART)
            load.until(time.monotonic() + 2)
            sent, used = _spent(terminal, load)
            yield Figure(f"{name}: sent", sent, "KiB/s", most_sent)
            yield Figure(f"{name}: processor", used, "%", most_used)
            delays = _event_delays(terminal, load)
            yield Figure(f"{name}: event → screen, median", 1e3 * statistics.median(delays), "ms", 40)
            yield Figure(f"{name}: event → screen, 95 %", 1e3 * percentile(delays, 0.95), "ms", 100)
            delays = key_latencies(terminal, load, _PRESSES)
            yield Figure(f"{name}: key → screen under load, median", 1e3 * statistics.median(delays), "ms", 8)
            yield Figure(f"{name}: key → screen under load, 95 %", 1e3 * percentile(delays, 0.95), "ms", 25)
    folder = finished_run(root, "over", 0, 12, 40)
    with console(root, folder.name) as terminal:
        seen(terminal, CHART)
        settle(terminal, 2.0)
        sent, used = _spent(terminal)
        yield Figure("idle: sent", sent, "KiB/s", 0)
        yield Figure("idle: processor", used, "%", 0.5)


def _spent(terminal: Terminal, load: Load | None = None) -> tuple[float, float]:
    """KiB a second that the console sends, and its share of a core in per cent."""
    sent, used, began = len(terminal.sent), terminal.cpu_seconds(), time.monotonic()
    if load is None:
        time.sleep(_WINDOW)
    else:
        load.until(began + _WINDOW)
    taken = time.monotonic() - began
    return (len(terminal.sent) - sent) / 1024 / taken, 100 * (terminal.cpu_seconds() - used) / taken


def _event_delays(terminal: Terminal, load: Load) -> list[float]:
    """Seconds from an event, logged with a step, to the screen."""
    marks, since = Marks(load.run), len(terminal.sent)
    load.until(time.monotonic() + _MARKS / 4, marks.log)
    time.sleep(0.5)
    return [shown - logged for logged, shown in marks.arrivals(terminal, since)]


def far_files(root: Path, scale: Scale) -> Iterator[Figure]:
    """Events of a run whose files are on a network file system."""
    with (
        live_run(root, "live") as run,
        console(root, run.folder.name, program="kdconsole.bench.console.far_files") as terminal,
    ):
        load = Load(run)
        seen(terminal, CHART)
        load.until(time.monotonic() + 2)
        delays = _event_delays(terminal, load)
        yield Figure("far files: event → screen, median", 1e3 * statistics.median(delays), "ms")
        yield Figure("far files: event → screen, 95 %", 1e3 * percentile(delays, 0.95), "ms", 350)


def slow_link(root: Path, scale: Scale) -> Iterator[Figure]:
    """The same over a link of 16 KiB/s on which there and back takes 200 ms."""
    with (
        live_run(root, "live") as run,
        console(root, run.folder.name, rate=_SLOW, delay=_FAR) as terminal,
    ):
        load = Load(run)
        seen(terminal, CHART)
        load.until(time.monotonic() + 8)  # the first picture takes its time
        marks, since, began = Marks(run), len(terminal.sent), time.monotonic()
        load.until(began + _WINDOW, marks.log)
        taken = time.monotonic() - began
        frames = sorted({round(shown, 2) for _, shown in marks.arrivals(terminal, since)})
        yield Figure("slow link: frames", len(frames) / taken, "Hz", 3, least=True)
        delays = key_latencies(terminal, load, _PRESSES)
        beyond = percentile(delays, 0.95) - 2 * _FAR
        yield Figure("slow link: key → screen under load, beyond the way, 95 %", 1e3 * beyond, "ms", 150)


def attach(root: Path, scale: Scale) -> Iterator[Figure]:
    """Opening long runs."""
    finished_run(root, "small", 0, 12, 40)
    usual = _opening(root, "small", CHART)
    for place in range(_VIEWED):
        finished_run(root, f"long{place}", place, _LONG // _PER_EPOCH, _PER_EPOCH, terms=_TERMS)
    for name, length, target in (("long0", _LONG, 250.0), ("huge", scale.steps, 600.0)):
        if name == "huge":
            finished_run(root, name, 9, length // _PER_EPOCH, _PER_EPOCH, terms=_TERMS)
        opening = _opening(root, name, OVER, 3)
        yield Figure(f"{length:,} steps: attach, beyond a start", 1e3 * (opening - usual), "ms", target)
        yield Figure(f"{length:,} steps: memory", _attach_and_settle(root, name, OVER), "MiB")
        RunFolder(root / name).curves_cache.unlink()
        without = _opening(root, name, OVER, 1)
        yield Figure(f"{length:,} steps: the same without the cache", 1e3 * (without - usual), "ms")
    yield Figure(f"{_VIEWED} runs of {_LONG:,} steps, one after the other: most memory", _view_all(root), "MiB", 70)


def _attach_and_settle(root: Path, run: str, wanted: bytes) -> float:
    """Open a run and let the console finish with it; returns its memory in MiB."""
    with console(root, run) as terminal:
        seen(terminal, wanted)
        settle(terminal, 2.0)
        return terminal.resident_mib()


def _view_all(root: Path) -> float:
    """Open the newest runs from the list, one after the other; returns the most memory in MiB, in a run or in the list."""
    most = 0.0
    with console(root) as terminal:
        seen(terminal, LIST)
        settle(terminal)
        for _ in range(_VIEWED):
            since = len(terminal.sent)
            terminal.type("\r")
            seen(terminal, OVER, since)
            settle(terminal, 1.0)
            most = max(most, terminal.resident_mib())
            for key in "qj":  # what the next run shares with this one is sent again
                last_answer(terminal, key)
                most = max(most, terminal.resident_mib())
        return most


def listing(root: Path, scale: Scale) -> Iterator[Figure]:
    """A list of many runs."""
    with TemporaryDirectory(prefix="kdconsole-") as few:
        finished_run(Path(few), "small", 0, 12, 40)
        usual = _opening(Path(few), None, b"1 run")
    for number in range(scale.runs):
        finished_run(root, f"run-{number:05}", number, 4, 10)
    wanted = f"{scale.runs} runs".encode()
    first = _opening(root, None, wanted, 1)
    yield Figure(f"{scale.runs:,} runs: first opening, beyond a start", 1e3 * (first - usual), "ms")
    with console(root) as terminal:
        seen(terminal, wanted)
        settle(terminal, 2.0)
        last_answer(terminal, "p")  # without the preview, which comes after the list, once it has read a log
        since = len(terminal.sent)
        terminal.type("/")
        seen(terminal, FILTER, since)  # a letter that came before it would be a key of the list
        delays = [last_answer(terminal, letter) for letter in "crd"]
        yield Figure(f"{scale.runs:,} runs: a key of the filter", 1e3 * statistics.median(delays), "ms", 30)
        delays = [last_answer(terminal, keys) for keys in ("\r", "g", "g", "g", "g")]
        yield Figure(f"{scale.runs:,} runs: folded or sorted again", 1e3 * statistics.median(delays[1:]), "ms", 60)
        terminal.type("\x1b")
        settle(terminal)
        delays = [last_answer(terminal, "\x1b[6~") for _ in range(10)]
        yield Figure(f"{scale.runs:,} runs: a page further", 1e3 * statistics.median(delays), "ms", 10)
        yield Figure(f"{scale.runs:,} runs: memory", terminal.resident_mib(), "MiB")
    again = _opening(root, None, wanted, 3)
    yield Figure(f"{scale.runs:,} runs: opening again, beyond a start", 1e3 * (again - usual), "ms", 250)


def commands(root: Path, scale: Scale) -> Iterator[Figure]:
    """Commands that print something and end, as a shell would call them."""
    for number in range(_COMPARED):
        finished_run(root, f"run-{number:02}", number, 4, 10)
    for words, target in (
        (("--version",), 90), (("--help",), 110), (("ls",), 150), (("compare", "--format", "latex"), 400),
    ):  # fmt: skip
        what = f"{_COMPARED} runs: " if words[0] in ("ls", "compare") else ""
        yield Figure(f"{what}kdconsole {' '.join(words)}", 1e3 * _command(root, words), "ms", target)


def _command(root: Path, words: Sequence[str]) -> float:
    """Seconds that a command takes: the median of several."""

    def once() -> float:
        began = time.monotonic()
        command = [sys.executable, "-P", "-m", "kdconsole", *words]
        done = subprocess.run(command, env={**os.environ, "KDCONSOLE_RUNS": str(root)}, capture_output=True, text=True)
        if done.returncode:
            raise UserError(
                f"`kdconsole {' '.join(words)}` has failed: {done.stderr.strip()[-300:]}", exit_code=ExitCode.RETRY
            )
        return time.monotonic() - began

    return statistics.median(once() for _ in range(_STARTS))


def log(root: Path, scale: Scale) -> Iterator[Figure]:
    """What the backend has printed, of many lines, opened at its end."""
    folder = finished_run(root, "small", 0, 12, 40)
    lines = (f"{number:07} {_PRINTED}\n" for number in range(scale.steps))
    folder.log.write_text("".join(lines), encoding="ascii")
    with console(root, folder.name) as terminal:
        seen(terminal, CHART)
        settle(terminal, 2.0)
        since = len(terminal.sent)
        typed = terminal.type("L")
        shown = seen(terminal, _PRINTED.encode(), since)
        yield Figure(f"a log of {scale.steps:,} lines: its end", 1e3 * (shown - typed), "ms", 150)


def drawing(root: Path, scale: Scale) -> Iterator[Figure]:
    """Whether a chart's cost grows with its run."""
    yield from growth(scale.steps)


PARTS: dict[str, Callable[[Path, Scale], Iterator[Figure]]] = {
    "start": start,
    "live": live,
    "slow": slow_link,
    "far": far_files,
    "attach": attach,
    "list": listing,
    "log": log,
    "commands": commands,
    "drawing": drawing,
}
