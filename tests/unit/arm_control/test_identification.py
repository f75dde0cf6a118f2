import numpy as np
import pytest

from arm_control import ArmControlError, ArmModel
from arm_control.identification import identify_tool
from spatial import Vector, Wrench
from tests.unit.arm_control.rig import HOME

BIAS = Wrench((0.4, -1.2, 3.0), (0.02, -0.01, 0.05))


def weighings(model: ArmModel, noise: float, turns: float) -> tuple[list[Vector], list[Wrench]]:
    """Postures with the wrist turned by up to ``turns`` [rad], and what the sensor reads there."""
    rng = np.random.default_rng(3)
    positions = [HOME + np.array([0, 0, 0, 0, *rng.uniform(-turns, turns, 3)]) for _ in range(12)]
    wrenches = []
    for q in positions:
        n = rng.normal(size=6) * noise
        wrenches.append(model.tool_weight(q) + BIAS + Wrench(n[:3], 0.02 * n[3:]))
    return positions, wrenches


def test_mass_centre_and_bias_are_found_exactly_without_noise(model: ArmModel) -> None:
    load = identify_tool(model, *weighings(model, 0.0, 1.2))
    assert load.mass == pytest.approx(model.tool.mass, abs=1e-9)
    tool = load.applied_to(model.tool)
    assert tool.center_of_mass == pytest.approx(model.tool.center_of_mass, abs=1e-9)
    assert load.bias.force == pytest.approx(BIAS.force, abs=1e-9)
    assert load.bias.torque == pytest.approx(BIAS.torque, abs=1e-9)
    assert load.force_residual < 1e-9


def test_noise_shows_in_the_residual_and_hardly_in_the_result(model: ArmModel) -> None:
    load = identify_tool(model, *weighings(model, 0.02, 1.2))
    assert load.mass == pytest.approx(model.tool.mass, abs=0.003)
    assert load.force_residual == pytest.approx(0.02, rel=0.4)


def test_a_wrist_that_hardly_turns_tells_nothing(model: ArmModel) -> None:
    with pytest.raises(ArmControlError, match="turn the wrist"):
        identify_tool(model, *weighings(model, 0.0, 0.01))
    positions, wrenches = weighings(model, 0.0, 1.2)
    with pytest.raises(ArmControlError, match="one for each"):
        identify_tool(model, positions, wrenches[1:])


def test_a_sensor_mounted_upside_down_is_noticed(model: ArmModel) -> None:
    positions, wrenches = weighings(model, 0.0, 1.2)
    with pytest.raises(ArmControlError, match="sign"):
        identify_tool(model, positions, [Wrench(-w.force, -w.torque) for w in wrenches])
