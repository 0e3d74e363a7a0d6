"""CIFAR-10 and CIFAR-100."""

from kdconsole.recipe.catalogue import DATASETS
from kdconsole.recipe.dataset_info import DatasetInfo

DATASETS.declare(
    DatasetInfo(
        name="cifar10",
        help="10 classes of small photographs, 32×32, colour",
        source="Krizhevsky 2009, via torchvision; statistics of its training set",
        classes=10, channels=3, size=(32, 32), train=50_000, test=10_000,
        mean=(0.4914, 0.4822, 0.4465), std=(0.2470, 0.2435, 0.2616),
    )
)  # fmt: skip

DATASETS.declare(
    DatasetInfo(
        name="cifar100",
        help="100 classes of small photographs, 32×32, colour",
        source="Krizhevsky 2009, via torchvision; statistics of the CRD protocol",
        classes=100, channels=3, size=(32, 32), train=50_000, test=10_000,
        mean=(0.5071, 0.4867, 0.4408), std=(0.2675, 0.2565, 0.2761),
    )
)  # fmt: skip
