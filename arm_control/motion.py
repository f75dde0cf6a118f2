"""Goals: what the controller can be asked to do. Each ends at rest, or in a steady hold."""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from arm_control.errors import GoalError
from arm_control.target import SiteTarget
from spatial import Pose, Vector, unit, vector


class Reference(StrEnum):
    """The frame a tip goal is given in; MOUTH goals follow the moving mouth."""

    BASE = "base"
    MOUTH = "mouth"


@dataclass(frozen=True, slots=True, eq=False)
class Corridor:
    """The straight way into the mouth, in the mouth frame.

    A cylinder about the line through ``entry`` (3,) [m] along ``axis`` (3,) unit, into the mouth
    (so ``axis[0] < 0``), ``radius`` [m] wide and ``depth`` [m] deep from the entry.
    """

    entry: Vector
    axis: Vector
    radius: float = 0.014
    depth: float = 0.10

    def __post_init__(self) -> None:
        object.__setattr__(self, "entry", vector(self.entry, 3, "corridor entry"))
        object.__setattr__(self, "axis", unit(self.axis, "corridor axis"))
        if self.axis[0] > -0.7:
            raise GoalError(
                f"corridor axis {self.axis.tolist()} is more than 45 degrees off the way into the "
                "mouth (-x); look again before entering"
            )
        if not 0.003 <= self.radius <= 0.05:
            raise GoalError(f"corridor radius {self.radius} m is outside 3 to 50 mm")
        if not 0.005 <= self.depth <= 0.13:
            raise GoalError(f"corridor depth {self.depth} m is outside 5 to 130 mm")


@dataclass(frozen=True, slots=True, eq=False)
class Hold:
    """Stay where you are, in base coordinates."""


@dataclass(frozen=True, slots=True, eq=False)
class MoveJoints:
    """Move to joint ``position`` (n,) [rad], time-optimal at ``scale`` of the joints' limits."""

    position: Vector
    scale: float = 0.5

    def __post_init__(self) -> None:
        object.__setattr__(self, "position", vector(self.position, None, "joint goal"))
        if not 0.01 <= self.scale <= 1.0:
            raise GoalError(f"speed scale {self.scale} is outside 0.01 to 1")


@dataclass(frozen=True, slots=True, eq=False)
class MoveTip:
    """Bring the swab's tip to ``pose``, given in ``reference``, no faster than ``speed`` [m/s]."""

    pose: Pose
    reference: Reference = Reference.BASE
    speed: float = 0.14

    def __post_init__(self) -> None:
        _check_speed(self.speed, 0.5)


@dataclass(frozen=True, slots=True, eq=False)
class Enter:
    """Follow the mouth along ``corridor`` until the tip is ``depth`` [m] behind its entry."""

    corridor: Corridor
    depth: float
    speed: float = 0.025

    def __post_init__(self) -> None:
        _check_speed(self.speed, 0.14)
        if not 0.0 <= self.depth <= self.corridor.depth:
            raise GoalError(
                f"depth {self.depth} m is outside the corridor's 0 to {self.corridor.depth} m"
            )


@dataclass(frozen=True, slots=True, eq=False)
class Wipe:
    """Touch ``target`` and wipe it ``strokes`` times at ``force`` [N], then let go of it.

    One stroke is one pass along the path, there or back. ``dwell`` [s] is held in contact before
    the first stroke; ``speed`` [m/s] is along the path.
    """

    target: SiteTarget
    force: float = 0.3
    strokes: int = 3
    dwell: float = 0.2
    speed: float = 0.020

    def __post_init__(self) -> None:
        _check_speed(self.speed, 0.14)
        if not 0.05 <= self.force <= 0.5:
            raise GoalError(f"wiping force {self.force} N is outside 0.05 to 0.5 N")
        if not 1 <= self.strokes <= 20:
            raise GoalError(f"{self.strokes} strokes are outside 1 to 20")
        if not 0.0 <= self.dwell <= 3.0:
            raise GoalError(f"dwell {self.dwell} s is outside 0 to 3 s")


@dataclass(frozen=True, slots=True, eq=False)
class Withdraw:
    """Leave backwards along the shaft until the tip is ``clearance`` [m] before the lips."""

    clearance: float = 0.10
    speed: float = 0.14

    def __post_init__(self) -> None:
        _check_speed(self.speed, 0.5)
        if not 0.01 <= self.clearance <= 0.4:
            raise GoalError(f"clearance {self.clearance} m is outside 0.01 to 0.4 m")


Goal = Hold | MoveJoints | MoveTip | Enter | Wipe | Withdraw


def _check_speed(speed: float, bound: float) -> None:
    if not (np.isfinite(speed) and 0.001 <= speed <= bound):
        raise GoalError(f"speed {speed} m/s is outside 0.001 to {bound} m/s")
