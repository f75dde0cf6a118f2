"""Wrenches and twists: power is the same in every frame."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from spatial import Pose, Twist, Wrench, age_s, seconds, stamp_ns

vectors = arrays(np.float64, 3, elements=st.floats(-2.0, 2.0))
poses = st.builds(
    Pose.from_rotation_vector, arrays(np.float64, 3, elements=st.floats(-1.8, 1.8)), vectors
)
wrenches = st.builds(Wrench, vectors, vectors)
twists = st.builds(Twist, vectors, vectors)


@given(poses, wrenches, twists)
def test_power_does_not_depend_on_the_frame(pose: Pose, wrench: Wrench, twist: Twist) -> None:
    here = wrench.force @ twist.linear + wrench.torque @ twist.angular
    w, t = wrench.expressed_in(pose), twist.expressed_in(pose)
    assert np.isclose(here, w.force @ t.linear + w.torque @ t.angular, atol=1e-8)


@given(poses, wrenches)
def test_moving_a_wrench_there_and_back_changes_nothing(pose: Pose, wrench: Wrench) -> None:
    back = wrench.expressed_in(pose).expressed_in(pose.inverse())
    np.testing.assert_allclose(back.force, wrench.force, atol=1e-9)
    np.testing.assert_allclose(back.torque, wrench.torque, atol=1e-9)


def test_a_force_at_a_lever_makes_a_torque() -> None:
    sensor_tip = Pose(translation=(0.0, 0.0, 0.2))
    at_sensor = Wrench(force=(1.0, 0.0, 0.0)).expressed_in(sensor_tip)
    np.testing.assert_allclose(at_sensor.torque, (0.0, 0.2, 0.0))


@given(twists)
def test_a_twist_held_twice_as_long_goes_twice_as_far(twist: Twist) -> None:
    once = twist.displacement(0.1)
    assert (once @ once).almost_equals(twist.displacement(0.2), 1e-9)


@given(st.floats(0, 1e6))
def test_stamps_round_to_the_nanosecond(time_s: float) -> None:
    assert abs(seconds(stamp_ns(time_s)) - time_s) <= 1e-9 + 1e-15 * time_s


def test_the_future_has_a_negative_age() -> None:
    assert age_s(stamp=2_000_000_000, now=1_500_000_000) == -0.5
