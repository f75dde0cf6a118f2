"""When an arm measured what it tells, in our clock."""

import time
from collections.abc import Callable

_DRIFT = 1e-4  # of the arm's clock against ours, more than any quartz


class ArmClock:
    """Maps one arm's own time, which counts from its own start, to ours.

    The least difference seen between the two clocks is that of the quickest package (Cristian
    1989), let grow by the clocks' drift. ``now_ns`` is our clock.
    """

    def __init__(self, now_ns: Callable[[], int] = time.monotonic_ns) -> None:
        self._now_ns = now_ns
        self._offset_ns: int | None = None
        self._last = (0.0, 0)  # the arm's newest time [s], and ours when it came [ns]

    def stamp(self, time_s: float) -> int:
        """Return when the package of the arm's ``time_s`` [s] was measured, in our clock [ns]."""
        now = self._now_ns()
        told, seen = self._last
        if time_s != told:
            lag = now - round(time_s * 1e9)
            if self._offset_ns is None or time_s < told:  # the first, or the arm started again
                self._offset_ns = lag
            self._offset_ns = min(self._offset_ns + round((now - seen) * _DRIFT), lag)
            self._last = (time_s, now)
        return round(time_s * 1e9) + (self._offset_ns or 0)
