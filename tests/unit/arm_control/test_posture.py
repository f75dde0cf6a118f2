"""A posture that was led astray: the tip keeps its way, and the arm finds back to its own."""

import numpy as np
import pytest

from arm_control import ArmModel, Fault, FaultKind, Limits, MoveJoints, MoveTip, law
from arm_control.memory import INPUT, STATE, record
from spatial import Vector
from tests.unit.arm_control.rig import HOME
from tests.unit.arm_control.test_controller import Bench

# Seen in a demonstration: led by the tip alone the arm had turned about itself, person by person.
ASTRAY = np.array((-0.424, 2.060, 2.556, -1.189, -2.590, 0.507, -1.501))


def null_motion(model: ArmModel, q: Vector, steps: int) -> Vector:
    """Return ``q`` after ``steps`` of 10 mrad of self-motion, the tip where it was."""
    before = np.zeros(7)
    for _ in range(steps):
        _, _, v = np.linalg.svd(model.jacobian(q))
        way = v[-1] if v[-1] @ before >= 0.0 else -v[-1]
        q, before = q + 0.01 * way, way
    return q


@pytest.mark.parametrize("mode", [law.HOLD, law.BRAKE])
@pytest.mark.parametrize("stands", [HOME, ASTRAY])
def test_a_stop_leaves_the_tip_on_its_way(
    model: ArmModel, config: np.ndarray, stands: Vector, mode: int
) -> None:
    """Each joint braking for itself, a tip that rests while the joints run once reached 0.4 m/s."""
    inputs, state = record(INPUT), record(STATE)
    inputs["step"], state["mode"], state["fault"] = 1e-3, mode, -1
    inputs["q"] = state["q"] = stands
    _, _, ways = np.linalg.svd(model.jacobian(stands))
    state["v"] = 1.4 * ways[-1] / np.abs(ways[-1]).max()
    speeds = []
    for _ in range(300):
        law.cycle(config, inputs, state)
        speeds.append(float(np.linalg.norm(state["twist"][0, :3])))
        inputs["q"] = state["q"]
    assert np.abs(state["v"]).max() < 1e-6
    assert speeds[0] < 1e-6
    assert max(speeds) < 0.03


def test_the_null_space_leads_back_to_the_arms_own_posture(model: ArmModel, limits: Limits) -> None:
    turned = null_motion(model, HOME, 60)
    tip = model.base_tip(turned)
    assert np.abs(turned - HOME).max() > 0.3
    bench = Bench(model, limits, stands=turned)
    bench.controller.start(MoveTip(tip))
    for _ in range(4_000):
        report = bench.cycle()
        assert np.linalg.norm(report.base_tip.translation - tip.translation) < 1e-3
    assert np.abs(report.position - HOME).max() < 0.1


def test_after_a_trip_in_an_odd_posture_the_arm_finds_its_way_to_rest(
    model: ArmModel, limits: Limits
) -> None:
    bench = Bench(model, limits, stands=ASTRAY)
    bench.safety.trip(Fault(FaultKind.SPEED, "as in the demonstration", latched=True))
    for _ in range(500):
        assert bench.cycle().fault is not None  # it leaves the mouth as far as its joints let it
    bench.camera = False  # the person has left
    bench.controller.forget()
    bench.controller.reset("Nurse Li")
    bench.cycle()
    assert bench.do(MoveJoints(bench.controller.posture)).fault is None
    rest = model.base_tip(HOME)
    report = bench.do(MoveTip(rest, speed=0.5))
    assert report.fault is None
    assert report.base_tip.translation == pytest.approx(rest.translation, abs=2e-3)
