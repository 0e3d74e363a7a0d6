"""Orbit in whole runs: the group first, on the teacher, then the student, who looks at each image twice."""

import hashlib

import pytest
import torch

from kdconsole.backend.assembly import Assembly
from kdconsole.bench.parts import time_objective, time_parts
from kdconsole.runs.events import Phase, Step
from kdconsole.runs.layout import RunFolder
from kdconsole.runs.reader import load_state
from tests.backend.assemblies import assembly_of, recipe_with
from tests.backend.test_modes import CPU
from tests.backends import TINY, Backend, curves_of, events_of
from tests.warm import held_at

SETTINGS = 'name = "orbit", elements = 4, kernel = 3, epochs = 3, group_lr = 0.01'
RUN = (
    TINY[: TINY.index("[[method]]")]
    + "[[method]]\n"
    + SETTINGS.replace(", ", "\n")
    + "\n"
    + '[augment]\nstudent = [{ name = "crop", padding = 1 }]\n'
    + TINY[TINY.index("[train]") :]
)


def _assembly(
    train: str = CPU, views: str = 'student = [{ name = "crop", padding = 1 }], teacher = ["blur"]'
) -> Assembly:
    return assembly_of(recipe_with(method=f"[{{ {SETTINGS} }}]", augment=f"{{ {views} }}", train=train))


def _hashes(folder: RunFolder) -> list[str]:
    return [hashlib.sha256(path.read_bytes()).hexdigest() for path in (folder.student, folder.student_best)]


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    backend = Backend(tmp_path_factory.mktemp("orbit"))
    folder = backend.create(RUN)
    assert backend.finish_cold(folder) == 0, folder.log.read_text()
    return folder


def test_the_group_is_a_phase_of_its_own_in_which_its_loss_falls(undisturbed: RunFolder) -> None:
    assert [event.phase for event in events_of(undisturbed, Phase)] == ["teacher", "orbit", "distill"]
    series = load_state(undisturbed).series
    group = list(series["orbit", "epoch/loss"].y)
    assert len(group) == 3 and group == sorted(group, reverse=True)
    assert ("orbit", "train/top1") not in series, "no student is asked"
    student = list(series["distill", "epoch/loss"].y)
    assert len(student) == 3 and student[-1] < student[0]


@pytest.mark.parametrize("phase", ["orbit", "distill"])
def test_killed_in_either_stage_it_resumes_to_the_same_bits(
    undisturbed: RunFolder, backend: Backend, phase: str
) -> None:
    folder = backend.create(RUN)
    process = backend.start(folder, prepare=held_at(Step, phase=phase, epoch=2))
    process.await_hold()
    process.kill()
    process.wait()
    assert backend.finish(folder) == 0, folder.log.read_text()
    assert _hashes(folder) == _hashes(undisturbed)
    assert curves_of(folder) == curves_of(undisturbed)


def test_the_group_rests_while_the_student_learns() -> None:
    assembly = _assembly()
    first, students = assembly.courses
    group = {name: weight.clone() for name, weight in assembly.objective.state_dict().items()}
    student = {name: weight.clone() for name, weight in assembly.student.state_dict().items()}
    (raw,) = assembly.splits.train.batches(torch.arange(32), 32)
    first.step(raw, 0.01)
    learned = {name: weight.clone() for name, weight in assembly.objective.state_dict().items()}
    assert not any(torch.equal(group[name], weight) for name, weight in learned.items())
    assert all(torch.equal(student[name], weight) for name, weight in assembly.student.state_dict().items())
    students.step(raw, 0.01)
    assert all(torch.equal(learned[name], weight) for name, weight in assembly.objective.state_dict().items())
    assert not torch.equal(student["conv1.weight"], assembly.student.state_dict()["conv1.weight"])


@pytest.mark.parametrize(("course", "network"), [(0, "teach"), (1, "learn")])
def test_what_is_moved_is_the_view_that_the_network_has_seen(
    course: int, network: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With kernels that leave images alone, both looks are at the same pixels: also beside views and a strong view."""
    assembly, seen = _assembly(views='student = [{ name = "crop", padding = 1 }, "jitter"], teacher = ["blur"]'), []
    (term,) = assembly.objective.terms
    with torch.no_grad():
        term.group.kernels.zero_()[:, 1, 1] = 1
    step = assembly.courses[course].step
    ask = getattr(step, network)
    monkeypatch.setattr(step, network, lambda images: (seen.append(images), ask(images))[1])
    step((torch.arange(32),), 0.0)
    assert len(seen) == 2 and torch.equal(*seen)


def test_a_strong_view_is_not_what_is_moved(monkeypatch: pytest.MonkeyPatch) -> None:
    recipe = recipe_with(
        method=f'["ce", {{ {SETTINGS} }}]', augment='{ student = ["jitter"], strong = ["blur", "solarize"] }', train=CPU
    )
    assembly, seen = assembly_of(recipe), list[torch.Tensor]()
    with torch.no_grad():
        assembly.objective.terms[1].group.kernels.zero_()[:, 1, 1] = 1
    step = assembly.step
    monkeypatch.setattr(step, "learn", lambda images, ask=step.learn: (seen.append(images), ask(images))[1])
    step((torch.arange(32),), 0.0)
    view, strong, moved = seen
    assert torch.equal(view, moved) and not torch.equal(view, strong)


def test_its_stage_draws_anew_each_time() -> None:
    first = _assembly().courses[0].step
    values = []
    for _ in range(3):
        first((torch.arange(32),), 0.0)
        values.append(first.meter.hand_over().totals().means()["loss"])
    assert len(set(values)) == 3, "other elements each time"


def test_a_benchmark_times_it() -> None:
    assembly = _assembly()
    batches = list(assembly.splits.train.batches(torch.arange(96), 32))
    assert {"teacher forward", "student forward", "  orbit"} <= set(time_parts(assembly, batches, 0.01))
    assert time_objective(assembly, batches) > 0
