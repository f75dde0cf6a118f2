"""How often somebody may search: a fixed window for each caller, kept by each worker process."""

from datetime import datetime
from typing import Final

from booth_queue.domain.refusals import TooMany

# Callers remembered at most; when there are more, all of them start a new window.
_REMEMBERED: Final = 100_000


class Allowance:
    """So many searches in a window of time.

    Parameters
    ----------
    limit
        Searches in a window.
    window_s
        Length of a window [s].
    """

    def __init__(self, limit: int, window_s: float) -> None:
        self._limit = limit
        self._window_s = window_s
        self._window = 0
        self._spent: dict[str, int] = {}

    def spend(self, caller: str, now: datetime) -> None:
        """Count one search.

        Raises
        ------
        TooMany
            The caller's allowance is spent until the next window.
        """
        window = int(now.timestamp() // self._window_s)
        if window != self._window or len(self._spent) >= _REMEMBERED:
            self._window, self._spent = window, {}
        spent = self._spent.get(caller, 0)
        if spent >= self._limit:
            raise TooMany(limit=self._limit, minutes=round(self._window_s / 60))
        self._spent[caller] = spent + 1
