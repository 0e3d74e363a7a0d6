"""Zero-pad, then crop at a random place."""

from typing import ClassVar, NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F

from kdconsole.augment.view import VIEWS, View
from kdconsole.recipe.transforms.geometry import Crop


class CropDraw(NamedTuple):
    """top, left: (B,) int64, the window's corner in the padded image, 0 … 2 · padding."""

    top: Tensor
    left: Tensor


@VIEWS.declare
class CropView(View[Crop, CropDraw]):
    """torchvision's RandomCrop(size, padding=p): exact, pixels are only moved."""

    params_type: ClassVar = Crop

    def draw(self, count: int, generator: torch.Generator) -> CropDraw:
        places = 2 * self.params.padding + 1
        corner = torch.randint(places, (2, count), generator=generator, device=generator.device)
        return CropDraw(top=corner[0], left=corner[1])

    def apply(self, images: Tensor, drawn: CropDraw) -> Tensor:
        height, width = images.shape[-2:]
        padded = F.pad(images, [self.params.padding] * 4)
        # All windows of the padded image as one strided view (B, C, top, left, H, W), which takes no memory; one is
        # picked for each image.
        windows = padded.unfold(2, height, 1).unfold(3, width, 1)
        image = torch.arange(images.shape[0], device=images.device)
        return windows[image, :, drawn.top, drawn.left]
