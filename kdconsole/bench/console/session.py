"""The real console on a terminal, as a person would use it, and what such a session measures."""

import random
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from kdconsole.bench.console.logs import LiveRun
from kdconsole.bench.terminal import Terminal
from kdconsole.errors import ExitCode, UserError
from kdconsole.runs.events import Notice

LARGE, SMALL = (200, 60), (80, 24)
HERTZ = 4.0
CHART = "━ loss".encode()  # the title of the first chart, which keys act on when a run is opened
LIST = b" quit"  # in the last line of the list of runs
FILTER = b"has:best"  # what stands in its empty filter
OVER = b"epochs in "  # the last word of a run that went through, among its events
_TITLES = ("top-1 %", "held-out loss", "learning rate", "events", "loss")  # in the order in which tab selects them
_PATIENCE = 60.0
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


def console(
    root: Path,
    run: str | None = None,
    size: tuple[int, int] = LARGE,
    *,
    rate: float | None = None,
    delay: float = 0.0,
    program: str = "kdconsole",
) -> Terminal:
    """The console on the list of runs below `root`, or on `run`. Its terminal's link has `rate` bytes a second, and each way
    takes `delay` seconds. `program`: the module that is run.
    """
    opening = ["open", run] if run is not None else []
    return Terminal(["-P", "-m", program, *opening, "--root", str(root)], *size, rate=rate, delay=delay)


def seen(terminal: Terminal, wanted: bytes, since: int = 0) -> float:
    """When `wanted` arrived. Raises UserError when it does not."""
    time_ = terminal.arrival(wanted, since, _PATIENCE)
    if time_ is None:
        raise UserError(f"the console has not shown {wanted.decode()!r}", exit_code=ExitCode.RETRY)
    return time_


def settle(terminal: Terminal, seconds: float = 0.5) -> None:
    """Wait until the console has nothing more to say."""
    terminal.quiet_for(seconds, _PATIENCE)


def last_answer(terminal: Terminal, keys: str) -> float:
    """Seconds from `keys` to the last byte of what they change on the screen."""
    since = len(terminal.sent)
    typed = terminal.type(keys)
    deadline = typed + _PATIENCE
    while len(terminal.sent) == since:
        if time.monotonic() > deadline:
            raise UserError(f"the console has not answered {keys!r}", exit_code=ExitCode.RETRY)
        time.sleep(0.005)
    settle(terminal, 0.2)
    return terminal.chunks[-1].time - typed


class Load:
    """A live run that grows four times a second while something is measured."""

    def __init__(self, run: LiveRun) -> None:
        self.run = run
        self._next = time.monotonic()
        self._chance = random.Random(0)  # in step with the console's own clock, delays would all be alike

    def until(self, end: float, each: Callable[[], None] | None = None) -> None:
        """Go on until `end` (monotonic time); `each` is called with every step."""
        while True:
            rest = min(end, self._next) - time.monotonic()
            if rest > 0:
                time.sleep(rest)
            if time.monotonic() >= end:
                return
            self._next += self._chance.uniform(0.7, 1.3) / HERTZ
            self.run.grow()
            if each is not None:
                each()


class Marks:
    """Notices that cannot be mistaken for what is on the screen already, and when each of them was logged."""

    def __init__(self, run: LiveRun) -> None:
        self._run = run
        self.logged: list[tuple[bytes, float]] = []

    def log(self) -> None:
        """Log one more. Each of its letters differs from that in the line before, so that it is sent in one piece."""
        lap, place = divmod(len(self.logged), len(_LETTERS))
        text = _LETTERS[place] * 8 + _LETTERS[(place + lap) % len(_LETTERS)] * 8
        self.logged.append((text.encode(), time.monotonic()))
        self._run.log.append(Notice(level="info", code="mark", message=text))

    def arrivals(self, terminal: Terminal, since: int) -> list[tuple[float, float]]:
        """(logged, shown) of each mark that has arrived beyond the first `since` bytes."""
        found = [(logged, terminal.arrival(text, since, 1.0)) for text, logged in self.logged]
        return [(logged, shown) for logged, shown in found if shown is not None]


def key_latencies(terminal: Terminal, load: Load, presses: int) -> list[float]:
    """Seconds from tab to the title of the pane that it selects, while the run grows. The first chart is selected."""
    chance = random.Random(presses)
    latencies = []
    for number in range(presses):
        load.until(time.monotonic() + chance.uniform(0.1, 0.35))
        since = len(terminal.sent)
        typed = terminal.type("\t")
        latencies.append(seen(terminal, f"━ {_TITLES[number % len(_TITLES)]}".encode(), since) - typed)
    return latencies


def percentile(values: Sequence[float], share: float) -> float:
    """The value that `share` of `values` do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
