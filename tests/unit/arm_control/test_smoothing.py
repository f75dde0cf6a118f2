"""Laws of what leads an arm between set-points of another clock."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from arm_control import ArmControlError
from arm_control.drivers.clock import ArmClock
from arm_control.drivers.smoothing import Smoother

ACCELERATION, JERK = 10.0, 5000.0
MS = 1e-3


def planned(time_s: float) -> tuple[np.ndarray, np.ndarray]:
    """Position and velocity of a joint that starts at 1000 rad/s³ and 5 rad/s² to 1.5 rad/s."""
    position = velocity = acceleration = 0.0
    for duration, jerk in ((0.005, 1000.0), (0.295, 0.0), (0.005, -1000.0), (math.inf, 0.0)):
        t = min(max(time_s, 0.0), duration)
        position += (velocity + (acceleration / 2.0 + jerk * t / 6.0) * t) * t
        velocity += (acceleration + jerk * t / 2.0) * t
        acceleration += jerk * t
        time_s -= t
    return np.array([position]), np.array([velocity])


@settings(max_examples=30)
@given(
    st.lists(st.floats(0.0, MS), min_size=400, max_size=400),
    st.sampled_from([250.0, 500.0, 1000.0]),
    st.floats(0.99, 1.01),
)
def test_set_points_of_a_clock_that_slips_are_led_on_within_the_arm_s_limits(
    wrong: list[float], rate_hz: float, slip: float
) -> None:
    """Their age is known to a millisecond, their clock to a hundredth; none is refused."""
    smoother = Smoother(np.zeros(1), ACCELERATION, JERK)
    period = slip / rate_hz
    for k, mistake in enumerate(wrong, 1):
        given_at = math.floor(k * MS / period) * period
        age = k * MS - given_at
        led = smoother.step(MS, max(0.0, age - mistake), *planned(given_at))
    assert led == pytest.approx(planned(len(wrong) * MS)[0], abs=2e-3)


@given(st.floats(1e-4, 0.5))
def test_an_even_motion_is_followed_without_lag_whatever_the_step(step_s: float) -> None:
    smoother = Smoother(np.zeros(2), math.inf, math.inf)
    velocity = np.array([0.2, -0.1])
    led = np.zeros(2)
    for k in range(1, math.ceil(1.0 / step_s) + 20):  # 40 rad/s: settled in a second
        led = smoother.step(step_s, 0.0, velocity * k * step_s, velocity)
    assert led == pytest.approx(velocity * k * step_s, abs=1e-9)


@pytest.mark.parametrize(
    ("leap", "joint", "bound"), [(0.01, 2, "10 rad/s²"), (-0.004, 1, "5000 rad/s³")]
)
def test_what_asks_too_much_is_refused_and_moves_nothing(
    leap: float, joint: int, bound: str
) -> None:
    smoother = Smoother(np.zeros(3), ACCELERATION, JERK)
    goal = np.zeros(3)
    goal[joint - 1] = leap
    value, unit = bound.split()
    with pytest.raises(ArmControlError, match=rf"joint {joint} .* {unit}, the arm takes {value};"):
        smoother.step(1e-3, 0.0, goal, np.zeros(3))
    assert smoother.step(1e-3, 0.0, np.zeros(3), np.zeros(3)) == pytest.approx(np.zeros(3))
    with pytest.raises(ArmControlError, match="leap"):
        smoother.step(1e-3, 0.0, np.full(3, math.nan), np.zeros(3))


def test_a_stamp_is_that_of_the_quickest_package() -> None:
    now = 5_000_000_000
    clock = ArmClock(lambda: now)
    for told_s, delay_ns in ((1.0, 400_000), (1.001, 100_000), (1.002, 900_000)):
        now = 5_000_000_000 + round(told_s * 1e9) + delay_ns
        stamp = clock.stamp(told_s)
    assert stamp == pytest.approx(5_000_000_000 + 1_002_000_000 + 100_000, abs=1_000)
    assert clock.stamp(1.002) == stamp  # the same package, looked at again
    now += 10_000_000
    assert clock.stamp(0.5) == now  # the arm was started again
