"""What one control cycle reports to whoever sets the goals."""

from dataclasses import dataclass
from enum import StrEnum

from arm_control.limits import Zone
from spatial import Pose, Vector, Wrench


class Phase(StrEnum):
    """What the controller is doing."""

    HOLDING = "holding"
    MOVING = "moving"
    ENTERING = "entering"
    REACHING = "reaching"
    TOUCHING = "touching"
    WIPING = "wiping"
    RELEASING = "releasing"
    WITHDRAWING = "withdrawing"
    STOPPING = "stopping"
    STOPPED = "stopped"


class FaultKind(StrEnum):
    """Why the controller gave up a goal, or the monitor tripped."""

    FORCE = "force"
    SPEED = "speed"
    CORRIDOR = "corridor"
    TRACKING = "tracking"
    JOINT_LIMIT = "joint_limit"
    NOT_A_NUMBER = "not_a_number"
    FROZEN_SENSOR = "frozen_sensor"
    STALE_STATE = "stale_state"
    STALE_MOUTH = "stale_mouth"
    HEARTBEAT = "heartbeat"
    MONITOR = "monitor"
    ARM = "arm"
    NO_CONTACT = "no_contact"
    LOST_CONTACT = "lost_contact"
    LATE = "late"
    OPERATOR = "operator"
    UNREACHED = "unreached"


@dataclass(frozen=True, slots=True)
class Fault:
    """Why motion ended early: the kind, and one sentence with value, bound and remedy.

    ``latched`` faults are the monitor's: nothing moves until a person resets it. The others end
    the goal, safely, and the caller may start another.
    """

    kind: FaultKind
    detail: str
    latched: bool


@dataclass(frozen=True, slots=True, eq=False)
class CycleReport:
    """One control cycle.

    ``done``: the goal was reached, or given up with ``fault``. ``progress`` runs 0..1 within the
    goal. ``base_tip`` is the tip's estimated pose, the shaft's bending taken into account.
    ``wrench`` is the contact wrench on the tip, bias, weight and inertia of the tool removed, in
    base axes. ``normal_force`` [N] is along the site's normal (while wiping), else the force's
    magnitude. ``strokes`` counts those finished at this site; ``contact_s`` the seconds in contact.
    ``stiffness`` [N/m] is the estimate of what the tip presses on. ``tracking_error`` [rad] is the
    largest of any joint between command and measurement.
    """

    stamp_ns: int
    phase: Phase
    zone: Zone
    done: bool
    progress: float
    position: Vector
    base_tip: Pose
    wrench: Wrench
    contact: bool
    normal_force: float
    strokes: int
    contact_s: float
    stiffness: float
    tracking_error: float
    fault: Fault | None = None
