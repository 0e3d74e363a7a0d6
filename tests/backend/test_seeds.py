"""Seeds that are trained side by side in one process are each the run that they are alone."""

import hashlib
import os
from pathlib import Path

import pytest
import torch

from kdconsole.backend.turns import WORKED, Turns, side_by_side
from kdconsole.launch.create import create_runs
from kdconsole.recipe.load import build_recipe
from kdconsole.recipe.source import source_from_text
from kdconsole.runs.control import send
from kdconsole.runs.events import Epoch, Started, Step
from kdconsole.runs.layout import RunFolder
from tests.backend.prints import prints_come_back
from tests.backends import TINY, Backend, curves_of, events_of, wait_until

SEEDS = "seeds = [0, 1]\n" + TINY.replace("epochs = 3", 'epochs = 12\nside_by_side = "on"')


def _create(root: Path, text: str = SEEDS) -> list[RunFolder]:
    return create_runs(build_recipe(source_from_text(text, root / "recipe.toml")), root, text)


def _hashes(folders: list[RunFolder]) -> list[str]:
    files = (path for folder in folders for path in (folder.student, folder.student_best))
    return [hashlib.sha256(path.read_bytes()).hexdigest() for path in files]


@pytest.fixture(scope="module")
def one_by_one(tmp_path_factory: pytest.TempPathFactory) -> list[RunFolder]:
    backend = Backend(tmp_path_factory.mktemp("one_by_one"))
    folders = _create(backend.root)
    for folder, finish in zip(folders, (backend.finish_cold, backend.finish), strict=True):
        assert finish(folder) == 0, folder.log.read_text()
    return folders


def test_side_by_side_is_the_same_to_the_bit(one_by_one: list[RunFolder], backend: Backend) -> None:
    """The teacher is trained by the first, awaited by the others."""
    folders = _create(backend.root)
    assert backend.finish(*folders) == 0, [folder.log.read_text() for folder in folders]
    assert _hashes(folders) == _hashes(one_by_one)
    for together, alone in zip(folders, one_by_one, strict=True):
        curves, expected = curves_of(together), curves_of(alone)
        assert {key: curves[key] for key in curves if key[0] != "teacher"} == {
            key: expected[key] for key in expected if key[0] != "teacher"
        }
    begun = [min(event.t for event in events_of(folder, Epoch) if event.phase == "distill") for folder in folders]
    ended = [max(event.t for event in events_of(folder, Epoch)) for folder in folders]
    assert max(begun) < min(ended), "they ran one after the other"


def test_killed_and_stopped_side_by_side_they_resume_to_the_same_bits(
    one_by_one: list[RunFolder], backend: Backend
) -> None:
    folders = _create(backend.root)
    process = backend.start(*folders)
    wait_until(lambda: all(any(e.phase == "distill" for e in events_of(folder, Step)) for folder in folders))
    process.kill()
    process.wait()
    process = backend.start(*folders)
    wait_until(lambda: len(events_of(folders[1], Started)) == 2)
    send(folders[1], "stop")
    assert process.wait() == 130  # one was stopped, the other went on to its end
    assert folders[0].result.exists() and not folders[1].result.exists()
    assert backend.finish(folders[1]) == 0
    assert _hashes(folders) == _hashes(one_by_one)


def test_turns_keep_random_numbers_and_prints_apart(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    def run(seed: int, draws: int) -> Turns[list[float]]:
        torch.manual_seed(seed)
        found = []
        for _ in range(draws):
            os.write(1, f"{seed} draws\n".encode())
            yield WORKED
            found.append(torch.rand(()).item())
        return found

    def alone(seed: int, draws: int) -> list[float]:
        torch.manual_seed(seed)
        return [torch.rand(()).item() for _ in range(draws)]

    logs = [tmp_path / "a.log", tmp_path / "b.log"]
    with capfd.disabled(), prints_come_back():
        found = side_by_side(list(zip([run(1, 3), run(2, 5)], logs, strict=True)), torch.device("cpu"))
    assert found == [alone(1, 3), alone(2, 5)]
    assert [log.read_text().splitlines() for log in logs] == [["1 draws"] * 3, ["2 draws"] * 5]
