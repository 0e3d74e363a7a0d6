"""The last thing that is done to images before a network sees them."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn


class Normaliser(nn.Module):
    """(x − mean) / std per channel, on images (B, C, H, W) in [0, 1].

    The statistics follow the module from device to device but stay out of its state_dict: they are part of the recipe
    and of a student file's metadata, and a network that is wrapped with a normaliser keeps its own keys.
    """

    mean: Tensor
    std: Tensor

    def __init__(self, mean: Sequence[float], std: Sequence[float]) -> None:
        super().__init__()
        if len(mean) != len(std) or not mean:
            raise ValueError(f"{len(mean)} means and {len(std)} standard deviations")
        if min(std) <= 0:
            raise ValueError(f"a standard deviation of {min(std)}")
        self.register_buffer("mean", torch.tensor(mean, dtype=torch.float32).view(-1, 1, 1), persistent=False)
        self.register_buffer("std", torch.tensor(std, dtype=torch.float32).view(-1, 1, 1), persistent=False)

    def forward(self, images: Tensor) -> Tensor:
        # Broadcasting would turn one channel into three without a word.
        if images.shape[1] != len(self.mean):
            raise ValueError(f"images have {images.shape[1]} channels, the statistics {len(self.mean)}")
        return (images - self.mean) / self.std
