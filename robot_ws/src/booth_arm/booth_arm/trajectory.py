"""Any arm with a ROS 2 joint trajectory controller, as a driver: set-points by topic.

Set-points replace each other at the loop's rate, which a topic is made for: the controller of
ros2_control takes a new trajectory from its topic at any time and goes on from where it is. Its
action would have each one accepted, cancelled and answered for. The controller's side is remapped
to the names of `booth_common.topics` (docs/how-to/ros_booth.md).
"""

import threading
import time
from typing import Any

import numpy as np
from booth_common import topics
from booth_common.beside import NodeBeside
from booth_common.clock import ros_minus_monotonic_ns

from arm_control.errors import ArmControlError
from arm_control.ports import ArmInfo, ArmState, ArmStatus, JointCommand
from booth_arm import convert
from spatial import Vector, Wrench, age_s

_OFFLINE_S = 0.2  # a state older than this is of an arm that is gone
_PERIODS_AHEAD = 2.0  # a set-point is due this many periods on: one lost leaves no gap
_BRAKE_S = 0.15  # for a stop, to where the arm stands
_HOLDING_S = 0.5  # how long the gripper's word counts


class TrajectoryArm:
    """An arm behind a joint trajectory controller; see `arm_control.ports.ArmDriver`.

    ``joint_names`` are the model's, base first; ``rate_hz`` [Hz] is that of the set-points. Raises
    ArmControlError from the constructor where no joint state comes within ``first_s`` [s].
    """

    def __init__(
        self,
        link: NodeBeside,
        joint_names: tuple[str, ...],
        rate_hz: float,
        *,
        first_s: float = 10.0,
    ) -> None:
        self._period_s = 1.0 / rate_hz
        self._info = ArmInfo(
            "joint trajectory controller",
            joint_names,
            rate_hz,
            _PERIODS_AHEAD / rate_hz,
            f"a set-point at rest where it stands, {_BRAKE_S} s on; without set-points the "
            "controller holds the last one",
        )
        self._offset_ns = ros_minus_monotonic_ns()
        self._joints: tuple[int, Vector, Vector, Vector] | None = None
        self._wrench = Wrench()
        self._stopped = False
        self._lock = threading.Lock()  # a stop is the last word
        self._heard = threading.Event()
        self._setpoints = link.publisher(topics.DRIVER_SETPOINT)
        link.listen(topics.DRIVER_WRENCH, self._on_wrench)
        link.listen(topics.DRIVER_JOINTS, self._on_joints)
        if not self._heard.wait(first_s):
            raise ArmControlError(
                f"no {topics.DRIVER_JOINTS.name} with the joints {', '.join(joint_names)} within "
                f"{first_s} s; start the arm's controllers, and remap theirs to that name"
            )

    @property
    def info(self) -> ArmInfo:
        """What the driver states of its arm."""
        return self._info

    def read(self) -> ArmState:
        """Return the newest joint state with the newest wrench."""
        if self._joints is None:
            raise ArmControlError("no joint state came yet")
        stamp_ns, position, velocity, effort = self._joints
        status = ArmStatus.STOPPED if self._stopped else ArmStatus.READY
        if age_s(stamp_ns, time.monotonic_ns()) > _OFFLINE_S:
            status = ArmStatus.OFFLINE
        return ArmState(stamp_ns, position, velocity, effort, self._wrench, status)

    def write(self, command: JointCommand) -> None:
        """Publish the next set-point; dropped while stopped."""
        with self._lock:
            if not self._stopped:
                self._publish(command, _PERIODS_AHEAD * self._period_s)

    def stop(self) -> None:
        """Bring the arm to rest where it stands, and drop set-points until ``reset``."""
        with self._lock:
            self._stopped = True
            if self._joints is not None:
                position = self._joints[1]
                self._publish(JointCommand(position, np.zeros_like(position)), _BRAKE_S)

    def reset(self) -> None:
        """Take set-points again."""
        self._stopped = False

    def close(self) -> None:
        """Stop; the link is closed by who opened it."""
        self.stop()

    def _publish(self, command: JointCommand, due_s: float) -> None:
        self._setpoints.publish(convert.trajectory_message(self._info.joint_names, command, due_s))

    def _on_joints(self, message: Any) -> None:
        found = convert.joints_from_message(message, self._info.joint_names)
        if found is not None:  # a robot's joint states may come in several messages
            stamp_ns = convert.stamp_from_message(message.header.stamp) - self._offset_ns
            self._joints = (stamp_ns, *found)
            self._heard.set()

    def _on_wrench(self, message: Any) -> None:
        self._wrench = convert.wrench_from_message(message.wrench)


class TopicGripper:
    """A gripper behind a service and a topic; see `arm_control.ports.Gripper`."""

    def __init__(self, link: NodeBeside) -> None:
        self._held_until_s = 0.0
        call = topics.DRIVER_GRIPPER
        self._client = link.node.create_client(topics.interface(call.type), call.name)
        link.listen(topics.DRIVER_HOLDING, self._on_holding)

    @property
    def holding(self) -> bool:
        """Whether the gripper says that it holds something; no where it says nothing."""
        return time.monotonic() < self._held_until_s

    def grasp(self) -> None:
        """Ask it to close. Raises ArmControlError where nobody offers to."""
        self._ask(close=True)

    def release(self) -> None:
        """Ask it to open. Raises ArmControlError where nobody offers to."""
        self._ask(close=False)

    def _ask(self, *, close: bool) -> None:
        if not self._client.service_is_ready():
            raise ArmControlError(
                f"nobody offers {topics.DRIVER_GRIPPER.name}; start the gripper's node"
            )
        self._client.call_async(self._client.srv_type.Request(data=close))

    def _on_holding(self, message: Any) -> None:
        self._held_until_s = time.monotonic() + _HOLDING_S if message.data else 0.0
