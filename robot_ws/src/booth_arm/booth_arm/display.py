"""What the loop shows, as topics: state, joints, wrench, transforms, description, clock."""

import threading
from typing import Any

from booth_common import topics
from booth_common.node import BoothNode

from booth_arm import convert
from booth_arm.link import LoopLink, LoopState
from spatial import NANOSECONDS_PER_SECOND, Pose

_JOIN_S = 2.0  # a publisher may hang in the middleware; the end of the process takes it along


class Display:
    """Publishes each state of the loop once, at most ``rate_hz`` times a second of its own clock.

    It has a thread of its own: a timer of the executor costs several times as much at this rate.
    On a simulator slower than the wall fewer come in a second of the wall's: nobody has to work
    through states that differ by less than the rate asks for.
    """

    def __init__(self, node: BoothNode[Any], link: LoopLink, arm: str, rate_hz: float) -> None:
        self._node = node
        self._link = link
        self._look_s = 0.5 / rate_hz  # twice as often as told, so that each one due is found
        self.last: LoopState | None = None
        self._period_ns = round(NANOSECONDS_PER_SECOND / rate_hz)
        self._next_ns = 0
        self._last_ns = -1
        self._said: tuple[int, bool, bool] | None = None
        publisher = node.plain_publisher
        self._state = publisher(topics.ARM_STATE)
        self._joints = publisher(topics.JOINTS)
        self._wrench = publisher(topics.WRENCH)
        self._tf = publisher(topics.TF)
        self._tf_static = publisher(topics.TF_STATIC)
        self._description = publisher(topics.DESCRIPTION)
        self._clock = publisher(topics.CLOCK) if node.stamps.simulated else None
        self._description.publish(convert.description_message(arm))
        stamp = node.stamps.header_stamp(node.stamps.now_ns())
        mounted = [(node.booth, node.frame("base"), Pose())]
        self._tf_static.publish(convert.transforms_message(stamp, mounted))
        self._ending = threading.Event()
        self._thread = node.worker("display", self._run)

    def _run(self) -> None:
        while not self._ending.wait(self._look_s):
            state = self._link.state()
            if state is None:
                continue
            if state.latched and (self.last is None or not self.last.latched):
                self._node.report_fault("arm_stopped", state.latched)
            self.last = state
            self._show(state)

    def _show(self, state: LoopState) -> None:
        """Publish ``state``, unless it was published before or comes too soon with no news."""
        report, node = state.report, self._node
        says = (state.goal_id, report.done, report.fault is not None or bool(state.latched))
        if report.stamp_ns == self._last_ns or (
            report.stamp_ns < self._next_ns and says == self._said
        ):
            return
        self._last_ns, self._said = report.stamp_ns, says
        self._next_ns = report.stamp_ns - report.stamp_ns % self._period_ns + self._period_ns
        if self._clock is not None:
            self._clock.publish(convert.clock_message(report.stamp_ns))
        stamp = node.stamps.header_stamp(report.stamp_ns)
        base = convert.header_message(stamp, node.frame("base"))
        self._state.publish(
            convert.arm_state_message(
                report,
                base,
                state.goal_id,
                state.base_camera,
                holding=state.holding,
                latched=state.latched,
            )
        )
        self._joints.publish(
            convert.joint_state_message(state.joints, self._link.info.joint_names, base)
        )
        self._wrench.publish(convert.wrench_stamped_message(report, base))
        frames = [
            (node.frame("base"), node.frame("tip"), report.base_tip),
            (node.frame("base"), node.frame("optical"), state.base_camera),
        ]
        self._tf.publish(convert.transforms_message(stamp, frames))

    def close(self) -> None:
        """End the thread and take the publishers away."""
        self._ending.set()
        self._thread.join(timeout=_JOIN_S)
        for publisher in (
            self._state, self._joints, self._wrench, self._tf, self._tf_static, self._description,
            self._clock,
        ):  # fmt: skip
            if publisher is not None:
                self._node.destroy_publisher(publisher)
