"""The station's side of the arm node: its arm, its gripper and its sight over topics."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from booth_station.remote import Patience, RemoteArm, RemoteGripper
from booth_station.sight import TopicSight

from arm_control.errors import ArmControlError, GoalError
from arm_control.limits import Zone
from arm_control.motion import Hold
from arm_control.report import CycleReport, Phase
from spatial import Pose, Wrench, vector
from station.config import SessionSettings
from vision.camera import NoFrame
from vision.swab import SwabSighting
from vision.target import Refusal, RefusalReason, Sighting
from vision.tracking import MouthTracker, TrackedMouth
from vision.watch import Alarm, SwabWatch

pytestmark = pytest.mark.ros


def report(stamp_ns: int, *, done: bool = False) -> CycleReport:
    return CycleReport(
        stamp_ns=stamp_ns,
        phase=Phase.MOVING,
        zone=Zone.FREE,
        done=done,
        progress=0.0,
        position=np.zeros(7),
        base_tip=Pose(),
        wrench=Wrench(),
        contact=False,
        normal_force=0.0,
        strokes=0,
        contact_s=0.0,
        stiffness=0.0,
        tracking_error=0.0,
    )


class FakeNode:
    """Answers the remote arm's calls."""

    def __init__(self) -> None:
        self.answer: Any = SimpleNamespace(accepted=True, goal_id=1, message="")
        self.closed: list[bool] = []
        self.stopped = 0
        self.arm = RemoteArm(
            lambda _goal: self.answer, self.stop, lambda _motion: None, Patience(0.05, 0.1)
        )
        self.gripper = RemoteGripper(self.arm, self.grip)

    def stop(self) -> None:
        self.stopped += 1

    def grip(self, close: bool) -> Any:
        self.closed.append(close)
        return SimpleNamespace(success=len(self.closed) < 3, message="jammed")

    def tell(self, stamp_ns: int, goal_id: int, *, done: bool = False, x: float = 0.0) -> None:
        camera = Pose(translation=np.array((x, 0.0, 0.0)))
        self.arm.take(report(stamp_ns, done=done), goal_id, camera, holding=True)


def test_a_goal_is_not_judged_by_the_report_of_the_one_before() -> None:
    node = FakeNode()
    node.tell(1, 0, done=True)
    assert node.arm.cycle().done
    node.arm.start(Hold())
    node.tell(2, 0, done=True)  # sent before the goal was taken
    with pytest.raises(ArmControlError, match="not heard"):
        node.arm.cycle()
    node.tell(3, 1)
    assert not node.arm.cycle().done


def test_no_report_is_handed_out_twice() -> None:
    node = FakeNode()
    node.tell(5, 0)
    assert node.arm.cycle().stamp_ns == 5
    with pytest.raises(ArmControlError, match="not heard"):
        node.arm.cycle()


def test_a_goal_that_is_refused_or_not_answered_is_an_error() -> None:
    node = FakeNode()
    node.answer = SimpleNamespace(accepted=False, goal_id=0, message="a fault is latched")
    with pytest.raises(GoalError, match="latched"):
        node.arm.start(Hold())
    node.answer = None
    with pytest.raises(GoalError, match="did not answer"):
        node.arm.start(Hold())


def test_ending_a_session_is_no_emergency_stop_unless_the_arm_does_not_obey() -> None:
    node = FakeNode()
    node.arm.stop()
    assert node.stopped == 0
    node.answer = None
    node.arm.stop()
    assert node.stopped == 1


def test_the_death_of_the_arm_node_ends_a_wait_at_once() -> None:
    node = FakeNode()
    node.arm.lose("arm: its liveliness lease ran out")
    with pytest.raises(ArmControlError, match="lease ran out"):
        node.arm.cycle()
    node.tell(9, 0)
    assert node.arm.cycle().stamp_ns == 9


def test_an_arm_node_started_again_is_believed_though_it_counts_its_goals_anew() -> None:
    node = FakeNode()
    node.answer.goal_id = 37
    node.arm.start(Hold())
    node.tell(9, 37)
    assert node.arm.cycle().stamp_ns == 9
    node.arm.lose("arm: no heartbeat")
    node.tell(20, 0)
    assert node.arm.cycle().stamp_ns == 20
    node.answer.goal_id = 1
    node.arm.start(Hold())
    node.tell(21, 0)
    with pytest.raises(ArmControlError, match="not heard"):
        node.arm.cycle()
    node.tell(22, 1)
    assert node.arm.cycle().stamp_ns == 22


def test_a_station_started_again_begins_from_what_the_arm_does() -> None:
    node = FakeNode()
    node.tell(9, 37)
    assert node.arm.cycle().stamp_ns == 9


