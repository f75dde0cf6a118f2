"""A stand-in for an arm's ROS 2 controllers: trajectory, joint states, wrist sensor, gripper."""

import random
import threading
import time
from typing import Any

import numpy as np
import rclpy
from booth_common import topics
from booth_common.process import events_executor
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
        self._context = rclpy.Context()
        rclpy.init(context=self._context)
        self.node = rclpy.create_node("stand_in", namespace=namespace, context=self._context)
        listen, tell = self.node.create_subscription, self.node.create_publisher
        setpoint = topics.DRIVER_SETPOINT
        listen(
            topics.interface(setpoint.type),
            setpoint.name,
            self._take,
            topics.profile(setpoint.quality),
        )
        self._tell = {
            topic: tell(topics.interface(topic.type), topic.name, topics.profile(topic.quality))
            for topic in (topics.DRIVER_JOINTS, topics.DRIVER_WRENCH, topics.DRIVER_HOLDING)
        }
        call = topics.DRIVER_GRIPPER
        self.node.create_service(topics.interface(call.type), call.name, self._grip)
        self._held = False
        steady = Clock(clock_type=ClockType.STEADY_TIME)
        self.node.create_timer(PERIOD_S, self._tick, clock=steady)
        self._executor = events_executor(self._context)
        self._executor.add_node(self.node)
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._spin, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._ending.set()
        self._thread.join(timeout=5.0)
        self._executor.shutdown(timeout_sec=1.0)
        self.node.destroy_node()
        self._context.try_shutdown()

    def _spin(self) -> None:
        while not self._ending.is_set():
            self._executor.spin_once(timeout_sec=0.05)

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
