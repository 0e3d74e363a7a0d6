"""A second, stronger view of each image beside the first, for terms that learn from two."""

import copy

import pytest
import torch

from kdconsole.backend.assembly import Assembly
from kdconsole.bench.parts import time_objective, time_parts
from tests.backend.assemblies import assembly_of, recipe_with
from tests.backend.test_modes import CPU, losses

WEAK = 'student = [{ name = "crop", padding = 1 }]'
STRONG = f'{{ {WEAK}, strong = ["rand_augment"] }}'


def _assembly(augment: str = STRONG, train: str = CPU, method: str = '"mlkd"') -> Assembly:
    return assembly_of(recipe_with(method=method, augment=augment, train=train))


def _terms(assembly: Assembly) -> dict[str, float | None]:
    """Each term's value on the first images, before anything is learned."""
    assembly.step((torch.arange(32),), 0.0)
    return assembly.step.meter.hand_over().totals().means()


def test_a_view_that_is_the_same_twice_counts_twice() -> None:
    """Nothing is drawn in a crop that cannot move, nor in operations that are none."""
    still = 'student = [], strong = [{ name = "rand_augment", operations = 0, cutout = 0.0 }]'
    one, two = (_terms(_assembly(f"{{ {views} }}", method='"ce"')) for views in ("student = []", still))
    assert one["loss/ce"] is not None and two["loss/ce"] == pytest.approx(2 * one["loss/ce"], rel=1e-5)
    assert two["train/top1"] == one["train/top1"]


def test_the_first_view_is_drawn_as_it_is_alone() -> None:
    """A term that reads one view does not notice that there is a second."""
    method = '["ce", "kd"]'
    alone, beside = (_terms(_assembly(views, method=method)) for views in (f"{{ {WEAK} }}", STRONG))
    assert alone["loss/kd"] == beside["loss/kd"]
    assert alone["loss/ce"] != beside["loss/ce"]


def test_both_networks_see_the_same_strong_view(monkeypatch: pytest.MonkeyPatch) -> None:
    assembly, seen = _assembly(), list[torch.Tensor]()
    step = assembly.step
    for name in ("teach", "learn"):
        ask = getattr(step, name)
        monkeypatch.setattr(step, name, lambda images, ask=ask: (seen.append(images), ask(images))[1])
    step((torch.arange(32),), 0.0)
    teachers, students = seen[0::2], seen[1::2]
    assert len(teachers) == len(students) == 2
    # each network normalises in its own way
    teachers, students = ([(view - view.mean()) / view.std() for view in views] for views in (teachers, students))
    assert all(torch.allclose(*pair, atol=1e-5) for pair in zip(teachers, students, strict=True))
    assert not torch.allclose(teachers[0], teachers[1], atol=0.1)


def test_it_learns_and_goes_on_from_a_saved_state() -> None:
    plain = losses(_assembly())
    assert sum(plain[-5:]) < sum(plain[:5])
    first, second = _assembly(), _assembly()
    losses(first, steps=5)
    saved = copy.deepcopy({name: part.state_dict() for name, part in first.state.items()})
    for name, part in second.state.items():
        part.load_state_dict(saved[name])
    assert losses(second, skip=5) == plain[5:]


def test_a_benchmark_times_it() -> None:
    assembly = _assembly()
    batches = list(assembly.splits.train.batches(torch.arange(96), 32))
    parts = time_parts(assembly, batches, 0.01)
    assert {"views", "teacher forward", "student forward", "  mlkd"} <= set(parts)
    assert time_objective(assembly, batches) > 0
