"""Handwritten digits that scikit-learn ships."""

from kdconsole.recipe.catalogue import DATASETS
from kdconsole.recipe.dataset_info import DatasetInfo

DATASETS.declare(
    DatasetInfo(
        name="digits",
        help="1,797 handwritten digits, 8×8, inside scikit-learn: no download; every fifth image is the test set",
        source="UCI optical recognition of handwritten digits (test part), via sklearn.datasets.load_digits",
        classes=10, channels=1, size=(8, 8), train=1437, test=360,
        mean=(0.3053,), std=(0.3762,), bundled=True,
    )
)  # fmt: skip
