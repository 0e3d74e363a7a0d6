"""One run computes the same numbers in every way in which it may be computed."""

import copy
from collections.abc import Callable, Sequence
from functools import partial

import pytest
import torch

from kdconsole.backend.assembly import Assembly, recorded
from kdconsole.backend.graph import RecordedStep, Work
from kdconsole.backend.streams import shuffle_stream
from kdconsole.data.order import epoch_order
from kdconsole.data.supply import Raw
from tests.backend.assemblies import assembly_of, recipe_with
from tests.backend.tape import TapeRecorder

STEPS = 50
CPU, GPU = 'device = "cpu"\n', 'device = "cuda"\n'


def losses(
    assembly: Assembly, step: Callable[[Raw, float], None] | None = None, skip: int = 0, steps: int = STEPS
) -> list[float]:
    """The loss of each of the first steps, epoch after epoch, without the first `skip`."""
    step = step or assembly.step
    images, size, per_epoch = assembly.splits.train, assembly.recipe.train.batch_size, assembly.steps_per_epoch
    found: list[float] = []
    for epoch in range(skip // per_epoch, steps):
        order = epoch_order(len(images), shuffle_stream(0, epoch + 1))
        for number, raw in enumerate(images.batches(order, size), start=epoch * per_epoch):
            if number >= skip:
                step(raw, assembly.learning_rate.at(number))
                found.append(assembly.step.meter.hand_over().totals().means()["loss"] or 0.0)
            if number + 1 == steps:
                return found
    raise AssertionError


@pytest.fixture(scope="module")
def plain() -> list[float]:
    return losses(assembly_of(recipe_with(train=CPU)))


def assert_equal_to_rounding(found: list[float], expected: list[float]) -> None:
    """What differs in the last bit drifts apart as training goes on; a mistake shows in the first steps."""
    assert found[:2] == pytest.approx(expected[:2], rel=1e-5)
    assert found == pytest.approx(expected, rel=0.02)


class Refusing:
    """A recorder that finds that the work waits for the device, or cannot be recorded."""

    def __init__(self, waits: Sequence[str] = (), error: str = "") -> None:
        self._waits = waits
        self._error = error

    def rehearse(self, work: Work) -> Sequence[str]:
        work()
        return self._waits

    def record(self, work: Work) -> Work:
        raise RuntimeError(self._error)


def test_the_plain_run_learns(plain: list[float]) -> None:
    assert len(plain) == STEPS and sum(plain[-5:]) < sum(plain[:5])


@pytest.mark.parametrize("storage", ["device", "host"])
def test_a_recorded_step_reads_its_batch_and_rate_anew_and_knows_both_shapes(plain: list[float], storage: str) -> None:
    assembly = assembly_of(recipe_with(train=CPU, data=f', storage = "{storage}", workers = 0'))
    recorder, notes = TapeRecorder(assembly.streams.on_device), list[str]()
    assert losses(assembly, RecordedStep(assembly.step, recorder, notes.append)) == plain
    assert recorder.recorded == 2  # whole batches, and the last one of each epoch
    assert not notes


def test_a_warm_up_and_what_follows_it_are_recorded_each_for_itself() -> None:
    """In CID's warm-up the step computes something else: its recording must not be replayed after it."""
    assembly = assembly_of(recipe_with(train=CPU, method='["kd", { name = "intervention", warm_up_epochs = 1 }]'))
    recorder = TapeRecorder(assembly.streams.on_device)
    step = RecordedStep(assembly.step, recorder, print)
    (raw,) = assembly.splits.train.batches(torch.arange(32), 32)
    recorded_by = []
    for epoch in (1, 2, 3):
        assembly.objective.begin_epoch(epoch)
        for _ in range(5):
            step(raw, 0.01)
        assembly.objective.end_epoch()
        recorded_by.append(recorder.recorded)
        value = assembly.step.meter.hand_over().totals().means()["loss/intervention"]
        assert (value == 0) == (epoch == 1)
    assert recorded_by == [1, 2, 2]


def test_a_step_that_waits_for_the_device_is_not_recorded_and_said_so_once(plain: list[float]) -> None:
    assembly = assembly_of(recipe_with(train=CPU))
    recorder, notes = Refusing(waits=["somewhere.py:7"], error="it was recorded"), list[str]()
    assert losses(assembly, RecordedStep(assembly.step, recorder, notes.append)) == plain
    assert len(notes) == 1 and "somewhere.py:7" in notes[0]


def test_a_step_that_cannot_be_recorded_is_trained_all_the_same(plain: list[float]) -> None:
    assembly = assembly_of(recipe_with(train=CPU))
    notes = list[str]()
    recorder = Refusing(error="operation not permitted when stream is capturing\nand more")
    assert losses(assembly, RecordedStep(assembly.step, recorder, notes.append)) == plain
    assert len(notes) == 1 and "not permitted" in notes[0] and "and more" not in notes[0]


def test_workers_that_read_ahead_change_nothing(plain: list[float]) -> None:
    assembly = assembly_of(recipe_with(train=CPU, data=', storage = "host"'))
    assert losses(assembly) == plain


def test_a_resumed_run_goes_on_with_the_same_losses(plain: list[float]) -> None:
    first = assembly_of(recipe_with(train=CPU))
    for number, raw in enumerate(first.splits.train.batches(epoch_order(269, shuffle_stream(0, 1)), 32)):
        if number == 5:
            break
        first.step(raw, first.learning_rate.at(number))
    saved = {name: part.state_dict() for name, part in first.state.items()}
    for in_recordings in (False, True):
        second = assembly_of(recipe_with(train=CPU))
        for name, part in second.state.items():
            part.load_state_dict(copy.deepcopy(saved[name]))
        step = RecordedStep(second.step, TapeRecorder(second.streams.on_device), print) if in_recordings else None
        assert losses(second, step, skip=5) == plain[5:]


def test_an_unfolded_teacher_is_the_same_to_rounding(plain: list[float]) -> None:
    notes = list[str]()
    assembly = assembly_of(recipe_with(train=CPU + "fold_teacher = false"), notes)
    assert_equal_to_rounding(losses(assembly), plain)
    assert not notes


@pytest.mark.parametrize(
    ("device", "compiler"),
    [(CPU, "aot_eager"), pytest.param(GPU, "inductor", marks=pytest.mark.gpu)],
    ids=["cpu", "gpu"],
)
def test_compiled_networks_are_the_same_to_rounding(
    device: str, compiler: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Forward and backward passes as the compiler has taken them down. On a CPU they are run as they are: to generate C++
    for them takes half a minute, and is PyTorch's affair."""
    plain = losses(assembly_of(recipe_with(train=device + "graph = false")))
    monkeypatch.setattr(torch, "compile", partial(torch.compile, backend=compiler))
    notes = list[str]()
    assembly = assembly_of(recipe_with(train=device + "graph = false\ncompile = true"), notes)
    assert_equal_to_rounding(losses(assembly), plain)
    assert not notes


def test_what_cannot_be_compiled_is_used_as_it_is(plain: list[float], monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> Callable[..., object]:
        def call(*_: object) -> object:
            raise torch._dynamo.exc.TorchDynamoException("no compiler\nbut a long story")

        return call

    monkeypatch.setattr(torch, "compile", fail)
    notes = list[str]()
    assert losses(assembly_of(recipe_with(train=CPU + "compile = true"), notes)) == plain
    assert [("no compiler" in note, "long story" in note) for note in notes] == [(True, False)] * 2


def test_reduced_precision_stays_close(plain: list[float]) -> None:
    """TF32 exists on GPUs alone; elsewhere the setting changes nothing."""
    assert losses(assembly_of(recipe_with(train=CPU + 'precision = "tf32"'))) == plain
    half = losses(assembly_of(recipe_with(train=CPU + 'precision = "bf16"')))
    assert half != plain
    assert half[:10] == pytest.approx(plain[:10], rel=0.1)


@pytest.mark.gpu
@pytest.mark.parametrize(("data", "train"), [("", ""), (', storage = "host"', ""), ("", "fold_teacher = false")])
def test_graph_and_eager_agree_on_a_gpu(data: str, train: str) -> None:
    """Includes what a stale recording would get wrong: draws of the views, the learning rate, the last batch."""
    eager = losses(assembly_of(recipe_with(train=GPU + "graph = false")))
    notes = list[str]()
    assembly = assembly_of(recipe_with(data=data, train=GPU + train), notes)
    step = recorded(assembly, assembly.step, notes.append)
    assert isinstance(step, RecordedStep)
    assert_equal_to_rounding(losses(assembly, step), eager)
    assert len(step._recordings) == 2 and not notes


@pytest.mark.gpu
def test_a_graph_draws_anew_at_each_replay() -> None:
    """The same batch again and again at a rate of zero: with equal views the loss would repeat."""
    assembly = assembly_of(recipe_with(train=GPU))
    step = recorded(assembly, assembly.step, print)
    (raw,) = list(assembly.splits.train.batches(torch.arange(32), 32))
    found = []
    for _ in range(8):
        step(raw, 0.0)
        found.append(assembly.step.meter.hand_over().totals().means()["loss"])
    assert len(set(found)) == len(found)


@pytest.mark.gpu
def test_a_method_that_waits_for_the_device_is_told_and_trained(monkeypatch: pytest.MonkeyPatch) -> None:
    assembly = assembly_of(recipe_with(train=GPU))
    judge = assembly.step.judge

    def waiting(*arguments: object) -> object:
        loss, terms = judge(*arguments)  # type: ignore[arg-type]
        loss.item()
        return loss, terms

    monkeypatch.setattr(assembly.step, "judge", waiting)
    notes = list[str]()
    found = losses(assembly, recorded(assembly, assembly.step, notes.append))
    assert len(found) == STEPS
    assert len(notes) == 1 and "waits for the device" in notes[0]
