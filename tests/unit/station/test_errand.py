"""An errand: what it does in order, and when a fault ends it."""

from dataclasses import replace

import pytest

from arm_control.motion import Hold
from arm_control.report import Fault, FaultKind, Phase
from station.errand import Act, Errand, Progress
from tests.unit.station.rig import FakeArm


def test_goals_and_actions_follow_each_other() -> None:
    arm, done = FakeArm(), list[str]()
    steps = [Hold(), Act(lambda: done.append("grasp")), Hold()]
    errand = Errand(arm, steps)
    progress = errand.advance(arm.cycle())
    for _ in range(30):
        if progress is Progress.FINISHED:
            break
        assert done == (["grasp"] if len(arm.goals) == 2 else [])
        progress = errand.advance(arm.cycle())
    assert progress is Progress.FINISHED
    assert len(arm.goals) == 2


@pytest.mark.parametrize("told", ["at once", "until the end"])
def test_a_fault_ends_it_only_when_the_arm_has_let_go(told: str) -> None:
    """A goal given up goes on letting go of the tissue; the next must start from rest."""
    arm = FakeArm()
    errand = Errand(arm, [Hold(), Hold()])
    errand.advance(arm.cycle())
    fault = Fault(FaultKind.LOST_CONTACT, "slipped off", latched=False)
    letting_go = replace(arm.cycle(), phase=Phase.RELEASING, done=False, fault=fault)
    assert errand.advance(letting_go) is Progress.UNDER_WAY
    at_rest = replace(letting_go, done=True, fault=fault if told == "until the end" else None)
    assert errand.advance(at_rest) is Progress.FAILED
    assert errand.fault is fault
    assert len(arm.goals) == 1
