"""Which booth to go to: the one where one is called soonest, counting those already under way."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from booth_queue.domain.wait import Pace

WALKING_SPEED: Final = 1.2  # m/s, a slow adult
DETOUR: Final = 1.3  # streets against the straight line
_EARTH_RADIUS: Final = 6_371_000.0  # m


@dataclass(frozen=True, slots=True)
class Option:
    """A booth one might go to.

    ``ahead`` counts people in line, half of those being served, and those under way; ``walk_s`` is
    the walk there in seconds.
    """

    booth_id: str
    ahead: float
    pace: Pace
    walk_s: float

    @property
    def called_after_s(self) -> float:
        """Expected seconds until one is called: the queue shrinks while one walks."""
        return max(self.walk_s, self.ahead * self.pace.mean_s)


def rank(options: Sequence[Option]) -> list[Option]:
    """Return options from the best on: called soonest, then the shorter walk, then the key."""
    return sorted(options, key=lambda one: (one.called_after_s, one.walk_s, one.booth_id))


def walk_s(from_degrees: tuple[float, float], to_degrees: tuple[float, float]) -> float:
    """Return the walk between two points (latitude, longitude in degrees), in seconds."""
    (lat_1, lon_1), (lat_2, lon_2) = (
        (math.radians(lat), math.radians(lon)) for lat, lon in (from_degrees, to_degrees)
    )
    # Haversine (Sinnott 1984).
    h = (
        math.sin((lat_2 - lat_1) / 2) ** 2
        + math.cos(lat_1) * math.cos(lat_2) * math.sin((lon_2 - lon_1) / 2) ** 2
    )
    metres = 2 * _EARTH_RADIUS * math.asin(math.sqrt(min(1.0, h)))
    return metres * DETOUR / WALKING_SPEED
