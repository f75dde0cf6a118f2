"""Whether the mouth seen now is the one seen at the start: by its build, never by identity."""

from collections import deque
from dataclasses import dataclass

import numpy as np

from spatial import Vector
from vision.settings import Bounded, bounded
from vision.target import Refusal, RefusalReason, Sighting, Site, Target

_TONSILS = (Site.RIGHT_TONSIL, Site.LEFT_TONSIL)


@dataclass(frozen=True, slots=True)
class SamePersonSettings(Bounded):
    """When two throats are taken for two people's; lengths in metres."""

    max_width_change: float = bounded(0.008, 0.002, 0.03)
    """Largest change of the distance between the tonsils (isthmus 20 to 35 mm among adults)."""
    max_depth_change: float = bounded(0.012, 0.002, 0.05)
    """Largest change of the wall's depth behind the lips (70 to 105 mm among adults); one person's
    changes by some millimetres as the jaw opens."""
    sightings: float = bounded(12, 3, 100)
    """How many sightings make a measure, at the start and since."""


class SamePerson:
    """Compares the throat's build over the last sightings with that over the first ones.

    Width between the tonsils and depth of the wall are medians in the mouth's own coordinates, so
    that neither camera nor head has to keep still. What is kept of a person are these two numbers,
    and ``reset`` forgets them. Two people of the same build are not told apart: the check is there
    for somebody else on the chair, not for impostors. Not thread-safe.
    """

    def __init__(self, settings: SamePersonSettings | None = None) -> None:
        self._settings = settings or SamePersonSettings()
        self.reset()

    def reset(self) -> None:
        """Forget the person; the next sightings are the new one's first."""
        count = int(self._settings.sightings)
        self._first: tuple[list[float], list[float]] = ([], [])
        self._last: tuple[deque[float], deque[float]] = (deque(maxlen=count), deque(maxlen=count))

    def take(self, sighting: Sighting) -> Refusal | None:
        """Take in a sighting; refuse where the build is no longer that of the first ones."""
        s = self._settings
        for first, last, measure, name, bound in zip(
            self._first,
            self._last,
            (_width(sighting), _depth(sighting)),
            ("tonsils' distance", "wall's depth"),
            (s.max_width_change, s.max_depth_change),
            strict=True,
        ):
            if measure is None:
                continue
            if len(first) < s.sightings:
                first.append(measure)
                continue
            last.append(measure)
            if len(last) < s.sightings:
                continue
            change = float(np.median(last) - np.median(first))
            if abs(change) > bound:
                return Refusal(
                    RefusalReason.ANOTHER_PERSON,
                    sighting.stamp_ns,
                    f"{name} changed by {1e3 * change:+.0f} mm since the start, bound "
                    f"{1e3 * bound:.0f} mm",
                )
        return None


def _width(sighting: Sighting) -> float | None:
    right, left = (_in_mouth(sighting, site) for site in _TONSILS)
    return None if right is None or left is None else float(np.linalg.norm(right - left))


def _depth(sighting: Sighting) -> float | None:
    wall = _in_mouth(sighting, Site.POSTERIOR_WALL)
    return None if wall is None else -float(wall[0])


def _in_mouth(sighting: Sighting, site: Site) -> Vector | None:
    target = sighting.targets.get(site)
    if not isinstance(target, Target):
        return None
    return sighting.optical_mouth.inverse().apply(target.point)
