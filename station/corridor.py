"""The straight way from the lips to a site, and the poses on it, in the mouth frame."""

from dataclasses import dataclass

import numpy as np

from arm_control.motion import Corridor
from arm_control.target import SiteTarget
from spatial import Pose, Vector, unit, vector
from vision.tracking import TrackedMouth, TrackedTarget

_LEFT = vector((0.0, 1.0, 0.0))  # the person's own left; the tool's x axis is nearest to it
_BEHIND_LAST_SITE = 0.012  # m the corridor goes on behind the site: tissue yields
_RADIUS = 0.014  # m: a swab, its bending and the head's sway in a mouth 35 mm open


@dataclass(frozen=True, slots=True, eq=False)
class Way:
    """How one site is reached: the target, the corridor to it and the standoff before it [m].

    ``confidence`` is the probability that the target lies on its site, ``sightings`` the number
    of pictures it was fused from.
    """

    target: SiteTarget
    corridor: Corridor
    standoff: float
    confidence: float
    sightings: int

    @property
    def depth(self) -> float:
        """How far behind the lips the tip stops before it touches [m]."""
        reach = float(np.linalg.norm(self.target.point - self.corridor.entry))
        return max(0.0, reach - self.standoff)

    def mouth_tip(self, depth: float) -> Pose:
        """Return the tip's pose ``depth`` [m] behind the lips on the corridor; negative before."""
        axis = self.corridor.axis
        return Pose.from_axes(axis, _LEFT, self.corridor.entry + depth * axis)


def way_to(target: TrackedTarget, mouth: TrackedMouth, standoff: float, height: float = 0.0) -> Way:
    """Return the way to ``target`` through a point ``height`` [m] above the middle of the lips.

    Raises ArmControlError where the target lies too far off the mouth's axis to be reached.
    """
    mouth_base = mouth.base_mouth.inverse()
    point = mouth_base.apply(target.point)
    R = mouth_base.rotation
    site = SiteTarget(
        target.site.value,
        vector(point),
        vector(mouth_base.rotate(target.normal)),
        mouth_base.apply(target.path),
        R @ target.covariance @ R.T,
    )
    entry: Vector = vector((0.0, 0.0, height))
    axis = unit(site.point - entry, "corridor axis")
    reach = float(np.linalg.norm(site.point - entry))
    depth = min(reach + _BEHIND_LAST_SITE, 0.13)
    corridor = Corridor(entry, axis, _RADIUS, depth)
    return Way(site, corridor, standoff, target.confidence, target.sightings)
