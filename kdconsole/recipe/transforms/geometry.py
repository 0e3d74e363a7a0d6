"""Views that move pixels: crop and flip."""

from typing import ClassVar, Literal

from kdconsole.recipe.catalogue import TRANSFORMS
from kdconsole.recipe.params import TransformParams, param


@TRANSFORMS.declare
class Crop(TransformParams):
    """Zero-pad on every side, then crop back to the original size at a random place."""

    source: ClassVar[str] = "CRD protocol; torchvision RandomCrop(size, padding)"
    geometric: ClassVar[bool] = True

    name: Literal["crop"] = "crop"
    padding: int = param(4, ge=1, le=64, help="zero pixels added on each side", source="CRD protocol (32 px images)")


@TRANSFORMS.declare
class Flip(TransformParams):
    """Mirror left and right."""

    source: ClassVar[str] = "CRD protocol; torchvision RandomHorizontalFlip"
    geometric: ClassVar[bool] = True

    name: Literal["flip"] = "flip"
    probability: float = param(0.5, ge=0, le=1, help="share of images that are mirrored", source="CRD protocol")
