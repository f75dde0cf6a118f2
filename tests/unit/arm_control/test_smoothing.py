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
FREQUENCY = 2.0  # [rad/s]
AMPLITUDE = 0.1  # [rad]


def swing(time_s: float) -> tuple[np.ndarray, np.ndarray]:
    """Where a joint that begins at rest swings to, and how fast: 0.2 rad/s, 0.4 rad/s² at most."""
    return (
        np.array([AMPLITUDE * (1.0 - math.cos(FREQUENCY * time_s))]),
        np.array([AMPLITUDE * FREQUENCY * math.sin(FREQUENCY * time_s)]),
    )


@settings(max_examples=50)
@given(st.lists(st.floats(0.0, 1e-3), min_size=400, max_size=400), st.floats(0.99, 1.01))
def test_set_points_of_a_clock_that_slips_are_led_on_within_the_arm_s_limits(
    delays: list[float], slip: float
) -> None:
    smoother = Smoother(np.zeros(1), ACCELERATION, JERK)
    positions = [0.0]
    for k, delay in enumerate(delays, 1):
        now = k * 1e-3
        given_at = math.floor((now - delay) * 1e3 * slip) / (1e3 * slip)
        position, velocity = swing(max(given_at, 0.0))
        late = now - given_at if given_at > 0.0 else 0.0
        # its age is known to a part of a period only
        led = smoother.step(1e-3, min(late, 1e-3), position, velocity)
        positions.append(float(led[0]))
    wanted = swing(len(delays) * 1e-3)[0][0]
    assert positions[-1] == pytest.approx(wanted, abs=1e-3)
    velocities = np.diff(positions) / 1e-3
    assert np.max(np.abs(np.diff(velocities) / 1e-3)) <= ACCELERATION + 1e-6


@given(st.floats(1e-4, 0.5))
def test_an_even_motion_is_followed_without_lag_whatever_the_step(step_s: float) -> None:
    smoother = Smoother(np.zeros(2), math.inf, math.inf)
    velocity = np.array([0.2, -0.1])
    led = np.zeros(2)
    for k in range(1, math.ceil(1.0 / step_s) + 20):
        led = smoother.step(step_s, 0.0, velocity * k * step_s, velocity)
    assert led == pytest.approx(velocity * k * step_s, abs=1e-9)


@pytest.mark.parametrize(
    ("leap", "joint", "bound"), [(0.01, 2, "10 rad/s²"), (-0.0025, 1, "5000 rad/s³")]
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
