"""The driver of UFACTORY's arms, through the maker's client, against a stand-in on the wire."""

import socket
import time
from collections.abc import Iterator

import numpy as np
import pytest

from arm_control import ArmControlError, ArmStatus, JointCommand
from tests.unit.arm_control.xarm_stand_in import COMMAND_PORT, StandIn
from tests.waiting import eventually

pytest.importorskip("xarm", reason="the extra xarm is not installed")
from xarm.core.config.x_config import XCONF

from arm_control.drivers.ufactory import UFactoryArm

JOINTS = tuple(f"joint{k}" for k in range(1, 8))


@pytest.fixture
def box(monkeypatch: pytest.MonkeyPatch) -> Iterator[StandIn]:
    box = StandIn()
    monkeypatch.setattr(XCONF.SocketConf, "TCP_CONTROL_PORT", COMMAND_PORT)
    yield box
    box.close()


@pytest.fixture
def arm(box: StandIn) -> Iterator[UFactoryArm]:
    arm = UFactoryArm(box.address, JOINTS)
    yield arm
    arm.close()
    socket.setdefaulttimeout(None)  # the client leaves one behind where it connected anew


def test_states_and_set_points_cross_the_wire(arm: UFactoryArm, box: StandIn) -> None:
    state = arm.read()
    assert state.status is ArmStatus.READY
    assert state.position == pytest.approx(0.1 * np.arange(7), abs=1e-5)
    assert state.wrench.force == pytest.approx((0.1, -0.2, 6.0), abs=1e-2)
    assert state.effort == pytest.approx(np.full(7, 0.5))
    goal = state.position + 0.01
    arm.write(JointCommand(goal, np.zeros(7)))
    assert eventually(lambda: bool(box.set_points))
    assert box.set_points[-1] == pytest.approx(goal, abs=1e-6)
    assert eventually(lambda: bool(np.allclose(arm.read().position, goal, atol=1e-5)))


def test_a_stop_is_said_to_the_arm_and_set_points_are_dropped_until_reset(
    arm: UFactoryArm, box: StandIn
) -> None:
    arm.stop()
    assert eventually(lambda: arm.read().status is ArmStatus.STOPPED)
    arm.write(JointCommand(np.zeros(7), np.zeros(7)))
    assert box.set_points == []
    arm.reset()
    assert eventually(lambda: arm.read().status is ArmStatus.READY)  # an older report may come
    arm.write(JointCommand(np.zeros(7), np.zeros(7)))
    assert eventually(lambda: bool(box.set_points))


def test_a_collision_is_a_protective_stop_and_a_person_resets_it(
    arm: UFactoryArm, box: StandIn
) -> None:
    box.collide()
    assert eventually(lambda: arm.read().status is ArmStatus.PROTECTIVE_STOP)
    arm.write(JointCommand(np.zeros(7), np.zeros(7)))
    assert box.set_points == []
    arm.reset()
    assert arm.read().status is ArmStatus.READY


def test_an_emergency_stop_is_a_fault(arm: UFactoryArm, box: StandIn) -> None:
    box.press_emergency_stop()
    assert eventually(lambda: arm.read().status is ArmStatus.FAULT)


def test_without_reports_the_last_one_grows_old_and_the_arm_is_offline(
    arm: UFactoryArm, box: StandIn
) -> None:
    box.reporting = False
    assert eventually(lambda: arm.read().status is ArmStatus.OFFLINE)
    stamp = arm.read().stamp_ns
    time.sleep(0.05)
    assert arm.read().stamp_ns == stamp
    arm.write(JointCommand(np.zeros(7), np.zeros(7)))
    assert box.set_points == []
    box.reporting = True
    assert eventually(lambda: arm.read().status is ArmStatus.READY)


def test_an_arm_without_force_sensor_is_refused(
    box: StandIn,
) -> None:
    box.force = (0.0,) * 6
    with pytest.raises(ArmControlError, match="reports no force"):
        UFactoryArm(box.address, JOINTS)


def test_another_arm_or_none_is_refused(box: StandIn) -> None:
    with pytest.raises(ArmControlError, match="has 7 joints, not 6"):
        UFactoryArm(box.address, JOINTS[:6])
    box.close()
    with pytest.raises(ArmControlError, match="no UFACTORY control box"):
        UFactoryArm(box.address, JOINTS)
