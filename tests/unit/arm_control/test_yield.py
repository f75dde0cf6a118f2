"""Giving way to too much force, outside a wipe."""

import numpy as np
import pytest

from arm_control.contact import give_way
from arm_control.memory import STATE, record

DT = 1e-3


def push(config: np.ndarray, state: np.ndarray, force: np.ndarray, seconds: float) -> np.ndarray:
    """Return the offset (k, 3) [m] over time under a constant ``force`` (3,) [N]."""
    state["force"][0] = force
    offsets = []
    for _ in range(round(seconds / DT)):
        give_way(config[0], state[0], DT)
        offsets.append(state["offset"][0].copy())
    return np.array(offsets)


@pytest.fixture
def state() -> np.ndarray:
    state = record(STATE)
    state["tared"], state["follow"] = 1, 1
    state["M"][0] = np.diag([-1.0, -1.0, 1.0])
    return state


def test_below_the_soft_limit_nothing_moves(config: np.ndarray, state: np.ndarray) -> None:
    assert (push(config, state, np.array((-0.45, 0.0, 0.0)), 0.5) == 0.0).all()


def test_too_much_force_is_given_way_to_along_it_and_then_returned_from(
    config: np.ndarray, state: np.ndarray
) -> None:
    """The force is in the base, the offset in the mouth, whose x looks against it."""
    away = push(config, state, np.array((-1.5, 0.0, 0.0)), 0.2)
    assert away[-1, 0] > 0.01
    assert np.abs(away[:, 1:]).max() < 1e-12
    acceleration = np.diff(away[:, 0], 2) / DT**2
    reflex = float(config["reflex_acceleration"][0])
    assert acceleration.max() <= reflex * (1.0 + 1e-9)
    assert acceleration.max() > 0.9 * reflex
    assert np.abs(np.diff(acceleration)).max() / DT <= 200.0 * reflex * (1.0 + 1e-6)
    back = push(config, state, np.zeros(3), 5.0)
    assert np.abs(back[-1]).max() < 1e-4
    speed = np.diff(back[1_000:, 0]) / DT
    assert np.abs(speed).max() <= 0.021


def test_without_a_bias_taken_no_force_is_believed(config: np.ndarray, state: np.ndarray) -> None:
    state["tared"] = 0
    assert (push(config, state, np.array((-5.0, 0.0, 0.0)), 0.2) == 0.0).all()


@pytest.mark.parametrize("direction", [(-1.0, 0.0, 0.0), (1.0, 0.0, 0.0), (0.0, 0.6, -0.8)])
def test_a_sensor_that_lies_cannot_lead_the_tip_astray(
    config: np.ndarray, state: np.ndarray, direction: tuple[float, float, float]
) -> None:
    offset = push(config, state, 5.0 * np.array(direction), 4.0)
    out = offset[:, 0].max()
    assert out < 0.07
    assert (out > 0.05) == (direction[0] < 0.0)  # against the base's x is out of the mouth
    assert -offset[:, 0].min() < 0.025
    assert np.abs(offset[:, 1:]).max() < 0.025


def test_across_the_force_the_reflex_is_calm(config: np.ndarray, state: np.ndarray) -> None:
    """It once was swift in every direction; the shaft trembled until the monitor tripped."""
    state["offset_v"][0] = (0.0, 0.02, 0.0)
    away = push(config, state, np.array((-0.6, 0.0, 0.0)), 0.2)
    across = np.diff(away[:, 1], 2) / DT**2
    assert np.abs(across).max() <= 0.02 * 25.0 * (1.0 + 1e-6)
