"""Drop the colour."""

from typing import ClassVar, NamedTuple

import torch
from torch import Tensor

from kdconsole.augment.draws import chance, per_image
from kdconsole.augment.luminance import luminance
from kdconsole.augment.view import VIEWS, View
from kdconsole.recipe.transforms.colour import Grayscale


class GrayscaleDraw(NamedTuple):
    """applied: (B,) bool."""

    applied: Tensor


@VIEWS.declare
class GrayscaleView(View[Grayscale, GrayscaleDraw]):
    """torchvision's RandomGrayscale: every channel becomes the luminance; one-channel images stay as they are."""

    params_type: ClassVar = Grayscale

    def draw(self, count: int, generator: torch.Generator) -> GrayscaleDraw:
        return GrayscaleDraw(applied=chance(count, self.params.probability, generator))

    def apply(self, images: Tensor, drawn: GrayscaleDraw) -> Tensor:
        return torch.where(per_image(drawn.applied), luminance(images), images)
