"""What the arm may never exceed: in its joints, at its tip, and in force."""

from dataclasses import dataclass, field
from enum import IntEnum
from typing import Self

import numpy as np

from arm_control.errors import ArmControlError
from arm_control.model import ArmModel
from spatial import Vector, vector


class Zone(IntEnum):
    """Where the tip is, seen from the mouth; each zone has its own speed limit."""

    FREE = 0
    FACE = 1
    MOUTH = 2


@dataclass(frozen=True, slots=True, eq=False)
class JointLimits:
    """Limits of each joint, all (n,): position [rad], and magnitudes of its derivatives.

    ``velocity`` [rad/s], ``acceleration`` [rad/s²], ``jerk`` [rad/s³], ``torque`` [N·m].
    """

    lower: Vector
    upper: Vector
    velocity: Vector
    acceleration: Vector
    jerk: Vector
    torque: Vector

    def __post_init__(self) -> None:
        n = len(self.lower)
        for name in ("lower", "upper", "velocity", "acceleration", "jerk", "torque"):
            object.__setattr__(self, name, vector(getattr(self, name), n, f"joint {name} limit"))
        if not np.all(self.lower < self.upper):
            raise ArmControlError(
                f"joint position limits {self.lower.tolist()} .. {self.upper.tolist()} are not "
                "ordered; every lower limit must lie below its upper one"
            )
        for name in ("velocity", "acceleration", "jerk", "torque"):
            if not np.all(getattr(self, name) > 0.0):
                raise ArmControlError(
                    f"joint {name} limits {getattr(self, name).tolist()} must all be positive"
                )

    @property
    def joints(self) -> int:
        """The number of joints."""
        return len(self.lower)

    @classmethod
    def of(
        cls,
        model: ArmModel,
        *,
        velocity: float = 1.5,
        acceleration: float = 15.0,
        jerk: float = 1000.0,
        position_margin: float = 0.02,
    ) -> Self:
        """Return the model's own limits, no faster than ``velocity`` [rad/s] in any joint.

        URDF states neither acceleration nor jerk: give what the arm's maker allows. Positions keep
        ``position_margin`` [rad] from the stops.
        """
        ones = np.ones(model.joints)
        return cls(
            model.lower + position_margin,
            model.upper - position_margin,
            np.minimum(model.velocity, velocity),
            ones * acceleration,
            ones * jerk,
            model.torque,
        )

    def scaled(self, factor: float) -> "JointLimits":
        """Return these limits with velocity, acceleration and jerk times ``factor`` (0, 1]."""
        if not 0.0 < factor <= 1.0:
            raise ArmControlError(f"limit scale {factor} is outside (0, 1]; limits only shrink")
        return JointLimits(
            self.lower,
            self.upper,
            self.velocity * factor,
            self.acceleration * factor,
            self.jerk * factor,
            self.torque,
        )


@dataclass(frozen=True, slots=True)
class SpeedLimits:
    """Speed of the tip by zone [m/s], and the zones' extent [m].

    ``face_distance``: nearer than this to the mouth the tip is in the FACE zone.
    ``mouth_margin``: the MOUTH zone begins this far in front of the lips.
    Limits are on the tip's speed relative to the face, for that is what the person feels.
    ``leaving``: how fast the tip goes out of the mouth, the way it came in and off what it touched.
    ``retreat``: how fast the tip may give way out of the mouth. ``bending``: what may come on top
    for the unbent tip while the shaft is bent against tissue; the real one is held by it.
    """

    free: float = 0.50
    face: float = 0.140
    mouth: float = 0.025
    leaving: float = 0.060
    retreat: float = 0.30
    bending: float = 0.06
    face_distance: float = 0.25
    mouth_margin: float = 0.010

    def __post_init__(self) -> None:
        if not 0.0 < self.mouth <= self.face <= self.free <= 1.0:
            raise ArmControlError(
                f"tip speeds mouth {self.mouth}, face {self.face}, free {self.free} m/s must rise "
                "in this order and stay within (0, 1] m/s"
            )
        if not self.mouth <= self.leaving <= self.face:
            raise ArmControlError(
                f"tip speed leaving the mouth {self.leaving} m/s must lie between the mouth's "
                f"{self.mouth} and the face's {self.face} m/s"
            )
        if not (self.mouth <= self.retreat <= 0.5 and 0.0 <= self.bending <= 0.1):
            raise ArmControlError(
                f"tip speeds: retreat {self.retreat} m/s must lie between the mouth's {self.mouth} "
                f"and 0.5 m/s, bending {self.bending} m/s within 0.1 m/s"
            )
        if not 0.0 <= self.mouth_margin < self.face_distance <= 1.0:
            raise ArmControlError(
                f"zones: mouth margin {self.mouth_margin} m must lie in [0, face distance) and "
                f"face distance {self.face_distance} m within 1 m"
            )

    def of(self, zone: Zone) -> float:
        """Return the speed limit [m/s] of ``zone``."""
        return (self.free, self.face, self.mouth)[zone]


@dataclass(frozen=True, slots=True)
class ForceLimits:
    """Contact force [N]: what is sought, what makes the arm yield, what ends the session."""

    target: float = 0.3
    soft: float = 0.5
    abort: float = 1.0

    def __post_init__(self) -> None:
        if not 0.0 < self.target < self.soft < self.abort <= 5.0:
            raise ArmControlError(
                f"contact forces target {self.target}, soft {self.soft}, abort {self.abort} N must "
                "rise in this order and stay below 5 N, at which a swab fails"
            )


@dataclass(frozen=True, slots=True)
class TipLimits:
    """Acceleration [m/s²] and jerk [m/s³] of the tip's planned motion, linear and angular [rad]."""

    acceleration: float = 0.6
    jerk: float = 6.0
    angular_velocity: float = 0.6
    angular_acceleration: float = 2.0
    angular_jerk: float = 20.0
    reflex_acceleration: float = 4.0

    def __post_init__(self) -> None:
        for name in self.__slots__:
            value = getattr(self, name)
            if not 0.0 < value <= 500.0:
                raise ArmControlError(f"tip limit {name} = {value} is outside (0, 500]")


@dataclass(frozen=True, slots=True, eq=False)
class Limits:
    """All limits of one arm beside a person."""

    joints: JointLimits
    speed: SpeedLimits = field(default_factory=SpeedLimits)
    force: ForceLimits = field(default_factory=ForceLimits)
    tip: TipLimits = field(default_factory=TipLimits)
    tracking_error: float = 0.05
    motion_age_s: float = 0.5

    def __post_init__(self) -> None:
        if not 0.001 <= self.tracking_error <= 0.5:
            raise ArmControlError(
                f"tracking error limit {self.tracking_error} rad is outside 0.001 to 0.5 rad"
            )
        if not 0.05 <= self.motion_age_s <= 2.0:
            raise ArmControlError(
                f"age limit of the mouth's motion {self.motion_age_s} s is outside 0.05 to 2 s"
            )
