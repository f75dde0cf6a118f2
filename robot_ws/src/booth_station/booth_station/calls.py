"""What the station asks of the arm node: its services and the mouth's motion."""

import threading
from typing import Any

from booth_common import topics
from booth_common.node import BoothNode

from arm_control.motion import Goal
from arm_control.target import MouthMotion
from booth_station import convert


class ArmCalls:
    """The arm node's services as functions; each returns the answer, or None without one in time.

    ``answer_s`` [s] is how long an answer may take. The executor brings it: call from a thread of
    your own.
    """

    def __init__(self, node: BoothNode[Any], answer_s: float) -> None:
        self._node = node
        self._answer_s = answer_s
        self._motion = node.plain_publisher(topics.MOUTH_MOTION)
        self._start = node.caller(topics.START_MOTION)
        self._stop = node.caller(topics.STOP)
        self._grip = node.caller(topics.GRIPPER)

    def start(self, goal: Goal) -> Any:
        """Hand the arm a goal."""
        return self._call(self._start, convert.start_request(goal))

    def stop(self) -> Any:
        """Stop the arm."""
        return self._call(self._stop, self._stop.srv_type.Request())

    def grip(self, close: bool) -> Any:
        """Close the gripper, or open it."""
        return self._call(self._grip, self._grip.srv_type.Request(data=close))

    def follow(self, motion: MouthMotion) -> None:
        """Tell how the mouth moves."""
        stamp = self._node.stamps.header_stamp(motion.stamp_ns)
        header = convert.header_message(stamp, self._node.frame("base"))
        self._motion.publish(convert.motion_message(motion, header))

    def _call(self, client: Any, request: Any) -> Any:
        done = threading.Event()
        future = client.call_async(request)
        future.add_done_callback(lambda _future: done.set())
        if done.wait(self._answer_s):
            return future.result()
        client.remove_pending_request(future)
        return None
