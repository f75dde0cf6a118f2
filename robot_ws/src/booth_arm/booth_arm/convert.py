"""Goals, mouth motion and the loop's reports from and to messages."""

from pathlib import Path
from typing import Any

import numpy as np
from ament_index_python.packages import get_package_share_directory
from booth_common.convert import (
    header_message,
    objection_from_message,
    point_message,
    points_from_message,
    pose_from_message,
    pose_message,
    stamp_from_message,
    stamp_message,
    transforms_message,
    twist_from_message,
    twist_message,
    vector_from_message,
    vector_message,
    wrench_from_message,
    wrench_message,
)
from booth_interfaces.msg import ArmGoal, SwabTarget
from booth_interfaces.msg import ArmState as ArmStateMessage
from booth_interfaces.msg import MouthMotion as MouthMotionMessage
from builtin_interfaces.msg import Duration
from geometry_msgs.msg import WrenchStamped
from rosgraph_msgs.msg import Clock
from sensor_msgs.msg import JointState
from std_msgs.msg import String
from trajectory_msgs.msg import JointTrajectory, JointTrajectoryPoint

from arm_control.limits import Zone
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
from arm_control.ports import ArmState, JointCommand
from arm_control.report import CycleReport, Fault, FaultKind, Phase
from arm_control.target import MouthMotion, SiteTarget
from spatial import NANOSECONDS_PER_SECOND, Pose, Vector, vector

__all__ = [
    "arm_state_message",
    "clock_message",
    "description_message",
    "goal_from_message",
    "goal_message",
    "header_message",
    "joint_state_message",
    "joints_from_message",
    "motion_from_message",
    "motion_message",
    "objection_from_message",
    "report_from_message",
    "stamp_from_message",
    "trajectory_message",
    "transforms_message",
    "wrench_from_message",
    "wrench_stamped_message",
]


def goal_message(goal: Goal) -> Any:
    """Return a goal as a message."""
    match goal:
        case Hold():
            return ArmGoal(kind=ArmGoal.HOLD)
        case MoveJoints():
            position = [float(angle) for angle in goal.position]
            return ArmGoal(kind=ArmGoal.MOVE_JOINTS, position=position, scale=goal.scale)
        case MoveTip():
            return ArmGoal(
                kind=ArmGoal.MOVE_TIP,
                pose=pose_message(goal.pose),
                reference=goal.reference.value,
                speed=goal.speed,
            )
        case Enter():
            return ArmGoal(
                kind=ArmGoal.ENTER,
                corridor_entry=point_message(goal.corridor.entry),
                corridor_axis=vector_message(goal.corridor.axis),
                corridor_radius=goal.corridor.radius,
                corridor_depth=goal.corridor.depth,
                depth=goal.depth,
                speed=goal.speed,
            )
        case Wipe():
            return ArmGoal(
                kind=ArmGoal.WIPE,
                target=_site_message(goal.target),
                force=goal.force,
                strokes=goal.strokes,
                dwell=goal.dwell,
                speed=goal.speed,
            )
        case Withdraw():
            return ArmGoal(kind=ArmGoal.WITHDRAW, clearance=goal.clearance, speed=goal.speed)


def goal_from_message(message: Any) -> Goal:
    """Return a message's goal.

    Raises GoalError (bounds), SpatialError (numbers) or ValueError (an unknown kind or name).
    """
    match message.kind:
        case ArmGoal.HOLD:
            return Hold()
        case ArmGoal.MOVE_JOINTS:
            return MoveJoints(vector(message.position, None, "joint goal"), message.scale)
        case ArmGoal.MOVE_TIP:
            pose = pose_from_message(message.pose)
            return MoveTip(pose, Reference(message.reference), message.speed)
        case ArmGoal.ENTER:
            corridor = Corridor(
                vector_from_message(message.corridor_entry),
                vector_from_message(message.corridor_axis),
                message.corridor_radius,
                message.corridor_depth,
            )
            return Enter(corridor, message.depth, message.speed)
        case ArmGoal.WIPE:
            return Wipe(
                _site_from_message(message.target),
                message.force,
                int(message.strokes),
                message.dwell,
                message.speed,
            )
        case ArmGoal.WITHDRAW:
            return Withdraw(message.clearance, message.speed)
        case kind:
            raise ValueError(f"goal kind {kind} is unknown; see booth_interfaces/msg/ArmGoal")


def motion_message(motion: MouthMotion, header: Any) -> Any:
    """Return the mouth's motion; ``header`` has its stamp and the base frame's name."""
    return MouthMotionMessage(
        header=header, pose=pose_message(motion.base_mouth), twist=twist_message(motion.twist)
    )


def motion_from_message(message: Any, stamp_ns: int) -> MouthMotion:
    """Return a message's motion of the mouth at ``stamp_ns`` [ns]."""
    return MouthMotion(pose_from_message(message.pose), twist_from_message(message.twist), stamp_ns)


