"""Wrenches: force and torque at a point, in a frame."""

from dataclasses import dataclass, field

import numpy as np

from spatial.pose import Pose
from spatial.vector import Vector, vector


@dataclass(frozen=True, slots=True, eq=False)
class Wrench:
    """Force [N] and torque [N·m], both (3,), about the origin of one frame and in its axes.

    Throughout the stack a contact wrench is what the environment exerts on the tool.
    """

    force: Vector = field(default_factory=lambda: np.zeros(3))
    torque: Vector = field(default_factory=lambda: np.zeros(3))

    def __post_init__(self) -> None:
        object.__setattr__(self, "force", vector(self.force, 3, "force"))
        object.__setattr__(self, "torque", vector(self.torque, 3, "torque"))

    def __add__(self, other: "Wrench") -> "Wrench":
        return Wrench(self.force + other.force, self.torque + other.torque)

    def __sub__(self, other: "Wrench") -> "Wrench":
        return Wrench(self.force - other.force, self.torque - other.torque)

    def __neg__(self) -> "Wrench":
        return Wrench(-self.force, -self.torque)

    def expressed_in(self, destination_source: Pose) -> "Wrench":
        """Return this wrench about the destination's origin and in its axes.

        ``destination_source`` maps source coordinates to destination coordinates. The dual of the
        adjoint map (Lynch and Park 2017, Modern Robotics, eq. 3.98).
        """
        force = destination_source.rotation @ self.force
        torque = destination_source.rotation @ self.torque
        return Wrench(force, torque + np.cross(destination_source.translation, force))
