"""The straight way from the lips to a site, and the poses on it, in the mouth frame."""

from dataclasses import dataclass

import numpy as np

from arm_control.motion import Corridor
from arm_control.target import SiteTarget
from spatial import Pose, Vector, unit, vector
from vision.tracking import TrackedMouth, TrackedTarget

_LEFT = vector((0.0, 1.0, 0.0))  # the person's own left; the tool's x axis is nearest to it
_BEHIND_LAST_SITE = 0.012  # m the corridor goes on behind the site: tissue yields
_CENTRAL = 0.22  # of the opening, to each side of its middle, is left to the corridor's entry
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


def way_to(target: TrackedTarget, mouth: TrackedMouth, base_eye: Vector, standoff: float) -> Way:
    """Return the way to ``target`` that keeps to the line along which it was seen.

    What is seen is not hidden, so nothing stands on the line from the camera's eye, ``base_eye``
    (3,) [m], to the target. The corridor enters where that line crosses the lips, pulled towards
    the middle of the opening to keep clear of the teeth. Raises ArmControlError where the target
    lies too far off the mouth's axis to be reached.
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
    entry = _entry(site.point, mouth_base.apply(base_eye), mouth.opening)
    axis = unit(site.point - entry, "corridor axis")
    reach = float(np.linalg.norm(site.point - entry))
    depth = min(reach + _BEHIND_LAST_SITE, 0.13)
    corridor = Corridor(entry, axis, _RADIUS, depth)
    return Way(site, corridor, standoff, target.confidence, target.sightings)


def _entry(point: Vector, eye: Vector, opening: float) -> Vector:
    """Return where the line of sight crosses the plane of the lips, kept off the teeth."""
    gap = float(eye[0] - point[0])
    if gap < 0.05 or eye[0] < 0.02:
        return vector((0.0, 0.0, 0.0))  # no eye in front of the mouth: the middle is all we know
    crossing = point + (eye - point) * (-point[0] / gap)
    room = _CENTRAL * opening
    return vector((0.0, *np.clip(crossing[1:], -room, room)))
