"""The whole step as one recording that is replayed: a GPU then waits for no Python between its some four hundred kernels."""

import warnings
from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol

import torch

from kdconsole.backend.step import AnyStep
from kdconsole.data.supply import Raw

Work = Callable[[], object]

# A step runs this often before it is recorded: libraries choose algorithms and make workspaces, the optimiser makes its
# state. These are real steps of the training.
REHEARSALS = 3

# Before 2.14, PyTorch has to be told which generators a recording draws from, and a recording that fails leaves them as if
# it went on; from then on, telling it prints a warning for every generator.
_GENERATORS_BY_HAND = torch.__version__ < "2.14"


class Recorder(Protocol):
    """Records work on the device."""

    def rehearse(self, work: Work) -> Sequence[str]:
        """Do the work, where a recording would; returns what in it waited for the device, which no recording can hold."""

    def record(self, work: Work) -> Work:
        """Record the work without doing it; the result does it. Raises RuntimeError when it cannot be recorded."""


class RecordedStep:
    """A training step that is recorded once for every shape of batch, in a warm-up and after it, and replayed from then on.

    The learning rate, random streams, metrics and all state live on the device and are read by each replay. A batch is
    copied into tensors of the recording's own. When a step cannot be recorded, `notify` is told why and training goes on
    without.
    """

    def __init__(self, step: AnyStep, recorder: Recorder, notify: Callable[[str], None]) -> None:
        self._step = step
        self._recorder = recorder
        self._notify = notify
        self._rehearsed: dict[_Kind, int] = {}
        self._recordings: dict[_Kind, _Recording] = {}
        self._given_up = False

    def __call__(self, raw: Raw, learning_rate: float) -> None:
        """Train on one batch at this learning rate."""
        self._step.set_rate(learning_rate)
        kind = (self._step.mode, *(tensor.shape for tensor in raw))
        if kind in self._recordings:
            self._recordings[kind].replay(raw)
        elif self._given_up:
            self._step.run(raw)
        elif self._rehearsed.get(kind, 0) < REHEARSALS:
            self._rehearse(kind, raw)
        else:
            self._record(kind, raw)

    def _rehearse(self, kind: "_Kind", raw: Raw) -> None:
        waits = self._recorder.rehearse(lambda: self._step.run(raw))
        self._rehearsed[kind] = self._rehearsed.get(kind, 0) + 1
        # the first steps may wait while libraries set themselves up
        if waits and self._rehearsed[kind] == REHEARSALS:
            self._give_up(f"it waits for the device ({waits[0]})")

    def _record(self, kind: "_Kind", raw: Raw) -> None:
        own = tuple(tensor.clone() for tensor in raw)
        try:
            recording = _Recording(own, self._recorder.record(lambda: self._step.run(own)))
        except RuntimeError as error:
            self._give_up(str(error).splitlines()[0])
            self._step.run(raw)
            return
        self._recordings[kind] = recording
        recording.replay(raw)

    def _give_up(self, reason: str) -> None:
        self._given_up = True
        self._notify(f"the step cannot be captured in a CUDA graph: {reason}; training goes on without, and slower")


_Kind = tuple[object, ...]  # the step's mode and the shapes of a batch


class _Recording(NamedTuple):
    inputs: Raw
    run: Work

    def replay(self, raw: Raw) -> None:
        for own, given in zip(self.inputs, raw, strict=True):
            own.copy_(given, non_blocking=True)
        self.run()


class CudaRecorder:
    """Records into CUDA graphs that share one pool of memory: of one run's recordings, only one is replayed at a time.

    `generators` are those that the work draws from, besides PyTorch's own.
    """

    def __init__(self, device: torch.device, generators: Sequence[torch.Generator]) -> None:
        self._device = device
        self._generators = generators
        self._stream = torch.cuda.Stream(device)  # type: ignore[no-untyped-call]
        self._pool = torch.cuda.graph_pool_handle()

    def rehearse(self, work: Work) -> Sequence[str]:
        outside = torch.cuda.current_stream(self._device)
        self._stream.wait_stream(outside)
        mode = torch.cuda.get_sync_debug_mode()
        with warnings.catch_warnings(record=True) as caught, torch.cuda.stream(self._stream):
            warnings.simplefilter("always")
            torch.cuda.set_sync_debug_mode("warn")
            try:
                work()
            finally:
                torch.cuda.set_sync_debug_mode(mode)
        outside.wait_stream(self._stream)
        return [f"{w.filename}:{w.lineno}" for w in caught if "synchroniz" in str(w.message)]

    def record(self, work: Work) -> Work:
        graph = torch.cuda.CUDAGraph()
        if _GENERATORS_BY_HAND:
            for generator in self._generators:
                graph.register_generator_state(generator)
        outside = torch.cuda.current_stream(self._device)
        # other threads (the heartbeat, the log) may use CUDA meanwhile; that must not spoil the recording
        try:
            with torch.cuda.graph(graph, pool=self._pool, stream=self._stream, capture_error_mode="thread_local"):
                work()
        except RuntimeError:
            torch.cuda.set_stream(outside)
            if _GENERATORS_BY_HAND:
                _release((*self._generators, torch.cuda.default_generators[outside.device_index]))
            raise
        return graph.replay


def _release(generators: Sequence[torch.Generator]) -> None:
    """Let generators of a failed recording draw again: the same numbers next, in a state that knows of no recording."""
    for generator in generators:
        generator.graphsafe_set_state(generator.clone_state())
