"""The tape on which steps are recorded here behaves as a CUDA graph does; with a GPU, CUDA graphs are held to the same."""

import ctypes
import math
from collections.abc import Callable, Sequence

import pytest
import torch
from torch import Tensor

from kdconsole.backend.graph import CudaRecorder, RecordedStep, Recorder
from kdconsole.backend.meters import Meter
from kdconsole.data.supply import Raw
from tests.backend.tape import TapeRecorder, waits_for_device

DEVICES = [torch.device("cpu"), pytest.param(torch.device("cuda", 0), marks=pytest.mark.gpu)]
device = pytest.mark.parametrize("device", DEVICES, ids=["tape", "cuda"])


def recorder_on(device: torch.device, generators: Sequence[torch.Generator] = ()) -> Recorder:
    return TapeRecorder(generators) if device.type == "cpu" else CudaRecorder(device, generators)


@device
def test_recording_does_not_do_the_work_and_each_replay_does(device: torch.device) -> None:
    total = torch.zeros(2, device=device)
    replay = recorder_on(device).record(lambda: total.add_(1))
    assert total.tolist() == [0, 0]
    replay()
    replay()
    assert total.tolist() == [2, 2]


@device
def test_python_is_not_asked_again(device: torch.device) -> None:
    """A number of the host's is the one that was recorded, a tensor's value the one that is there."""
    host, there, seen = [1.0], torch.ones((), device=device), torch.zeros(2, device=device)

    def work() -> None:
        seen[0] = there * host[0]
        seen[1] = there

    replay = recorder_on(device).record(work)
    host[0] = 2.0
    there.fill_(3.0)
    replay()
    assert seen.tolist() == [3.0, 3.0]


@device
def test_a_replay_writes_where_the_recording_wrote(device: torch.device) -> None:
    """A name that stands for another tensor by now does not reach it."""
    state = {"total": torch.zeros((), device=device)}
    first = state["total"]
    replay = recorder_on(device).record(lambda: state["total"].add_(1))
    state["total"] = torch.zeros((), device=device)
    replay()
    assert first.item() == 1 and state["total"].item() == 0


@device
def test_streams_go_on(device: torch.device) -> None:
    generator, seen = torch.Generator(device).manual_seed(3), torch.zeros(4, device=device)
    expected = [torch.rand(4, device=device, generator=generator) for _ in range(3)]
    generator.manual_seed(3)
    replay = recorder_on(device, [generator]).record(
        lambda: seen.copy_(torch.rand(4, device=device, generator=generator))
    )
    for values in expected:
        replay()
        assert torch.equal(seen, values)


def test_a_stream_that_is_not_registered_is_refused() -> None:
    """As PyTorch before 2.14 refuses it on a GPU."""
    stranger = torch.Generator()
    with pytest.raises(RuntimeError, match="not registered"):
        TapeRecorder([]).record(lambda: torch.rand(3, generator=stranger).add_(1))


@device
def test_gradients_and_momentum(device: torch.device) -> None:
    def descend(record: Callable[[Callable[[], None]], Callable[[], None]]) -> list[float]:
        weight = torch.nn.Parameter(torch.tensor([1.0, -2.0], device=device))
        optimizer = torch.optim.SGD([weight], lr=0.1, momentum=0.9, fused=True)

        def work() -> None:
            optimizer.zero_grad(set_to_none=True)
            weight.square().sum().backward()  # type: ignore[no-untyped-call]
            optimizer.step()

        work()  # makes the optimiser's state
        replay = record(work)
        for _ in range(5):
            replay()
        found: list[float] = weight.tolist()
        return found

    assert descend(recorder_on(device).record) == pytest.approx(descend(lambda work: work))


def test_what_nobody_holds_is_overwritten() -> None:
    """As the next recording in the same pool of memory may do it on a GPU."""
    source, kept, lost_at = torch.ones(4), list[Tensor](), list[int]()

    def work() -> None:
        kept.append((source * 2)[1:])
        lost_at.append((source * 3).data_ptr())

    replay = TapeRecorder([]).record(work)
    replay()
    assert kept[0].tolist() == [2, 2, 2]
    assert math.isnan(ctypes.c_float.from_address(lost_at[0]).value)


@device
def test_what_waits_is_noticed_in_a_rehearsal_and_refused_in_a_recording(device: torch.device) -> None:
    values = torch.tensor([1.0, 2.0], device=device)
    recorder = recorder_on(device)
    work = lambda: values.sum().item()  # noqa: E731
    recorder.rehearse(work)  # the very first one may wait for more
    assert len(recorder.rehearse(work)) == 1
    assert not recorder.rehearse(lambda: values.sum())
    if device.type == "cpu":  # a GPU's allocator does not forget a broken recording before PyTorch 2.14
        with pytest.raises(RuntimeError, match="_local_scalar_dense"):
            recorder.record(work)


class _FailsWhenRecorded:
    """A step that can be rehearsed, but not recorded."""

    mode = None

    def __init__(self, device: torch.device, generator: torch.Generator) -> None:
        self.meter = Meter()
        self._device = device
        self._generator = generator
        self.values = torch.zeros(4, device=device)
        self.calls = 0

    def set_rate(self, learning_rate: float) -> None: ...

    def __call__(self, raw: Raw, learning_rate: float) -> None: ...

    def run(self, raw: Raw) -> None:
        self.calls += 1
        self.values.copy_(torch.rand(4, device=self._device, generator=self._generator))
        if self.calls == 4:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate more\nthan there is")


@device
def test_training_goes_on_after_a_recording_that_failed(device: torch.device) -> None:
    generator = torch.Generator(device).manual_seed(5)
    step, notes = _FailsWhenRecorded(device, generator), list[str]()
    recorded = RecordedStep(step, recorder_on(device, [generator]), notes.append)
    alike = torch.Generator(device).manual_seed(5)
    for _ in range(8):
        recorded((torch.zeros(3, device=device),), 0.1)
        assert torch.equal(step.values, torch.rand(4, device=device, generator=alike)), "the same draws as without"
    assert step.calls == 9 and len(notes) == 1 and "out of memory" in notes[0]


@pytest.mark.parametrize(
    ("work", "waits"),
    [
        (lambda x: x[x > 0], "mask"),
        (lambda x: x.nonzero(), "nonzero"),
        (lambda x: bool(x.sum() > 0), "_local_scalar_dense"),
        (lambda x: torch.tensor(2.0) * x, "lift_fresh"),
        (lambda x: torch.linalg.svd(x.view(1, -1)), "_linalg_svd"),
        (lambda x: x.unique(), "_unique2"),
        (lambda x: torch.linalg.inv(x.diag()), "_linalg_check_errors"),
        (lambda x: torch.linalg.cholesky(x.square().diag()), "_linalg_check_errors"),
        (lambda x: torch.linalg.solve(x.diag(), x), "_linalg_check_errors"),
        (lambda x: torch.linalg.qr(x.diag()), "linalg_qr"),
        (lambda x: x[torch.tensor([0, 1])], "lift_fresh"),
        (lambda x: torch.where(x > 0, x, 0.0), ""),
        (lambda x: x.index_select(0, x.argmax().view(1)), ""),
    ],
)
def test_what_a_gpu_waits_for(work: Callable[[Tensor], object], waits: str) -> None:
    values = torch.tensor([1.0, -1.0])
    found = TapeRecorder([]).rehearse(lambda: work(values))
    assert waits in "".join(found) and bool(found) == bool(waits)
    assert waits_for_device(torch.ops.aten.add.Tensor, (values, values)) == ""
