"""Messages from and to the stack's geometry: the part every node shares.

A conversion builds a message of the type that a message field already has, so that each function
is named after the library's type and is the inverse of its neighbour.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from booth_interfaces.msg import Fault, Heartbeat
from builtin_interfaces.msg import Time
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus, KeyValue
from geometry_msgs.msg import Point, Quaternion, Transform, TransformStamped, Vector3
from geometry_msgs.msg import Pose as PoseMessage
from geometry_msgs.msg import Twist as TwistMessage
from geometry_msgs.msg import Wrench as WrenchMessage
from lifecycle_msgs.msg import State
from std_msgs.msg import Header
from tf2_msgs.msg import TFMessage

from spatial import NANOSECONDS_PER_SECOND, Pose, Twist, Vector, Wrench, vector

ACTIVE_STATE: int = State.PRIMARY_STATE_ACTIVE
FINALIZED_STATE: int = State.PRIMARY_STATE_FINALIZED


def stamp_message(stamp_ns: int) -> Any:
    """Return ``stamp_ns`` [ns] as a message time."""
    whole, rest = divmod(stamp_ns, NANOSECONDS_PER_SECOND)
    return Time(sec=whole, nanosec=rest)


def stamp_from_message(message: Any) -> int:
    """Return a message time in nanoseconds."""
    return int(message.sec) * NANOSECONDS_PER_SECOND + int(message.nanosec)


def header_message(stamp: Any, frame_id: str) -> Any:
    """Return a header of message time ``stamp`` and ``frame_id``."""
    return Header(stamp=stamp, frame_id=frame_id)


def point_message(point: Vector) -> Any:
    """Return ``point`` (3,) [m] as a message."""
    x, y, z = (float(value) for value in point)
    return Point(x=x, y=y, z=z)


def vector_message(value: Vector) -> Any:
    """Return a free vector (3,) as a message."""
    x, y, z = (float(entry) for entry in value)
    return Vector3(x=x, y=y, z=z)


def vector_from_message(message: Any) -> Vector:
    """Return a Point or Vector3 as (3,)."""
    return vector((message.x, message.y, message.z), 3)


def pose_message(pose: Pose) -> Any:
    """Return a pose as a message."""
    w, x, y, z = (float(value) for value in pose.quaternion())
    return PoseMessage(
        position=point_message(pose.translation), orientation=Quaternion(w=w, x=x, y=y, z=z)
    )


def pose_from_message(message: Any) -> Pose:
    """Return a message's pose. Raises SpatialError where its quaternion turns nothing."""
    q = message.orientation
    return Pose.from_quaternion((q.w, q.x, q.y, q.z), vector_from_message(message.position))


def twist_message(twist: Twist) -> Any:
    """Return a twist as a message."""
    return TwistMessage(linear=vector_message(twist.linear), angular=vector_message(twist.angular))


def twist_from_message(message: Any) -> Twist:
    """Return a message's twist."""
    return Twist(vector_from_message(message.linear), vector_from_message(message.angular))


def wrench_message(wrench: Wrench) -> Any:
    """Return a wrench as a message."""
    return WrenchMessage(force=vector_message(wrench.force), torque=vector_message(wrench.torque))


def wrench_from_message(message: Any) -> Wrench:
    """Return a message's wrench."""
    return Wrench(vector_from_message(message.force), vector_from_message(message.torque))


def points_from_message(messages: Sequence[Any]) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Return a list of points as (n, 3) [m]."""
    return np.array([(p.x, p.y, p.z) for p in messages], dtype=np.float64).reshape(-1, 3)


def transforms_message(stamp: Any, transforms: Sequence[tuple[str, str, Pose]]) -> Any:
    """Return ``(parent, child, parent_child)`` transforms of one instant as a /tf message."""
    stamped = []
    for parent, child, pose in transforms:
        message = pose_message(pose)
        stamped.append(
            TransformStamped(
                header=Header(stamp=stamp, frame_id=parent),
                child_frame_id=child,
                transform=Transform(
                    translation=vector_message(pose.translation), rotation=message.orientation
                ),
            )
        )
    return TFMessage(transforms=stamped)


def heartbeat_message(stamp: Any, node: str, lifecycle_state: int, count: int, pid: int) -> Any:
    """Return the sign of life of a node in process ``pid``."""
    return Heartbeat(
        header=Header(stamp=stamp),
        node=node,
        lifecycle_state=lifecycle_state,
        count=count,
        pid=pid,
    )


def fault_message(stamp: Any, source: str, name: str, detail: str) -> Any:
    """Return a fault that stops the arm."""
    return Fault(stamp=stamp, source=source, name=name, detail=detail, severity=Fault.SEVERITY_STOP)


def objection_from_message(message: Any) -> str:
    """Return why a safety state is not safe, in one line, or an empty text where it is."""
    if message.safe:
        return ""
    if message.faults:
        return str(message.faults[0].detail)
    if message.missing_nodes:
        return f"not up: {', '.join(message.missing_nodes)}"
    return "the safety node does not say why"


def diagnostics_message(
    stamp: Any, node: str, hardware: str, problem: str, values: dict[str, str]
) -> Any:
    """Return one node's diagnostics; an empty ``problem`` means all is well."""
    status = DiagnosticStatus(
        level=DiagnosticStatus.ERROR if problem else DiagnosticStatus.OK,
        name=node,
        message=problem or "ok",
        hardware_id=hardware,
        values=[KeyValue(key=key, value=value) for key, value in values.items()],
    )
    return DiagnosticArray(header=Header(stamp=stamp), status=[status])
