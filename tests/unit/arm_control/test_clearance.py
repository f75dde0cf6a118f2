"""The way ahead: what is in it is seen before the arm moves, and a way out is never refused."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from arm_control import (
    ArmControlError,
    ArmModel,
    Capsule,
    GoalError,
    Limits,
    MouthMotion,
    MoveJoints,
    MoveTip,
    Surroundings,
    Withdraw,
)
from arm_control.clearance import apart
from arm_control.controller import ArmController
from arm_control.safety import LocalSafety
from spatial import Pose, Twist, Vector
from tests.unit.arm_control.plant import Plant
from tests.unit.arm_control.rig import HOME

TURN = np.array((0.7, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0))
UP = np.array((0.0, 0.0, 0.01))
POINT = arrays(np.float64, 3, elements=st.floats(-2.0, 2.0))


def standing(model: ArmModel, limits: Limits, around: Surroundings) -> ArmController:
    """Return a controller that has cycled at home."""
    plant = Plant(model, HOME)
    safety = LocalSafety.for_arm(model, limits, plant.info)
    controller = ArmController(plant, plant, model, limits, safety, around)
    for _ in range(5):
        plant.sleep_until(plant.now + 1_000_000)
        controller.cycle()
    motion = MouthMotion(Pose(np.diag([-1.0, -1.0, 1.0]), (1.3, 0.0, 0.35)), Twist(), plant.now)
    controller.follow(motion)
    plant.sleep_until(plant.now + 1_000_000)
    controller.cycle()
    return controller


def on_the_way(model: ArmModel) -> Vector:
    """Where the jaws are after half of a turn of the first joint."""
    return model.base_flange(HOME + TURN / 2.0).apply(model.tool.flange_jaws)


@pytest.mark.parametrize("frame", ["booth", "person"])
def test_a_body_in_the_way_is_refused_and_named_and_one_beside_it_is_not(
    model: ArmModel, limits: Limits, frame: str
) -> None:
    base_mouth = Pose(np.diag([-1.0, -1.0, 1.0]), (1.3, 0.0, 0.35))
    for above, refused in ((0.0, True), (0.35, False)):
        at = on_the_way(model) + np.array((0.0, 0.0, above))
        at = at if frame == "booth" else base_mouth.inverse().apply(at)
        post = (Capsule("the post", at - UP, at + UP, 0.02),)
        around = Surroundings(**{frame: post})
        controller = standing(model, limits, around)
        before = controller.goal
        if refused:
            with pytest.raises(GoalError, match=r"joint 7 would be .* from the post"):
                controller.start(MoveJoints(HOME + TURN))
            assert controller.goal is before
            report = controller.cycle()
            assert report.fault is None
            assert report.position == pytest.approx(HOME, abs=1e-9)
        controller.start(MoveJoints(HOME - TURN if refused else HOME + TURN))


def test_the_floor_and_a_tip_goal_are_looked_at_too(model: ArmModel, limits: Limits) -> None:
    low = model.base_tip(HOME)
    down = Pose(low.rotation, low.translation - (0.15, 0.0, 0.35))
    with pytest.raises(GoalError, match="from the floor"):
        standing(model, limits, Surroundings(floor=-0.02)).start(MoveTip(down))
    standing(model, limits, Surroundings(floor=-0.8)).start(MoveTip(down))


def test_a_way_out_is_never_refused_nor_a_way_that_leaves_what_is_near(
    model: ArmModel, limits: Limits
) -> None:
    here = model.base_flange(HOME).apply(model.tool.flange_jaws)
    at = here + np.array((0.0, 0.07, 0.0))
    body = Capsule("the head", at, at, 0.02)
    controller = standing(model, limits, Surroundings((body,)))
    controller.start(Withdraw())
    controller.start(MoveJoints(HOME - TURN))
    with pytest.raises(GoalError, match="the head"):
        controller.start(MoveJoints(HOME + TURN))


@given(p1=POINT, q1=POINT, p2=POINT, q2=POINT)
def test_the_distance_of_segments_is_the_least_of_their_points(
    p1: Vector, q1: Vector, p2: Vector, q2: Vector
) -> None:
    distance = apart(p1, q1, p2, q2)
    assert distance == pytest.approx(apart(p2, q2, q1, p1), abs=1e-9)
    share = np.linspace(0.0, 1.0, 41)[:, None]
    first, second = p1 + share * (q1 - p1), p2 + share * (q2 - p2)
    sampled = np.linalg.norm(first[:, None] - second[None], axis=2).min()
    assert distance <= sampled + 1e-9
    coarse = (np.linalg.norm(q1 - p1) + np.linalg.norm(q2 - p2)) / 80.0
    assert distance >= sampled - coarse - 1e-9


def test_bodies_that_cannot_be_are_refused() -> None:
    with pytest.raises(ArmControlError, match="radius"):
        Capsule("nothing", (0.0, 0.0, 0.0), (0.0, 0.0, 1.0), 0.0)
    with pytest.raises(ArmControlError, match="margin"):
        Surroundings(margin=-0.1)
    with pytest.raises(ArmControlError, match="link_radius"):
        Surroundings(link_radius=0.0)
