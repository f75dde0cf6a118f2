"""Where the booth's things are."""

from dataclasses import dataclass

from spatial import Pose, Vector, vector
from station.errors import StationError


@dataclass(frozen=True, slots=True, eq=False)
class Places:
    """Where the booth's things are, in the arm's base.

    ``rest`` (n,) [rad] is the joint position in which the arm waits, away from the face. The others
    are tip poses: ``base_look_out``, from which the mouth is located; grasping a fresh swab,
    standing in the tube, above the bin for used swabs. The last three are approached and left
    along the shaft, from ``lift`` [m] before them.
    """

    rest: Vector
    base_look_out: Pose
    base_swab_rack: Pose
    base_tube_rack: Pose
    base_bin: Pose
    lift: float = 0.06

    def __post_init__(self) -> None:
        object.__setattr__(self, "rest", vector(self.rest, None, "rest position"))
        if not 0.0 <= self.lift <= 0.3:
            raise StationError(f"lift {self.lift} m is outside 0 to 0.3 m; correct the layout")

    def before(self, base_tip: Pose) -> Pose:
        """Return the pose ``lift`` before ``base_tip``, backwards along the shaft."""
        return base_tip @ Pose(translation=vector((0.0, 0.0, -self.lift)))
