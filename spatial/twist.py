"""Twists: the velocity of a rigid body, at a point, in a frame."""

from dataclasses import dataclass, field

import numpy as np

from spatial.pose import Pose
from spatial.vector import Vector, vector


@dataclass(frozen=True, slots=True, eq=False)
class Twist:
    """Linear [m/s] and angular [rad/s] velocity, both (3,), of one frame's origin, in its axes."""

    linear: Vector = field(default_factory=lambda: np.zeros(3))
    angular: Vector = field(default_factory=lambda: np.zeros(3))

    def __post_init__(self) -> None:
        object.__setattr__(self, "linear", vector(self.linear, 3, "linear velocity"))
        object.__setattr__(self, "angular", vector(self.angular, 3, "angular velocity"))

    def expressed_in(self, destination_source: Pose) -> "Twist":
        """Return the same motion at the destination's origin and in its axes.

        ``destination_source`` maps source coordinates to destination coordinates. The adjoint map
        (Lynch and Park 2017, Modern Robotics, eq. 3.84).
        """
        angular = destination_source.rotation @ self.angular
        linear = destination_source.rotation @ self.linear
        return Twist(linear + np.cross(destination_source.translation, angular), angular)

    def displacement(self, duration_s: float) -> Pose:
        """Return the rigid motion this twist makes in ``duration_s`` [s] (exponential map)."""
        return Pose.exp(np.concatenate([self.linear, self.angular]) * duration_s)
