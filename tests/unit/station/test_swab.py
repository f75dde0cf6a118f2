"""One swab, one person."""

from station.swab import SwabHolder
from tests.unit.station.rig import FakeGripper, Rig


def test_a_swab_is_fresh_from_grasping_until_it_goes_into_a_mouth() -> None:
    swab = SwabHolder(FakeGripper())
    swab.grasp()
    assert swab.holding
    assert not swab.used
    swab.use()
    assert swab.used
    swab.release()
    assert not swab.used


def test_a_swab_found_in_the_gripper_is_used_unless_somebody_says_so() -> None:
    assert SwabHolder(FakeGripper(holding=True)).used
    assert not SwabHolder(FakeGripper(holding=True), fresh=True).used


def test_a_used_swab_goes_to_the_bin_before_a_fresh_one_is_taken(rig: Rig) -> None:
    """After a fault the swab of the last person is still in the hand."""
    rig.gripper.holding = True
    session = rig.seated()
    rig.run(session)
    assert rig.gripper.log == ["release", "grasp", "release"]


def test_a_fresh_swab_is_kept(rig: Rig) -> None:
    rig.gripper.holding = True
    rig.swab = SwabHolder(rig.gripper, fresh=True)
    rig.run(rig.seated())
    assert rig.gripper.log == ["release"]
