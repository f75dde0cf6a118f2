"""The wrist's free-air mean, of which the sensor's bias is taken."""

import numpy as np
import pytest

from arm_control import ArmControlError, ArmInfo, ArmModel, Limits
from arm_control.configuration import configure
from arm_control.memory import CONFIG, INPUT, STATE, record
from arm_control.sensing import FREE_S, sense
from tests.unit.arm_control.rig import JOINTS

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


def test_a_sensor_that_is_late_makes_inertia_later_and_the_force_loop_slower(
    model: ArmModel, limits: Limits
) -> None:
    """Told nothing of 5 ms, the law took the tool's inertia for contact and shook it."""
    told = []
    for late in (0.0, 0.001, 0.02):
        info = ArmInfo("iiwa", JOINTS, 1000.0, 0.003, "holds", late)
        told.append(configure(model, limits, info)[0])
    assert [float(c["delay"]) for c in told] == pytest.approx([0.004, 0.004, 0.023])
    assert told[0]["force_bandwidth"] == told[1]["force_bandwidth"] > told[2]["force_bandwidth"]
    with pytest.raises(ArmControlError, match=r"0\.2 s is outside 0 to 0\.1 s"):
        ArmInfo("iiwa", JOINTS, 1000.0, 0.003, "holds", 0.2)


def test_a_bias_taken_wrongly_is_mended_on_the_entrys_first_way_though_the_head_trembles() -> None:
    """At its start the mean had not followed; inertia is left over, a tenth of a newton of it."""
    state = record(STATE)
    s = state[0]
    s["tare"][:3] = BIAS + np.array((0.0, 0.0, 0.28))
    s["cycles"], s["free_s"] = 1, FREE_S
    for k in range(round(FREE_S / 0.004)):
        tremble = np.sin(2.0 * np.pi * 8.6 * 0.004 * k)
        feel(state, 0.004, 0.3 * tremble, 0.1 * tremble)
    np.testing.assert_allclose(s["tare"][:3], BIAS, atol=0.05)
    settled = s["tare"].copy()
    feel(state, 0.3, 0.0, 0.2)
    np.testing.assert_array_equal(s["tare"], settled)  # later on a force is contact


def test_in_the_mouth_a_force_is_never_taken_for_bias() -> None:
    state = record(STATE)
    s = state[0]
    s["tare"][:3] = BIAS
    s["cycles"], s["free_s"], s["zone"] = 1, FREE_S, 2
    feel(state, 0.3, 0.0, 0.2)
    s["zone"] = 1
    feel(state, 0.3, 0.0, 0.2)
    np.testing.assert_array_equal(s["tare"][:3], BIAS)
