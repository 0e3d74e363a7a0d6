"""Mirror left and right."""

from typing import ClassVar, NamedTuple

import torch
from torch import Tensor

from kdconsole.augment.draws import chance, per_image
from kdconsole.augment.view import VIEWS, View
from kdconsole.recipe.transforms.geometry import Flip


class FlipDraw(NamedTuple):
    """mirrored: (B,) bool."""

    mirrored: Tensor


@VIEWS.declare
class FlipView(View[Flip, FlipDraw]):
    """torchvision's RandomHorizontalFlip: exact."""

    params_type: ClassVar = Flip

    def draw(self, count: int, generator: torch.Generator) -> FlipDraw:
        return FlipDraw(mirrored=chance(count, self.params.probability, generator))

    def apply(self, images: Tensor, drawn: FlipDraw) -> Tensor:
        return torch.where(per_image(drawn.mirrored), images.flip(-1), images)
