"""How long a node may be silent before it counts as dead."""

import time
from collections import deque
from collections.abc import Callable

SILENCE_S = 0.4
"""The longest silence of a live node; with one look each 0.05 s a death is known within 0.5 s."""

_LONGEST_S = 3.0
_REMEMBERED_S = 30.0
_MARGIN = 4.0
_FIRST_GAP_S = 1.0  # taken as seen while a simulated booth comes up, all its processes at once
_START_S = 10.0  # how long that lasts, from a node's first sign of life


class Pulse:
    """A node's signs of life, which come about 20 times a second.

    The bound is fixed beside a real arm. With ``adaptive``, beside a simulator, it follows the
    machine: four times the longest gap of the last half minute where that is longer, after the
    accrual failure detectors of Hayashibara (2004), whose bound is learned from the gaps seen. A
    busy machine then makes a slow session, not a booth full of dead nodes; simulated time waits for
    the graph anyway. ``wall`` is the wall's clock [s].
    """

    def __init__(self, *, adaptive: bool, wall: Callable[[], float] = time.monotonic) -> None:
        self._wall = wall
        self._gaps: deque[tuple[float, float]] = deque()  # when seen [s], how long [s]; decreasing
        self._heard_s: float | None = None
        self._adaptive = adaptive

    @property
    def heard(self) -> bool:
        """Whether it was ever heard."""
        return self._heard_s is not None

    @property
    def silent_s(self) -> float:
        """How long it has been silent [s]; 0 before the first sign."""
        return 0.0 if self._heard_s is None else self._wall() - self._heard_s

    @property
    def bound_s(self) -> float:
        """The silence [s] that is death."""
        longest = self._gaps[0][1] if self._gaps else 0.0
        return min(max(SILENCE_S, _MARGIN * longest), _LONGEST_S)

    def beat(self) -> None:
        """Take in one sign of life."""
        now = self._wall()
        if self._adaptive and self._heard_s is None:
            self._remember(_FIRST_GAP_S, now - _REMEMBERED_S + _START_S)
        elif self._adaptive and self._heard_s is not None:
            self._remember(now - self._heard_s, now)
            while now - self._gaps[0][0] > _REMEMBERED_S:
                self._gaps.popleft()
        self._heard_s = now

    def _remember(self, gap_s: float, when_s: float) -> None:
        """Keep a gap seen at ``when_s``, in the place of the shorter ones before it."""
        while self._gaps and self._gaps[-1][1] <= gap_s:
            self._gaps.pop()
        self._gaps.append((when_s, gap_s))
