"""Images and labels of one split, as they come off the disk."""

from typing import Literal, NamedTuple

from torch import Tensor

Split = Literal["train", "test"]


class Images(NamedTuple):
    """One split on the CPU, in the official order.

    images: (N, C, H, W) uint8, contiguous. labels: (N,) int64 class indices.
    notes: remarks for the person at the terminal, for example that a file's checksum is not the official one.
    """

    images: Tensor
    labels: Tensor
    notes: tuple[str, ...] = ()

    def take(self, indices: Tensor) -> "Images":
        """The images at `indices` (int64, on the CPU), in that order."""
        return self._replace(images=self.images[indices], labels=self.labels[indices])
