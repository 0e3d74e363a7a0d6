"""A GPU that is not there: tensors without content that say they are on it, so that code which mixes devices is found out.

PyTorch's automatic differentiation asks the driver, and optimisers in one kernel have no form without content: neither is
run. What is run, as a step calls it: views, learned augmentors, both networks, the objective, metrics.
"""

import copy
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar
from unittest import mock

import torch
from torch import Tensor, nn
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from tests.backend.tape import waits_for_device

T = TypeVar("T")
GPU = torch.device("cuda", 0)


class _Generator(torch.Generator):
    """Says that it is on the GPU; nothing is drawn from it."""

    device = GPU


class StandIn:
    """A GPU for a copy of something."""

    def __init__(self) -> None:
        self._contentless = FakeTensorMode()

    def copy(self, thing: T) -> T:
        """`thing` with all its tensors, generators and devices on the GPU, whatever holds them."""

        def tensor(found: Tensor, memo: dict[int, Any]) -> Tensor:
            with self._contentless:
                moved = torch.empty_strided(found.size(), found.stride(), dtype=found.dtype, device=GPU)
                if isinstance(found, nn.Parameter):
                    moved = nn.Parameter(moved, requires_grad=found.requires_grad)
            memo[id(found)] = moved
            return moved

        def generator(found: torch.Generator, memo: dict[int, Any]) -> torch.Generator:
            moved: torch.Generator = memo.setdefault(id(found), _Generator())
            return moved

        moves = {
            Tensor: tensor,
            nn.Parameter: tensor,
            torch.Generator: generator,
            torch.device: lambda found, memo: GPU,
        }
        with mock.patch.dict(copy._deepcopy_dispatch, moves):  # type: ignore[attr-defined]
            return copy.deepcopy(thing)

    @contextmanager
    def running(self, weights: Sequence[Tensor]) -> Iterator[None]:
        """What is called inside runs on the GPU; `weights` get gradients. Raises AssertionError for a tensor on the host
        and for work that would wait."""

        def backward(loss: Tensor, *_: Any, **__: Any) -> None:
            for weight in weights:
                if weight.requires_grad:
                    weight.grad = torch.empty_like(weight)

        def gradients(of: Tensor, by: Tensor | Sequence[Tensor], *_: Any, **__: Any) -> tuple[Tensor, ...]:
            return tuple(torch.empty_like(one) for one in ([by] if isinstance(by, Tensor) else by))

        with (
            self._contentless,
            _OnlyThere(),
            mock.patch.object(Tensor, "backward", backward),
            mock.patch.object(torch.autograd, "grad", gradients),
            # half precision asks the driver whether it can be had
            mock.patch("torch.cuda.amp.common.amp_definitely_not_available", lambda: False),
            mock.patch("torch.amp.autocast_mode.torch.cuda.is_bf16_supported", lambda: True),
        ):
            yield


class _OnlyThere(TorchDispatchMode):
    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        kwargs = kwargs or {}
        problem = waits_for_device(func, args)
        assert not problem, f"waits for the device: {problem}"
        _assert_there(func, (args, kwargs), "reads")
        if func.name().startswith("aten::_fused_"):
            return None
        out = func(*args, **kwargs)
        _assert_there(func, out, "makes")
        return out


def _assert_there(func: Any, tree: Any, verb: str) -> None:
    for leaf in tree_leaves(tree):
        if isinstance(leaf, Tensor):
            assert leaf.device == GPU, f"{func.name()} {verb} a tensor on {leaf.device}, shape {tuple(leaf.shape)}"
