"""A recorded step computes what the step computes: every method, optimiser, view and learned augmentor, in every course and
for every shape of batch.

With a GPU the recordings are CUDA graphs. Without one they are taken down on a tape that behaves like them, and a GPU that is
not there watches over the devices of all tensors.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Protocol

import pytest
import torch

from kdconsole.augment.hard.augmentor import Augmentor
from kdconsole.backend.assembly import Assembly, recorded
from kdconsole.backend.courses import Course
from kdconsole.backend.graph import REHEARSALS, CudaRecorder, RecordedStep, Recorder
from kdconsole.backend.step import AnyStep
from kdconsole.backend.teacher import ReadyTeacher
from kdconsole.backend.turns import WORKED, Turns, side_by_side
from kdconsole.data.supply import Raw
from kdconsole.recipe.catalogue import METHODS, OPTIMIZERS, TRANSFORMS
from tests.augment.hard.augmentors import AUGMENTORS, images
from tests.backend.assemblies import assembly_of, recipe_with
from tests.backend.prints import prints_come_back
from tests.backend.stand_in import StandIn
from tests.backend.tape import Bystander, TapeRecorder

on_each_device = pytest.mark.parametrize("device", ["cpu", pytest.param("cuda", marks=pytest.mark.gpu)])
EPOCHS = 5  # a recording is made at the fourth step of its kind, and then twice replayed or more
WHOLE, LAST = 16, 5
RATE = 0.05

Means = dict[str, float | None]
Call = Callable[[Raw, float], None]


class Make(Protocol):
    def __call__(self, notes: list[str], seed: int = 0, teacher: ReadyTeacher | None = None) -> Assembly: ...


def making(device: str, train: str = "", **settings: Any) -> Make:
    recipe = recipe_with(train=f'device = "{device}"\nthreads = 1\n{train}', **settings)

    def make(notes: list[str], seed: int = 0, teacher: ReadyTeacher | None = None) -> Assembly:
        return assembly_of(recipe.model_copy(update={"seeds": [seed]}), notes, teacher)

    return make


def check(make: Make, device: str) -> None:
    """Recorded and not, everything that is trained has the same metrics in every step. On a GPU, where sums have no fixed
    order, to rounding."""
    expected = list(trained(make([]), lambda step: RecordedStep(step, Bystander(), print)))
    notes: list[str] = []
    assembly, steps = make(notes), list[Counted]()

    def quick(step: AnyStep) -> Call:
        steps.append(Counted(step, in_recordings(assembly, step, notes.append)))
        return steps[-1]

    found = list(trained(assembly, quick))
    assert not [note for note in notes if "captured" in note]
    assert all(step.is_recorded() for step in steps)
    assert_same(found, expected, device)
    if device == "cpu":
        rehearse_on_a_stand_in(make([]))


class Counted:
    """A step that knows what kinds of batches it met, and how often."""

    def __init__(self, step: AnyStep, call: Call) -> None:
        self._step = step
        self._call = call
        self._kinds: Counter[object] = Counter()

    def __call__(self, raw: Raw, learning_rate: float) -> None:
        self._kinds[(self._step.mode, *(tensor.shape for tensor in raw))] += 1
        self._call(raw, learning_rate)

    def is_recorded(self) -> bool:
        """Whether each kind was, that came often enough; whole batches and the last one at least."""
        often = {kind for kind, times in self._kinds.items() if times > REHEARSALS}
        return isinstance(self._call, RecordedStep) and len(often) >= 2 and often == set(self._call._recordings)


def in_recordings(assembly: Assembly, step: AnyStep, notify: Callable[[str], None]) -> Call:
    if assembly.device.type == "cuda":
        return recorded(assembly, step, notify)
    return RecordedStep(step, TapeRecorder(assembly.streams.on_device), notify)


def assert_same(found: list[Means], expected: list[Means], device: str) -> None:
    assert len(found) == len(expected)
    if device == "cpu":
        assert found == expected
    for number, (one, other) in enumerate(zip(found, expected, strict=True)):
        # what differs in the last bit drifts apart; a mistake shows early
        assert one == pytest.approx(other, rel=1e-3 if number < 2 * EPOCHS else 0.05, abs=1e-3)


def trained(assembly: Assembly, quick: Callable[[AnyStep], Call]) -> Iterator[Means]:
    """Some epochs of every course, each a whole batch and a smaller one; yields the metrics of every step."""
    for course in assembly.courses:
        step = quick(course.step)
        ascend = quick(course.duel.step) if course.duel is not None else None
        if course.duel is not None:
            course.duel.begin()
        for epoch in range(1, EPOCHS * (2 if changes(assembly) else 1) + 1):
            course.objective.begin_epoch(epoch)
            order = torch.arange(WHOLE + LAST).roll(epoch)
            for number, raw in enumerate(assembly.splits.train.batches(order, WHOLE)):
                if ascend is not None:
                    yield augmentors_turn(course, ascend, raw, epoch)
                step(raw, RATE / (epoch + number))
                yield means_of(course.step)
            course.objective.end_epoch()


def changes(assembly: Assembly) -> bool:
    """Whether something else is computed from the middle on."""
    return assembly.objective.warm_up_epochs > 0 or assembly.learned is not None


def augmentors_turn(course: Course, ascend: Call, raw: Raw, epoch: int) -> Means:
    """One iteration of the learned augmentor; from the middle on, the student meets what it has become."""
    duel = course.duel
    assert duel is not None
    with duel.augmentor_acts():
        ascend(raw, 0.0)
    if epoch > EPOCHS:
        duel.pool.add(duel.augmentor.snapshot())
    duel.draw(epoch)
    return means_of(duel.step)


def means_of(step: AnyStep) -> Means:
    values = step.meter.hand_over().totals().means()
    assert values and all(value is not None and value - value == 0 for value in values.values()), values
    return values


def rehearse_on_a_stand_in(assembly: Assembly) -> None:
    """One step of everything, on a GPU without content."""
    stand_in = StandIn()
    raw = (torch.arange(WHOLE),)
    for course, there in zip(*stand_in.copy((assembly.courses, [raw] * len(assembly.courses))), strict=True):
        weights = [weight for group in course.optimizer.param_groups for weight in group["params"]]
        for epoch in (1, EPOCHS + 1):
            course.objective.begin_epoch(epoch)
            with stand_in.running(weights):
                course.step.run(there)
                if course.duel is not None:
                    course.duel.step.run(there)
                course.objective.end_epoch()


# what a term cannot do without, or is not made for these few images
SETTINGS = {"intervention": f"warm_up_epochs = {EPOCHS}", "crd": "negatives = 64"}


@on_each_device
@pytest.mark.parametrize("method", [name for name in METHODS.names() if name != "kdsvd"])
def test_every_method(method: str, device: str) -> None:
    """What an epoch changes, too: ramps, class centres, memories, the end of a warm-up."""
    others = [name for name in ("ce", "kd") if name != method and METHODS[method].role != "task"]
    beside = others or [name for name in ("kd",) if method != "ce"]
    terms = [f'{{ name = "{name}" }}' for name in beside]
    terms.append(f'{{ name = "{method}", weight = 0.1, {SETTINGS.get(method, "")} }}'.replace(", }", " }"))
    check(making(device, method=f"[{', '.join(terms)}]", pair=("resnet8", "resnet8")), device)


@on_each_device
@pytest.mark.parametrize("optimizer", OPTIMIZERS.names())
def test_every_optimizer(optimizer: str, device: str) -> None:
    """The rate of each step is its own; clipping reads the gradient without waiting for it."""
    check(making(device, train=f'optimizer = "{optimizer}"\ngradient_clip = 0.5'), device)


@on_each_device
@pytest.mark.parametrize("view", TRANSFORMS.names())
def test_every_view(view: str, device: str) -> None:
    """What it draws is drawn anew in each repetition."""
    check(making(device, method='["ce", "kd"]', augment=f'["{view}"]'), device)


LEARNED = {
    "affine": '"affine"',
    "mix": '"mix"',
    "noise": '"noise"',
    "vae+affine": '[{ name = "vae", width = 8, latent = 2 }, "affine"]',
}


@on_each_device
@pytest.mark.parametrize("augmentor", LEARNED)
def test_every_kind_of_turns(augmentor: str, device: str) -> None:
    """An augmentor's first training, its ascent, and the student's steps with images as they are and as it changes them."""
    turns = "" if augmentor == "mix" else ", low = 10, high = 90, batch_size = 32"
    hard = f"{{ hard = {{ augmentor = {LEARNED[augmentor]}{turns} }} }}"
    check(making(device, train="fold_teacher = false", method='"kd"', augment=hard), device)


@on_each_device
@pytest.mark.parametrize("name", AUGMENTORS)
def test_every_learned_augmentor(name: str, device: str) -> None:
    """Those among them whose published networks are for larger images than the small runs here have."""

    def ascents(recorder_of: Callable[[torch.Generator], Recorder]) -> list[list[float]]:
        augmentor: Augmentor = AUGMENTORS[name](3).to(device)
        weights = [weight for trained in augmentor.trained() for weight in trained.parameters]
        optimizer = torch.optim.Adam(weights, lr=0.01, fused=True, capturable=device == "cuda")
        draws, originals = torch.Generator(device).manual_seed(1), images().to(device)
        seen = torch.zeros(2, device=device)

        def work() -> None:
            changed = augmentor(originals, draws)
            for weight, gradient in zip(weights, torch.autograd.grad(changed.square().mean(), weights), strict=True):
                weight.grad = gradient
            optimizer.step()
            seen.copy_(torch.stack([changed.detach().mean(), changed.detach().std()]))

        recorder = recorder_of(draws)
        found = []
        for _ in range(2):
            assert recorder.rehearse(work) is not None
            found.append(seen.tolist())
        replay = recorder.record(work)
        for _ in range(3):
            replay()
            found.append(seen.tolist())
        return found

    expected = ascents(lambda _: Bystander())
    if device == "cpu":
        assert ascents(lambda draws: TapeRecorder([draws])) == expected
    else:
        found = ascents(lambda draws: CudaRecorder(torch.device(device, 0), [draws]))
        for one, other in zip(found, expected, strict=True):
            assert one == pytest.approx(other, rel=1e-3)


@on_each_device
def test_half_precision_and_a_strong_view(device: str) -> None:
    views = '{ student = ["crop"], strong = ["rand_augment"] }'
    check(making(device, train='precision = "bf16"', method='"mlkd"', augment=views), device)


@on_each_device
def test_a_method_that_waits_is_trained_all_the_same(device: str) -> None:
    """The decomposition of KDSVD looks whether it succeeded."""
    notes: list[str] = []
    assembly = making(device, method='["ce", "kdsvd"]', pair=("resnet8", "resnet8"))(notes)
    steps = list(trained(assembly, lambda step: in_recordings(assembly, step, notes.append)))
    assert len(steps) == 2 * EPOCHS
    assert len([note for note in notes if "cannot be captured" in note and "waits" in note]) == 1


@on_each_device
def test_seeds_side_by_side(device: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Each in recordings of its own, on a stream of its own where there is a GPU, all under one teacher."""
    make = making(device)
    teacher = make([]).teacher
    seeds = (0, 1, 2)

    def turns(assembly: Assembly) -> Turns[list[Means]]:
        found = []
        for means in trained(assembly, lambda step: in_recordings(assembly, step, print)):
            found.append(means)
            yield WORKED
        return found

    alone = [list(trained(make([], seed), lambda step: RecordedStep(step, Bystander(), print))) for seed in seeds]
    assert alone[0] != alone[1]
    assemblies = [make([], seed, teacher) for seed in seeds]
    with capfd.disabled(), prints_come_back():
        together = side_by_side([(turns(one), tmp_path / "log") for one in assemblies], assemblies[0].device)
    for found, expected in zip(together, alone, strict=True):
        assert_same(found, expected, device)
