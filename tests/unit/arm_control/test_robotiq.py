"""The gripper's driver against a stand-in that speaks its lines."""

from collections.abc import Iterator

import pytest

from arm_control.drivers.robotiq import RobotiqGripper
from arm_control.errors import ArmControlError
from tests.unit.arm_control.robotiq_stand_in import RobotiqStandIn, robotiq_stand_in
from tests.waiting import eventually


@pytest.fixture
def fingers() -> Iterator[RobotiqStandIn]:
    with robotiq_stand_in("127.0.0.1") as stand_in:
        yield stand_in


@pytest.fixture
def gripper(fingers: RobotiqStandIn) -> Iterator[RobotiqGripper]:
    gripper = RobotiqGripper(*fingers.door.getsockname(), force=5)
    yield gripper
    gripper.close()


def test_a_shaft_is_held_from_the_grasp_to_the_release(
    gripper: RobotiqGripper, fingers: RobotiqStandIn
) -> None:
    assert fingers.lines.count("SET ACT 1") == 1
    assert not gripper.holding
    gripper.grasp()
    assert eventually(lambda: gripper.holding)
    assert "SET POS 255 SPE 128 FOR 5 GTO 1" in fingers.lines
    gripper.release()
    assert eventually(lambda: not gripper.holding)
    assert fingers.wanted == 0


def test_fingers_that_close_on_nothing_hold_nothing(
    gripper: RobotiqGripper, fingers: RobotiqStandIn
) -> None:
    fingers.shaft = False
    gripper.grasp()
    assert eventually(lambda: fingers.wanted == 255)
    seen = len(fingers.lines)
    assert eventually(lambda: len(fingers.lines) > seen + 20)
    assert not gripper.holding


@pytest.mark.parametrize("trouble", ["hangs up", "refuses"])
def test_a_gripper_that_is_lost_holds_nothing_and_takes_no_orders(
    gripper: RobotiqGripper, fingers: RobotiqStandIn, trouble: str
) -> None:
    gripper.grasp()
    assert eventually(lambda: gripper.holding)
    if trouble == "refuses":
        fingers.mute = True
        gripper.grasp()
    else:
        fingers.hang_up()

    def refused() -> bool:
        try:
            gripper.release()
        except ArmControlError as error:
            return "is lost" in str(error)
        return False

    assert eventually(refused)
    assert eventually(lambda: not gripper.holding)


def test_where_no_gripper_answers_nothing_opens(fingers: RobotiqStandIn) -> None:
    address, port = fingers.door.getsockname()
    with pytest.raises(ArmControlError, match="outside 0 to 255"):
        RobotiqGripper(address, port, force=256)
    with pytest.raises(ArmControlError, match="check that its URCap runs"):
        RobotiqGripper("127.0.0.2", port)
