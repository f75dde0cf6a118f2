"""The world's clock: sleeping advances the physics, in lock-step or at the pace of the wall."""

import time
from collections.abc import Callable


class WorldClock:
    """A monotonic clock whose time is the world's.

    In lock-step, ``sleep_until`` returns as soon as the physics has been advanced. With
    ``real_time`` it also waits until as much wall time has passed since the first sleep; where the
    physics is slower than the wall, the world's time falls behind and ``lag_s`` says by how much.

    Parameters
    ----------
    advance
        Advances the world to a time [ns].
    real_time
        Whether to keep to the wall's pace.
    """

    def __init__(self, advance: Callable[[int], None], *, real_time: bool = False) -> None:
        self._advance = advance
        self._real_time = real_time
        self._now_ns = 0
        self._origin_ns: int | None = None
        self.lag_s = 0.0

    def now_ns(self) -> int:
        """Return the world's time [ns]; it starts at 0."""
        return self._now_ns

    def tick(self, now_ns: int) -> None:
        """Take over the world's new time; called by the world alone."""
        self._now_ns = now_ns

    def sleep_until(self, deadline_ns: int) -> None:
        """Advance the world until its time is ``deadline_ns`` or just past it."""
        if self._real_time and self._origin_ns is None:
            self._origin_ns = time.monotonic_ns() - self._now_ns
        if deadline_ns > self._now_ns:
            self._advance(deadline_ns)
        if self._origin_ns is not None:
            ahead_ns = self._now_ns - (time.monotonic_ns() - self._origin_ns)
            self.lag_s = max(-ahead_ns, 0) * 1e-9
            if ahead_ns > 0:
                time.sleep(ahead_ns * 1e-9)
