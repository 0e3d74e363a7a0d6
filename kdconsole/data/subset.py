"""Which images of a training set are used: a stratified fraction, a held-out part.

Both are pure functions of (labels, share, seed). They read raw bits of PCG64, whose stream NumPy guarantees never to
change (NEP 19), so that a fraction of last year's paper is the same images today.
"""

from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

_FRACTION, _HOLD_OUT = 1, 2


def stratified_fraction(labels: Tensor, fraction: float, seed: int) -> Tensor:
    """Positions (int64, rising) of a share of each class, 0 < fraction ≤ 1: rounded, at least one image a class.

    A smaller fraction with the same seed is a part of a larger one.
    """
    if not 0 < fraction <= 1:
        raise ValueError(f"fraction is {fraction}, must be above 0 and at most 1")
    chosen = _first_of_each_class(labels, (_FRACTION, seed), lambda count: max(1, round(count * fraction)))
    return torch.from_numpy(np.flatnonzero(chosen))


def hold_out(labels: Tensor, share: float, seed: int) -> tuple[Tensor, Tensor]:
    """Positions (int64, rising) of the images to train on and of those held out, 0 ≤ share < 1, stratified by class.

    The held-out part is rounded in each class; a class of two images or more gives at least one (unless share is 0)
    and keeps at least one, a class of one image keeps it.
    """
    if not 0 <= share < 1:
        raise ValueError(f"share is {share}, must be at least 0 and below 1")

    def held(count: int) -> int:
        return min(max(1, round(count * share)), count - 1) if share > 0 else 0

    chosen = _first_of_each_class(labels, (_HOLD_OUT, seed), held)
    return torch.from_numpy(np.flatnonzero(~chosen)), torch.from_numpy(np.flatnonzero(chosen))


def _first_of_each_class(labels: Tensor, seed: tuple[int, int], quota: Callable[[int], int]) -> NDArray[np.bool_]:
    """Mark the first `quota(class size)` images of each class, in a random order fixed by `seed`."""
    classes = labels.cpu().numpy()
    keys = np.random.PCG64(np.random.SeedSequence(seed)).random_raw(len(classes))
    order = np.lexsort((keys, classes))
    _, starts, counts = np.unique(classes[order], return_index=True, return_counts=True)
    rank = np.arange(len(classes)) - np.repeat(starts, counts)
    quotas = np.repeat([quota(int(count)) for count in counts], counts)
    chosen = np.zeros(len(classes), bool)
    chosen[order] = rank < quotas
    return chosen
