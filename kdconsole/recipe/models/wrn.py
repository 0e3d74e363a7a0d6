"""Wide ResNets for CIFAR: pre-activation blocks, three stages."""

from kdconsole.recipe.catalogue import MODELS
from kdconsole.recipe.model_family import ModelFamily


def _refuse(groups: dict[str, str]) -> str:
    depth, widen = int(groups["depth"]), int(groups["widen"])
    if depth < 10 or (depth - 4) % 6 != 0:
        return f"the depth must be 6n + 4 with n ≥ 1, {depth} is not"
    return "" if widen <= 32 else f"the width factor {widen} is above 32"


MODELS.declare(
    ModelFamily(
        name="wrn",
        help="wide ResNet wrn_DEPTH_WIDTH, depth 6n+4, pre-activation",
        source="Zagoruyko & Komodakis 2016; keys as in RepDistiller",
        pattern=r"wrn_(?P<depth>[1-9]\d{0,3})_(?P<widen>[1-9]\d?)",
        examples=("wrn_16_1", "wrn_16_2", "wrn_16_4", "wrn_40_1", "wrn_40_2", "wrn_40_4", "wrn_28_10"),
        refuse=_refuse,
    )
)
