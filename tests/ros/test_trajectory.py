"""Any arm over ROS 2 topics, against a stand-in for its controllers: the driver and its bench."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from booth_arm.bench import Bench, BenchSettings

from arm_control.errors import ArmControlError
from arm_control.monitor import Pace
from arm_control.motion import MoveJoints
from arm_control.ports import ArmStatus, JointCommand
from sim.arms import arm as described
from sim.scene import Scene
from spatial import NANOSECONDS_PER_SECOND
from tests.calibrations import written
from tests.waiting import eventually

pytestmark = [pytest.mark.ros, pytest.mark.timeout(280)]

RESTING = np.array([0.3, -1.6, 1.9, -1.87, -1.57, 0.0])
RATE_HZ = 100.0
BOOTH = f"/east_{os.getpid()}"


@pytest.fixture(scope="module", autouse=True)
def domain() -> Iterator[None]:
    """A domain id of our own: nobody else's arm is driven."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ROS_DOMAIN_ID", str(1 + os.getpid() % 100))
        yield


@pytest.fixture(scope="module")
def robot() -> Iterator[Any]:
    from stand_in.controller import StandInController

    robot = StandInController(described("ur5").joint_names, RESTING + 0.05, BOOTH)
    yield robot
    robot.close()


@pytest.fixture
def bench(robot: Any, tmp_path: Path) -> Iterator[Bench]:  # noqa: ARG001 - it must be there to be driven
    from booth_arm.real import open_real

    file = written(tmp_path, Scene(arm_name="ur5").tool)
    settings = BenchSettings(
        "trajectory", "", "ur5", rate_hz=RATE_HZ, namespace=BOOTH, calibration=file
    )
    bench = open_real(settings, Pace.LOCK_STEP)
    yield bench
    bench.close()


def fly(bench: Bench, over: Callable[[Any], bool], cycles: int = 6_000) -> Any:
    """Cycle as the loop does until ``over`` a report; return that."""
    period = round(NANOSECONDS_PER_SECOND / RATE_HZ)
    for _ in range(cycles):
        report = bench.controller.cycle()
        if over(report):
            return report
        bench.clock.sleep_until(bench.clock.now_ns() + period)
    raise AssertionError(f"never came: {report}")


def test_a_goal_is_reached_by_set_points_and_the_gripper_obeys(robot: Any, bench: Bench) -> None:
    assert bench.driver.info.joint_names == described("ur5").joint_names
    for _ in range(20):  # a busy machine may make a cycle late, which trips: a person resets
        fly(bench, lambda report: report.done or report.fault is not None)
        if bench.controller.latched:
            bench.controller.reset("Li Wei")
            continue
        bench.controller.start(MoveJoints(RESTING, 0.5))
        report = fly(bench, lambda report: report.done)
        if report.fault is None:
            break
    assert report.position == pytest.approx(RESTING, abs=5e-3)
    names = described("ur5").joint_names
    assert [robot.position[name] for name in names] == pytest.approx(RESTING, abs=5e-3)
    assert robot.position["a_wheel"] == 0.0
    assert list(robot.setpoints[-1].joint_names) == list(names)
    assert robot.setpoints[-1].points[0].time_from_start.nanosec == 20_000_000
    bench.gripper.grasp()
    assert eventually(lambda: bench.gripper.holding)
    bench.gripper.release()
    assert eventually(lambda: not bench.gripper.holding)


def test_a_stop_is_the_last_word_until_the_reset(robot: Any, bench: Bench) -> None:
    driver = bench.driver
    here = driver.read().position
    driver.stop()
    driver.write(JointCommand(here + 1.0, np.zeros(6)))
    assert eventually(lambda: robot.setpoints[-1].points[0].time_from_start.nanosec == 150_000_000)
    assert list(robot.setpoints[-1].points[0].positions) == pytest.approx(here, abs=5e-3)
    assert driver.read().status is ArmStatus.STOPPED
    driver.reset()
    assert eventually(lambda: driver.read().status is ArmStatus.READY)
    driver.write(JointCommand(here, np.zeros(6)))
    assert eventually(lambda: robot.setpoints[-1].points[0].time_from_start.nanosec == 20_000_000)


def test_controllers_that_fall_silent_are_an_arm_that_is_gone(robot: Any, bench: Bench) -> None:
    assert eventually(lambda: bench.driver.read().status is ArmStatus.READY)
    robot.silent = True
    try:
        assert eventually(lambda: bench.driver.read().status is ArmStatus.OFFLINE)
        report = fly(bench, lambda report: report.fault is not None)
        assert report.fault.latched
    finally:
        robot.silent = False


def test_an_arm_that_never_speaks_is_refused() -> None:
    from booth_arm.trajectory import TrajectoryArm
    from booth_common.beside import NodeBeside

    link = NodeBeside("arm_driver", f"{BOOTH}/nobody")
    try:
        with pytest.raises(ArmControlError, match="no driver/joint_states with the joints one"):
            TrajectoryArm(link, ("one",), RATE_HZ, first_s=0.3)
    finally:
        link.close()