def test_the_camera_is_known_between_two_states_and_not_beyond() -> None:
    node = FakeNode()
    node.tell(1_000_000_000, 0, x=0.0)
    node.tell(2_000_000_000, 0, x=0.4)
    assert node.arm.base_camera_at(1_500_000_000).translation[0] == pytest.approx(0.2)
    for stamp in (999_999_999, 2_000_000_001):
        with pytest.raises(ArmControlError, match="no camera pose"):
            node.arm.base_camera_at(stamp)


def test_a_state_that_was_overtaken_undoes_nothing_but_a_fresh_start_does() -> None:
    node = FakeNode()
    node.tell(9_000_000_000, 0, x=0.0)
    node.tell(9_100_000_000, 0, x=0.4)
    node.tell(9_050_000_000, 0, x=9.0)
    assert node.arm.base_camera_at(9_050_000_000).translation[0] == pytest.approx(0.2)
    node.tell(20_000_000, 0)  # a new simulator begins at zero
    assert node.arm.cycle().stamp_ns == 20_000_000


def test_a_gripper_that_does_not_obey_is_an_error() -> None:
    node = FakeNode()
    node.gripper.grasp()
    node.gripper.release()
    assert node.closed == [True, False]
    with pytest.raises(ArmControlError, match="did not close: jammed"):
        node.gripper.grasp()


def sighting(stamp_ns: int, opening: float = 0.045) -> Sighting:
    pose = Pose.from_rotation_vector((0.0, np.pi, 0.0), (0.0, 0.0, 0.25))
    return Sighting(stamp_ns, pose, np.diag([1e-6] * 3 + [1e-4] * 3), opening, {})


def sight() -> TopicSight:
    settings = SessionSettings(camera_timeout_s=0.5, picture_age_limit_s=0.2)
    return TopicSight(MouthTracker(), SwabWatch(), lambda _stamp: Pose(), settings)


MS = 1_000_000


def test_a_fresh_sighting_gives_the_mouth_once() -> None:
    eyes = sight()
    eyes.take(sighting(100 * MS))
    assert isinstance(eyes.look(110 * MS), TrackedMouth)
    assert eyes.look(120 * MS) is None
    assert eyes.somebody


@pytest.mark.parametrize("seen", [None, sighting(0), sighting(10_000 * MS)])
def test_silence_old_and_future_sightings_end_as_a_camera_fault(seen: Sighting | None) -> None:
    eyes = sight()
    if seen is not None:
        eyes.take(seen)
    assert eyes.look(1_000 * MS) is None
    fault = eyes.look(1_600 * MS)
    assert isinstance(fault, NoFrame)
    assert "no usable picture for 0.60 s" in fault.detail


def test_a_swab_that_the_vision_node_does_not_see_inside_is_an_alarm() -> None:
    eyes = sight()
    none_seen = SwabSighting(vector((0.0, 0.0, 0.2)), 0.0, 0.0, None)
    tip = vector((0.0, 0.0, 0.2))
    told = []
    for k in range(1, 6):
        eyes.take(sighting(100 * k * MS), none_seen)
        eyes.look((100 * k + 10) * MS, tip if k > 1 else None)
        told.append(None if eyes.notice is None else eyes.notice.alarm)
    assert told == [None, None, None, Alarm.SWAB_LOST, Alarm.SWAB_LOST]
    eyes.take(sighting(600 * MS))
    eyes.look(610 * MS, tip)
    assert eyes.notice is None, "a vision node that tells nothing of the swab raises no alarm"


def test_a_camera_that_says_it_is_blind_is_silence() -> None:
    eyes = sight()
    eyes.look(0)
    eyes.take(Refusal(RefusalReason.CAMERA, 590 * MS, "unplugged"))
    fault = eyes.look(600 * MS)
    assert isinstance(fault, NoFrame)
    assert "unplugged" in fault.detail
    assert not eyes.somebody


def test_a_gap_between_pictures_does_not_undo_the_one_before() -> None:
    eyes = sight()
    eyes.take(sighting(100 * MS))
    eyes.take(Refusal(RefusalReason.CAMERA, 105 * MS, "no new picture"))
    assert isinstance(eyes.look(110 * MS), TrackedMouth)
    eyes.take(Refusal(RefusalReason.CAMERA, 700 * MS, "no new picture"))
    assert isinstance(eyes.look(701 * MS), NoFrame)


def test_a_closing_mouth_is_counted() -> None:
    eyes = sight()
    for count, opening in ((1, 0.020), (2, 0.015), (0, 0.045)):
        stamp = (100 + 10 * count) * MS if count else 200 * MS
        eyes.take(sighting(stamp, opening))
        eyes.look(stamp + MS)
        assert eyes.closed_for == count
