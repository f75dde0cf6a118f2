"""The controller against a fake plant: what every goal promises."""

from collections.abc import Callable

import numpy as np
import pytest

from arm_control import (
    ArmModel,
    ArmStatus,
    Corridor,
    CycleReport,
    Enter,
    FaultKind,
    Goal,
    GoalError,
    Hold,
    Limits,
    MouthMotion,
    MoveJoints,
    MoveTip,
    Phase,
    Reference,
    SiteTarget,
    Wipe,
    Withdraw,
)
from arm_control.controller import ArmController
from arm_control.safety import LocalSafety
from spatial import Pose, Twist, Vector, Wrench
from tests.unit.arm_control.plant import Plant
from tests.unit.arm_control.rig import HOME

CORRIDOR = Corridor((0.0, 0.0, 0.0), (-1.0, 0.0, 0.0))
FACING = np.diag([-1.0, -1.0, 1.0])
SWAY = 0.002


class Bench:
    """Plant, controller and a swaying mouth, seen every 33rd cycle from ``first`` on."""

    first = 0

    def __init__(
        self,
        model: ArmModel,
        limits: Limits,
        sway: float = SWAY,
        stands: Vector = HOME,
        plant: Plant | None = None,
    ) -> None:
        self.plant = plant or Plant(model, stands, noise=0.003)
        self.safety = LocalSafety.for_arm(model, limits, self.plant.info)
        self.controller = ArmController(
            self.plant, self.plant, model, limits, self.safety, posture=HOME
        )
        self.sway = sway
        self.camera = True
        self.wall: tuple[Vector, Vector, float] | None = None
        self.cycles = 0
        self.commands: list[Vector] = []
        self.reports: list[CycleReport] = []
        for _ in range(250):
            self.cycle()

    def mouth(self) -> MouthMotion:
        w = 2 * np.pi * 0.35
        t = self.plant.now * 1e-9
        at = np.array((1.05 + self.sway * np.sin(w * t), 0.0, 0.35))
        twist = Twist((self.sway * w * np.cos(w * t), 0.0, 0.0))
        return MouthMotion(Pose(FACING, at), twist, self.plant.now)

    def cycle(self) -> CycleReport:
        self.plant.sleep_until(self.plant.now + 1_000_000)
        mouth = self.mouth()
        if self.camera and self.cycles % 33 == self.first:
            self.controller.follow(mouth)
        if self.wall is not None:
            point, normal, stiffness = self.wall
            pose = mouth.base_mouth
            self.plant.wall = (pose.apply(point), pose.rotate(normal), stiffness)
        self.cycles += 1
        report = self.controller.cycle()
        self.reports.append(report)
        self.commands.append(self.plant.queue[-1][0].copy())
        return report

    def run(self, until: Callable[[CycleReport], bool], seconds: float = 20.0) -> CycleReport:
        for _ in range(int(seconds * 1000)):
            report = self.cycle()
            if until(report):
                return report
        raise AssertionError(f"not reached in {seconds} s: {self.reports[-1]}")

    def do(self, goal: Goal, seconds: float = 20.0) -> CycleReport:
        self.controller.start(goal)
        return self.run(lambda report: report.done or report.fault is not None, seconds)

    def enter(self) -> None:
        before = Pose(Pose.from_axes((-1.0, 0, 0), (0, 1.0, 0)).rotation, (0.03, 0.0, 0.0))
        assert self.do(MoveTip(before, Reference.MOUTH)).fault is None
        assert self.do(Enter(CORRIDOR, 0.05)).fault is None

    def put_site(self, stiffness: float = 200.0) -> SiteTarget:
        point, normal = np.array((-0.08, 0.0, 0.0)), np.array((1.0, 0.0, 0.0))
        self.wall = (point + 0.0015 * normal, normal, stiffness)
        path = point + np.outer((-0.006, 0.0, 0.006), (0.0, 0.0, 1.0))
        return SiteTarget("posterior_wall", point, normal, path)


@pytest.fixture
def bench(model: ArmModel, limits: Limits) -> Bench:
    return Bench(model, limits)


def derivatives(commands: list[Vector]) -> tuple[Vector, ...]:
    q = np.array(commands)
    out = [q]
    for _ in range(3):
        out.append(np.diff(out[-1], axis=0) * 1000.0)
    return tuple(out)


