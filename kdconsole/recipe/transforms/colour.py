"""Views that change colours: jitter, grayscale, blur, solarize, with the parameters of ICDA section 4.3."""

from typing import ClassVar, Literal

from kdconsole.recipe.catalogue import TRANSFORMS
from kdconsole.recipe.params import TransformParams, param

_ICDA = "ICDA section 4.3"


@TRANSFORMS.declare
class Jitter(TransformParams):
    """Random brightness, contrast, saturation and hue, in random order (CJ of ICDA)."""

    source: ClassVar[str] = f"{_ICDA}; torchvision ColorJitter"

    name: Literal["jitter"] = "jitter"
    brightness: float = param(0.8, ge=0, help="factor drawn from [max(0, 1-b), 1+b]", source=_ICDA)
    contrast: float = param(0.8, ge=0, help="factor drawn from [max(0, 1-c), 1+c]", source=_ICDA)
    saturation: float = param(0.8, ge=0, help="factor drawn from [max(0, 1-s), 1+s]", source=_ICDA)
    hue: float = param(0.2, ge=0, le=0.5, help="shift drawn from [-h, h] turns of the colour circle", source=_ICDA)
    probability: float = param(0.8, ge=0, le=1, help="share of images that are jittered", source=_ICDA)


@TRANSFORMS.declare
class Grayscale(TransformParams):
    """Drop the colour, keep three equal channels (GS of ICDA)."""

    source: ClassVar[str] = f"{_ICDA}; torchvision RandomGrayscale"

    name: Literal["grayscale"] = "grayscale"
    probability: float = param(0.2, ge=0, le=1, help="share of images that lose their colour", source=_ICDA)


@TRANSFORMS.declare
class Blur(TransformParams):
    """Gaussian blur with a random width (GB of ICDA)."""

    source: ClassVar[str] = f"{_ICDA}; torchvision GaussianBlur"

    name: Literal["blur"] = "blur"
    kernel: Literal[3, 5, 7, 9, 11] = param(3, help="kernel size in pixels", source=_ICDA)
    sigma_min: float = param(0.1, gt=0, help="smallest standard deviation in pixels", source=_ICDA)
    sigma_max: float = param(2.0, gt=0, help="largest standard deviation in pixels", source=_ICDA)
    probability: float = param(1.0, ge=0, le=1, help="share of images that are blurred", source="not given; our choice")

    def conflicts(self) -> list[tuple[str, str]]:
        if self.sigma_min <= self.sigma_max:
            return []
        return [(f"sigma_min {self.sigma_min:g} is above sigma_max {self.sigma_max:g}", "swap them")]


@TRANSFORMS.declare
class Solarize(TransformParams):
    """Invert every value at or above a threshold (SL of ICDA)."""

    source: ClassVar[str] = f"{_ICDA}; torchvision RandomSolarize"

    name: Literal["solarize"] = "solarize"
    threshold: int = param(127, ge=0, le=255, help="first inverted value, on the 0 to 255 scale", source=_ICDA)
    probability: float = param(0.2, ge=0, le=1, help="share of images that are solarized", source=_ICDA)
