"""Which network a bare state_dict belongs to."""

from collections.abc import Mapping
from dataclasses import dataclass

from torch import Tensor

from kdconsole.errors import UserError
from kdconsole.models.fit import Fit, fit
from kdconsole.models.zoo import family_module, outline
from kdconsole.recipe.arch import find_arch
from kdconsole.recipe.catalogue import MODELS

# Names of the last layer in the forks and ports of these networks.
_HEADS = ("fc", "linear", "classifier", "classifier.0")


@dataclass(frozen=True)
class Attempt:
    """A state_dict seen as `arch`: under the zoo's names, with the numbers of classes and channels its ends show."""

    arch: str
    classes: int
    channels: int
    state: dict[str, Tensor]
    expected: Mapping[str, Tensor]
    fit: Fit
    notes: tuple[str, ...]


def attempt(arch: str, state: Mapping[str, Tensor]) -> Attempt:
    """See `state` as `arch`. Raises UserError when no network has this name."""
    names = outline(arch, 1, 1)
    renamed, notes = _rename_head(state, names.head.removesuffix(".weight"))
    classes = _size(renamed.get(names.head), dims=2, axis=0) or 1
    channels = _size(renamed.get(names.stem), dims=4, axis=1) or 3
    expected = outline(arch, classes, channels).tensors
    return Attempt(arch, classes, channels, renamed, expected, fit(expected, renamed), notes)


def guess_arch(state: Mapping[str, Tensor]) -> list[str]:
    """The architectures of all families whose tensors are exactly those of `state`, a bare state_dict."""
    shapes = {name: tuple(tensor.shape) for name, tensor in state.items()}
    return [
        name
        for family in MODELS
        for name in family_module(family.name).candidates(shapes)
        if _exists(name) and attempt(name, state).fit
    ]


def _exists(arch: str) -> bool:
    try:
        find_arch(arch)
    except UserError:
        return False
    return True


def _rename_head(state: Mapping[str, Tensor], head: str) -> tuple[dict[str, Tensor], tuple[str, ...]]:
    if f"{head}.weight" in state:
        return dict(state), ()
    aliases = [name for name in _HEADS if f"{name}.weight" in state and f"{name}.bias" in state]
    if len(aliases) != 1:
        return dict(state), ()
    old = {f"{aliases[0]}.{kind}": f"{head}.{kind}" for kind in ("weight", "bias")}
    renamed = {old.get(name, name): tensor for name, tensor in state.items()}
    return renamed, (f"the last layer, “{aliases[0]}” in the file, is “{head}” here",)


def _size(tensor: Tensor | None, *, dims: int, axis: int) -> int:
    return tensor.shape[axis] if tensor is not None and tensor.dim() == dims else 0
