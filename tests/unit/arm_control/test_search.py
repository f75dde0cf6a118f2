"""Tissue is looked for until it is felt, and again where it was lost; strokes wait for it."""

import numpy as np

from arm_control import ArmModel, Limits, Phase, SiteTarget, Wipe
from arm_control.contact import regulate
from arm_control.memory import INPUT, STATE, record
from arm_control.stroke import WIPING
from spatial import Wrench
from tests.unit.arm_control.plant import BIAS
from tests.unit.arm_control.test_controller import Bench

POINT = np.array((-0.08, 0.0, 0.0))
PATH = POINT + np.outer((-0.006, 0.0, 0.006), (0.0, 0.0, 1.0))
OUT = np.array((1.0, 0.0, 0.0))


def test_a_touch_that_was_none_does_not_keep_the_tip_from_the_tissue(
    model: ArmModel, limits: Limits
) -> None:
    """Its depth once counted from the touch: 8 mm below that the strokes were made in the air."""
    bench = Bench(model, limits)
    bench.enter()
    bench.wall = (POINT - 0.006 * OUT, OUT, 100.0)
    bench.controller.start(Wipe(SiteTarget("wall", POINT, OUT, PATH)))
    bench.run(lambda r: r.phase is Phase.TOUCHING)
    bench.plant.bias = Wrench(np.array(BIAS.force) - (0.0, 0.0, 0.06), BIAS.torque)
    bench.run(lambda r: r.phase is Phase.WIPING, 0.5)
    bench.plant.bias = BIAS
    first = len(bench.reports)
    report = bench.run(lambda r: r.done)
    assert report.fault is None
    assert report.strokes == 3
    wiping = [r.normal_force for r in bench.reports[first:] if r.strokes]
    assert np.median(wiping) > 0.25


def test_strokes_wait_for_tissue_that_was_lost_and_is_looked_for(
    model: ArmModel, limits: Limits
) -> None:
    """A tonsil's edge is a step; below it the tip once stroked on in the air, 8 mm and no more."""
    bench = Bench(model, limits)
    bench.enter()
    site = bench.put_site()
    bench.controller.start(Wipe(site))
    bench.run(lambda r: r.strokes == 1)
    bench.wall = (POINT - 0.011 * OUT, OUT, 500.0)
    lost = bench.run(lambda r: not r.contact)
    bench.run(lambda r: not r.contact and r.stamp_ns > lost.stamp_ns + 200_000_000)
    before = bench.controller._state["along"][0]
    found = bench.run(lambda r: r.contact, 2.0)
    assert abs(bench.controller._state["along"][0] - before) < 1e-3
    first = len(bench.reports)
    report = bench.run(lambda r: r.done)
    assert report.fault is None
    assert report.strokes == 3
    assert found.stamp_ns > lost.stamp_ns + 500_000_000
    assert max(r.normal_force for r in bench.reports[first:]) < limits.force.soft


def test_a_site_that_faces_across_the_shaft_is_pressed_aside_not_slid_past(
    model: ArmModel, limits: Limits
) -> None:
    """A shaft of 3.4 N/m, led deeper along a tonsil, gave way to it unfelt until it was behind."""
    bench = Bench(model, limits)
    bench.enter()
    facing = np.array((0.0, 1.0, 0.0))
    bench.wall = (POINT - 0.004 * facing, facing, 30.0)
    seen = np.array((np.cos(0.45), np.sin(0.45), 0.0))
    first = len(bench.reports)
    report = bench.do(Wipe(SiteTarget("tonsil", POINT, seen, PATH)))
    assert report.fault is None
    assert report.strokes == 3
    mouth = bench.mouth().base_mouth.inverse()
    reached = [
        mouth.apply(r.base_tip.translation)[0]
        for r in bench.reports[first:]
        if r.phase is Phase.TOUCHING
    ]
    assert min(reached) > POINT[0] - 0.010


def test_what_lies_no_deeper_is_looked_for_further_across(config: np.ndarray) -> None:
    """A tilted shaft's way across leads deeper, too: where that ended, the search once did."""
    inputs, state = record(INPUT), record(STATE)
    inputs["step"] = 1e-3
    s = state[0]
    shaft = np.array((-np.cos(0.35), -np.sin(0.35), 0.0))
    s["M"], s["p_R"][:, 2], s["M_known"] = np.eye(3), shaft, 1
    s["phase"], s["tared"], s["lost_s"], s["stiffness"] = WIPING, 1, 0.1, 20.0
    s["normal"], s["across"], s["slanted"] = (np.sqrt(0.5), np.sqrt(0.5), 0.0), (0.0, 1.0, 0.0), 1
    s["surface"] = (0.38, np.sqrt(1.0 - 0.38**2), 0.0)
    s["near"], s["travel"], s["dwell"], s["path_points"] = 0.006, 0.020, 60.0, 2
    s["path"][1], s["path_length"][1] = (0.0, 0.0, 0.01), 0.01
    s["offset"] = 0.012 * shaft
    for _ in range(600):
        regulate(config[0], inputs[0], s)
    deep = float(s["offset"] @ shaft)
    assert deep < 0.0125
    assert np.linalg.norm(s["offset"] - deep * shaft) > 0.004
