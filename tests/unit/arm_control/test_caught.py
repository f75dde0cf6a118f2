"""A tip that is caught behind an arch does not follow, however far the soft shaft is bent."""

import numpy as np
import pytest

from arm_control.contact import regulate
from arm_control.memory import INPUT, STATE, record
from arm_control.stroke import WIPING

DT = 1e-3


@pytest.mark.parametrize("normal", [(0.0, 1.0, 0.0), (0.6, 0.8, 0.0), (1.0, 0.0, 0.0)])
def test_the_offset_of_a_caught_tip_stays_within_its_bound(
    config: np.ndarray, normal: tuple[float, float, float]
) -> None:
    """It once ran to 50 mm; let go, the shaft whipped into the throat with 4.5 N."""
    inputs, state = record(INPUT), record(STATE)
    inputs["step"] = DT
    s = state[0]
    s["M"], s["M_known"] = np.eye(3), 1
    s["phase"], s["tared"] = WIPING, 1
    s["surface"], s["normal"] = normal, normal
    s["stiffness"], s["force_goal"] = 20.0, 0.3
    s["dwell"] = 60.0  # it goes on pressing where it is
    s["path_points"] = 2
    s["path"][1] = (0.0, 0.0, 0.01)
    s["path_length"][1] = 0.01
    s["force"] = s["force_slow"] = 0.1 * np.array(normal)
    farthest = 0.0
    for _ in range(5_000):
        regulate(config[0], inputs[0], s)
        farthest = max(farthest, float(np.linalg.norm(s["offset"])))
    assert 0.015 < farthest < 0.026