def test_a_whole_visit_keeps_force_limits_and_strokes(bench: Bench, limits: Limits) -> None:
    bench.enter()
    first = len(bench.reports)
    report = bench.do(Wipe(bench.put_site(), strokes=3))
    assert report.fault is None
    assert report.strokes == 3
    wiping = [r.normal_force for r in bench.reports[first:] if r.phase is Phase.WIPING]
    assert max(wiping) < limits.force.soft
    assert np.mean(wiping) == pytest.approx(0.3, abs=0.05)
    bench.wall = None
    bench.plant.wall = None
    out = bench.do(Withdraw(0.08))
    assert out.done
    mouth_tip = bench.mouth().base_mouth.inverse() @ out.base_tip
    assert mouth_tip.translation == pytest.approx([0.08, 0.0, 0.0], abs=0.003)
    assert bench.do(MoveJoints(HOME)).position == pytest.approx(HOME, abs=1e-3)
    _, v, a, j = derivatives(bench.commands[250:])
    joints = limits.joints
    assert (np.abs(v) <= joints.velocity * (1 + 1e-6)).all()
    assert (np.abs(a) <= joints.acceleration * (1 + 1e-6)).all()
    assert (np.abs(j) <= joints.jerk * (1 + 1e-3)).all()


def test_the_tip_keeps_the_speed_of_its_zone(bench: Bench, limits: Limits) -> None:
    before = Pose(Pose.from_axes((-1.0, 0, 0), (0, 1.0, 0)).rotation, (0.03, 0.0, 0.0))
    bench.do(MoveTip(before, Reference.MOUTH))
    first = len(bench.reports)
    bench.do(Enter(CORRIDOR, 0.05))
    tips = np.array([r.base_tip.translation for r in bench.reports[first:]])
    speed = np.linalg.norm(np.diff(tips[::20], axis=0), axis=1) / 0.02
    inside = [r.zone == 2 for r in bench.reports[first:]][::20][1:]
    assert speed[np.array(inside)].max() < limits.speed.mouth + SWAY * 2.3 + 0.004


def test_no_goal_before_the_first_cycle_and_no_entry_from_aside(bench: Bench) -> None:
    with pytest.raises(GoalError, match="beside the corridor"):
        bench.controller.start(Enter(Corridor((0.0, 0.06, 0.0), (-1.0, 0.0, 0.0)), 0.05))
    with pytest.raises(GoalError, match="bias"):
        bench.controller.start(Wipe(bench.put_site()))
    with pytest.raises(GoalError, match="outside"):
        bench.controller.start(MoveJoints(HOME + 3.0))


def test_unexpected_contact_on_the_way_ends_the_goal(bench: Bench) -> None:
    bench.wall = (np.array((-0.03, 0.0, 0.0)), np.array((1.0, 0.0, 0.0)), 300.0)
    before = Pose(Pose.from_axes((-1.0, 0, 0), (0, 1.0, 0)).rotation, (0.03, 0.0, 0.0))
    bench.do(MoveTip(before, Reference.MOUTH))
    report = bench.do(Enter(CORRIDOR, 0.05))
    assert report.fault is not None
    assert report.fault.kind is FaultKind.FORCE
    assert not report.fault.latched


def test_no_tissue_where_the_target_says_is_told(bench: Bench) -> None:
    bench.enter()
    site = bench.put_site()
    bench.wall = None
    report = bench.do(Wipe(site))
    assert report.fault is not None
    assert report.fault.kind is FaultKind.NO_CONTACT


def test_a_pose_out_of_reach_ends_with_a_reason(bench: Bench) -> None:
    here = bench.plant.model.base_tip(HOME)
    far = Pose(here.rotation, here.translation + np.array((-0.2, 0.0, 1.6)))
    report = bench.do(MoveTip(far, speed=0.5))
    assert report.fault is not None
    assert report.fault.kind is FaultKind.UNREACHED
    assert not report.fault.latched
    assert bench.run(lambda r: r.phase is Phase.STOPPED or r.done, 1.0).done


