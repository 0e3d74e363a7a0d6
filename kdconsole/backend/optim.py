"""Optimisers and learning-rate schedules, built from their parameter objects."""

import math
from collections.abc import Iterable

import torch
from torch import nn

from kdconsole.recipe.optimizers.adam import Adam, AdamW
from kdconsole.recipe.optimizers.sgd import Sgd
from kdconsole.recipe.params import NamedParams
from kdconsole.recipe.schedules.schedules import Cosine, MultiStep


def build_optimizer(params: NamedParams, weights: Iterable[nn.Parameter]) -> torch.optim.Optimizer:
    """The optimiser over `weights`. The fused or multi-tensor form is PyTorch's own choice for the device."""
    if isinstance(params, Sgd):
        return torch.optim.SGD(
            weights,
            lr=params.lr,
            momentum=params.momentum,
            nesterov=params.nesterov,
            weight_decay=params.weight_decay,
        )
    if isinstance(params, Adam | AdamW):
        kind = torch.optim.Adam if isinstance(params, Adam) else torch.optim.AdamW
        return kind(
            weights,
            lr=params.lr,
            betas=(params.beta1, params.beta2),
            eps=params.eps,
            weight_decay=params.weight_decay,
        )
    raise TypeError(f"no optimiser is built for {params.name!r}")


class LearningRate:
    """The learning rate of any step as a function of its number alone, so that resuming needs no state."""

    def __init__(self, optimizer: NamedParams, schedule: NamedParams, epochs: int, steps_per_epoch: int) -> None:
        self._base = float(getattr(optimizer, "lr"))  # noqa: B009 (every optimiser's parameters have it)
        self._schedule = schedule
        self._steps_per_epoch = steps_per_epoch
        self._steps = epochs * steps_per_epoch
        self._warmup = int(getattr(schedule, "warmup_epochs", 0)) * steps_per_epoch

    def at(self, step: int) -> float:
        """The rate of step `step`, counted from 0."""
        if step < self._warmup:
            return self._base * (step + 1) / self._warmup
        return self._base * self._factor(step)

    def _factor(self, step: int) -> float:
        schedule = self._schedule
        if isinstance(schedule, MultiStep):
            epochs_done = step // self._steps_per_epoch
            return schedule.gamma ** sum(epochs_done >= milestone for milestone in schedule.milestones or [])
        if isinstance(schedule, Cosine):
            progress = (step - self._warmup) / max(1, self._steps - self._warmup)
            return schedule.final_factor + (1 - schedule.final_factor) * 0.5 * (1 + math.cos(math.pi * progress))
        return 1.0
