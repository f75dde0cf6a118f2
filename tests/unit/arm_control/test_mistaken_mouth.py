"""A mouth seen in the wrong place at first is corrected, not chased."""

import numpy as np

from arm_control.memory import CONFIG, INPUT, STATE
from arm_control.reference import smooth_mouth


def _advance(state: np.ndarray, config: np.ndarray, mouth: tuple[float, float, float]) -> None:
    inputs = np.zeros(1, INPUT)
    inputs["mouth_known"] = 1
    inputs["mouth_R"] = np.eye(3)
    inputs["mouth_t"] = mouth
    inputs["step"] = 1e-3
    smooth_mouth(config[0], inputs[0], state[0])


def _config() -> np.ndarray:
    config = np.zeros(1, CONFIG)
    config["mouth_bandwidth"] = 15.0
    config["mouth_jump"] = 0.02
    config["motion_age"] = 0.2
    return config


def test_a_mistake_is_taken_back_at_once_and_without_speed() -> None:
    config, state = _config(), np.zeros(1, STATE)
    _advance(state, config, (0.98, -0.03, 0.40))
    _advance(state, config, (0.99, 0.0, 0.34))
    np.testing.assert_allclose(state["M_t"][0], (0.99, 0.0, 0.34))
    np.testing.assert_allclose(state["M_v"][0], 0.0)


def test_what_the_arm_follows_never_jumps() -> None:
    config, state = _config(), np.zeros(1, STATE)
    _advance(state, config, (0.98, 0.0, 0.34))
    state["follow"] = 1
    before = state["M_t"][0].copy()
    _advance(state, config, (0.98, 0.07, 0.34))
    assert np.abs(state["M_t"][0] - before).max() < 1e-4
