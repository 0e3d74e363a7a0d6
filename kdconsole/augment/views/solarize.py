"""Invert bright values."""

from typing import ClassVar, NamedTuple

import torch
from torch import Tensor

from kdconsole.augment.draws import chance, per_image
from kdconsole.augment.view import VIEWS, View
from kdconsole.recipe.transforms.colour import Solarize


class SolarizeDraw(NamedTuple):
    """applied: (B,) bool."""

    applied: Tensor


@VIEWS.declare
class SolarizeView(View[Solarize, SolarizeDraw]):
    """torchvision's RandomSolarize with the threshold on the scale of bytes.

    A byte v ≥ threshold becomes 255 − v, exactly. Values between two bytes, which a jitter or blur before it leaves,
    are compared as they are; an image library that rounds to bytes after each transform decides differently within
    half a byte.
    """

    params_type: ClassVar = Solarize

    def draw(self, count: int, generator: torch.Generator) -> SolarizeDraw:
        return SolarizeDraw(applied=chance(count, self.params.probability, generator))

    def apply(self, images: Tensor, drawn: SolarizeDraw) -> Tensor:
        inverted = per_image(drawn.applied) & (images >= self.params.threshold / 255)
        return torch.where(inverted, 1 - images, images)
