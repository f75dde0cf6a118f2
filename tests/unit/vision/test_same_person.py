import numpy as np
import pytest

from spatial import Pose, Vector
from vision.same_person import SamePerson, SamePersonSettings
from vision.target import Refusal, RefusalReason, Sighting, Site, Target

COUNT = int(SamePersonSettings().sightings)


def sighting(width: float, depth: float, rng: np.random.Generator, wall: bool = True) -> Sighting:
    """A sighting of a throat of this build, the head held anyhow."""
    optical_mouth = Pose.from_rotation_vector(rng.normal(0, 0.2, 3), (0.0, 0.0, 0.3))
    where = {
        Site.RIGHT_TONSIL: (-0.06, -width / 2, 0.0),
        Site.LEFT_TONSIL: (-0.06, width / 2, 0.0),
    }
    if wall:
        where[Site.POSTERIOR_WALL] = (-depth, 0.0, 0.0)

    def target(site: Site, place: Vector) -> Target:
        point = optical_mouth.apply(place + rng.normal(0, 0.002, 3))
        return Target(site, point, (0, 0, -1), point[None], np.eye(3) * 1e-6, 0.9, 0.01)

    targets: dict[Site, Target | Refusal] = {
        site: target(site, np.array(place)) for site, place in where.items()
    }
    return Sighting(1, optical_mouth, np.eye(6) * 1e-6, 0.045, targets)


def verdicts(check: SamePerson, width: float, depth: float, n: int, wall: bool = True) -> list:
    rng = np.random.default_rng(3)
    return [check.take(sighting(width, depth, rng, wall)) for _ in range(n)]


def test_one_person_stays_one() -> None:
    assert not any(verdicts(SamePerson(), 0.030, 0.085, 10 * COUNT))


@pytest.mark.parametrize(("width", "depth"), [(0.042, 0.085), (0.030, 0.102), (0.018, 0.070)])
def test_another_build_is_noticed(width: float, depth: float) -> None:
    check = SamePerson()
    verdicts(check, 0.030, 0.085, 2 * COUNT)
    last = verdicts(check, width, depth, COUNT)[-1]
    assert isinstance(last, Refusal)
    assert last.reason is RefusalReason.ANOTHER_PERSON
    check.reset()
    assert not any(verdicts(check, width, depth, 3 * COUNT))


def test_a_site_not_seen_says_nothing() -> None:
    check = SamePerson()
    verdicts(check, 0.030, 0.085, 2 * COUNT)
    assert not any(verdicts(check, 0.030, 0.999, 2 * COUNT, wall=False))


def test_one_odd_sighting_is_no_other_person() -> None:
    check = SamePerson()
    verdicts(check, 0.030, 0.085, 2 * COUNT)
    assert not any(verdicts(check, 0.050, 0.110, COUNT // 2 - 1))
