import numpy as np
import pytest
import torch
from torch import Tensor

from kdconsole.data.subset import hold_out, stratified_fraction

LABELS = torch.from_numpy(np.random.default_rng(0).permutation(np.repeat([0, 1, 2, 5], [100, 40, 9, 1])))


def counts(indices: Tensor) -> list[int]:
    return torch.bincount(LABELS[indices], minlength=6).tolist()


def test_share_of_each_class_rounded_and_at_least_one() -> None:
    assert counts(stratified_fraction(LABELS, 0.25, 0)) == [25, 10, 2, 0, 0, 1]
    assert counts(stratified_fraction(LABELS, 0.001, 0)) == [1, 1, 1, 0, 0, 1]
    assert torch.equal(stratified_fraction(LABELS, 1, 0), torch.arange(len(LABELS)))


def test_positions_rise_and_are_int64() -> None:
    chosen = stratified_fraction(LABELS, 0.3, 3)
    assert chosen.dtype == torch.int64
    assert (chosen[1:] > chosen[:-1]).all()


def test_seed_decides_and_the_global_generators_do_not() -> None:
    torch.manual_seed(1)
    np.random.seed(1)
    first = stratified_fraction(LABELS, 0.3, 7)
    torch.manual_seed(2)
    np.random.seed(2)
    before = torch.get_rng_state()
    assert torch.equal(stratified_fraction(LABELS, 0.3, 7), first)
    assert torch.equal(torch.get_rng_state(), before)
    assert not torch.equal(stratified_fraction(LABELS, 0.3, 8), first)


def test_the_same_images_for_ever() -> None:
    labels = torch.tensor([0, 1] * 10)
    assert stratified_fraction(labels, 0.3, 0).tolist() == [2, 9, 16, 17, 18, 19]
    assert hold_out(labels, 0.2, 0)[1].tolist() == [0, 3, 6, 7]


def test_smaller_fraction_is_part_of_a_larger_one() -> None:
    small, large = (set(stratified_fraction(LABELS, share, 0).tolist()) for share in (0.2, 0.5))
    assert small < large


def test_hold_out_splits_each_class() -> None:
    train, validation = hold_out(LABELS, 0.1, 0)
    assert counts(validation) == [10, 4, 1, 0, 0, 0]
    assert counts(train) == [90, 36, 8, 0, 0, 1]
    assert torch.cat((train, validation)).sort().values.tolist() == list(range(len(LABELS)))
    assert (train[1:] > train[:-1]).all() and (validation[1:] > validation[:-1]).all()


def test_hold_out_leaves_something_on_both_sides() -> None:
    train, validation = hold_out(LABELS, 0.999, 0)
    assert counts(train) == [1, 1, 1, 0, 0, 1]
    train, validation = hold_out(LABELS, 0.001, 0)
    assert counts(validation) == [1, 1, 1, 0, 0, 0]
    train, validation = hold_out(LABELS, 0, 0)
    assert len(train) == len(LABELS) and len(validation) == 0


def test_held_out_images_are_not_the_ones_a_fraction_prefers() -> None:
    labels = torch.zeros(1000, dtype=torch.int64)
    chosen = set(stratified_fraction(labels, 0.1, 0).tolist())
    held = set(hold_out(labels, 0.1, 0)[1].tolist())
    assert len(chosen & held) < 30  # 10 of 100 by chance


@pytest.mark.parametrize("share", [0, -0.1, 1.01])
def test_fraction_out_of_range(share: float) -> None:
    with pytest.raises(ValueError):
        stratified_fraction(LABELS, share, 0)


@pytest.mark.parametrize("share", [-0.1, 1])
def test_hold_out_out_of_range(share: float) -> None:
    with pytest.raises(ValueError):
        hold_out(LABELS, share, 0)
