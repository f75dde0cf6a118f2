import numpy as np
import pytest
from hypothesis import given, reject, settings
from hypothesis import strategies as st
from ruckig import InputParameter, Ruckig, RuckigError, Synchronization, Trajectory

from arm_control import GoalError
from arm_control.memory import TIP_PROFILE, record
from arm_control.profile import join, plan, sample

LIMITS = ([0.14] * 4, [0.6] * 4, [6.0] * 4)
number = st.floats(-1.0, 1.0)
four = st.lists(number, min_size=4, max_size=4)


def value(profile: np.ndarray, dof: int, time: float) -> np.ndarray:
    out = np.empty(3)
    sample(profile[0], dof, time, out)
    return out


@settings(deadline=None)
@given(start=four, goal=four, velocity=four, share=st.floats(0.0, 1.0))
def test_samples_are_ruckigs_own(
    start: list[float], goal: list[float], velocity: list[float], share: float
) -> None:
    velocity = [0.2 * v for v in velocity]
    profile = record(TIP_PROFILE)
    plan(profile, (start, velocity, [0.0] * 4), goal, LIMITS)
    wish = InputParameter(4)
    wish.current_position, wish.current_velocity = start, velocity
    wish.target_position = goal
    wish.max_velocity, wish.max_acceleration, wish.max_jerk = LIMITS
    wish.synchronization = Synchronization.Phase
    trajectory = Trajectory(4)
    try:
        Ruckig(4).calculate(wish, trajectory)
    except RuckigError:
        reject()  # it cannot be compared with; see the test of limits that are only just reached
    time = share * trajectory.duration
    expected = np.array(trajectory.at_time(time))
    for dof in range(4):
        assert value(profile, dof, time) == pytest.approx(expected[:, dof], abs=1e-9)
        assert value(profile, dof, trajectory.duration + 1.0)[0] == pytest.approx(
            goal[dof], abs=1e-8
        )
        assert value(profile, dof, trajectory.duration + 1.0)[1] == pytest.approx(0.0, abs=1e-8)


@pytest.mark.parametrize("sign", [-1.0, 1.0])
def test_a_distance_that_only_just_reaches_the_acceleration_is_planned(sign: float) -> None:
    """Ruckig refuses it: 2 a³/j² is the least distance on which a is reached."""
    a, j = LIMITS[1][0], LIMITS[2][0]
    goal = sign * 2.0 * a**3 / j**2
    profile = record(TIP_PROFILE)
    plan(profile, ([0.0] * 4, [0.0] * 4, [0.0] * 4), [0.0, 0.0, 0.0, goal], LIMITS)
    times = np.linspace(0.0, float(profile["duration"][0]), 200)
    rows = np.array([value(profile, 3, time) for time in times])
    assert rows[-1] == pytest.approx((goal, 0.0, 0.0), abs=1e-6)
    assert np.abs(rows[:, 2]).max() <= a * (1.0 + 1e-6)
    assert profile["duration"][0] == pytest.approx(4.0 * a / j, rel=1e-5)


def test_joined_profiles_pass_the_seam_without_a_jump() -> None:
    first, second = record(TIP_PROFILE), record(TIP_PROFILE)
    v = [0.025, 0.0, 0.0, 0.0]
    plan(first, ([0.0] * 4, [0.0] * 4, [0.0] * 4), [0.05, 0, 0, 0], LIMITS, target_velocity=v)
    plan(second, ([0.05, 0, 0, 0], v, [0.0] * 4), [0.1, 0, 0, 0], LIMITS)
    both = join(first, second)
    seam = first["duration"][0]
    assert value(both, 0, seam - 1e-9) == pytest.approx(value(both, 0, seam + 1e-9), abs=1e-6)
    assert value(both, 0, seam)[1] == pytest.approx(0.025)
    assert value(both, 0, both["duration"][0])[0] == pytest.approx(0.1)
    assert both["duration"][0] == pytest.approx(seam + second["duration"][0])


def test_a_goal_without_a_motion_is_refused() -> None:
    with pytest.raises(GoalError, match="Ruckig"):
        plan(record(TIP_PROFILE), ([0.0] * 4,) * 3, [1.0] * 4, ([0.0] * 4, [1.0] * 4, [1.0] * 4))
