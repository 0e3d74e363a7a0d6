"""In which order an epoch visits the training images, and in which batches."""

import torch
from torch import Tensor


def epoch_order(count: int, generator: torch.Generator) -> Tensor:
    """A random order of `count` images: (count,) int64 on the generator's device, drawn from the generator's stream."""
    return torch.randperm(count, generator=generator, device=generator.device)


def batches(order: Tensor, size: int) -> tuple[Tensor, ...]:
    """`order` in pieces of `size`; the last one holds the rest: 781 of 64 and one of 16 in 50,000 (CRD protocol).

    The pieces are views of `order`.
    """
    return torch.split(order, size)
