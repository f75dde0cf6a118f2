"""Where the booth's things are."""

from dataclasses import dataclass

from spatial import Pose, Vector, vector
from station.errors import StationError


@dataclass(frozen=True, slots=True, eq=False)
class Places:
    """Where the booth's things are, in the arm's base.

    ``look_out`` (n,) [rad] is the joint position from which the mouth is located. The others are
    tip poses: grasping a fresh swab, standing in the tube, above the bin for used swabs. Each is
    approached and left along the shaft, from ``lift`` [m] before it.
    """

    look_out: Vector
    base_swab_rack: Pose
    base_tube_rack: Pose
    base_bin: Pose
    lift: float = 0.06

    def __post_init__(self) -> None:
        object.__setattr__(self, "look_out", vector(self.look_out, None, "look-out position"))
        if not 0.0 <= self.lift <= 0.3:
            raise StationError(f"lift {self.lift} m is outside 0 to 0.3 m; correct the layout")

    def before(self, base_tip: Pose) -> Pose:
        """Return the pose ``lift`` before ``base_tip``, backwards along the shaft."""
        return base_tip @ Pose(translation=vector((0.0, 0.0, -self.lift)))
