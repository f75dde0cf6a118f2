"""Medians and quantiles where they are asked for many times a picture.

NumPy's own tell every kind of array apart first, which takes longer than the numbers do.
"""

import numpy as np
from numpy.typing import NDArray

from spatial import Matrix, Vector


def median(values: NDArray[np.floating]) -> float:
    """Return the median of numbers (n > 0,), none of them NaN, as ``numpy.median`` has it."""
    half = len(values) // 2
    if len(values) % 2:
        return float(np.partition(values, half)[half])
    ranked = np.partition(values, (half - 1, half))
    return float((ranked[half - 1] + ranked[half]) / 2)


def medians(values: Matrix) -> Vector:
    """Return the medians (k,) of the columns of numbers (n > 0, k), none of them NaN."""
    half = len(values) // 2
    if len(values) % 2:
        return np.asarray(np.partition(values, half, axis=0)[half])
    ranked = np.partition(values, (half - 1, half), axis=0)
    return np.asarray((ranked[half - 1] + ranked[half]) / 2)


def quantile(values: NDArray[np.floating], share: float) -> float:
    """Return a quantile of numbers (n > 0,), none of them NaN, as ``numpy.quantile`` has it."""
    rank, beyond = divmod(share * (len(values) - 1), 1.0)
    below, above = int(rank), min(int(rank) + 1, len(values) - 1)
    ranked = np.partition(values, (below, above))
    return float(ranked[below] + beyond * (ranked[above] - ranked[below]))


def quantile_of_counts(counts: NDArray[np.intp], share: float) -> float:
    """Return the quantile of 0, 1, 2, ... that occur ``counts`` (n,) times, some of them.

    As ``numpy.quantile`` has it, without a list of all the numbers.
    """
    up_to = np.cumsum(counts)
    rank, beyond = divmod(share * (int(up_to[-1]) - 1), 1.0)
    at, after = np.searchsorted(up_to, (rank, rank + 1.0), side="right")
    return float(at + beyond * (after - at)) if beyond else float(at)
