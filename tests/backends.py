"""Driving the real backend and the real command line from tests."""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from kdconsole.launch.create import create_runs
from kdconsole.recipe.load import build_recipe
from kdconsole.recipe.source import source_from_text
from kdconsole.runs.events import AnyEvent
from kdconsole.runs.layout import RunFolder
from kdconsole.runs.reader import load_state
from kdconsole.runs.state import VITALS, SeriesKey
from tests.runs.logs import read_events
from tests.warm import PATIENCE, Preparation, WarmProcess

REPOSITORY = Path(__file__).resolve().parents[1]

# real digits, a teacher that is trained first, two views, every term; about three seconds
TINY = """
name = "tiny"
[data]
dataset = "digits"
fraction = 0.3
[teacher]
arch = "resnet8"
[teacher.train]
epochs = 2
log_every = 2
[student]
arch = "wrn_10_1"
[[method]]
name = "ce"
[[method]]
name = "kd"
[[method]]
name = "icd"
[augment]
teacher = [{ name = "crop", padding = 1 }]
student = [{ name = "crop", padding = 1 }, "jitter", "blur", "solarize"]
[train]
epochs = 3
log_every = 2
threads = 1
"""

# the smallest run there is: a student alone
ALONE = """
name = "alone"
data = { dataset = "digits", fraction = 0.2 }
student = "resnet8"
method = "ce"
[train]
epochs = 2
log_every = 1
threads = 1
"""


Typed = Callable[..., tuple[int, str, str]]  # the fixture `typed`: a command line's exit code, stdout and stderr


class Backend:
    """Starts backends on recipes given as text."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._processes: list[subprocess.Popen[bytes] | WarmProcess] = []

    def create(self, text: str = TINY, name: str | None = None) -> RunFolder:
        """A run directory that nothing has touched yet."""
        recipe = build_recipe(source_from_text(text, self.root / "recipe.toml"))
        return create_runs(recipe, self.root, text, name)[0]

    def start(self, *folders: RunFolder, prepare: Preparation | None = None) -> WarmProcess:
        """`prepare` is called in the new process before anything else."""
        process = WarmProcess(folders, REPOSITORY, prepare)
        self._processes.append(process)
        return process

    def start_cold(self, *folders: RunFolder) -> "subprocess.Popen[bytes]":
        """`python -m kdconsole.backend`, for tests of the start itself and of what must not depend on it: a fresh
        interpreter has another seed for its hashes, other addresses, and imports in another order."""
        process = subprocess.Popen(
            [sys.executable, "-m", "kdconsole.backend", *(str(folder.path) for folder in folders)],
            cwd=REPOSITORY, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip
        self._processes.append(process)
        return process

    def finish(self, *folders: RunFolder, prepare: Preparation | None = None) -> int:
        """Run to the end; returns the exit code."""
        return self.start(*folders, prepare=prepare).wait()

    def finish_cold(self, *folders: RunFolder) -> int:
        """The same in a fresh interpreter."""
        process = self.start_cold(*folders)
        process.communicate(timeout=PATIENCE)
        return process.returncode

    def kill_all(self) -> None:
        for process in self._processes:
            if process.poll() is None:
                process.kill()
            process.wait()
            if isinstance(process, subprocess.Popen) and process.stdout is not None:
                process.stdout.close()


def wait_until(condition: Callable[[], object], timeout: float = PATIENCE) -> None:
    """Poll until `condition` is truthy."""
    deadline = time.monotonic() + timeout
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError("the awaited condition did not come true")
        time.sleep(0.01)


def events_of(folder: RunFolder, kind: type[AnyEvent]) -> list[AnyEvent]:
    return [event for event in read_events(folder.events) if isinstance(event, kind)]


def curves_of(folder: RunFolder) -> dict[SeriesKey, list[float]]:
    """What a run has computed, step by step; not how busy the machine was."""
    series = load_state(folder).series
    return {key: list(curve.y) for key, curve in series.items() if key[0] != VITALS}


def kdconsole(
    *arguments: str, root: Path, cwd: Path = REPOSITORY, timeout: float = PATIENCE
) -> "subprocess.CompletedProcess[str]":
    """The command line as a user calls it, without a terminal."""
    return subprocess.run(
        [sys.executable, "-m", "kdconsole", *arguments],
        cwd=cwd, env={**os.environ, "KDCONSOLE_RUNS": str(root), "PYTHONPATH": str(REPOSITORY)},
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=timeout,
    )  # fmt: skip
