from pathlib import Path

import numpy as np
import torch
from sklearn.datasets import load_digits

from kdconsole.data.load import load_split
from kdconsole.recipe.catalogue import DATASETS

NOWHERE = Path("/nonexistent")


def test_every_fifth_image_is_the_test_set() -> None:
    bunch = load_digits()
    scaled = torch.from_numpy(np.round(bunch.images * 255 / 16).astype(np.uint8))
    train, test = (load_split("digits", split, root=NOWHERE, download=False) for split in ("train", "test"))
    assert train.images.shape == (1437, 1, 8, 8)
    assert test.images.shape == (360, 1, 8, 8)
    assert torch.equal(test.images[:, 0], scaled[::5])
    assert torch.equal(train.images[:4, 0], scaled[1:5])
    assert torch.equal(train.images[4, 0], scaled[6])
    assert test.labels.tolist() == bunch.target[::5].tolist()
    assert torch.cat((train.labels, test.labels)).bincount().tolist() == np.bincount(bunch.target).tolist()


def test_types_and_range() -> None:
    images, labels, notes = load_split("digits", "train", root=NOWHERE, download=False)
    assert images.dtype == torch.uint8 and images.is_contiguous()
    assert labels.dtype == torch.int64
    assert (int(images.min()), int(images.max())) == (0, 255)
    assert notes == ()


def test_declared_statistics_are_those_of_the_training_set() -> None:
    pixels = load_split("digits", "train", root=NOWHERE, download=False).images.double() / 255
    info = DATASETS["digits"]
    assert abs(float(pixels.mean()) - info.mean[0]) < 5e-5
    assert abs(float(pixels.std(correction=0)) - info.std[0]) < 5e-5