def test_without_pictures_following_ends_but_holding_does_not(bench: Bench) -> None:
    bench.enter()
    bench.camera = False
    bench.controller.start(Enter(CORRIDOR, 0.07))
    report = bench.run(lambda r: r.fault is not None, 2.0)
    assert report.fault is not None
    assert report.fault.kind is FaultKind.STALE_MOUTH


@pytest.mark.parametrize(
    ("spoil", "kind"),
    [
        (lambda plant: setattr(plant, "bias", Wrench((3.0, 0.0, 0.0))), FaultKind.FORCE),
        (lambda plant: setattr(plant, "status", ArmStatus.PROTECTIVE_STOP), FaultKind.ARM),
        (lambda plant: plant.freeze(), FaultKind.FROZEN_SENSOR),
        (lambda plant: plant.lose_numbers(), FaultKind.NOT_A_NUMBER),
    ],
)
def test_a_trip_latches_until_a_person_resets_it(
    bench: Bench, spoil: Callable[[Plant], None], kind: FaultKind
) -> None:
    bench.enter()
    spoil(bench.plant)
    report = bench.run(lambda r: r.fault is not None and r.fault.latched, 1.0)
    assert report.fault is not None
    assert report.fault.kind is kind
    with pytest.raises(GoalError, match="reset"):
        bench.controller.start(Hold())
    if kind is not FaultKind.ARM:
        last = bench.run(lambda r: r.done, 10.0)
        mouth_tip = bench.mouth().base_mouth.inverse() @ last.base_tip
        assert mouth_tip.translation[0] > 0.05
    bench.plant.mend()
    with pytest.raises(ValueError, match="person"):
        bench.controller.reset(" ")
    bench.controller.reset("Nurse Li")
    bench.run(lambda r: r.fault is None, 0.1)
    bench.controller.start(Hold())


def test_pause_keeps_still_and_resume_finishes_without_catching_up(bench: Bench) -> None:
    bench.sway = 0.0
    bench.controller.start(MoveJoints(HOME + 0.2))
    bench.run(lambda r: r.progress > 0.3)
    bench.controller.pause()
    for _ in range(700):
        bench.cycle()
    still = bench.cycle().position
    for _ in range(500):
        report = bench.cycle()
    assert report.position == pytest.approx(still, abs=1e-6)
    with pytest.raises(GoalError, match="name"):
        bench.controller.resume("")
    bench.controller.resume("Nurse Li")
    assert bench.run(lambda r: r.done).position == pytest.approx(HOME + 0.2, abs=1e-3)
    _, v, _, j = derivatives(bench.commands[300:])
    assert np.abs(v).max() <= 0.5 * bench.controller.limits.joints.velocity.max() * 1.01
    assert (np.abs(j) <= bench.controller.limits.joints.jerk * (1 + 1e-3)).all()


def test_stop_rests_within_its_bound_from_any_goal(bench: Bench, limits: Limits) -> None:
    bench.controller.start(MoveJoints(HOME + 0.4, scale=1.0))
    bench.run(lambda r: r.progress > 0.5)
    v = np.abs(bench.controller._state["v"][0]).max()
    assert v > 0.05
    bench.controller.stop()
    A, J = limits.joints.acceleration.min(), limits.joints.jerk.min()
    bound = v / A + 4.0 * A / J + 0.01
    report = bench.run(lambda r: r.phase is Phase.STOPPED, bound)
    assert report.done


def test_a_stop_ends_a_pause_and_its_goal(bench: Bench) -> None:
    bench.controller.start(MoveJoints(HOME + 0.4, scale=1.0))
    bench.run(lambda r: r.progress > 0.3)
    bench.controller.pause()
    bench.controller.stop()
    assert bench.run(lambda r: r.done, 2.0).phase is Phase.STOPPED
    with pytest.raises(GoalError, match="nothing is paused"):
        bench.controller.resume("Nurse Li")


def test_the_camera_is_where_it_was_when_the_picture_was_taken(bench: Bench) -> None:
    bench.controller.start(MoveJoints(HOME + 0.2))
    bench.run(lambda r: r.progress > 0.5)
    stamp = bench.reports[-40].stamp_ns
    expected = bench.controller.model.base_camera(bench.reports[-40].position)
    assert bench.controller.base_camera_at(stamp).almost_equals(expected, 1e-9)
