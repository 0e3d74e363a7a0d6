"""Optimisers, built from their parameter objects."""

from collections.abc import Iterable
from typing import Any

import torch
from torch import nn

from kdconsole.backend.dot import DistillationOriented
from kdconsole.backend.lion import EvolvedSignMomentum
from kdconsole.recipe.optimizers.adam import Adam, AdamW
from kdconsole.recipe.optimizers.dot import Dot
from kdconsole.recipe.optimizers.lion import Lion
from kdconsole.recipe.optimizers.sgd import Sgd
from kdconsole.recipe.params import NamedParams


def build_optimizer(
    params: NamedParams, weights: Iterable[nn.Parameter], device: torch.device
) -> torch.optim.Optimizer:
    """The optimiser over `weights`, one kernel for all of them. On a GPU its step can be captured: nothing of its state
    is on the host."""
    if isinstance(params, Sgd):
        return _Sgd(
            weights,
            lr=params.lr,
            momentum=params.momentum,
            nesterov=params.nesterov,
            weight_decay=params.weight_decay,
            fused=True,
        )
    if isinstance(params, Dot):
        return DistillationOriented(weights, params)
    if isinstance(params, Lion):
        return EvolvedSignMomentum(weights, params)
    if isinstance(params, Adam | AdamW):
        kind = torch.optim.Adam if isinstance(params, Adam) else torch.optim.AdamW
        return kind(
            weights,
            lr=params.lr,
            betas=(params.beta1, params.beta2),
            eps=params.eps,
            weight_decay=params.weight_decay,
            fused=True,
            capturable=device.type == "cuda",
        )
    raise TypeError(f"no optimiser is built for {params.name!r}")


class _Sgd(torch.optim.SGD):
    """SGD whose momentum begins at zero, which gives the same first step. PyTorch's one-kernel form otherwise fails when
    some weights get their first gradient later than others, as a term's own do after its warm-up."""

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        super().add_param_group(param_group)
        group = self.param_groups[-1]
        if group["momentum"]:
            for weight in group["params"]:
                self.state[weight]["momentum_buffer"] = torch.zeros_like(weight)


class Rate:
    """The learning rate that an optimiser's next step takes: a tensor that is filled in place, so that a captured step reads
    it anew each time."""

    def __init__(self, optimizer: torch.optim.Optimizer, device: torch.device) -> None:
        self._optimizer = optimizer
        # a GPU's fused kernels read a rate in single precision alone
        precision = torch.float32 if device.type == "cuda" else torch.float64
        self._tensor = torch.zeros((), device=device, dtype=precision)
        self._last: float | None = None

    def set(self, rate: float) -> None:
        if rate != self._last:
            self._tensor.fill_(rate)
        self._last = rate
        for group in self._optimizer.param_groups:  # each time, for loading a saved state puts other values there
            group["lr"] = self._tensor
