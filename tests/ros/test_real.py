"""The arm node's loop with a real arm's bench: a UR arm on the wire, any arm over ROS 2 topics."""

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from booth_arm import loop, real
from booth_arm.bench import Bench, BenchSettings
from booth_arm.link import LoopLink, LoopNames, LoopState, Order
from booth_arm.real import open_real

from arm_control.errors import ArmControlError
from arm_control.model import ArmModel
from arm_control.motion import MoveJoints
from arm_control.ports import ArmStatus
from sim.scene import Scene
from station.errors import StationError
from station.makers import MAKERS
from tests.calibrations import written
from tests.unit.arm_control.robotiq_stand_in import RobotiqStandIn, robotiq_stand_in
from tests.unit.arm_control.wire import loopback
from tests.waiting import eventually

pytestmark = [pytest.mark.ros, pytest.mark.timeout(280)]

RESTING = np.array([0.3, -1.6, 1.9, -1.87, -1.57, 0.0])
"""Drawn in over the pedestal, away from everybody."""


@contextmanager
def permitted(link: LoopLink) -> Iterator[None]:
    """Renew the permit, as the arm node does while the safety node says that all is well."""
    over = threading.Event()

    def renew() -> None:
        while not over.wait(0.05):
            link.permit(granted=True, reason="")

    thread = threading.Thread(target=renew, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


class Arm:
    """A loop's process, spoken to as the arm node does."""

    def __init__(self, link: LoopLink) -> None:
        self.link = link
        self._goals = 0

    @property
    def state(self) -> LoopState:
        seen: list[LoopState] = []

        def shown() -> bool:
            if (state := self.link.state()) is not None:  # it may just be written
                seen.append(state)
            return bool(seen)

        assert eventually(shown)
        return seen[-1]

    def move(self, position: np.ndarray) -> None:
        """Go there; where a busy machine made the loop late, do what the staff would, and go on."""
        for _ in range(20):
            self._goals += 1
            if self.link.ask(Order.START, self._goals, MoveJoints(position, 0.5)).accepted:
                assert eventually(self._ended)
                if not self.state.latched and self.state.report.fault is None:
                    return
            elif self.state.latched:
                self.link.ask(Order.RESET, "Li Wei")
            time.sleep(0.1)
        raise AssertionError(f"it does not get there: {self.state.latched or self.state.report}")

    def _ended(self) -> bool:
        state = self.state
        return state.goal_id == self._goals and state.report.done


@pytest.fixture(scope="module")
def address() -> str:
    return loopback()


@pytest.fixture(scope="module")
def robot(address: str) -> Iterator[Any]:
    pytest.importorskip("rtde_control", reason="the extra `ur` is not installed")
    from tests.unit.arm_control.ur_stand_in import stand_in

    with stand_in(address) as robot:
        robot.shiver(0.01)
        yield robot


@pytest.fixture(scope="module")
def fingers(address: str) -> Iterator[RobotiqStandIn]:
    with robotiq_stand_in(address, 63352) as fingers:
        yield fingers


@pytest.fixture(scope="module")
def arm(
    robot: Any,  # noqa: ARG001 - both must be there to be driven
    fingers: RobotiqStandIn,  # noqa: ARG001
    address: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Arm]:
    name = f"test_ur_{os.getpid()}"
    main = partial(loop.main, open_=open_real)
    file = written(tmp_path_factory.mktemp("ur"), Scene(arm_name="ur5").tool)
    bench = BenchSettings("ur", address, "ur5", rate_hz=125.0, calibration=file)
    settings = loop.LoopSettings(name, bench, 1.0)
    link = LoopLink(main, settings, LoopNames(name), answer_s=20.0, start_timeout_s=240.0)
    with permitted(link):
        yield Arm(link)
    link.close()  # as the node does it: the permits end first


def test_goals_reach_a_real_arm(arm: Arm, robot: Any) -> None:
    assert arm.link.info.joints == 6
    arm.move(RESTING)
    assert robot.look()["position"] == pytest.approx(RESTING, abs=2e-3)
    assert arm.state.report.position == pytest.approx(RESTING, abs=2e-3)


def test_no_real_arm_moves_without_a_calibration(address: str) -> None:
    with pytest.raises(StationError, match="booth calibrate take"):
        open_real(BenchSettings("ur", address, "ur5"))


def test_its_gripper_holds_and_lets_go(arm: Arm, fingers: RobotiqStandIn) -> None:
    assert arm.link.ask(Order.GRASP).accepted
    assert eventually(lambda: arm.state.holding)
    assert fingers.wanted == 255
    assert arm.link.ask(Order.RELEASE).accepted
    assert eventually(lambda: not arm.state.holding)


def test_a_stop_of_its_own_latches_until_a_person_has_reset(arm: Arm, robot: Any) -> None:
    arm.move(RESTING)
    robot.stop_protectively()
    assert eventually(lambda: bool(arm.state.latched))
    answer = arm.link.ask(Order.START, 999, MoveJoints(RESTING, 0.5))
    assert not answer.accepted
    assert "reset" in answer.message
    robot.unlock()
    assert eventually(lambda: arm.link.ask(Order.RESET, "Li Wei").accepted)
    arm.move(RESTING + 0.1)
    assert robot.look()["position"] == pytest.approx(RESTING + 0.1, abs=2e-3)


# Franka: see test_franka.py, the maker's client may hang while it connects
@pytest.fixture(params=[pytest.param("franka", marks=pytest.mark.slow), "xarm"])
def box(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Iterator[Any]:
    """A maker's control box and the settings of its arm."""
    if request.param == "franka":
        pytest.importorskip("pylibfranka", reason="the extra `franka` is not installed")
        from tests.unit.arm_control.franka_stand_in import StandIn

        arm, rate_hz = "fr3", 500.0
    else:
        pytest.importorskip("xarm", reason="the extra `xarm` is not installed")
        from arm_control.drivers.ufactory import info_of
        from tests.unit.arm_control.xarm_stand_in import StandIn, open_arm

        def on_its_port(address: str, model: ArmModel, rate: float | None) -> Any:
            assert rate is not None
            make = partial(open_arm, address, model.joint_names, rate)
            return info_of(address, model.joint_names, rate), make

        monkeypatch.setattr(real, "MAKERS", MAKERS | {"xarm": on_its_port})
        arm, rate_hz = "xarm7", 100.0
    box = StandIn()
    space = f"/{request.param}_{os.getpid()}"
    file = written(tmp_path, Scene(arm_name=arm).tool)
    yield (
        box,
        BenchSettings(
            request.param, box.address, arm, rate_hz=rate_hz, namespace=space, calibration=file
        ),
    )
    box.close()


def ready(bench: Bench) -> bool:
    """Whether the arm is; where a busy machine kept set-points from it, staff reset it."""
    bench.controller.cycle()
    if bench.controller.latched:
        with suppress(ArmControlError):
            bench.controller.reset("Li Wei")
    return bench.driver.read().status is ArmStatus.READY


def test_other_makers_arms_come_with_a_gripper_on_topics(box: Any) -> None:
    stand_in, settings = box
    bench = open_real(settings)
    try:
        assert bench.driver.info.rate_hz == settings.rate_hz
        assert eventually(lambda: ready(bench))
        assert bench.driver.read().position == pytest.approx(stand_in.position, abs=1e-5)
        with pytest.raises(ArmControlError, match="start the gripper's node"):
            bench.gripper.grasp()
    finally:
        bench.close()
