"""What a goal is planned to be, whatever the tip was doing before."""

import numpy as np
import pytest

from arm_control.configuration import configure
from arm_control.limits import Limits
from arm_control.memory import STATE, record
from arm_control.model import ArmModel
from arm_control.motion import Withdraw
from arm_control.planning import Planner
from arm_control.profile import sample
from spatial import Pose
from tests.unit.arm_control.plant import Plant
from tests.unit.arm_control.rig import HOME

DEPTH = 0.08


@pytest.mark.parametrize("acceleration", [(0.0, 0.0, 2.0), (0.0, -2.0, 0.0), (0.5, 0.0, -1.5)])
def test_a_tip_that_still_swings_from_the_tissue_goes_straight_out(
    model: ArmModel, limits: Limits, acceleration: tuple[float, float, float]
) -> None:
    """It once sank 30 mm into the tongue, and took 40 s to come out."""
    state = record(STATE)
    s = state[0]
    s["M"], s["M_known"] = np.eye(3), 1
    inward = Pose.from_axes((-1.0, 0.0, 0.0), (0.0, 1.0, 0.0))
    s["R"], s["t"] = inward.rotation, (-DEPTH, 0.0, 0.0)
    s["twist"][:3] = 0.015 * np.sign(acceleration)
    s["acceleration"][:3] = acceleration
    planner = Planner(limits, configure(model, limits, Plant(model, HOME).info), state)
    planner.use_tip_up(model.tool.tip_up)
    planner.take(Withdraw(0.05))
    profile = s["tip_profile"]
    assert float(profile["duration"]) < DEPTH / limits.speed.mouth + 2.0
    x = np.empty(3)
    way = []
    for time in np.arange(0.0, float(profile["duration"]), 0.01):
        point = []
        for axis in range(3):
            sample(profile, axis, time, x)
            point.append(x[0])
        way.append(point)
    away = np.linalg.norm(np.array(way)[:, 1:], axis=1)
    assert away.max() < 0.008
    assert np.array(way)[:, 0].min() > -DEPTH - 0.008
