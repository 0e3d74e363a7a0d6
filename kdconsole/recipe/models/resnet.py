"""The CIFAR ResNets: basic blocks, three stages."""

from kdconsole.recipe.catalogue import MODELS
from kdconsole.recipe.model_family import ModelFamily


def _refuse(groups: dict[str, str]) -> str:
    depth = int(groups["depth"])
    return "" if depth >= 8 and (depth - 2) % 6 == 0 else f"the depth must be 6n + 2 with n ≥ 1, {depth} is not"


MODELS.declare(
    ModelFamily(
        name="resnet",
        help="CIFAR ResNet, depth 6n+2; x4: four times the width; _pad: parameter-free shortcuts (option A)",
        source="He et al. 2016, section 4.2; widths and keys as in RepDistiller",
        pattern=r"resnet(?P<depth>[1-9]\d{0,3})(?:x(?P<widen>4))?(?P<shortcut>_pad)?",
        examples=(
            "resnet8", "resnet14", "resnet20", "resnet32", "resnet44", "resnet56", "resnet110",
            "resnet8x4", "resnet32x4", "resnet20_pad", "resnet56_pad",
        ),
        refuse=_refuse,
    )
)  # fmt: skip
