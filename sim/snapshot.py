"""Everything a picture of one instant needs, taken when the shutter was open."""

from dataclasses import dataclass

from sim.anatomy import OralCavity
from spatial import Pose


@dataclass(frozen=True, slots=True, eq=False)
class Snapshot:
    """The booth at ``stamp_ns``; all poses in base coordinates, None where there is nothing.

    ``base_camera`` is the optical frame, ``base_hand`` the wrist sensor's plate, ``base_tip`` the
    bent swab's tip, ``base_mouth`` the mouth of the person whose surfaces are ``cavity``.
    """

    stamp_ns: int
    base_camera: Pose
    base_hand: Pose
    base_tip: Pose | None
    base_mouth: Pose | None
    cavity: OralCavity | None
