"""The arm as the session drives it, over topics and services of the arm node."""

import threading
import time
from bisect import bisect_left
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from arm_control.errors import ArmControlError, GoalError
from arm_control.motion import Goal, Hold
from arm_control.report import CycleReport
from arm_control.target import MouthMotion
from spatial import Pose, seconds


@dataclass(frozen=True, slots=True)
class Patience:
    """How long [s] the arm may be silent, and how long the arm node may take to answer a call."""

    silence_s: float = 0.4
    answer_s: float = 1.5


SIMULATED = Patience(60.0, 65.0)
"""Beside a simulator, whose time stands still while it draws its first picture of a person, or
compiles a kernel for the first time. That the arm node is alive is known from its heartbeat, and it
does not outlive its loop."""

_MEMORY_S = 2.0


class RemoteArm:
    """Stands for ``arm_control.ArmController`` in a sampling session; each cycle is one state.

    ``take`` is called by the subscription's thread, everything else by the session's.
    """

    def __init__(
        self,
        call_start: Callable[[Goal], Any],
        call_stop: Callable[[], Any],
        publish_motion: Callable[[MouthMotion], None],
        patience: Patience,
    ) -> None:
        self._call_start = call_start
        self._call_stop = call_stop
        self._publish_motion = publish_motion
        self._patience = patience
        self._lost = ""
        self._news = threading.Condition()
        self._report: CycleReport | None = None
        self._goal_id = 0
        self._reported_goal = 0
        self._handed_ns = -1
        self._cameras: deque[tuple[int, Pose]] = deque()
        self.holding = False

    def take(self, report: CycleReport, goal_id: int, base_camera: Pose, *, holding: bool) -> None:
        """Take in one state of the arm node."""
        with self._news:
            behind = 0 if self._report is None else self._report.stamp_ns - report.stamp_ns
            if seconds(behind) > _MEMORY_S:  # the arm node was started again, with its simulator
                self._cameras.clear()
                self._handed_ns = -1
            elif behind > 0:
                return  # overtaken by a newer one
            if self._lost or self._report is None:  # one of us is new: begin from what it does now
                self._goal_id = goal_id
            self._lost = ""
            self._report = report
            self._reported_goal = goal_id
            self.holding = holding
            self._cameras.append((report.stamp_ns, base_camera))
            while seconds(report.stamp_ns - self._cameras[0][0]) > _MEMORY_S:
                self._cameras.popleft()
            self._news.notify_all()

    def lose(self, why: str) -> None:
        """Take in that the arm node has died: a cycle that waits for it ends at once."""
        with self._news:
            self._lost = why
            self._news.notify_all()

    def follow(self, motion: MouthMotion) -> None:
        """Send the newest estimate of the mouth's motion."""
        self._publish_motion(motion)

    def forget(self) -> None:
        """Forget the last mouth; the arm node does so by itself when a new session begins."""

    def start(self, goal: Goal) -> None:
        """Hand over ``goal``. Raises GoalError where the arm does not take it."""
        answer = self._call_start(goal)
        if answer is None:
            raise GoalError("the arm node did not answer in time; is it up?")
        if not answer.accepted:
            raise GoalError(answer.message)
        with self._news:
            self._goal_id = answer.goal_id

    def stop(self) -> None:
        """End the goal at rest; only an arm that does not take that is stopped for good.

        `arm/stop` is everybody's emergency stop, and latches; a session that ends is no emergency.
        """
        try:
            self.start(Hold())
        except GoalError:
            self._call_stop()

    def cycle(self) -> CycleReport:
        """Wait for the next state, of the goal last started, and return its report.

        Raises ArmControlError when the arm node is silent.
        """
        end = time.monotonic() + self._patience.silence_s
        with self._news:
            while True:
                report = self._report
                if report is not None and self._is_news(report):
                    self._handed_ns = report.stamp_ns
                    return report
                left = end - time.monotonic()
                if self._lost or left <= 0.0:
                    raise ArmControlError(self._lost or self._silent())
                self._news.wait(left)

    def _silent(self) -> str:
        return (
            f"arm: its state was not heard for {self._patience.silence_s} s; bring the arm node "
            "back, look at the booth, then reset"
        )

    def _is_news(self, report: CycleReport) -> bool:
        ours = self._reported_goal == self._goal_id or report.fault is not None
        return ours and report.stamp_ns > self._handed_ns

    def base_camera_at(self, stamp_ns: int) -> Pose:
        """Return the camera's pose at ``stamp_ns`` [ns], between the two states around it.

        Raises ArmControlError where the stamp lies outside the last two seconds.
        """
        with self._news:
            cameras = tuple(self._cameras)
        stamps = [stamp for stamp, _ in cameras]
        after = bisect_left(stamps, stamp_ns)
        if after == len(cameras) or (after == 0 and stamps[0] != stamp_ns):
            span = f"{stamps[0]} to {stamps[-1]}" if stamps else "nothing"
            raise ArmControlError(
                f"no camera pose at {stamp_ns} ns, known is {span}; is the arm node up?"
            )
        if after == 0:
            return cameras[0][1]
        (early, first), (late, last) = cameras[after - 1], cameras[after]
        return first.interpolate(last, (stamp_ns - early) / (late - early))


class RemoteGripper:
    """The gripper behind the arm node. Raises ArmControlError where it does not obey."""

    def __init__(self, arm: RemoteArm, call: Callable[[bool], Any]) -> None:
        self._arm = arm
        self._call = call

    @property
    def holding(self) -> bool:
        """Whether a swab was held at the last state."""
        return self._arm.holding

    def grasp(self) -> None:
        """Close on the swab."""
        self._move(True)

    def release(self) -> None:
        """Open."""
        self._move(False)

    def _move(self, close: bool) -> None:
        answer = self._call(close)
        if answer is None or not answer.success:
            why = "no answer" if answer is None else answer.message
            raise ArmControlError(f"the gripper did not {'close' if close else 'open'}: {why}")
