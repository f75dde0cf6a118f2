"""Every topic, service and action of the booth with its quality of service: one table.

docs/reference/topics.md is generated from it. Names are relative to the booth's namespace unless
they begin with a slash.
"""

from dataclasses import dataclass
from importlib import import_module
from typing import Any


@dataclass(frozen=True, slots=True)
class Quality:
    """A quality of service, and why.

    ``deadline_s`` [s] is the longest silence between two messages, ``lease_s`` [s] how long a
    publisher may go without a sign of life; None leaves them open.
    """

    name: str
    reliable: bool
    latched: bool
    depth: int
    why: str
    deadline_s: float | None = None
    lease_s: float | None = None


STREAM = Quality("stream", False, False, 1, "only the newest is of use; a lost one is not resent")
PICTURE = Quality("picture", False, False, 2, "large; a tool that is slow must not hold the booth")
SENSOR = Quality("sensor", False, False, 1, "takes what any publisher offers; the newest counts")
SETPOINT = Quality("set-point", True, False, 1, "what trajectory controllers ask for; the newest")
STATE = Quality("state", True, False, 5, "each change counts; a few are kept for a slow reader")
LATCHED = Quality("latched", True, True, 1, "who comes later must know what holds now")
EVENT = Quality("event", True, True, 50, "none may be lost, also not for one who comes later")
HEARTBEAT = Quality(
    "heartbeat", True, False, 1, "silence is the message: a death is known within 0.5 s", 0.3, 0.4
)
TRANSFORM = Quality("transform", True, False, 100, "what tf2's listeners ask for")
TRANSFORM_LATCHED = Quality("static transform", True, True, 1, "what tf2's listeners ask for")

