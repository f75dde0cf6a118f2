"""Where the booth's things are."""

from dataclasses import dataclass

from spatial import Pose, vector
from station.errors import StationError


@dataclass(frozen=True, slots=True, eq=False)
class Places:
    """Where the booth's things are, in the arm's base.

    All are tip poses. The arm waits at ``base_rest`` and passes it on its way to the face; it
    leaves the face by ``base_exit``. Both lie outside the zone of the face, so that fast moves
    stay away from people. From ``base_look_out`` the mouth is located. The last three are for
    grasping a fresh swab, standing in the tube, and letting go of a used swab above the bin; they
    are approached and left along the shaft, from ``lift`` [m] before them.
    """

    base_rest: Pose
    base_exit: Pose
    base_look_out: Pose
    base_swab_rack: Pose
    base_tube_rack: Pose
    base_bin: Pose
    lift: float = 0.06

    def __post_init__(self) -> None:
        if not 0.0 <= self.lift <= 0.3:
            raise StationError(f"lift {self.lift} m is outside 0 to 0.3 m; correct the layout")

    def before(self, base_tip: Pose) -> Pose:
        """Return the pose ``lift`` before ``base_tip``, backwards along the shaft."""
        return base_tip @ Pose(translation=vector((0.0, 0.0, -self.lift)))
