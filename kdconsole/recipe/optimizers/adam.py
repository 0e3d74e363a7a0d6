"""Adam and AdamW."""

from typing import ClassVar, Literal

from kdconsole.recipe.catalogue import OPTIMIZERS
from kdconsole.recipe.params import NamedParams, param


class _AdamLike(NamedParams):
    """What the two share."""

    lr: float = param(3e-4, gt=0, help="learning rate after warm-up", source="HARD, MNIST and CIFAR")
    beta1: float = param(0.9, ge=0, lt=1, help="decay of the first moment", source="Kingma & Ba 2015")
    beta2: float = param(0.999, ge=0, lt=1, help="decay of the second moment", source="Kingma & Ba 2015")
    eps: float = param(1e-8, gt=0, help="added to the denominator", source="Kingma & Ba 2015")


@OPTIMIZERS.declare
class Adam(_AdamLike):
    """Adam; weight decay is an L2 penalty."""

    source: ClassVar[str] = "Kingma & Ba 2015; HARD"

    name: Literal["adam"] = "adam"
    weight_decay: float = param(0.0, ge=0, help="L2 penalty on every weight", source="HARD uses 2e-9")


@OPTIMIZERS.declare
class AdamW(_AdamLike):
    """Adam with decoupled weight decay."""

    source: ClassVar[str] = "Loshchilov & Hutter 2019"

    name: Literal["adamw"] = "adamw"
    weight_decay: float = param(0.01, ge=0, help="decoupled decay, times the learning rate", source="PyTorch default")
