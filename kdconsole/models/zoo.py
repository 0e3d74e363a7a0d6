"""From an architecture's name to a network. A family is one file here, named as its entry in `recipe/models`."""

import importlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from types import MappingProxyType
from typing import NamedTuple, Protocol, cast

import torch
from torch import Tensor, nn

from kdconsole.contracts import OutputShape
from kdconsole.models.network import Network
from kdconsole.recipe.arch import find_arch


class FamilyModule(Protocol):
    """What `kdconsole.models.<family>` offers. `arguments` are the groups of the family's pattern.

    `candidates` names the members that the names and shapes of a state_dict suggest; they need not fit.
    """

    def build(self, arguments: Mapping[str, str], classes: int, channels: int) -> Network: ...

    def candidates(self, shapes: Mapping[str, tuple[int, ...]]) -> list[str]: ...


class Outline(NamedTuple):
    """A network without its values: its state_dict on the meta device, and the names of its ends in there."""

    tensors: Mapping[str, Tensor]
    stem: str
    head: str


def family_module(family: str) -> FamilyModule:
    """The module that builds the networks of `family`, a name from the catalogue."""
    return cast(FamilyModule, importlib.import_module(f"kdconsole.models.{family}"))


def build(arch: str, *, classes: int, channels: int = 3) -> Network:
    """A freshly initialised network in train mode on torch's default device, drawn from torch's global generator.

    Raises UserError, with a suggestion, when no network has this name.
    """
    if classes < 1 or channels < 1:
        raise ValueError(f"a network needs classes and channels, got {classes} and {channels}")
    found = find_arch(arch)
    return family_module(found.family).build(found.arguments, classes, channels)


@lru_cache(maxsize=64)
def outline(arch: str, classes: int, channels: int) -> Outline:
    """Names, shapes and dtypes of a network's state_dict, at no cost in memory and without drawing random numbers."""
    with torch.device("meta"):
        network = build(arch, classes=classes, channels=channels)
    tensors = MappingProxyType(dict(network.state_dict()))
    return Outline(tensors, f"{network.stem}.weight", f"{network.head}.weight")


def dry_shape(model: nn.Module, size: tuple[int, int], channels: int) -> OutputShape:
    """The shapes of the model's Output for one image of `size` (height, width) pixels.

    One forward pass of a black image in eval mode, on the model's own device: BatchNorm statistics, gradients and each
    module's train or eval mode are left as they were.
    """
    parameter = next(model.parameters())
    image = torch.zeros(1, channels, *size, device=parameter.device, dtype=parameter.dtype)
    with _evaluating(model), torch.no_grad():
        return OutputShape.of(model(image))


def parameter_count(module: nn.Module) -> int:
    """Scalars in the module's parameters, frozen ones included; buffers are not parameters."""
    return sum(parameter.numel() for parameter in module.parameters())


@contextmanager
def _evaluating(model: nn.Module) -> Iterator[None]:
    # Module by module, because part of a model may be frozen in eval mode while the rest trains.
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    try:
        yield
    finally:
        for module, training in modes:
            module.training = training
