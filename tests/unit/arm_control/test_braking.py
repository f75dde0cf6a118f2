import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from arm_control.braking import easing, highest, stopping
from arm_control.compiled import kernel

UPPER, V, A, J, DT = 1.0, 1.5, 15.0, 1000.0, 1e-3


@kernel
def run(wishes: np.ndarray, steps: np.ndarray, worst: np.ndarray) -> None:
    """Feed a stream of wished accelerations; note the worst use of each limit, as a share."""
    q = v = a = 0.0
    for k in range(wishes.size):
        dt = steps[k]
        top = highest(q, v, a, UPPER, V, A, J, dt)
        low = -highest(-q, -v, -a, UPPER, V, A, J, dt)
        wish = max(min(wishes[k], top), low)
        q += (v + 0.5 * wish * dt) * dt
        v += wish * dt
        worst[0] = max(worst[0], abs(q) / UPPER)
        worst[1] = max(worst[1], abs(v) / V)
        worst[2] = max(worst[2], abs(wish) / A)
        worst[3] = max(worst[3], abs(wish - a) / (J * dt))
        a = wish


def extremes(rng: np.random.Generator, count: int) -> np.ndarray:
    """Wishes that are as nasty as can be: constant pushes, bangs, noise and huge values."""
    kind = rng.integers(4)
    if kind == 0:
        return np.full(count, rng.choice([-1e9, 1e9, 20.0, -20.0]))
    if kind == 1:
        return rng.choice([-1e6, 1e6]) * np.sign(np.sin(np.arange(count) * rng.uniform(1e-3, 3.0)))
    if kind == 2:
        return rng.normal(size=count) * 10.0 ** rng.uniform(-1, 6)
    return np.repeat(rng.normal(size=count // 50 + 1) * 30.0, 50)[:count]


def campaign(streams: int, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    worst = np.zeros(4)
    for _ in range(streams):
        wishes = extremes(rng, 600)
        steps = np.full(600, DT) if rng.random() < 0.5 else DT * rng.uniform(0.2, 4.0, 600)
        run(wishes, steps, worst)
    return worst


def test_no_stream_of_wishes_makes_a_joint_exceed_any_limit() -> None:
    assert (campaign(2_000, 1) <= 1.0 + 1e-9).all()


@given(st.floats(-V, V), st.floats(-A, A))
@settings(max_examples=300, deadline=None)
def test_braking_comes_to_rest_within_its_time(v: float, a: float) -> None:
    bound = (abs(v) + a * a / J) / A + 4.0 * A / J + 0.02
    steps = 0
    while (abs(v) > 1e-6 or abs(a) > 1e-3) and steps < 2_000:
        a_next = stopping(v, a, A, J, DT)
        assert abs(a_next - a) <= J * DT + 1e-12
        a = a_next
        v += a * DT
        steps += 1
    assert steps * DT <= bound


@given(q=st.floats(-0.95, 0.95))
@settings(deadline=None, max_examples=30)
def test_a_joint_pushed_to_its_end_eases_up_to_it(q: float) -> None:
    """However hard it is pushed, it nears its end exponentially and brakes with a part of A."""
    v = hardest = 0.0
    for _ in range(2_500):
        a = min(easing(UPPER - q, v), A, (V - v) / DT)
        hardest = max(hardest, -a)
        q += (v + 0.5 * a * DT) * DT
        v += a * DT
        assert v <= 8.0 * (UPPER - q) + 0.01
    assert UPPER - 1e-3 < q <= UPPER
    assert hardest < 0.8 * A
