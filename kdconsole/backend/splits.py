"""The images of a recipe, resident on the device: what it trains on and what it is measured on."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor

from kdconsole.data.load import default_root, load_split
from kdconsole.data.order import batches
from kdconsole.data.resident import Resident
from kdconsole.data.subset import hold_out, stratified_fraction
from kdconsole.recipe.schema import Data


class Splits(NamedTuple):
    """`held_out` maps a split's name (test, validation) to its images. `selected_on` names the one that picks the best."""

    train: Resident
    held_out: dict[str, Resident]
    selected_on: str
    notes: tuple[str, ...]


def load_splits(data: Data, device: torch.device) -> Splits:
    """Read, select and move the images that `data` describes. Raises UserError when the data set is not usable."""
    root = Path(data.root) if data.root else default_root()
    train = load_split(data.dataset, "train", root=root, download=data.download)
    test = load_split(data.dataset, "test", root=root, download=data.download)
    held_out = {"test": Resident(test, device)}
    chosen = torch.arange(len(train.labels))
    if data.validation > 0:
        # held out before the fraction is drawn: a teacher that trains on everything must not see these images either
        chosen, validation = hold_out(train.labels, data.validation, data.split_seed)
        held_out = {"validation": Resident(train.take(validation), device), **held_out}
    if data.fraction < 1:
        chosen = chosen[stratified_fraction(train.labels[chosen], data.fraction, data.split_seed)]
    return Splits(
        train=Resident(train.take(chosen), device),
        held_out=held_out,
        selected_on=next(iter(held_out)),
        notes=tuple(dict.fromkeys((*train.notes, *test.notes))),
    )


def in_batches(split: Resident, size: int) -> Iterator[tuple[Tensor, Tensor]]:
    """The whole split in order, as (images in [0, 1], labels); the last batch may be smaller."""
    for indices in batches(torch.arange(len(split), device=split.device), size):
        yield split.batch(indices)
