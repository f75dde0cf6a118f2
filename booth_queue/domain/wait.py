"""Predicted waits: how long from here, with an interval, and how fast a booth has been."""

import math
from dataclasses import dataclass
from typing import Final

from scipy.special import gammaincinv

# Running moments forget with this factor a person: the last dozen people count most.
_FORGET: Final = 1 / 12
# A booth that has served nobody is assumed to take this long, as if seen on this many people.
PRIOR_MEAN_S: Final = 60.0
PRIOR_VARIANCE_S2: Final = 30.0**2
_PRIOR_COUNT: Final = 4
# A weighted mean that forgets is as sure as a plain mean of this many.
_REMEMBERED: Final = 2 / _FORGET - 1


@dataclass(frozen=True, slots=True)
class Pace:
    """Running mean [s] and variance [s^2] of the time one person takes, over ``count`` people."""

    mean_s: float = PRIOR_MEAN_S
    variance_s2: float = PRIOR_VARIANCE_S2
    count: int = 0

    def __post_init__(self) -> None:
        if not (math.isfinite(self.mean_s) and self.mean_s > 0):
            raise ValueError(f"mean_s={self.mean_s} must be positive and finite")
        if not (math.isfinite(self.variance_s2) and self.variance_s2 >= 0):
            raise ValueError(f"variance_s2={self.variance_s2} must be finite and not negative")

    def after(self, took_s: float) -> "Pace":
        """Return the pace after one more person who took so many seconds.

        Exponentially weighted moments (West 1979, CACM 22(9), incremental form), with a weight
        that starts higher so that the prior is soon outweighed.
        """
        took_s = min(max(took_s, 1.0), 3600.0)
        weight = max(_FORGET, 1 / (self.count + _PRIOR_COUNT + 1))
        step = took_s - self.mean_s
        mean_s = self.mean_s + weight * step
        variance_s2 = (1 - weight) * (self.variance_s2 + weight * step**2)
        return Pace(mean_s, variance_s2, self.count + 1)


@dataclass(frozen=True, slots=True)
class Wait:
    """Median and central 80 % interval of a wait, in seconds."""

    median_s: float
    low_s: float
    high_s: float

    @property
    def level(self) -> str:
        """`free` under 25 minutes, `busy` under 50, `crowded` above (Shenzhen's public list)."""
        minutes = self.median_s / 60
        return "free" if minutes < 25 else "busy" if minutes < 50 else "crowded"


def predict(ahead: float, pace: Pace) -> Wait:
    """Predict the wait of somebody with ``ahead`` people before them.

    The sum of ``ahead`` service times is taken as gamma distributed, with the variance of the
    times themselves and that of the estimated mean.
    """
    if ahead <= 0:
        return Wait(0.0, 0.0, 0.0)
    known = min(pace.count + _PRIOR_COUNT, _REMEMBERED)
    mean_s = ahead * pace.mean_s
    variance_s2 = max(ahead * pace.variance_s2 + ahead**2 * pace.variance_s2 / known, 1.0)
    shape = mean_s**2 / variance_s2
    scale = variance_s2 / mean_s
    low, median, high = (float(gammaincinv(shape, p)) * scale for p in (0.1, 0.5, 0.9))
    return Wait(median, low, high)
