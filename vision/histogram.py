"""Quantiles of whole numbers of which it is known how often each occurs."""

import numpy as np
from numpy.typing import NDArray


def quantile(counts: NDArray[np.intp], share: float) -> float:
    """Return the quantile of 0, 1, 2, ... that occur ``counts`` (n,) times, some of them.

    As ``numpy.quantile`` has it (linear between ranks), without a list of all the numbers.
    """
    up_to = np.cumsum(counts)
    rank, beyond = divmod(share * (int(up_to[-1]) - 1), 1.0)
    at, after = np.searchsorted(up_to, (rank, rank + 1.0), side="right")
    return float(at + beyond * (after - at)) if beyond else float(at)
