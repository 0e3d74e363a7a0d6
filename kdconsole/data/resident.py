"""A data set that lives on the device, and the batches that are taken from it."""

import torch
from torch import Tensor

from kdconsole.data.images import Images


class Resident:
    """All images of a split as bytes on `device`: CIFAR-100's training set takes 154 MB.

    images: (N, C, H, W) uint8. labels: (N,) int64.
    """

    def __init__(self, images: Images, device: torch.device | str) -> None:
        self.images = images.images.to(device)
        self.labels = images.labels.to(device)

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def device(self) -> torch.device:
        return self.images.device

    def batch(self, indices: Tensor) -> tuple[Tensor, Tensor]:
        """Images (B, C, H, W) in [0, 1] as fp32, and labels (B,), of the positions `indices` (B,) int64 on the device.

        Shapes depend on B alone and nothing waits for the device, so that a CUDA graph can capture it. Values are
        those of torchvision's `to_tensor`. They are not normalised: teacher and student may have different statistics.
        """
        return self.images.index_select(0, indices).to(torch.float32).div_(255), self.labels.index_select(0, indices)
