"""Metrics accumulate on the device and leave it once per interval; every mean is an exact sum over an exact count."""

import torch
from torch import Tensor


class Meter:
    """Sums over images of per-batch means, kept on the device until `collect`."""

    def __init__(self) -> None:
        self._names: tuple[str, ...] = ()
        self._sums: Tensor | None = None
        self._images = 0

    def add(self, values: dict[str, Tensor], images: int) -> None:
        """Add a batch's means over `images` images. No host sync."""
        batch = torch.stack([value.detach().double() for value in values.values()]) * images
        if self._sums is None:
            self._names, self._sums = tuple(values), batch
        else:
            self._sums = self._sums + batch
        self._images += images

    def collect(self) -> "Totals":
        """The sums so far, on the host; starts anew. The one place that waits for the device."""
        totals = Totals()
        if self._sums is not None:
            totals.sums = dict(zip(self._names, self._sums.tolist(), strict=True))
            totals.images = self._images
        self._sums, self._images = None, 0
        return totals


class Totals:
    """Sums over images on the host."""

    def __init__(self, sums: dict[str, float] | None = None, images: int = 0) -> None:
        self.sums = dict(sums or {})
        self.images = images

    def merge(self, other: "Totals") -> None:
        for name, value in other.sums.items():
            self.sums[name] = self.sums.get(name, 0.0) + value
        self.images += other.images

    def means(self) -> dict[str, float | None]:
        return {name: value / self.images for name, value in self.sums.items()} if self.images else {}
