"""Where in the mouth a site can lie; what is seen elsewhere is something else."""

from dataclasses import dataclass

import numpy as np

from spatial import Vector
from vision.settings import LocatorSettings
from vision.target import Refusal, RefusalReason, Site


@dataclass(frozen=True, slots=True)
class Region:
    """Where in the mouth frame a site can lie: bounds [m] behind the lips, aside and up.

    Aside is towards the site's own side, and to either side for the wall.
    """

    behind: tuple[float, float]
    aside: tuple[float, float]
    up: tuple[float, float]

    def fault(self, behind: float, aside: float, up: float) -> str | None:
        """Return what lies outside its bounds, in words, or None."""
        for name, value, (low, high) in (
            ("behind the lips", behind, self.behind),
            ("aside", aside, self.aside),
            ("up", up, self.up),
        ):
            if not low <= value <= high:
                return f"{1e3 * value:.0f} mm {name}, bounds {1e3 * low:.0f} to {1e3 * high:.0f} mm"
        return None


_TONSIL = Region((0.042, 0.092), (-0.004, 0.028), (-0.012, 0.036))
REGIONS: dict[Site, Region] = {
    Site.RIGHT_TONSIL: _TONSIL,
    Site.LEFT_TONSIL: _TONSIL,
    Site.POSTERIOR_WALL: Region((0.066, 0.122), (0.0, 0.016), (-0.020, 0.028)),
}
"""Where sites lie in children and adults: the range of the anatomical model's populations (which
follow CT measurements, docs/reference/dataset.md), widened by 6 mm for the error of the mouth's
pose (10 mm towards the middle, where turning the head a little puts a tonsil). What is seen
elsewhere is something else, or depth of something else."""

_USUAL: dict[Site, tuple[tuple[float, float, float], tuple[float, float, float]]] = {
    Site.RIGHT_TONSIL: ((0.067, 0.0106, 0.0105), (0.0067, 0.0034, 0.0048)),
    Site.LEFT_TONSIL: ((0.067, 0.0106, 0.0105), (0.0067, 0.0034, 0.0048)),
    Site.POSTERIOR_WALL: ((0.0915, 0.0, 0.0038), (0.0080, 0.0035, 0.0047)),
}
"""Mean and standard deviation [m] of where sites lie behind the lips, aside and up: of 6,500 safe
sites of the anatomical model's people, with 2 mm for the error of the mouth's pose (3.5 mm for the
wall, whose middle is on the mouth's own plane)."""


def strangeness(point: Vector, site: Site) -> float:
    """Return how many standard deviations a point (3,) [m, mouth frame] lies from the usual."""
    usual, spread = _USUAL[site]
    away = (np.array([-point[0], _aside(point, site), point[2]]) - usual) / spread
    return float(np.linalg.norm(away))


def outside_region(
    point: Vector, site: Site, settings: LocatorSettings, stamp_ns: int
) -> Refusal | None:
    """Refuse a point (3,) [m, mouth frame] not behind the arches, off the axis or on one side."""
    fault = REGIONS[site].fault(-float(point[0]), _aside(point, site), float(point[2]))
    off_axis = float(np.hypot(point[1], point[2]))
    if fault is None and off_axis > settings.corridor_radius:
        fault = (
            f"{1e3 * off_axis:.0f} mm off the axis, bound {1e3 * settings.corridor_radius:.0f} mm"
        )
    if fault is None:
        return None
    return Refusal(RefusalReason.OUT_OF_REACH, stamp_ns, f"{site} lies {fault}")


def _aside(point: Vector, site: Site) -> float:
    """Return how far [m] a point lies towards its site's own side, to either for the wall."""
    own = {Site.RIGHT_TONSIL: -point[1], Site.LEFT_TONSIL: point[1]}
    return float(own.get(site, abs(point[1])))
