import numpy as np
import pytest

from arm_control import ArmControlError, ArmModel
from arm_control.identification import identify_delay, identify_tool
from spatial import Matrix, Vector, Wrench
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


def shaken(delay: int, noise: float) -> tuple[Matrix, Matrix]:
    """A tool of 0.62 kg shaken for 2 s at 1 kHz by up to 1 m/s², felt ``delay`` ms later."""
    time = np.arange(2_000)[:, None] * 1e-3
    commanded = np.sin(2.0 * np.pi * np.array((2.3, 3.1, 4.7)) * time + np.array((0.0, 1.0, 2.0)))
    felt = -0.62 * np.roll(commanded, delay, axis=0) + np.array((0.4, -1.2, 3.0))
    return commanded, felt + noise * np.random.default_rng(5).normal(size=felt.shape)


@pytest.mark.parametrize("delay", [0, 4, 23, 60])
def test_how_late_the_wrist_reads_is_found_by_shaking_the_tool(delay: int) -> None:
    assert identify_delay(*shaken(delay, 0.05), 1e-3) == pytest.approx(delay * 1e-3, abs=1e-3)


def test_a_tool_that_is_not_shaken_or_a_sign_that_is_wrong_tells_no_delay() -> None:
    commanded, felt = shaken(5, 0.02)
    for unlike in (felt * 0.0 + np.random.default_rng(1).normal(size=felt.shape), -felt[:, ::-1]):
        with pytest.raises(ArmControlError, match="shake the tool harder"):
            identify_delay(commanded, unlike, 1e-3)
    with pytest.raises(ArmControlError, match="at least"):
        identify_delay(commanded[:100], felt[:100], 1e-3)
