import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.anatomy import Part
from sim.behaviour import Act, Behaviour
from sim.cues import Cue
from sim.errors import SimError
from sim.head import HeadMotion, Movement
from sim.person import Person
from sim.temperament import Temperament
from spatial import Pose

REST = Pose(np.diag([-1.0, -1.0, 1.0]), np.array([1.0, 0.0, 0.4]))


def head(seed: int = 0, **changes: float) -> HeadMotion:
    return HeadMotion(REST, Temperament(**changes), chin_rest=True, rng=np.random.default_rng(seed))


@settings(deadline=None, max_examples=40)
@given(seed=st.integers(0, 2**31), t=st.floats(0.0, 300.0))
def test_velocity_is_the_derivative_of_the_pose(seed: int, t: float) -> None:
    motion = head(seed)
    motion.add(
        Movement(t - 0.1, 0.3, 0.2, 0.4, np.array([-0.05, 0.01, 0.0]), np.array([0, 0, 0.6]))
    )
    h = 1e-5
    motion.advance(t + h)
    later = motion.base_mouth
    motion.advance(t - h)
    earlier = motion.base_mouth
    motion.advance(t)
    linear = (later.translation - earlier.translation) / (2 * h)
    turn = (later.rotation @ earlier.rotation.T - np.eye(3)) / (2 * h)
    angular = np.array([turn[2, 1], turn[0, 2], turn[1, 0]])
    np.testing.assert_allclose(motion.twist.linear, linear, atol=1e-6)
    np.testing.assert_allclose(motion.twist.angular, angular, atol=1e-4)


def test_sway_has_the_speed_of_the_temperament() -> None:
    speeds = []
    for seed in range(12):
        motion = HeadMotion(
            REST,
            Temperament(tremor=0.0, drift=0.0),
            chin_rest=False,
            rng=np.random.default_rng(seed),
        )
        for t in np.arange(0.0, 60.0, 0.05):
            motion.advance(float(t))
            speeds.append(np.linalg.norm(motion.linear))
    assert np.mean(speeds) == pytest.approx(0.006, rel=0.15)


def test_gag_jerks_50_mm_back_at_300_mm_per_s() -> None:
    person = Person.sample(1)
    still = HeadMotion(
        REST,
        Temperament(sway_speed=0.0, tremor=0.0, drift=0.0),
        chin_rest=True,
        rng=np.random.default_rng(0),
    )
    behaviour = Behaviour(person, still, 0.0)
    behaviour.act(Act.GAG, 1.0)
    track = []
    for t in np.arange(0.9, 2.0, 0.001):
        behaviour.advance(float(t))
        track.append((still.position[0], np.linalg.norm(still.linear)))
    path = np.array(track)
    # the mouth looks along -x, so that back is +x; half a degree of nutation from the drift's turn
    assert np.ptp(path[:, 0]) == pytest.approx(0.05, abs=1e-4)
    assert path[:, 1].max() == pytest.approx(0.3, rel=0.01)


def test_a_person_is_a_seed() -> None:
    assert Person.sample(7, "child") == Person.sample(7, "child")
    assert Person.sample(7, "child") != Person.sample(8, "child")
    with pytest.raises(SimError, match="negative"):
        Person.sample(-1)


def test_children_are_more_restless_than_adults() -> None:
    def mean(population: str, name: str) -> float:
        people = [Person.sample(s, population) for s in range(200)]
        return float(np.mean([getattr(p.temperament, name) for p in people]))

    assert mean("child", "sway_speed") > 1.5 * mean("adult", "sway_speed")
    assert mean("child", "gag_threshold") < mean("adult", "gag_threshold")


@pytest.mark.parametrize(
    ("act", "field", "rises"),
    [
        (Act.CLOSE_MOUTH, "opening", False),
        (Act.SPEAK, "opening", False),
        (Act.SWALLOW, "swallow", True),
        (Act.RAISE_TONGUE, "tongue_height", True),
        (Act.STICK_OUT_TONGUE, "tongue_protrusion", True),
        (Act.HAND_IN_FRONT, "hand", True),
        (Act.COUGH, "velum", True),
    ],
)
def test_every_act_of_the_mouth_moves_its_part(act: Act, field: str, rises: bool) -> None:
    behaviour = Behaviour(Person.sample(3), head(), 0.0)
    behaviour.cue(Cue.OPEN_MOUTH, 0.0)
    behaviour.advance(4.0)
    before = getattr(behaviour.cavity.articulation, field)
    behaviour.act(act, 4.0)
    seen = []
    for t in np.arange(4.0, 6.0, 0.01):
        behaviour.advance(float(t))
        seen.append(getattr(behaviour.cavity.articulation, field))
    change = max(seen) - before if rises else before - min(seen)
    assert change > 0.1 * max(before, 0.05)


@pytest.mark.parametrize("act", [Act.LEAN_BACK, Act.TURN_AWAY, Act.LEAVE, Act.COUGH, Act.GAG])
def test_every_act_of_the_head_moves_it(act: Act) -> None:
    behaviour = Behaviour(Person.sample(3), head(sway_speed=0.0, tremor=0.0, drift=0.0), 0.0)
    behaviour.advance(1.0)
    before = behaviour.head.base_mouth
    behaviour.act(act, 1.0)
    far = 0.0
    for t in np.arange(1.0, 4.0, 0.02):
        behaviour.advance(float(t))
        far = max(far, *before.distance_to(behaviour.head.base_mouth))
    assert far > 0.01
    assert behaviour.seated == (act is not Act.LEAVE)


def test_touch_above_the_threshold_makes_the_person_gag_once() -> None:

    behaviour = Behaviour(Person.sample(3), head(), 0.0)
    threshold = behaviour.person.temperament.gag_threshold
    behaviour.feel(Part.POSTERIOR_WALL, 0.9 * threshold, 1.0)
    behaviour.feel(Part.LIPS, 2.0 * threshold, 1.0)
    assert len(behaviour.head._moves) == 0
    behaviour.feel(Part.POSTERIOR_WALL, 1.1 * threshold, 1.0)
    behaviour.feel(Part.POSTERIOR_WALL, 1.1 * threshold, 1.2)
    assert len(behaviour.head._moves) == 1


def test_a_tired_jaw_closes() -> None:
    behaviour = Behaviour(Person.sample(3), head(), 0.0)
    behaviour.cue(Cue.OPEN_MOUTH, 0.0)
    behaviour.advance(5.0)
    wide = behaviour.opening
    behaviour.advance(5.0 + behaviour.person.temperament.fatigue_s)
    behaviour.advance(12.0 + behaviour.person.temperament.fatigue_s)
    assert behaviour.opening < 0.7 * wide
