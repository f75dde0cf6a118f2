"""What hangs on the flange: force sensor, gripper, camera and swab."""

from dataclasses import dataclass, field

import numpy as np

from arm_control.errors import ArmControlError
from spatial import Pose, Vector, unit, vector


@dataclass(frozen=True, slots=True, eq=False)
class Tool:
    """Geometry and mass of the tool, all seen from the flange.

    ``flange_sensor``: the wrist sensor's frame. ``flange_tip``: the unbent swab's tip, z along the
    shaft and out of it. ``flange_camera``: the optical frame, looking along +z. ``mass`` [kg] and
    ``center_of_mass`` (3,) [m, flange frame] are of everything beyond the sensor.
    ``shaft_stiffness`` [N/m] is the tip's lateral stiffness on its bending shaft, and
    ``shaft_length`` [m] the shaft's free length from the gripper's jaws to the tip.
    """

    flange_tip: Pose
    flange_camera: Pose
    flange_sensor: Pose = field(default_factory=Pose)
    mass: float = 0.5
    center_of_mass: Vector = field(default_factory=lambda: vector((0.0, 0.0, 0.05)))
    shaft_stiffness: float = 5.0
    shaft_length: float = 0.15

    def __post_init__(self) -> None:
        object.__setattr__(self, "center_of_mass", vector(self.center_of_mass, 3, "center of mass"))
        if not 0.0 < self.mass <= 5.0:
            raise ArmControlError(f"tool mass {self.mass} kg is outside (0, 5] kg; weigh the tool")
        if not 0.1 <= self.shaft_stiffness <= 1e4:
            raise ArmControlError(
                f"shaft stiffness {self.shaft_stiffness} N/m is outside 0.1 to 10000 N/m; "
                "measure the swab's deflection under a known load"
            )
        if not 0.01 <= self.shaft_length <= 0.3:
            raise ArmControlError(
                f"shaft length {self.shaft_length} m is outside 10 to 300 mm; measure it from the "
                "gripper's jaws to the tip"
            )

    @property
    def bending_segment(self) -> float:
        """Distance [m] from the tip to the point about which the loaded shaft seems to turn.

        0.85 of the length (Howell 2001, Compliant Mechanisms, section 5.1.2).
        """
        return 0.85 * self.shaft_length

    @property
    def flange_jaws(self) -> Vector:
        """Where the gripper's jaws hold the shaft (3,) [m], seen from the flange."""
        return self.flange_tip.apply((0.0, 0.0, -self.shaft_length))

    @property
    def tip_up(self) -> Vector:
        """The direction (3,) across the shaft, in the tip frame, in which the camera sits."""
        offset = (self.flange_tip.inverse() @ self.flange_camera).translation.copy()
        offset[2] = 0.0
        if float(np.linalg.norm(offset)) < 1e-3:
            return vector((1.0, 0.0, 0.0))
        return unit(offset)
