"""The driver, through the maker's own client, against a stand-in that speaks the wire protocols."""

import time
from collections.abc import Iterator

import numpy as np
import pytest

from arm_control import ArmControlError, ArmStatus, JointCommand

pytest.importorskip("rtde_control", reason="the extra `ur` is not installed")

from arm_control.drivers.universal_robots import UniversalRobotsArm, UniversalRobotsPosture
from tests.unit.arm_control.ur_stand_in import StandIn, stand_in
from tests.unit.arm_control.wire import loopback
from tests.waiting import eventually

SERVO_J, SERVO_STOP, STOP_SCRIPT = 11, 16, 255


@pytest.fixture(scope="module")
def address() -> str:
    return loopback()


@pytest.fixture(scope="module")
def robot(address: str) -> Iterator[StandIn]:
    with stand_in(address) as robot:
        yield robot


@pytest.fixture
def arm(robot: StandIn, address: str) -> Iterator[UniversalRobotsArm]:
    arm = UniversalRobotsArm(address, rate_hz=125.0)
    yield arm
    robot.lose_packages(False)
    robot.unlock()
    arm.close()


def goal(value: float) -> JointCommand:
    return JointCommand(np.full(6, value), np.zeros(6))


def drive(arm: UniversalRobotsArm, value: float) -> bool:
    """Send set-points, as a loop would, until the arm is there."""

    def there() -> bool:
        arm.write(goal(value))
        return bool(np.allclose(arm.read().position, value))

    return eventually(there)


def test_state_arrives_with_the_time_it_was_measured(
    arm: UniversalRobotsArm, robot: StandIn
) -> None:
    robot.feel([1.0, 2.0, 3.0, 0.1, 0.2, 0.3])
    assert eventually(lambda: arm.read().wrench.force[2] == 3.0)
    state = arm.read()
    assert state.wrench.torque == pytest.approx([0.1, 0.2, 0.3])
    assert state.position == pytest.approx(robot.look()["position"])
    assert state.status is ArmStatus.READY
    first = arm.read().stamp_ns
    assert eventually(lambda: arm.read().stamp_ns > first)
    stamp = arm.read().stamp_ns  # read first: it may come while the clock is looked at
    assert 0 <= time.monotonic_ns() - stamp < 5_000_000_000


def test_a_set_point_reaches_the_arm(arm: UniversalRobotsArm, robot: StandIn) -> None:
    assert drive(arm, 0.25)
    last = robot.look()["servo"]
    assert [last[f"input_double_register_{k}"] for k in range(6)] == pytest.approx([0.25] * 6)
    assert last["input_double_register_8"] == pytest.approx(1.0 / 125.0)


def test_lost_packages_show_as_age(arm: UniversalRobotsArm, robot: StandIn) -> None:
    arm.read()
    robot.lose_packages(True)
    time.sleep(0.2)
    stuck = arm.read().stamp_ns
    time.sleep(0.2)
    state = arm.read()
    assert state.stamp_ns == stuck
    assert time.monotonic_ns() - state.stamp_ns > 150_000_000
    robot.lose_packages(False)
    assert eventually(lambda: arm.read().stamp_ns > stuck)


def test_stop_brakes_and_drops_set_points_until_reset(
    arm: UniversalRobotsArm, robot: StandIn
) -> None:
    assert drive(arm, 0.1)
    arm.stop()
    assert SERVO_STOP in robot.look()["commands"]
    arm.write(goal(0.9))
    time.sleep(0.1)
    assert robot.look()["position"] == pytest.approx([0.1] * 6)
    arm.reset()
    assert drive(arm, 0.2)


def test_a_protective_stop_is_told_and_unlocked_on_reset_alone(
    arm: UniversalRobotsArm, robot: StandIn
) -> None:
    assert drive(arm, 0.1)
    robot.stop_protectively()
    assert eventually(lambda: arm.read().status is ArmStatus.PROTECTIVE_STOP)
    arm.write(goal(0.9))
    time.sleep(0.1)
    assert 0.9 not in robot.look()["position"]
    assert robot.look()["protective"]
    arm.reset()
    assert "unlock protective stop" in robot.look()["dashboard"]
    assert arm.read().status is ArmStatus.READY
    assert drive(arm, 0.3)


def test_an_arm_that_stays_locked_refuses_the_reset(
    arm: UniversalRobotsArm, robot: StandIn
) -> None:
    robot.stop_protectively(locked=True)
    assert eventually(lambda: arm.read().status is ArmStatus.PROTECTIVE_STOP)
    with pytest.raises(ArmControlError, match="protective_stop"):
        arm.reset()


def test_no_controller_and_impossible_gains_are_refused() -> None:
    with pytest.raises(ArmControlError, match="no Universal Robots controller"):
        UniversalRobotsArm("127.255.255.254")
    with pytest.raises(ArmControlError, match="look-ahead"):
        UniversalRobotsArm("127.255.255.254", lookahead_s=0.01)


def test_an_arm_that_somebody_else_leads_is_only_listened_to(robot: StandIn, address: str) -> None:
    before = len(robot.look()["commands"])
    posture = UniversalRobotsPosture(address)
    try:
        assert posture.read() == pytest.approx(robot.look()["position"])
        robot.feel([0.5, 0.0, -7.0, 0.1, 0.0, 0.2])
        assert eventually(lambda: posture.feel()[1].force[2] == -7.0)
        assert posture.feel()[1].torque == pytest.approx([0.1, 0.0, 0.2])
        assert len(robot.look()["commands"]) == before
    finally:
        posture.close()
    with pytest.raises(ArmControlError, match="hung up"):
        posture.read()
    with pytest.raises(ArmControlError, match="check power"):
        UniversalRobotsPosture(loopback())
