import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from arm_control.ports import ArmStatus, JointCommand
from sim.errors import SimError
from sim.jitter import Link
from sim.scene import Scene
from sim.world import World

MS = 1_000_000


@given(st.floats(1e-5, 0.02), st.integers(0, 2**32))
def test_messages_come_in_order_and_never_early(mean_s: float, seed: int) -> None:
    link: Link[int] = Link(mean_s, np.random.default_rng(seed))
    came: list[int] = []
    for k in range(200):
        link.send(k, k * MS)
        while (message := link.receive(k * MS)) is not None:
            assert message <= k
            came.append(message)
    while (message := link.receive(1000 * MS)) is not None:
        came.append(message)
    assert came == list(range(200))


def test_a_link_is_late_by_its_mean_and_one_without_jitter_not_at_all() -> None:
    late = []
    for mean_s in (0.0, 0.002):
        link: Link[int] = Link(mean_s, np.random.default_rng(1))
        waits = []
        for k in range(2000):
            link.send(k, 0)  # one at a time: nobody waits behind another
            step = next(s for s in range(20_000) if link.receive(s * 1000) is not None)
            waits.append(step * 1e-6)
            link = Link(mean_s, np.random.default_rng(k + 2))
        late.append(float(np.mean(waits)))
    assert late[0] == 0.0
    assert late[1] == pytest.approx(0.002, rel=0.1)


def test_jitter_out_of_bounds_is_refused() -> None:
    with pytest.raises(SimError, match=r"link jitter 0\.5 s is outside 0 to 0\.02 s"):
        Link(0.5, np.random.default_rng(0))
    with pytest.raises(SimError, match=r"link jitter is 0\.5 s, bound 0\.0 to 0\.02 s"):
        Scene(link_jitter_s=0.5)


def swing(jitter_s: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return when, where the first joint was sent and where it was, while it swings."""
    with World(Scene(link_jitter_s=jitter_s), 3) as world:
        arm, clock = world.arm, world.clock
        start = np.array(world.scene.home)
        period = round(1e9 / arm.info.rate_hz)
        stamps, sent, real = [], [], []
        while clock.now_ns() < 1500 * MS:
            t = clock.now_ns() * 1e-9
            goal, speed = start.copy(), np.zeros_like(start)
            goal[0] += 0.1 * (1.0 - np.cos(3.0 * t))
            speed[0] = 0.3 * np.sin(3.0 * t)
            arm.write(JointCommand(goal, speed))
            clock.sleep_until(clock.now_ns() + period)
            stamps.append(arm.read().stamp_ns)
            sent.append(goal[0])
            real.append(world.engine.state.position[0])
        assert arm.status is ArmStatus.READY
        return np.array(stamps), np.array(sent), np.array(real)


def test_an_arm_behind_a_late_link_follows_later_but_smoothly() -> None:
    stamps, sent, real = swing(0.001)
    assert (np.diff(stamps) >= 0).all()
    prompt = swing(0.0)
    age = (prompt[0] - stamps) * 1e-9
    assert 0.0 < age.mean() < 0.006
    assert age.max() <= 0.02
    late, on_time = np.abs(real - sent).max(), np.abs(prompt[2] - sent).max()
    assert on_time < late < on_time + 0.3 * 0.008  # at 0.3 rad/s, with a lateness of 5 ms at most
    # set-points that come late leave no jerks behind: once the worst has come, none comes late
    assert np.abs(np.diff(real, 3))[300:].max() < 2.0 * np.abs(np.diff(prompt[2], 3))[300:].max()


def test_the_same_seed_is_late_in_the_same_way() -> None:
    first, second = swing(0.002), swing(0.002)
    assert all((a == b).all() for a, b in zip(first, second, strict=True))
