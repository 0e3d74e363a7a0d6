"""The console without the developer's environment."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.tui.fixture_run import Holder, Story, finished, make_run


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NO_COLOR", "KDCONSOLE_RUNS", "TEXTUAL", "TEXTUAL_THEME"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Two runs: "old", which went through, and "young", at epoch 12 of its distillation and live."""
    make_run(tmp_path, Story(name="old"), finished(Story(name="old")))
    return tmp_path


@pytest.fixture
def live(root: Path) -> Iterator[Holder]:
    holder = Holder(make_run(root, Story(name="young", seed=1, stop_at=12, begin=1_764_000_000.0)))
    yield holder
    holder.release()
