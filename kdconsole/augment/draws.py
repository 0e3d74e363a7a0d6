"""The random numbers that views draw: one per image, on the generator's device."""

import torch
from torch import Tensor


def uniform(count: int, low: float, high: float, generator: torch.Generator) -> Tensor:
    """(count,) fp32, uniform between `low` and `high`."""
    return torch.rand(count, generator=generator, device=generator.device) * (high - low) + low


def chance(count: int, probability: float, generator: torch.Generator) -> Tensor:
    """(count,) bool, true with `probability`; never at 0 and always at 1."""
    return torch.rand(count, generator=generator, device=generator.device) < probability


def per_image(values: Tensor) -> Tensor:
    """(B,) as (B, 1, 1, 1), to meet images."""
    return values.view(-1, 1, 1, 1)
