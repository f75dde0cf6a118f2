"""A stand-in for an arm's ROS 2 controllers: trajectory, joint states, wrist sensor, gripper."""

import random
import time
from typing import Any

import numpy as np
from booth_common import topics
from booth_common.beside import NodeBeside
from rclpy.clock import Clock, ClockType
from sensor_msgs.msg import JointState
from std_msgs.msg import Bool

PERIOD_S = 0.01


class StandInController:
    """Goes to the newest set-point by the time it is due, and holds the last one.

    Like ros2_control's, it publishes the joints of the whole robot in an order of its own.
    """

    def __init__(self, names: tuple[str, ...], position: np.ndarray, namespace: str) -> None:
        self.names = (*reversed(names), "a_wheel")
        self.position = dict.fromkeys(self.names, 0.0) | dict(zip(names, position, strict=True))
        self.velocity = dict.fromkeys(self.names, 0.0)
        self.silent = False
        self.setpoints: list[Any] = []
        self._goal = dict(self.position)
        self._due_s = 0.0
        self._held = False
        link = NodeBeside("stand_in", namespace)
        self.node, self.close = link.node, link.close
        self._tell = {
            topic: link.publisher(topic)
            for topic in (topics.DRIVER_JOINTS, topics.DRIVER_WRENCH, topics.DRIVER_HOLDING)
        }
        link.listen(topics.DRIVER_SETPOINT, self._take)
        call = topics.DRIVER_GRIPPER
        self.node.create_service(topics.interface(call.type), call.name, self._grip)
        steady = Clock(clock_type=ClockType.STEADY_TIME)
        self.node.create_timer(PERIOD_S, self._tick, clock=steady)

    def _take(self, message: Any) -> None:
        point = message.points[-1]
        self.setpoints.append(message)
        self._goal |= dict(zip(message.joint_names, point.positions, strict=True))
        due = point.time_from_start
        self._due_s = time.monotonic() + due.sec + 1e-9 * due.nanosec

    def _grip(self, request: Any, response: Any) -> Any:
        self._held = bool(request.data)
        response.success = True
        return response

    def _tick(self) -> None:
        left = max(self._due_s - time.monotonic(), 0.0)
        share = PERIOD_S / max(left, PERIOD_S)
        for name in self.names:
            step = share * (self._goal[name] - self.position[name])
            self.position[name] += step
            self.velocity[name] = step / PERIOD_S
        if self.silent:
            return
        stamp = self.node.get_clock().now().to_msg()
        joints = JointState(name=list(self.names))
        joints.header.stamp = stamp
        joints.position = [self.position[name] for name in self.names]
        joints.velocity = [self.velocity[name] for name in self.names]
        self._tell[topics.DRIVER_JOINTS].publish(joints)
        wrench = topics.interface(topics.DRIVER_WRENCH.type)()
        wrench.header.stamp = stamp
        wrench.wrench.force.z = random.uniform(-0.01, 0.01)
        self._tell[topics.DRIVER_WRENCH].publish(wrench)
        self._tell[topics.DRIVER_HOLDING].publish(Bool(data=self._held))
