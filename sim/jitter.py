"""A link whose messages come late by chance: jitter of the way between arm and controller."""

from collections import deque
from typing import Generic, TypeVar

import numpy as np

from sim.errors import SimError

LARGEST_S = 0.02
"""The largest mean lateness [s] that a link may have."""

_LONGEST = 5.0  # times the mean: an exponential draw beyond it would be an outage, not jitter

T = TypeVar("T")


class Link(Generic[T]):
    """One direction of a link: messages arrive in order, each late by a draw of its own.

    The lateness is exponential, as of a queue that is short most of the time (M/M/1); who comes
    behind a late message waits with it.

    Parameters
    ----------
    mean_s
        Mean lateness [s]; 0 passes everything on at once.
    rng
        Generator of the draws; a link without jitter draws nothing.
    """

    def __init__(self, mean_s: float, rng: np.random.Generator) -> None:
        if not 0.0 <= mean_s <= LARGEST_S:
            raise SimError(f"link jitter {mean_s} s is outside 0 to {LARGEST_S} s")
        self._mean_ns = mean_s * 1e9
        self._rng = rng
        self._way: deque[tuple[int, T]] = deque()
        self._last_ns = 0

    def send(self, message: T, now_ns: int) -> None:
        """Put ``message`` on its way at ``now_ns`` [ns]."""
        late = 0.0
        if self._mean_ns > 0.0:
            late = min(float(self._rng.exponential()), _LONGEST) * self._mean_ns
        self._last_ns = max(self._last_ns, now_ns + round(late))
        self._way.append((self._last_ns, message))

    def receive(self, now_ns: int) -> T | None:
        """Return the next message that has arrived by ``now_ns`` [ns]; None where none has."""
        if self._way and self._way[0][0] <= now_ns:
            return self._way.popleft()[1]
        return None
