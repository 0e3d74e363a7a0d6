"""What a CUDA graph does with a step, on any device: operations are taken down once and then repeated without Python."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves, tree_map

from kdconsole.backend.graph import Work

# Operations for which a GPU makes the host wait, as PyTorch's kernels have it: for a number of elements that depends on
# values, for a value (`Tensor.item` and `bool` are the first of them), to look whether a decomposition succeeded; the last
# is `torch.tensor`, whose values come from the host.
WAITING = frozenset(
    f"aten::{name}"
    for name in [
        "_local_scalar_dense",
        "item",
        "equal",
        "is_nonzero",
        "nonzero",
        "masked_select",
        "masked_scatter",
        "unique_dim",
        "_unique",
        "_unique2",
        "unique_consecutive",
        "bincount",
        "histc",
        "repeat_interleave",
        "_linalg_svd",
        "_linalg_eigh",
        "linalg_eig",
        "linalg_qr",
        "linalg_lstsq",
        "_linalg_check_errors",
        "multinomial",
        "lift_fresh",
    ]
)
# With a mask in place of positions these count the ones in it first.
_CHOOSING = frozenset({"aten::index", "aten::index_put", "aten::index_put_", "aten::_index_put_impl_"})
# These change where a tensor's values lie, which a repetition would not see.
_REPLACING = frozenset({"aten::set_", "aten::resize_", "aten::resize_as_"})


def waits_for_device(func: Any, args: tuple[Any, ...]) -> str:
    """Why an operation cannot be part of a recording; empty when it can."""
    name = func.name().split(".")[0]
    if name in WAITING or name in _REPLACING:
        return str(name)
    chosen_by = tree_leaves(args[1]) if name in _CHOOSING else []
    if any(isinstance(leaf, Tensor) and leaf.dtype in (torch.bool, torch.uint8) for leaf in chosen_by):
        return f"{name} with a mask"
    return ""


class Refused(RuntimeError):
    """The work cannot be recorded."""


class TapeRecorder:
    """A recorder whose recordings behave like CUDA graphs: the work is taken down without being done, a repetition reads
    and writes the very memory that was used then, draws anew from registered streams, and may leave anything in memory
    that nothing outside holds on to."""

    def __init__(self, generators: Iterable[torch.Generator]) -> None:
        self.recorded = 0
        self._generators = [*generators, torch.default_generator]

    def rehearse(self, work: Work) -> Sequence[str]:
        watch = _Watch(self._generators)
        with watch:
            work()
        return watch.waits

    def record(self, work: Work) -> Work:
        states = [generator.get_state() for generator in self._generators]
        tape = _Tape(self._generators)
        try:
            with tape:
                work()
        finally:
            tape.undo()
            for generator, state in zip(self._generators, states, strict=True):
                generator.set_state(state)
        self.recorded += 1
        return tape.replayer()


class Bystander:
    """Records nothing: a repetition is the work itself, done under the eyes of a witness as it is when it is recorded.

    With a witness around, the autograd engine reuses less memory, so that some gradients lie otherwise and are rounded
    otherwise.
    """

    def rehearse(self, work: Work) -> Sequence[str]:
        with _Watch(()):
            work()
        return ()

    def record(self, work: Work) -> Work:
        def again() -> None:
            self.rehearse(work)

        return again


class _Operation(NamedTuple):
    run: Callable[..., Any]
    arguments: tuple[Any, ...]
    settings: dict[str, Any]
    results: list[Tensor | None]  # None: the operation writes into an argument, or shows a part of one


class _Watch(TorchDispatchMode):
    """Notes what a GPU would wait for."""

    def __init__(self, generators: Sequence[torch.Generator]) -> None:
        super().__init__()
        self.waits: list[str] = []
        self._known = {generator._cdata for generator in generators}

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        kwargs = kwargs or {}
        problem = self._problem(func, args, kwargs)
        if problem:
            self._found(problem)
        return self._run(func, args, kwargs)

    def _found(self, problem: str) -> None:
        self.waits.append(problem)

    def _run(self, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        return func(*args, **kwargs)

    def _problem(self, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> str:
        problem = waits_for_device(func, args)
        for leaf in tree_leaves((args, kwargs)):
            if isinstance(leaf, torch.Generator) and leaf._cdata not in self._known:
                problem = f"{func.name()} draws from a stream that is not registered"
        return problem


class _Tape(_Watch):
    """Takes down what is done."""

    def __init__(self, generators: Sequence[torch.Generator]) -> None:
        super().__init__(generators)
        self._operations: list[_Operation] = []
        self._born: dict[int, list[Tensor]] = {}  # what was made on the tape, by the memory that it lies in
        self._before: dict[int, tuple[Tensor, Tensor]] = {}  # what was there before, and as it was

    def _found(self, problem: str) -> None:
        raise Refused(f"operation not permitted when stream is capturing: {problem}")

    def _run(self, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        own = tree_map(self._held, (args, kwargs))
        inputs = {_memory(leaf) for leaf in tree_leaves(own) if isinstance(leaf, Tensor)}
        out = func(*args, **kwargs)
        results: list[Tensor | None] = []
        for leaf in tree_leaves(out):
            if not isinstance(leaf, Tensor) or _memory(leaf) in inputs:
                results.append(None)
                continue
            kept = leaf.detach()
            self._born.setdefault(_memory(leaf), []).append(kept)
            results.append(kept)
        self._operations.append(_Operation(func, own[0], own[1], results))
        return out

    def _held(self, leaf: Any) -> Any:
        if not isinstance(leaf, Tensor):
            return leaf
        own = leaf.detach()
        memory = _memory(leaf)
        if memory in self._born:
            self._born[memory].append(own)
        elif memory not in self._before:
            whole = _whole(own)
            self._before[memory] = (whole, whole.clone())
        return own

    def undo(self) -> None:
        """Put everything back that was there before."""
        for now, before in self._before.values():
            now.copy_(before)

    def replayer(self) -> Work:
        """What repeats the operations."""
        operations, born = self._operations, self._born
        reused = [held[0] for held in born.values() if _holders(held[0]) == len(held)]

        @torch.no_grad()
        def replay() -> None:
            for run, arguments, settings, results in operations:
                found = tree_leaves(run(*arguments, **settings))
                for result, value in zip(results, found, strict=True):
                    if result is not None:
                        result.copy_(value)
            for tensor in reused:
                if tensor.is_floating_point():
                    _whole(tensor).fill_(torch.nan)

        return replay


def _memory(tensor: Tensor) -> int:
    return tensor.untyped_storage()._cdata


def _whole(tensor: Tensor) -> Tensor:
    """All of the memory that a tensor lies in."""
    storage = tensor.untyped_storage()
    return torch.empty(0, dtype=tensor.dtype).set_(storage, 0, (storage.nbytes() // tensor.element_size(),), (1,))


def _holders(tensor: Tensor) -> int:
    """How many tensors lie in this one's memory."""
    storage = tensor.untyped_storage()
    return torch._C._storage_Use_Count(storage._cdata) - 1
