"""The straight way from the lips to a site, and the poses on it, in the mouth frame."""

from dataclasses import dataclass, replace

import numpy as np

from arm_control.motion import Corridor
from arm_control.target import SiteTarget
from spatial import Matrix, Pose, Vector, unit, vector
from vision.entry import nearest_entry
from vision.target import Site
from vision.tracking import TrackedMouth, TrackedTarget

_LEFT = vector((0.0, 1.0, 0.0))  # the person's own left; the tool's x axis is nearest to it
_BEHIND_LAST_SITE = 0.012  # m the corridor goes on behind the site: tissue yields
_OUTWARD = (
    0.3  # cosine of the largest angle to the mouth's axis at which a line counts as leading out
)
_FACING = {  # where a tonsil lies it faces the midline, and out: the depth is too coarse to tell
    Site.RIGHT_TONSIL: unit((1.0, 1.0, 0.0)),
    Site.LEFT_TONSIL: unit((1.0, -1.0, 0.0)),
}
_SLANT = 0.45  # rad between shaft and pressing: further across, a thin shaft gives way
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
    """Return the way to ``target`` that keeps to what was seen, and presses as squarely as it can.

    Where the corridor passes the lips: up and down, on the line of sight from the camera's eye,
    ``base_eye`` (3,) [m], to the target, for what is seen is not hidden by tongue or teeth; to the
    sides, on the line along the target's normal, as a clinician reaches a tonsil across the mouth:
    a thin shaft presses along itself and gives way across. Both are kept near the middle of the
    opening. The target's normal, for a tonsil the one that its place in the throat gives it,
    becomes the direction to touch it along, near the shaft's: what was seen is met on the way it
    was seen, however wrong the normal. The path along a tonsil is as high as seen, and straight.
    Raises ArmControlError where the target lies too far off the mouth's axis.
    """
    mouth_base = mouth.base_mouth.inverse()
    point = mouth_base.apply(target.point)
    R = mouth_base.rotation
    site = SiteTarget(
        target.site.value,
        vector(point),
        _FACING.get(target.site, vector(mouth_base.rotate(target.normal))),
        _straight(target.site, point, mouth_base.apply(target.path)),
        R @ target.covariance @ R.T,
    )
    eye = mouth_base.apply(base_eye)
    across = _at_lips(site.point, site.normal)[1]
    upward = _at_lips(site.point, eye - site.point)[2]
    entry = nearest_entry(across, upward, mouth.opening)
    axis = unit(site.point - entry, "corridor axis")
    site = replace(site, normal=_pressed(site.normal, axis))
    reach = float(np.linalg.norm(site.point - entry))
    depth = min(reach + _BEHIND_LAST_SITE, 0.13)
    corridor = Corridor(entry, axis, _RADIUS, depth)
    return Way(site, corridor, standoff, target.confidence, target.sightings)


def _straight(site: Site, point: Vector, path: Matrix) -> Matrix:
    """Return the wiping ``path`` (k, 3): on a tonsil, up and down through its ``point``.

    How deep a tonsil's edges lie is seen among arch and palate before them, and wrong by
    centimetres; the tip finds out.
    """
    if site not in _FACING:
        return path
    straight = np.tile(point, (len(path), 1))
    straight[:, 2] = path[:, 2]
    return straight


def _pressed(normal: Vector, axis: Vector) -> Vector:
    """Return ``normal``, turned towards the way back along ``axis`` until within ``_SLANT`` of it.

    The normal of a few square millimetres of noisy depth is known to some tens of degrees.
    """
    back = -axis
    across = normal - (normal @ back) * back
    size = float(np.linalg.norm(across))
    if normal @ back >= np.cos(_SLANT) or size < 1e-9:
        return normal
    return vector(np.cos(_SLANT) * back + np.sin(_SLANT) / size * across)


def _at_lips(point: Vector, direction: Vector) -> Vector:
    """Return where the line from ``point`` along ``direction`` passes the plane of the lips.

    A direction that does not lead out of the mouth gives the middle of the opening.
    """
    if direction[0] < _OUTWARD * float(np.linalg.norm(direction)):
        return vector((0.0, 0.0, 0.0))
    return vector(point - direction * (point[0] / direction[0]))