QUALITIES = (
    STREAM, PICTURE, SENSOR, SETPOINT, STATE, LATCHED, EVENT, HEARTBEAT, TRANSFORM,
    TRANSFORM_LATCHED,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Topic:
    """One topic: its name, type, publisher, nominal rate [Hz] (None: on change) and purpose."""

    name: str
    type: str
    quality: Quality
    publisher: str
    rate: str
    purpose: str
    recorded: bool = True


@dataclass(frozen=True, slots=True)
class Call:
    """One service or action: its name, type, server and purpose."""

    name: str
    type: str
    server: str
    purpose: str


NODES = ("safety", "arm", "vision", "station", "queue")
"""The booth's nodes in the order in which they are brought up."""

SIGHTING = Topic(
    "vision/sighting", "booth_interfaces/msg/Sighting", STATE, "vision", "camera's rate",
    "the mouth and a target or refusal for each site",
)  # fmt: skip
COLOUR = Topic(
    "vision/color/image_raw", "sensor_msgs/msg/Image", PICTURE, "vision", "camera's rate",
    "the colour picture, rgb8; sent while someone listens",
)  # fmt: skip
DEPTH = Topic(
    "vision/depth/image_raw", "sensor_msgs/msg/Image", PICTURE, "vision", "camera's rate",
    "depth aligned to colour, 32FC1 in metres, NaN where unknown; sent while someone listens",
)  # fmt: skip
CAMERA_INFO = Topic(
    "vision/color/camera_info", "sensor_msgs/msg/CameraInfo", PICTURE, "vision", "camera's rate",
    "the camera's intrinsics, with each picture",
)  # fmt: skip
JOINTS = Topic(
    "arm/joint_states", "sensor_msgs/msg/JointState", STREAM, "arm", "50 Hz",
    "the arm's joints as measured",
)  # fmt: skip
WRENCH = Topic(
    "arm/wrench", "geometry_msgs/msg/WrenchStamped", STREAM, "arm", "50 Hz",
    "contact wrench on the swab's tip, compensated, in base axes",
)  # fmt: skip
ARM_STATE = Topic(
    "arm/state", "booth_interfaces/msg/ArmState", STATE, "arm", "50 Hz",
    "the control loop's report: goal, phase, force, strokes, fault",
)  # fmt: skip
MOUTH_MOTION = Topic(
    "arm/mouth_motion", "booth_interfaces/msg/MouthMotion", STREAM, "station", "camera's rate",
    "where the mouth is and how it moves, for goals that follow it",
)  # fmt: skip
SESSION = Topic(
    "station/session", "booth_interfaces/msg/SessionState", LATCHED, "station", "on change, 10 Hz",
    "the sampling session, for screens and the simulated person",
)  # fmt: skip
MODE = Topic(
    "station/mode", "booth_interfaces/msg/Mode", LATCHED, "station", "on change",
    "what the booth as a whole is doing",
)  # fmt: skip
TUBE = Topic(
    "station/tube", "std_msgs/msg/String", LATCHED, "bar code scanner", "on change",
    "bar code of the tube that stands in the rack",
)  # fmt: skip
SAFETY = Topic(
    "safety/state", "booth_interfaces/msg/SafetyState", STATE, "safety", "20 Hz",
    "the verdict on the whole booth; silence is a stop",
)  # fmt: skip
FAULTS = Topic(
    "faults", "booth_interfaces/msg/Fault", EVENT, "every node", "on change",
    "named faults as they are noticed",
)  # fmt: skip
HEARTBEATS = tuple(
    Topic(
        f"{node}/heartbeat", "booth_interfaces/msg/Heartbeat", HEARTBEAT, node, "20 Hz",
        f"the sign of life of {node}", recorded=False,
    )
    for node in NODES
)  # fmt: skip
DIAGNOSTICS = Topic(
    "/diagnostics", "diagnostic_msgs/msg/DiagnosticArray", STATE, "every node", "1 Hz",
    "each node's condition in ROS's usual form",
)  # fmt: skip
TF = Topic(
    "/tf", "tf2_msgs/msg/TFMessage", TRANSFORM, "arm", "50 Hz",
    "tip and camera in the arm's base; frame names begin with the booth's name",
)  # fmt: skip
TF_STATIC = Topic(
    "/tf_static", "tf2_msgs/msg/TFMessage", TRANSFORM_LATCHED, "arm", "once",
    "the arm's base in the booth",
)  # fmt: skip
DESCRIPTION = Topic(
    "robot_description", "std_msgs/msg/String", LATCHED, "arm", "once",
    "the booth's URDF, as robot_state_publisher and viewers ask for it",
)  # fmt: skip
CLOCK = Topic(
    "/clock", "rosgraph_msgs/msg/Clock", STREAM, "arm", "100 Hz",
    "simulated time, only with the simulator; a launch remaps it to the booth's own",
)  # fmt: skip
DRIVER_SETPOINT = Topic(
    "driver/joint_trajectory", "trajectory_msgs/msg/JointTrajectory", SETPOINT, "arm",
    "driver's rate", "set-points for an arm with a trajectory controller: driver `trajectory`",
    recorded=False,
)  # fmt: skip
DRIVER_JOINTS = Topic(
    "driver/joint_states", "sensor_msgs/msg/JointState", SENSOR, "arm's controllers",
    "driver's rate", "that arm's joints as measured", recorded=False,
)  # fmt: skip
DRIVER_WRENCH = Topic(
    "driver/wrench", "geometry_msgs/msg/WrenchStamped", SENSOR, "arm's controllers",
    "driver's rate", "that arm's wrist sensor, raw, in its own frame", recorded=False,
)  # fmt: skip
DRIVER_HOLDING = Topic(
    "driver/holding", "std_msgs/msg/Bool", SENSOR, "gripper's node", "5 Hz or more",
    "whether a gripper on topics holds something; silence is a no", recorded=False,
)  # fmt: skip

TOPICS: tuple[Topic, ...] = (
    SIGHTING, COLOUR, DEPTH, CAMERA_INFO, JOINTS, WRENCH, ARM_STATE, MOUTH_MOTION, SESSION, MODE,
    TUBE, SAFETY, FAULTS, *HEARTBEATS, DIAGNOSTICS, TF, TF_STATIC, DESCRIPTION, CLOCK,
    DRIVER_SETPOINT, DRIVER_JOINTS, DRIVER_WRENCH, DRIVER_HOLDING,
)  # fmt: skip

START_MOTION = Call(
    "arm/start", "booth_interfaces/srv/StartMotion", "arm",
    "hand the arm a goal, which takes the place of the one before",
)  # fmt: skip
STOP = Call("arm/stop", "std_srvs/srv/Trigger", "arm", "stop, withdraw and latch; anyone may call")
PAUSE = Call("arm/pause", "std_srvs/srv/SetBool", "arm", "true holds still, false goes on gently")
GRIPPER = Call("arm/gripper", "std_srvs/srv/SetBool", "arm", "true grasps the swab, false opens")
DRIVER_GRIPPER = Call(
    "driver/gripper", "std_srvs/srv/SetBool", "gripper's node",
    "true closes, false opens the gripper: drivers `franka`, `xarm`, `trajectory`",
)  # fmt: skip
RESET_LOOP = Call(
    "arm/reset", "booth_interfaces/srv/Reset", "arm",
    "clear the loop's own latch; the safety node calls it on a person's word",
)  # fmt: skip
RESET = Call(
    "safety/reset", "booth_interfaces/srv/Reset", "safety",
    "clear what has tripped, on the word of a named person",
)  # fmt: skip
SET_MODE = Call(
    "station/set_mode", "booth_interfaces/srv/SetMode", "station",
    "pause, resume, or hand the booth to its staff",
)  # fmt: skip
COLLECT_SAMPLE = Call(
    "collect_sample", "booth_interfaces/action/CollectSample", "station",
    "take one person's swab, with feedback; cancelling withdraws safely",
)  # fmt: skip

SERVICES = (START_MOTION, STOP, PAUSE, GRIPPER, RESET_LOOP, RESET, SET_MODE, DRIVER_GRIPPER)
ACTIONS = (COLLECT_SAMPLE,)


def heartbeat_of(node: str) -> Topic:
    """Return the heartbeat's topic of ``node``."""
    return HEARTBEATS[NODES.index(node)]


def interface(type_name: str) -> Any:
    """Return the class behind ``package/msg/Name``."""
    package, kind, name = type_name.split("/")
    return getattr(import_module(f"{package}.{kind}"), name)


def profile(quality: Quality) -> Any:
    """Return rclpy's QoSProfile for a quality."""
    from rclpy.duration import Duration  # noqa: PLC0415 - the table is read without ROS too
    from rclpy.qos import (  # noqa: PLC0415 - the same
        DurabilityPolicy,
        HistoryPolicy,
        LivelinessPolicy,
        QoSProfile,
        ReliabilityPolicy,
    )

    asked: dict[str, Any] = {
        "history": HistoryPolicy.KEEP_LAST,
        "depth": quality.depth,
        "reliability": (
            ReliabilityPolicy.RELIABLE if quality.reliable else ReliabilityPolicy.BEST_EFFORT
        ),
        "durability": (
            DurabilityPolicy.TRANSIENT_LOCAL if quality.latched else DurabilityPolicy.VOLATILE
        ),
    }
    if quality.deadline_s is not None:
        asked["deadline"] = Duration(seconds=quality.deadline_s)
    if quality.lease_s is not None:
        # By topic: only a publication counts as life, so a stuck executor is as dead as a process.
        asked["liveliness"] = LivelinessPolicy.MANUAL_BY_TOPIC
        asked["liveliness_lease_duration"] = Duration(seconds=quality.lease_s)
    return QoSProfile(**asked)


def markdown() -> str:
    """Return docs/reference/topics.md."""
    lines = [
        "# Topics, services and actions",
        "",
        "Generated from `robot_ws/src/booth_common/booth_common/topics.py` by",
        "`python -m booth_common.topics`; do not edit. Names are relative to the booth's namespace",
        "unless they begin with a slash.",
        "",
        "## Topics",
        "",
        "| topic | type | quality | publisher | rate | purpose |",
        "|---|---|---|---|---|---|",
    ]
    lines += [
        f"| `{t.name}` | `{t.type}` | {t.quality.name} | {t.publisher} | {t.rate} | {t.purpose} |"
        for t in TOPICS
    ]
    lines += ["", "## Services", "", "| service | type | server | purpose |", "|---|---|---|---|"]
    lines += [f"| `{c.name}` | `{c.type}` | {c.server} | {c.purpose} |" for c in SERVICES]
    lines += ["", "## Actions", "", "| action | type | server | purpose |", "|---|---|---|---|"]
    lines += [f"| `{c.name}` | `{c.type}` | {c.server} | {c.purpose} |" for c in ACTIONS]
    lines += [
        "",
        "## Qualities of service",
        "",
        "| quality | reliability | durability | depth | deadline | liveliness lease | why |",
        "|---|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {q.name} | {'reliable' if q.reliable else 'best effort'} "
        f"| {'transient local' if q.latched else 'volatile'} | {q.depth} "
        f"| {_duration(q.deadline_s)} | {_duration(q.lease_s)} | {q.why} |"
        for q in QUALITIES
    ]
    return "\n".join(lines) + "\n"


def _duration(value_s: float | None) -> str:
    return "open" if value_s is None else f"{value_s} s"


if __name__ == "__main__":
    print(markdown(), end="")
