import numpy as np
import pytest

from arm_control.memory import STATE, record
from arm_control.stiffness import estimate


@pytest.mark.parametrize("stiffness", [10.0, 100.0, 500.0, 2000.0])
def test_a_press_at_touch_speed_tells_the_stiffness(stiffness: float) -> None:
    state = record(STATE)
    s = state[0]
    s["stiffness"] = 500.0
    s["contact"] = 1
    x = 0.0
    for k in range(3_000):
        x += 0.010 * 1e-3 * (1.0 if (k // 100) % 2 == 0 else -1.0)
        s["normal_force"] = stiffness * x + 0.05
        estimate(s, x, 1e-3, 1e-3)
    assert s["stiffness"] == pytest.approx(stiffness, rel=0.1)


def test_without_motion_or_contact_the_estimate_stays() -> None:
    state = record(STATE)
    s = state[0]
    s["stiffness"] = 123.0
    rng = np.random.default_rng(2)
    for contact in (0, 1):
        s["contact"] = contact
        for _ in range(500):
            s["normal_force"] = 0.3 + rng.normal() * 0.003
            estimate(s, 0.0, 1e-3, 1e-3)
    assert s["stiffness"] == 123.0
