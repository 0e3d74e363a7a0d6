"""How a live screen looks at its run, and what it leaves behind."""

import threading
from pathlib import Path

import pytest

from kdconsole.runs.layout import RunFolder
from kdconsole.runs.reader import load_state
from kdconsole.tui.follower import Follower, Polled
from kdconsole.tui.live.feeding import Feeding
from tests.tui.fixture_run import Story, finished, make_run


@pytest.fixture
def long_run(tmp_path: Path) -> RunFolder:
    """Of which a cache is kept."""
    story = Story(log_every=1)
    return make_run(tmp_path, story, finished(story))


class Left(Follower):
    """A run whose screen is left after so many looks at it, while the thread that looks is at work."""

    def __init__(self, folder: RunFolder, looks: int) -> None:
        super().__init__(folder)
        self.feeding = Feeding(self, lambda: None)
        self._looks = looks

    def poll(self) -> Polled:
        polled = super().poll()
        self._looks -= 1
        if not self._looks:
            leaver = threading.Thread(target=self.feeding.end)
            leaver.start()
            leaver.join()
        return polled


@pytest.mark.parametrize("looks", [1, 2, 3])
@pytest.mark.parametrize("kept", [True, False])
def test_who_leaves_early_leaves_no_wrong_cache_and_no_curves(
    long_run: RunFolder, looks: int, kept: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = load_state(long_run)
    assert whole.outcome is not None and long_run.curves_cache.exists()
    if not kept:
        long_run.curves_cache.unlink()
    monkeypatch.setattr("kdconsole.tui.follower.SLICE", 1 << 16)
    monkeypatch.setattr("kdconsole.tui.follower.SLICE_SECONDS", 0.0)
    follower = Left(long_run, looks)
    reading = threading.Thread(target=follower.feeding.run)
    reading.start()
    reading.join()
    assert not follower.state.series
    assert load_state(long_run) == whole
