"""The arm: ports, model, kinematics, path, control law, procedure, safety, loop and drivers.

What drives an arm compiles kernels and is imported from its own module, so that this package stays
light: `arm_control.controller.ArmController`, `arm_control.crew.ArmCrew` with its controller, and
`arm_control.monitor.MonitorProcess`.
"""

from arm_control.errors import (
    ArmControlError,
    GoalError,
    ModelError,
    MonitorError,
    ProcedureError,
)
from arm_control.limits import ForceLimits, JointLimits, Limits, SpeedLimits, TipLimits, Zone
from arm_control.model import ArmModel
from arm_control.motion import (
    Corridor,
    Enter,
    Goal,
    Hold,
    MoveJoints,
    MoveTip,
    Reference,
    Wipe,
    Withdraw,
)
from arm_control.ports import (
    ArmDriver,
    ArmInfo,
    ArmState,
    ArmStatus,
    Clock,
    Gripper,
    JointCommand,
    Safety,
)
from arm_control.procedure import Event, Procedure, Reaction, SiteStep, shipped_procedures
from arm_control.report import CycleReport, Fault, FaultKind, Phase
from arm_control.surroundings import Capsule, Surroundings
from arm_control.target import MouthMotion, SiteTarget
from arm_control.tool import Tool

__all__ = [
    "ArmControlError",
    "ArmDriver",
    "ArmInfo",
    "ArmModel",
    "ArmState",
    "ArmStatus",
    "Capsule",
    "Clock",
    "Corridor",
    "CycleReport",
    "Enter",
    "Event",
    "Fault",
    "FaultKind",
    "ForceLimits",
    "Goal",
    "GoalError",
    "Gripper",
    "Hold",
    "JointCommand",
    "JointLimits",
    "Limits",
    "ModelError",
    "MonitorError",
    "MouthMotion",
    "MoveJoints",
    "MoveTip",
    "Phase",
    "Procedure",
    "ProcedureError",
    "Reaction",
    "Reference",
    "Safety",
    "SiteStep",
    "SiteTarget",
    "SpeedLimits",
    "Surroundings",
    "TipLimits",
    "Tool",
    "Wipe",
    "Withdraw",
    "Zone",
    "shipped_procedures",
]
