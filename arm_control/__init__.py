"""The arm: ports, model, kinematics, path, control law, procedure, safety, loop and drivers."""

from arm_control.controller import ArmController
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
)
from arm_control.procedure import Event, Procedure, Reaction, SiteStep, shipped_procedures
from arm_control.report import CycleReport, Fault, FaultKind, Phase
from arm_control.safety import Safety
from arm_control.target import MouthMotion, SiteTarget
from arm_control.tool import Tool

__all__ = [
    "ArmControlError",
    "ArmController",
    "ArmDriver",
    "ArmInfo",
    "ArmModel",
    "ArmState",
    "ArmStatus",
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
    "TipLimits",
    "Tool",
    "Wipe",
    "Withdraw",
    "Zone",
    "shipped_procedures",
]