def arm_state_message(
    report: CycleReport,
    header: Any,
    goal_id: int,
    base_camera: Pose,
    *,
    holding: bool,
    latched: str = "",
) -> Any:
    """Return one cycle's report; ``header`` has its stamp and the base frame's name.

    ``latched`` is the loop's own latch, of which the next cycle's report may not know yet.
    """
    fault = report.fault
    if latched and not (fault and fault.latched):
        fault = Fault(FaultKind.HEARTBEAT, latched, latched=True)
    return ArmStateMessage(
        header=header,
        goal_id=goal_id,
        phase=report.phase.value,
        zone=report.zone.name.lower(),
        done=bool(report.done),
        progress=float(report.progress),
        position=[float(angle) for angle in report.position],
        base_tip=pose_message(report.base_tip),
        base_camera=pose_message(base_camera),
        wrench=wrench_message(report.wrench),
        contact=bool(report.contact),
        normal_force=float(report.normal_force),
        strokes=int(report.strokes),
        contact_duration=float(report.contact_s),
        stiffness=float(report.stiffness),
        tracking_error=float(report.tracking_error),
        gripper_holding=holding,
        fault_kind=fault.kind.value if fault else "",
        fault_detail=fault.detail if fault else "",
        fault_latched=bool(fault and fault.latched),
    )


def report_from_message(message: Any, stamp_ns: int) -> CycleReport:
    """Return a message's report of the cycle at ``stamp_ns`` [ns]."""
    fault = None
    if message.fault_kind:
        fault = Fault(FaultKind(message.fault_kind), message.fault_detail, message.fault_latched)
    return CycleReport(
        stamp_ns=stamp_ns,
        phase=Phase(message.phase),
        zone=Zone[message.zone.upper()],
        done=message.done,
        progress=message.progress,
        position=vector(message.position, None, "joint position"),
        base_tip=pose_from_message(message.base_tip),
        wrench=wrench_from_message(message.wrench),
        contact=message.contact,
        normal_force=message.normal_force,
        strokes=message.strokes,
        contact_s=message.contact_duration,
        stiffness=message.stiffness,
        tracking_error=message.tracking_error,
        fault=fault,
    )


def joint_state_message(state: ArmState, names: tuple[str, ...], header: Any) -> Any:
    """Return the measured joints."""
    return JointState(
        header=header,
        name=list(names),
        position=[float(value) for value in state.position],
        velocity=[float(value) for value in state.velocity],
        effort=[float(value) for value in state.effort],
    )


def joints_from_message(
    message: Any, names: tuple[str, ...]
) -> tuple[Vector, Vector, Vector] | None:
    """Return position [rad], velocity [rad/s] and effort [N·m] (n,) of the joints ``names``.

    None where not all of them are in the message. A velocity or effort that the message leaves out
    is zero, as sensor_msgs/JointState allows. Raises SpatialError where a number is none.
    """
    try:
        order = [message.name.index(name) for name in names]
    except ValueError:
        return None

    def ordered(values: Any, what: str) -> Vector:
        found = [values[k] for k in order] if len(values) else [0.0] * len(order)
        return vector(found, len(order), what)

    return (
        ordered(message.position, "joint position"),
        ordered(message.velocity, "joint velocity"),
        ordered(message.effort, "joint effort"),
    )


def trajectory_message(names: tuple[str, ...], command: JointCommand, due_s: float) -> Any:
    """Return a trajectory of the one set-point ``command``, due ``due_s`` [s] after its arrival."""
    whole, rest = divmod(round(due_s * NANOSECONDS_PER_SECOND), NANOSECONDS_PER_SECOND)
    point = JointTrajectoryPoint(
        positions=[float(value) for value in command.position],
        velocities=[float(value) for value in command.velocity],
        time_from_start=Duration(sec=whole, nanosec=rest),
    )
    return JointTrajectory(joint_names=list(names), points=[point])


def wrench_stamped_message(report: CycleReport, header: Any) -> Any:
    """Return the compensated contact wrench; ``header`` has the base frame's name."""
    return WrenchStamped(header=header, wrench=wrench_message(report.wrench))


def description_message(arm: str) -> Any:
    """Return the booth's URDF with ``arm``. Raises OSError where the description is not built."""
    share = Path(get_package_share_directory("booth_description"))
    return String(data=(share / "urdf" / f"booth_{arm}.urdf").read_text(encoding="utf-8"))


def clock_message(stamp_ns: int) -> Any:
    """Return simulated time."""
    return Clock(clock=stamp_message(stamp_ns))


def _site_message(target: SiteTarget) -> Any:
    return SwabTarget(
        site=target.site,
        point=point_message(target.point),
        normal=vector_message(target.normal),
        path=[point_message(point) for point in target.path],
        covariance=target.covariance.ravel(),
    )


def _site_from_message(message: Any) -> SiteTarget:
    return SiteTarget(
        message.site,
        vector_from_message(message.point),
        vector_from_message(message.normal),
        points_from_message(message.path),
        np.array(message.covariance).reshape(3, 3),
    )
