"""The wrist's free-air mean, of which the sensor's bias is taken."""

import numpy as np

from arm_control.memory import CONFIG, INPUT, STATE, record
from arm_control.sensing import sense

BIAS = np.array((0.8, -0.3, 0.5))  # N
MASS = 0.5  # kg


def feel(state: np.ndarray, seconds: float, acceleration: float, unmodelled: float) -> None:
    """Let the tool be accelerated along x for ``seconds``; the sensor reads ``unmodelled`` more."""
    config, inputs = record(CONFIG), record(INPUT)
    c, i, s = config[0], inputs[0], state[0]
    c["tool_mass"], c["filter_bandwidth"] = MASS, 250.0
    c["sensor_R"] = s["sensor_R"] = s["measured_R"] = np.eye(3)
    i["step"] = 0.004
    s["tool_acceleration"] = (acceleration, 0.0, 0.0)
    i["wrench"][:3] = BIAS
    i["wrench"][0] += unmodelled - MASS * acceleration
    for _ in range(round(seconds / 0.004)):
        sense(c, i, s)
        s["cycles"] += 1


def test_the_bias_is_learnt_at_rest() -> None:
    state = record(STATE)
    feel(state, 0.1, 0.0, 0.2)
    feel(state, 1.0, 0.0, 0.0)
    np.testing.assert_allclose(state["raw_mean"][0, :3], BIAS, atol=1e-4)


def test_what_is_felt_while_the_tool_is_accelerated_is_hardly_taken_for_bias() -> None:
    """An arm that lags otherwise than told: a tenth of a newton of inertia left over."""
    state = record(STATE)
    feel(state, 1.0, 0.0, 0.0)
    feel(state, 0.3, 0.3, 0.1)
    np.testing.assert_allclose(state["raw_mean"][0, :3], BIAS, atol=5e-3)
