"""Pressing on passive tissue: the arm gives it no more energy than pressing takes."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from arm_control import ArmInfo, ArmModel, Limits, SiteTarget, Wipe, law
from arm_control.compiled import kernel
from arm_control.configuration import configure
from arm_control.kinematics import tip_kinematics, tool_acceleration
from arm_control.linear import multiply, rotate_back
from arm_control.memory import INPUT, STATE, record
from arm_control.planning import Planner
from arm_control.report import Phase
from arm_control.scratch import scratch, scratch_matrix
from spatial import Pose
from tests.unit.arm_control.rig import JOINTS

START = np.array((0.0, 0.75, 0.0, -1.70, 0.0, -0.88, -np.pi / 2))  # the shaft along the base's x
DEPTH = 0.005  # of the tissue behind where the tip starts [m]
WIPING = tuple(Phase).index(Phase.WIPING)


@kernel
def press(
    config: np.ndarray,
    inputs: np.ndarray,
    state: np.ndarray,
    body: np.ndarray,
    past: np.ndarray,
    tissue: np.ndarray,
    log: np.ndarray,
) -> None:
    """Run law and tissue; ``log`` (k, 3) takes force [N], work done on the tissue [J], and phase.

    ``tissue`` is surface [m], stiffness [N/m] and damping [N·s/m] along the base's x; it pushes and
    never pulls. ``past`` (delay, 3, 7) are the set-points on their way to the arm.
    """
    c = config[0]
    i = inputs[0]
    s = state[0]
    o = body[0]
    S = scratch_matrix(3, 3)
    load = scratch(3)
    work = 0.0
    for t in range(log.shape[0]):
        slot = t % past.shape[0]
        o.q[:] = past[slot, 0]
        o.v[:] = past[slot, 1]
        tip_kinematics(c, o)
        tool_acceleration(c, o, past[slot, 2], load)
        deep = o.t[0] - tissue[0]
        force = max(tissue[1] * deep + tissue[2] * o.twist[0], 0.0) if deep > 0.0 else 0.0
        work += force * o.twist[0] * c.period
        for k in range(3):
            load[k] = c.tool_mass * (c.gravity[k] - load[k])
        load[0] -= force
        multiply(o.flange_R, c.sensor_R, S)
        rotate_back(S, load, load)
        for k in range(3):
            i.wrench[k] = load[k]
        i.q[:] = o.q
        i.v[:] = o.v
        i.now += int(c.period * 1e9)
        i.stamp = i.now
        i.mouth_stamp = i.now
        i.step = c.period
        law.cycle(config, inputs, state)
        past[slot, 0] = s.q
        past[slot, 1] = s.v
        past[slot, 2] = s.a
        log[t, 0] = force
        log[t, 1] = work
        log[t, 2] = s.phase


def touch(
    model: ArmModel, limits: Limits, stiffness: float, damping: float, delay_s: float
) -> np.ndarray:
    """Return the log of a touch and a long dwell on the tissue."""
    info = ArmInfo("iiwa", JOINTS, 1000.0, delay_s, "holds")
    config = configure(model, limits, info)
    inputs, state, body = record(INPUT), record(STATE), record(STATE)
    mouth = Pose(np.diag([-1.0, -1.0, 1.0]), model.base_tip(START).translation)
    i, s = inputs[0], state[0]
    i["now"] = i["mouth_stamp"] = 10**9
    i["mouth_R"], i["mouth_t"], i["mouth_known"] = mouth.rotation, mouth.translation, 1
    s["q"][:7], s["fault"], s["rate"], s["rate_wish"] = START, -1, 1.0, 1.0
    past = np.zeros((round(delay_s * 1000.0) + 1, 3, 7))
    past[:, 0] = START
    tissue = np.array((mouth.translation[0] + DEPTH, stiffness, damping))
    planner = Planner(limits, config, state)
    press(config, inputs, state, body, past, tissue, np.zeros((600, 3)))
    planner.tare()
    path = np.outer((-0.006, 0.0, 0.006), (0.0, 0.0, 1.0)) - (DEPTH, 0.0, 0.0)
    planner.take(Wipe(SiteTarget("wall", path[1], (1.0, 0.0, 0.0), path), strokes=1))
    s["dwell"] = 1e6
    log = np.zeros((11_000, 3))
    press(config, inputs, state, body, past, tissue, log)
    return log


def late_work(work: np.ndarray) -> float:
    """Return the work [J] that went to and fro in the last two seconds: what chatter costs."""
    return float(np.abs(np.diff(work[-2_000:])).sum())


@given(
    stiffness=st.floats(np.log(7.0), np.log(500.0)).map(lambda x: float(np.exp(x))),
    damping=st.floats(0.0, 2.0),
    delay_s=st.integers(1, 20).map(lambda ms: 1e-3 * ms),
)
@settings(max_examples=25, deadline=None)
def test_the_work_done_on_passive_tissue_is_bounded_and_ends(
    model: ArmModel, limits: Limits, stiffness: float, damping: float, delay_s: float
) -> None:
    """What pressing takes is what the spring stores at the end; a loop that chatters adds to it."""
    force, work, phase = touch(model, limits, stiffness, damping, delay_s).T
    assert phase[-1] == WIPING
    assert force.max() < 0.5
    stored = force[-1] ** 2 / (2.0 * stiffness)
    assert stored > 0.0
    # the highest press, and what a damper takes of getting there no faster than the tip may
    assert work.max() < 0.5**2 / (2.0 * stiffness) + 0.04 * damping * 0.02
    assert work[-1] >= stored * (1.0 - 1e-2)  # or the tissue gave energy that it never got
    assert late_work(work) < 0.02 * stored


@pytest.mark.parametrize("delay_s", [0.001, 0.02])
def test_nor_does_the_loop_chatter_on_bone(model: ArmModel, limits: Limits, delay_s: float) -> None:
    force, work, _ = touch(model, limits, 3_000.0, 0.0, delay_s).T
    assert force[-1] == pytest.approx(0.3, abs=0.01)
    assert late_work(work) < 0.02 * 0.3**2 / (2.0 * 3_000.0)


@pytest.mark.parametrize("stiffness", [60.0, 200.0])
def test_the_force_is_reached_on_tissue_that_can_bear_it(
    model: ArmModel, limits: Limits, stiffness: float
) -> None:
    force = touch(model, limits, stiffness, 0.3, 0.003)[:, 0]
    assert force[-1_000:] == pytest.approx(0.3, abs=0.01)
