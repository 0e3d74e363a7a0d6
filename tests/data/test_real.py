"""The real data sets, where they are to be had."""

from pathlib import Path

import pytest
import torch

from kdconsole.data.load import load_split
from kdconsole.errors import UserError
from kdconsole.recipe.catalogue import DATASETS


@pytest.mark.parametrize(("split", "each"), [("train", 500), ("test", 100)])
def test_cifar100(real_data: Path, split, each: int) -> None:
    loaded = load_split("cifar100", split, root=real_data, download=False)
    assert torch.bincount(loaded.labels).tolist() == [each] * 100
    if split == "train":
        pixels = loaded.images.permute(1, 0, 2, 3).flatten(1).double() / 255
        assert torch.allclose(pixels.mean(1), torch.tensor([0.50708, 0.48655, 0.44092]).double(), atol=1e-5)
        assert torch.allclose(pixels.std(1), torch.tensor([0.26733, 0.25644, 0.27615]).double(), atol=1e-5)


def test_cifar10_test_split_alone(real_data: Path) -> None:
    loaded = load_split("cifar10", "test", root=real_data, download=False)
    assert torch.bincount(loaded.labels).tolist() == [1000] * 10


def test_cifar10_train_split_names_the_missing_batches(real_data: Path) -> None:
    if (real_data / "cifar-10-batches-py/data_batch_2").exists():
        pytest.skip("this root has all of CIFAR-10")
    with pytest.raises(UserError, match=r"data_batch_2.*data_batch_3.*data_batch_4.*data_batch_5"):
        load_split("cifar10", "train", root=real_data, download=False)


def test_mnist(real_data: Path) -> None:
    loaded = load_split("mnist", "train", root=real_data, download=False)
    pixels = loaded.images.double() / 255
    info = DATASETS["mnist"]
    assert abs(float(pixels.mean()) - info.mean[0]) < 5e-5
    assert abs(float(pixels.std()) - info.std[0]) < 5e-5
    assert loaded.notes == ()
