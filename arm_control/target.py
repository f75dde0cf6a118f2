"""What the vision tells the arm: a site to swab, and how the mouth moves."""

import math
from dataclasses import dataclass, field

import numpy as np

from arm_control.errors import ArmControlError
from spatial import Matrix, Pose, Twist, Vector, age_s, matrix, unit, vector


@dataclass(frozen=True, slots=True, eq=False)
class SiteTarget:
    """Where and how to touch one site, in the mouth frame.

    ``point`` (3,) [m]; ``normal`` (3,) unit, out of the tissue; ``path`` (k, 3) [m], k >= 2, the
    wiping line on the surface through the point; ``covariance`` (3, 3) [m²] of the point.
    """

    site: str
    point: Vector
    normal: Vector
    path: Matrix
    covariance: Matrix = field(default_factory=lambda: np.eye(3) * 1e-6)

    def __post_init__(self) -> None:
        object.__setattr__(self, "point", vector(self.point, 3, "site point"))
        object.__setattr__(self, "normal", unit(self.normal, "site normal"))
        object.__setattr__(self, "path", matrix(self.path, (-1, 3), "wiping path"))
        object.__setattr__(self, "covariance", matrix(self.covariance, (3, 3), "covariance"))
        if len(self.path) < 2 or float(np.linalg.norm(self.path[-1] - self.path[0])) < 1e-3:
            raise ArmControlError(
                f"wiping path of {self.site} has {len(self.path)} points over less than 1 mm; "
                "give at least its two ends, 1 mm apart"
            )

    @property
    def normal_sigma(self) -> float:
        """Standard deviation [m] of the point along its normal."""
        variance = float(self.normal @ self.covariance @ self.normal)
        return math.sqrt(max(variance, 0.0))


@dataclass(frozen=True, slots=True, eq=False)
class MouthMotion:
    """The mouth's pose and velocity at one instant.

    ``base_mouth`` maps mouth coordinates to the arm's base. ``twist`` is the velocity of the mouth
    frame's origin [m/s] and its angular velocity [rad/s], both in base axes. ``stamp_ns`` is when
    the picture was exposed.
    """

    base_mouth: Pose
    twist: Twist
    stamp_ns: int

    def at(self, now_ns: int) -> Pose:
        """Return ``base_mouth`` predicted to ``now_ns`` at constant velocity."""
        dt = age_s(self.stamp_ns, now_ns)
        turn = Pose.from_rotation_vector(self.twist.angular * dt)
        return Pose(
            turn.rotation @ self.base_mouth.rotation,
            self.base_mouth.translation + self.twist.linear * dt,
        )
