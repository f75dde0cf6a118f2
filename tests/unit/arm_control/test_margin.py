import numpy as np
import pytest

from arm_control.margin import ForceLoop
from arm_control.plots import simulate_contact


@pytest.mark.parametrize("stiffness", [7.0, 100.0, 500.0, 3000.0])
@pytest.mark.parametrize("delay", [0.001, 0.005, 0.010, 0.020])
def test_the_loop_stays_stable_over_stiffness_and_delay(stiffness: float, delay: float) -> None:
    gain, phase = ForceLoop(delay=delay).margins(stiffness)
    assert gain > 2.0
    assert phase > 35.0


def test_margins_are_where_the_response_says() -> None:
    loop = ForceLoop()
    gain, _ = loop.margins(500.0)
    w = np.geomspace(1.0, 1_000.0, 100_000)
    L = loop.response(w, 500.0 * gain, 500.0)
    nearest = L[np.argmin(np.abs(L + 1.0))]
    assert abs(nearest + 1.0) < 1e-2


def test_one_dimensional_contact_settles_at_the_set_point_and_never_overshoots() -> None:
    _, force, _ = simulate_contact(100.0)
    assert force.max() < 0.5
    assert np.abs(force[-1000:] - 0.3).max() < 0.03
