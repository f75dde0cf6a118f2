"""Which of the camera's pictures are understood, when the camera is quicker than we want to be."""

from spatial import NANOSECONDS_PER_SECOND

_SLACK = 0.25  # of a period: cameras are not that regular


class Turns:
    """Keeps a rate on the pictures' own clock by skipping pictures.

    Sleeping between two would leave the next one waiting, and old by the time it is understood.
    """

    def __init__(self) -> None:
        self._due_ns: float = 0.0

    def comes(self, stamp_ns: int, rate_hz: float) -> bool:
        """Say whether the picture taken at ``stamp_ns`` [ns] is due, at ``rate_hz`` [Hz] at most.

        After a gap, and where the clock has started anew, the count does so too.
        """
        period_ns = NANOSECONDS_PER_SECOND / rate_hz
        early_ns = self._due_ns - stamp_ns
        if abs(early_ns) >= 2 * period_ns:
            self._due_ns = stamp_ns
        elif early_ns > _SLACK * period_ns:
            return False
        self._due_ns += period_ns
        return True
