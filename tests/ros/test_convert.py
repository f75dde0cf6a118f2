"""Messages keep what the libraries said: every conversion is undone by its inverse."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

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
from arm_control.report import CycleReport, Fault, FaultKind, Phase
from arm_control.target import MouthMotion, SiteTarget
from spatial import Pose, Twist, Wrench, vector
from vision.errors import VisionError
from vision.frame import Frame, Intrinsics
from vision.structure import Structure
from vision.swab import SwabSighting, TipSighting
from vision.target import Refusal, RefusalReason, Sighting, Site, Target

pytestmark = pytest.mark.ros

coordinate = st.floats(-2.0, 2.0, allow_nan=False)
Triple = tuple[float, float, float]
triple = st.tuples(coordinate, coordinate, coordinate)
poses = st.builds(Pose.from_rotation_vector, triple, triple)


def through_the_wire(message: Any) -> Any:
    from rclpy.serialization import deserialize_message, serialize_message

    return deserialize_message(serialize_message(message), type(message))


@given(poses)
@settings(max_examples=50, deadline=None)
def test_a_pose_survives(pose: Pose) -> None:
    from booth_common.convert import pose_from_message, pose_message

    assert pose_from_message(through_the_wire(pose_message(pose))).almost_equals(pose, 1e-12)


@given(triple, triple)
@settings(max_examples=25, deadline=None)
def test_twist_and_wrench_survive(first: Triple, second: Triple) -> None:
    from booth_common.convert import (
        twist_from_message,
        twist_message,
        wrench_from_message,
        wrench_message,
    )

    twist = twist_from_message(through_the_wire(twist_message(Twist(first, second))))
    wrench = wrench_from_message(through_the_wire(wrench_message(Wrench(first, second))))
    for value in (twist.linear, wrench.force):
        assert tuple(value) == first
    for value in (twist.angular, wrench.torque):
        assert tuple(value) == second


@given(st.integers(0, 2**31 * 10**9 - 1))
@settings(max_examples=50, deadline=None)
def test_a_stamp_keeps_its_nanoseconds(stamp: int) -> None:
    from booth_common.convert import stamp_from_message, stamp_message

    assert stamp_from_message(through_the_wire(stamp_message(stamp))) == stamp


def test_a_safety_state_says_why_it_is_not_safe() -> None:
    from booth_common.convert import fault_message, objection_from_message, stamp_message
    from booth_interfaces.msg import SafetyState

    fault = fault_message(stamp_message(0), "arm", "force", "1.2 N, bound 1.0 N")
    said = [
        SafetyState(safe=True),
        SafetyState(faults=[fault], missing_nodes=["vision"]),
        SafetyState(missing_nodes=["vision", "arm"]),
    ]
    assert [objection_from_message(through_the_wire(state)) for state in said] == [
        "",
        "1.2 N, bound 1.0 N",
        "not up: vision, arm",
    ]


def site_target() -> SiteTarget:
    return SiteTarget(
        "left_tonsil",
        (-0.06, 0.011, 0.002),
        (0.3, -0.9, 0.1),
        np.array([(-0.06, 0.011, -0.004), (-0.06, 0.011, 0.002), (-0.06, 0.011, 0.008)]),
        np.diag([1e-6, 2e-6, 3e-6]),
    )


GOALS: list[Goal] = [
    Hold(),
    MoveJoints(np.array([0.1, -0.2, 0.3, 0.4, 0.5, 0.6, -0.7]), 0.4),
    MoveTip(Pose.from_rotation_vector((0.1, 0.2, 0.3), (0.5, 0.1, 0.3)), Reference.MOUTH, 0.1),
    Enter(Corridor((0.0, 0.0, 0.005), (-1.0, 0.05, 0.0), 0.012, 0.09), 0.06, 0.02),
    Wipe(site_target(), 0.25, 4, 0.3, 0.015),
    Withdraw(0.12, 0.1),
]


def fields(value: Any) -> dict[str, Any]:
    return {name: getattr(value, name) for name in value.__slots__}


def assert_same(first: Any, second: Any) -> None:
    assert type(first) is type(second)
    if isinstance(first, np.ndarray):
        np.testing.assert_allclose(first, second, atol=1e-12)
    elif isinstance(first, Pose):
        assert first.almost_equals(second, 1e-12)
    elif hasattr(first, "__slots__") and not isinstance(first, str | int):
        for name, value in fields(first).items():
            assert_same(value, getattr(second, name))
    else:
        assert first == second


@pytest.mark.parametrize("goal", GOALS, ids=lambda goal: type(goal).__name__)
def test_every_kind_of_goal_survives(goal: Goal) -> None:
    from booth_arm.convert import goal_from_message, goal_message

    assert_same(goal_from_message(through_the_wire(goal_message(goal))), goal)


def test_there_is_a_message_for_every_kind_of_goal() -> None:
    assert {type(goal) for goal in GOALS} == set(Goal.__args__)


def test_an_unknown_kind_of_goal_is_refused() -> None:
    from booth_arm.convert import goal_from_message
    from booth_interfaces.msg import ArmGoal

    with pytest.raises(ValueError, match="kind 99 is unknown"):
        goal_from_message(ArmGoal(kind=99))


def report(fault: Fault | None) -> CycleReport:
    return CycleReport(
        stamp_ns=123_456_789_012,
        phase=Phase.WIPING,
        zone=Zone.MOUTH,
        done=True,
        progress=0.7,
        position=np.linspace(-1.0, 1.0, 7),
        base_tip=Pose.from_rotation_vector((0.0, 0.1, 0.0), (1.0, 0.0, 0.4)),
        wrench=Wrench((0.1, 0.0, -0.3), (0.0, 0.01, 0.0)),
        contact=True,
        normal_force=0.31,
        strokes=2,
        contact_s=1.5,
        stiffness=22.0,
        tracking_error=0.001,
        fault=fault,
    )


@pytest.mark.parametrize(
    "fault", [None, Fault(FaultKind.FORCE, "1.2 N, bound 1.0 N; look", latched=True)]
)
def test_a_report_survives(fault: Fault | None) -> None:
    from booth_arm.convert import arm_state_message, header_message, report_from_message
    from booth_common.convert import stamp_message

    said = report(fault)
    header = header_message(stamp_message(said.stamp_ns), "booth/base")
    message = arm_state_message(said, header, 5, Pose(), holding=True)
    again = report_from_message(through_the_wire(message), said.stamp_ns)
    assert_same(again, said)


def test_the_loops_latch_is_told_before_the_cycles_report_knows_of_it() -> None:
    from booth_arm.convert import arm_state_message, header_message
    from booth_common.convert import stamp_message

    header = header_message(stamp_message(0), "booth/base")
    calm = report(None)
    message = arm_state_message(calm, header, 5, Pose(), holding=True, latched="vision: gone")
    assert (message.fault_latched, message.fault_detail) == (True, "vision: gone")
    message = arm_state_message(calm, header, 5, Pose(), holding=True)
    assert (message.fault_latched, message.fault_detail) == (False, "")


def test_the_mouths_motion_survives() -> None:
    from booth_arm.convert import header_message, motion_from_message, motion_message
    from booth_common.convert import stamp_message

    motion = MouthMotion(
        Pose.from_rotation_vector((0.0, 0.0, 3.0), (1.05, 0.0, 0.35)),
        Twist((0.006, 0.0, 0.001), (0.0, 0.02, 0.0)),
        5_000_000_000,
    )
    message = motion_message(motion, header_message(stamp_message(motion.stamp_ns), "base"))
    assert_same(motion_from_message(through_the_wire(message), motion.stamp_ns), motion)


def sighting() -> Sighting:
    target = Target(
        Site.LEFT_TONSIL,
        (0.01, 0.02, 0.33),
        (0.0, -0.3, -0.9),
        np.array([(0.01, 0.015, 0.33), (0.01, 0.025, 0.33)]),
        np.diag([1e-6, 1e-6, 4e-6]),
        0.93,
        0.006,
    )
    missing = Refusal(RefusalReason.WALL_NOT_SEEN, 77, "tongue in the way")
    return Sighting(
        77,
        Pose.from_rotation_vector((0.0, 3.0, 0.0), (0.0, 0.0, 0.27)),
        np.diag([1e-6] * 3 + [1e-4] * 3),
        0.047,
        {Site.LEFT_TONSIL: target, Site.POSTERIOR_WALL: missing},
    )


def test_a_sighting_survives() -> None:
    from booth_common.convert import stamp_message
    from booth_vision.convert import header_message, sighting_from_message, sighting_message

    seen = sighting()
    message = sighting_message(seen, header_message(stamp_message(77), "optical"), 0.02)
    again = sighting_from_message(through_the_wire(message), 77)
    assert isinstance(again, Sighting)
    assert set(again.targets) == set(seen.targets)
    for site, found in seen.targets.items():
        assert_same(again.targets[site], found)
    assert again.optical_mouth.almost_equals(seen.optical_mouth, 1e-12)
    np.testing.assert_allclose(again.covariance, seen.covariance)


TIP = TipSighting(
    vector((311.0, 207.5), 2), 0.003, {Structure.UVULA: 0.011, Structure.LEFT_TONSIL: 0.0042}
)


@pytest.mark.parametrize("tip", [TIP, None])
@pytest.mark.parametrize("seen", [sighting(), Refusal(RefusalReason.NO_FACE, 77, "gone")])
def test_what_is_seen_of_a_swab_survives(tip: TipSighting | None, seen: Sighting | Refusal) -> None:
    from booth_common.convert import stamp_message
    from booth_vision.convert import header_message, sighting_message, swab_from_message

    swab = SwabSighting(vector((0.001, 0.024, 0.206)), 2.3e-4, 0.02, tip)
    header = header_message(stamp_message(77), "optical")
    again = swab_from_message(through_the_wire(sighting_message(seen, header, 0.02, swab)))
    assert again is not None
    assert_same(again, swab)
    nothing = through_the_wire(sighting_message(seen, header, 0.02))
    assert swab_from_message(nothing) is None


def test_a_structure_nobody_knows_is_refused() -> None:
    from booth_common.convert import stamp_message
    from booth_vision.convert import header_message, sighting_message, swab_from_message

    swab = SwabSighting(vector((0.0, 0.0, 0.2)), 2e-4, 0.0, TIP)
    header = header_message(stamp_message(77), "optical")
    message = sighting_message(sighting(), header, 0.0, swab)
    message.swab[0].beside = ["uvula", "moon"]
    with pytest.raises(VisionError, match="moon"):
        swab_from_message(message)


def test_pictures_know_where_the_tip_should_be() -> None:
    from booth_common.convert import pose_message, stamp_message
    from booth_interfaces.msg import ArmState
    from booth_vision.convert import glimpse_from_message, header_message

    camera = Pose.from_rotation_vector((0.0, 1.5, 0.0), (0.5, 0.0, 0.4))
    message = ArmState(
        header=header_message(stamp_message(77), "base"),
        zone="mouth",
        base_camera=pose_message(camera),
        base_tip=pose_message(camera @ Pose(translation=(0.001, 0.024, 0.206))),
    )
    glimpse = glimpse_from_message(through_the_wire(message), 77)
    assert (glimpse.stamp_ns, glimpse.near) == (77, True)
    assert glimpse.optical_tip == pytest.approx((0.001, 0.024, 0.206))
    message.zone = "free"
    assert not glimpse_from_message(message, 77).near


@pytest.mark.parametrize("reason", RefusalReason)
def test_every_refusal_survives(reason: RefusalReason) -> None:
    from booth_common.convert import stamp_message
    from booth_vision.convert import header_message, sighting_from_message, sighting_message

    refusal = Refusal(reason, 77, "31 mm, bound 35 mm")
    message = sighting_message(refusal, header_message(stamp_message(77), "optical"), 0.0)
    assert sighting_from_message(through_the_wire(message), 77) == refusal


def test_a_picture_survives() -> None:
    from booth_common.convert import stamp_message
    from booth_vision.convert import (
        camera_info_message,
        colour_message,
        depth_message,
        frame_from_messages,
        header_message,
    )

    rng = np.random.default_rng(3)
    depth = rng.uniform(0.1, 0.6, (48, 64)).astype(np.float32)
    depth[5:9, :] = np.nan
    frame = Frame(
        rng.integers(0, 255, (48, 64, 3), dtype=np.uint8),
        depth,
        Intrinsics(64, 48, 61.0, 60.0, 31.5, 23.5),
        99,
        7,
    )
    header = header_message(stamp_message(99), "optical")
    again = frame_from_messages(
        through_the_wire(colour_message(frame, header)),
        through_the_wire(depth_message(frame, header)),
        through_the_wire(camera_info_message(frame.intrinsics, header)),
        99,
        7,
    )
    np.testing.assert_array_equal(again.rgb, frame.rgb)
    np.testing.assert_array_equal(again.depth, frame.depth)
    assert again.intrinsics == frame.intrinsics


def test_a_mouth_becomes_a_transform_of_the_usual_kind() -> None:
    from booth_common.convert import stamp_message, transforms_message

    pose = Pose.from_rotation_vector((0.0, 0.0, np.pi / 2), (1.0, 2.0, 3.0))
    message = through_the_wire(transforms_message(stamp_message(5), [("base", "tip", pose)]))
    (stamped,) = message.transforms
    assert (stamped.header.frame_id, stamped.child_frame_id) == ("base", "tip")
    assert stamped.transform.translation.y == 2.0
    assert stamped.transform.rotation.z == pytest.approx(np.sqrt(0.5))
