"""The law under streams of senseless targets: no limit exceeded, and rest soon from every state."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from arm_control import ArmModel, law
from arm_control.compiled import kernel
from arm_control.memory import INPUT, STATE, Record, record
from tests.unit.arm_control.rig import HOME

CYCLES = 300
MODES = (law.HOLD, law.JOINT, law.TIP, law.WIPE, law.BRAKE)


@kernel
def note_worst(c: Record, s: Record, last: np.ndarray, dt: float, worst: np.ndarray) -> None:
    """Note the worst use of position, velocity, acceleration and jerk limits, as shares."""
    for k in range(7):
        middle = 0.5 * (c.upper[k] + c.lower[k])
        half = 0.5 * (c.upper[k] - c.lower[k])
        worst[0] = max(worst[0], abs(s.q[k] - middle) / half)
        worst[1] = max(worst[1], abs(s.v[k]) / c.velocity[k])
        worst[2] = max(worst[2], abs(s.a[k]) / c.acceleration[k])
        worst[3] = max(worst[3], abs(s.a[k] - last[k]) / (c.jerk[k] * dt))


@kernel
def run(
    config: np.ndarray,
    inputs: np.ndarray,
    state: np.ndarray,
    draws: np.ndarray,
    worst: np.ndarray,
) -> None:
    """Feed ``draws`` (cycles, 40) in 0..1 as targets; note the worst use of each limit."""
    c = config[0]
    i = inputs[0]
    s = state[0]
    last = np.zeros(7)
    for t in range(draws.shape[0]):
        d = draws[t]
        dt = c.period * (0.2 + 3.8 * d[0]) if d[1] < 0.3 else c.period
        i.step = dt
        i.now += int(dt * 1e9)
        i.stamp = i.now
        for k in range(7):
            i.q[k] = s.q[k] + (1e-3 * (d[2 + k] - 0.5))
            last[k] = s.a[k]
        for k in range(6):
            i.wrench[k] = 60.0 * (d[10 + k] - 0.5) ** 3
        if d[16] < 0.03:  # the mouth is seen somewhere else
            i.mouth_stamp = i.now
            for k in range(3):
                i.mouth_t[k] += 0.2 * (d[17 + k] - 0.5)
                i.mouth_v[k] = 2.0 * (d[20 + k] - 0.5)
                i.mouth_w[k] = 6.0 * (d[23 + k] - 0.5)
        if d[26] < 0.02:
            s.mode = int(5.0 * d[27])
            s.phase = 3 + int(4.0 * d[28])
            s.fault = -1
            s.clock = 0.0
            s.follow = 1 if d[29] < 0.6 else 0
        if d[30] < 0.05:  # a target that jumps, and runs faster than any arm
            for k in range(4):
                s.tip_profile.state[k, 0, 0] += 0.3 * (d[31 + k] - 0.5)
                s.tip_profile.state[k, 0, 1] = 3.0 * (d[35 + k] - 0.5)
            for k in range(7):
                s.joint_profile.state[k, 0, 0] = 8.0 * (d[31 + k % 4] - 0.5)
                s.joint_profile.state[k, 0, 1] = 9.0 * (d[35 + k % 4] - 0.5)
        law.cycle(config, inputs, state)
        note_worst(c, s, last, dt, worst)


@kernel
def rest_after(config: np.ndarray, inputs: np.ndarray, state: np.ndarray) -> float:
    """Brake; return by how many times the bound's time [s] was needed until every joint rests."""
    c = config[0]
    s = state[0]
    bound = 0.0
    for k in range(7):
        A, J = c.acceleration[k], c.jerk[k]
        bound = max(bound, (abs(s.v[k]) + s.a[k] ** 2 / J) / A + 4.0 * A / J + 0.02)
    s.mode = law.BRAKE
    inputs[0].step = c.period
    taken = 0.0
    moving = True
    while moving and taken < 10.0 * bound:
        law.cycle(config, inputs, state)
        taken += c.period
        moving = False
        for k in range(7):
            moving = moving or abs(s.v[k]) > 1e-6
    return taken / bound


def begin(
    config: np.ndarray, model: ArmModel, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Return INPUT and STATE of an arm somewhere, a mouth at its tip, with goals of all kinds."""
    inputs, state = record(INPUT), record(STATE)
    s, i = state[0], inputs[0]
    lower, upper = config["lower"][0], config["upper"][0]
    near = HOME + rng.normal(size=7) * rng.choice([0.05, 0.8])
    s["q"] = np.clip(near, lower + 0.01, upper - 0.01)
    s["rest"] = s["q"]
    tip = model.base_tip(s["q"])
    s["mode"], s["fault"], s["rate"], s["rate_wish"] = rng.choice(MODES), -1, 1.0, 1.0
    i["now"] = i["mouth_stamp"] = 10**9
    i["mouth_R"], i["mouth_t"], i["mouth_known"] = np.diag([-1.0, -1.0, 1.0]), tip.translation, 1
    s["M"], s["M_t"], s["M_known"], s["tared"] = i["mouth_R"], i["mouth_t"], 1, 1
    s["start_R"], s["turn"] = np.eye(3), (0.0, 0.0, 1.0)
    for profile in ("joint_profile", "tip_profile", "stroke_profile"):
        s[profile]["start"][:, 1:] = np.inf
        s[profile]["duration"] = rng.uniform(0.1, 5.0)
    s["joint_profile"]["state"][:, 0, 0] = HOME
    s["normal"] = s["surface"] = (1.0, 0.0, 0.0)
    s["path"][0, :3], s["path"][1, :3] = (-0.01, 0.0, 0.0), (-0.01, 0.0, 0.012)
    s["path_length"][1], s["path_points"] = 0.012, 2
    s["force_goal"], s["strokes_wanted"], s["travel"] = 0.3, 3, 0.02
    s["near"], s["slanted"], s["across"] = 0.006, rng.integers(2), (0.0, 1.0, 0.0)
    s["stiffness"] = rng.choice([5.0, 200.0, 3000.0])
    return inputs, state


def stream(config: np.ndarray, model: ArmModel, seed: int) -> tuple[np.ndarray, float, np.ndarray]:
    """Run one stream of targets; return the worst shares, the stop's share, and the state."""
    rng = np.random.default_rng(seed)
    inputs, state = begin(config, model, rng)
    worst = np.zeros(4)
    run(config, inputs, state, rng.random((CYCLES, 40)), worst)
    moving = state.copy()
    return worst, float(rest_after(config, inputs, state)), moving


def check(config: np.ndarray, model: ArmModel, seed: int) -> None:
    worst, rest, state = stream(config, model, seed)
    assert np.isfinite(state["q"]).all()
    assert (worst <= 1.0 + 1e-9).all(), dict(zip("qvaj", worst, strict=True))
    assert rest <= 1.0


@given(seed=st.integers(0, 2**40))
@settings(max_examples=400, deadline=None)
def test_no_stream_of_targets_makes_the_arm_exceed_a_limit_or_stop_late(
    config: np.ndarray, model: ArmModel, seed: int
) -> None:
    check(config, model, seed)


@pytest.mark.slow
@pytest.mark.timeout(3_600)
@given(seed=st.integers(0, 2**40))
@settings(max_examples=100_000, deadline=None)
def test_nor_do_a_hundred_thousand(config: np.ndarray, model: ArmModel, seed: int) -> None:
    check(config, model, seed)


def test_the_streams_do_push_the_arm_to_its_limits(config: np.ndarray, model: ArmModel) -> None:
    worst = np.max([stream(config, model, seed)[0] for seed in range(60)], axis=0)
    assert (worst > 0.95).all()
