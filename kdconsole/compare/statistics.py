"""Means over seeds, and whether two sets of seeds differ by more than chance."""

import math
from collections.abc import Mapping, Sequence


def mean(values: Sequence[float]) -> float:
    """The arithmetic mean of at least one value, summed exactly: the order of the values does not matter."""
    return math.fsum(values) / len(values)


def sample_std(values: Sequence[float]) -> float | None:
    """The sample standard deviation (n - 1); None for fewer than two values."""
    if len(values) < 2:
        return None
    centre = mean(values)
    return math.sqrt(math.fsum((value - centre) ** 2 for value in values) / (len(values) - 1))


def welch_p(a: Sequence[float], b: Sequence[float]) -> float | None:
    """The two-sided p-value of Welch's t-test for different means; None where it is not defined.

    It needs two values on each side and a spread on at least one (Welch 1947; degrees of freedom by Satterthwaite).
    """
    std_a, std_b = sample_std(a), sample_std(b)
    if std_a is None or std_b is None:
        return None
    part_a, part_b = std_a**2 / len(a), std_b**2 / len(b)
    variance = part_a + part_b
    if variance == 0:
        return None
    freedom = variance**2 / (part_a**2 / (len(a) - 1) + part_b**2 / (len(b) - 1))
    return _two_sided((mean(a) - mean(b)) / math.sqrt(variance), freedom)


def paired_p(differences: Sequence[float]) -> float | None:
    """The two-sided p-value of the paired t-test for differences of mean 0; None where it is not defined."""
    std = sample_std(differences)
    if not std:
        return None
    return _two_sided(mean(differences) / (std / math.sqrt(len(differences))), len(differences) - 1)


def compare_seeds(a: Mapping[int, float], b: Mapping[int, float]) -> tuple[float | None, str]:
    """(p, test) for two sets of values by seed: "paired" when both have the same seeds, else "welch"."""
    if a.keys() == b.keys():
        return paired_p([a[seed] - b[seed] for seed in sorted(a)]), "paired"
    return welch_p(list(a.values()), list(b.values())), "welch"


def stars(p: float | None) -> str:
    """`**` below 0.01, `*` below 0.05."""
    if p is None or p >= 0.05:
        return ""
    return "**" if p < 0.01 else "*"


def _two_sided(t: float, freedom: float) -> float:
    # scipy comes with scikit-learn; imported here, as it costs 0.2 s that only tables with a baseline have to pay.
    from scipy.special import stdtr  # type: ignore[import-untyped]

    return float(2 * stdtr(freedom, -abs(t)))
