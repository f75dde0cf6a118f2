"""The law never asks for a speed that the monitor refuses, whatever the targets and the forces."""

from collections.abc import Iterable

import numpy as np
import pytest

from arm_control import ArmInfo, ArmModel, FaultKind, Limits, law
from arm_control.compiled import kernel
from arm_control.configuration import configure
from arm_control.pace import AWAY, TOWARDS, allowed, part
from arm_control.safety import KINDS, SAMPLE, WATCH, default_rules, fill_sample, judge
from tests.unit.arm_control.rig import JOINTS
from tests.unit.arm_control.test_laws import begin

CYCLES = 600
LATE = 6  # cycles from command to motion
SPEED = KINDS.index(FaultKind.SPEED)


@kernel
def run(
    config: np.ndarray,
    inputs: np.ndarray,
    state: np.ndarray,
    monitor: tuple[np.ndarray, np.ndarray, np.ndarray],
    draws: np.ndarray,
    most: float,
) -> None:
    """Feed ``draws`` (cycles, 40) in 0..1 as targets, and wrenches up to ``most`` [N].

    The mouth sways by 6 mm/s at 0.35 Hz and is seen thirty times a second; the arm follows its
    commands LATE cycles later.
    """
    rules, sample, watch = monitor
    c = config[0]
    i = inputs[0]
    s = state[0]
    past = np.zeros((LATE, 7))
    for k in range(LATE):
        past[k, :] = s.q
    home = i.mouth_t.copy()
    for t in range(draws.shape[0]):
        d = draws[t]
        i.step = c.period
        i.now += int(i.step * 1e9)
        i.stamp = i.now
        i.q[:] = past[t % LATE]
        for k in range(6):  # of changing strength: now tissue is felt, now hardly anything
            i.wrench[k] = most * (d[10 + k] - 0.5) ** 3 * (8.0 if t % 200 < 120 else 1e-4)
        if t % 33 == 0:
            phase = 2.2 * i.now * 1e-9
            i.mouth_stamp = i.now
            for k in range(3):
                i.mouth_t[k] = home[k] + 0.0027 * np.sin(phase + k)
                i.mouth_v[k] = 0.006 * np.cos(phase + k)
        if d[26] < 0.02:
            s.mode = 1 + int(3.0 * d[27])  # no stop: that has its own bound, and its own test
            s.phase = 3 + int(4.0 * d[28])
            s.clock = 0.0
            s.follow = 1 if d[29] < 0.6 else 0
        s.fault = -1
        if d[30] < 0.05:  # a target that jumps by centimetres, and runs ahead
            for k in range(4):
                s.tip_profile.state[k, 0, 0] += 0.06 * (d[31 + k] - 0.5)
                s.tip_profile.state[k, 0, 1] = 0.6 * (d[35 + k] - 0.5)
            for k in range(7):
                s.joint_profile.state[k, 0, 0] = s.q[k] + 0.3 * (d[31 + k % 4] - 0.5)
                s.joint_profile.state[k, 0, 1] = d[35 + k % 4] - 0.5
        law.cycle(config, inputs, state)
        past[t % LATE, :] = s.q
        fill_sample(inputs, state, sample, 1)
        judge(config, rules, sample, watch)


@pytest.fixture(scope="module")
def config(model: ArmModel, limits: Limits) -> np.ndarray:
    return configure(model, limits, ArmInfo("iiwa", JOINTS, 1000.0, 0.005, "holds"))


def watched(config: np.ndarray, model: ArmModel, seed: int, share: float) -> np.ndarray:
    """Return the WATCH of one stream, the monitor granting ``share`` of its margin and slack."""
    rng = np.random.default_rng(seed)
    inputs, state = begin(config, model, rng)
    inputs["mouth_t"] += rng.uniform((-0.3, -0.1, -0.1), (0.15, 0.1, 0.1))
    state["M_t"] = inputs["mouth_t"]
    rules = default_rules()
    rules["speed_slack"] *= share
    rules["speed_margin"] = 1.0 + share * (rules["speed_margin"] - 1.0)
    rules["force"] = np.inf  # the verdict is to be on the speed alone, however strong the force
    watch = np.zeros(1, WATCH)
    watch["fault"] = -1
    most = rng.choice([0.2, 2.0, 20.0])
    monitor = (rules, np.zeros(1, SAMPLE), watch)
    run(config, inputs, state, monitor, rng.random((CYCLES, 40)), most)
    return watch


def refused(config: np.ndarray, model: ArmModel, seeds: Iterable[int]) -> dict[int, float]:
    """Return by how much [m/s] which streams passed the monitor's bound."""
    over = {}
    for seed in seeds:
        watch = watched(config, model, seed, share=1.0)[0]
        if watch["fault"] == SPEED:
            over[seed] = float(watch["value"] - watch["bound"])
    return over


def test_the_monitor_refuses_nothing_that_the_law_asks(config: np.ndarray, model: ArmModel) -> None:
    """Of 6,000 streams five once passed: as joints came to their ends, or from behind the face."""
    assert not refused(config, model, (*range(300), 636, 1073, 1144, 3047, 4254))


@pytest.mark.slow
@pytest.mark.timeout(3_600)
def test_nor_anything_in_thirty_thousand_streams(config: np.ndarray, model: ArmModel) -> None:
    assert not refused(config, model, range(300, 30_000))


def test_the_streams_do_come_near_the_bound(config: np.ndarray, model: ArmModel) -> None:
    verdicts = [watched(config, model, seed, share=0.0)["fault"][0] for seed in range(100)]
    assert SPEED in verdicts


def test_out_of_the_mouth_and_towards_it_are_judged_apart(config: np.ndarray) -> None:
    """A gag is given way to at 0.3 m/s; the monitor once tripped on that."""
    bound = np.zeros(2)
    allowed(config[0], 2, True, bound)
    assert bound[AWAY] > float(config["retreat_speed"][0]) > 3.0 * bound[TOWARDS]
    velocity = np.array((-0.3, 0.02, -0.01))  # in the base, which looks against the mouth
    facing = np.diag([-1.0, -1.0, 1.0])
    assert part(facing, 2, velocity) == pytest.approx(0.3)
    assert velocity == pytest.approx((0.0, 0.02, -0.01))
    inward = np.array((0.1, 0.0, 0.0))
    assert part(facing, 2, inward) == 0.0
    assert inward == pytest.approx((0.1, 0.0, 0.0))
