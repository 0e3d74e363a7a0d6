"""MNIST and Fashion-MNIST."""

from kdconsole.recipe.catalogue import DATASETS
from kdconsole.recipe.dataset_info import DatasetInfo

DATASETS.declare(
    DatasetInfo(
        name="mnist",
        help="handwritten digits, 28×28, grey",
        source="LeCun et al. 1998, via torchvision",
        classes=10, channels=1, size=(28, 28), train=60_000, test=10_000,
        mean=(0.1307,), std=(0.3081,),
    )
)  # fmt: skip

DATASETS.declare(
    DatasetInfo(
        name="fashion_mnist",
        help="clothing, 28×28, grey, a drop-in for MNIST",
        source="Xiao et al. 2017, via torchvision",
        classes=10, channels=1, size=(28, 28), train=60_000, test=10_000,
        mean=(0.2860,), std=(0.3530,),
    )
)  # fmt: skip
