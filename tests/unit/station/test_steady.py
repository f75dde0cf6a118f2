from dataclasses import replace

import numpy as np
import pytest

from arm_control.procedure import Event as Incident
from spatial import Pose, Twist, vector
from station.config import SessionSettings
from station.steady import SteadyMouth
from vision.tracking import TrackedMouth

SECOND = 1_000_000_000
SETTINGS = SessionSettings(hold_s=5.0, stray=0.012)


def mouth(t: float, x: float = 0.0, turn: float = 0.0, opening: float = 0.045) -> TrackedMouth:
    pose = Pose.from_rotation_vector((0.0, 0.0, turn), (1.0 + x, 0.0, 0.3))
    twist = Twist(vector((0.01, 0.0, 0.0)), vector((0.0, 0.0, 0.3)))
    return TrackedMouth(round(t * SECOND), pose, twist, np.eye(6) * 1e-6, opening, 0.0)


@pytest.fixture
def steady() -> SteadyMouth:
    steady = SteadyMouth(SETTINGS)
    steady.take(mouth(0.0), 0, inside=False)
    return steady


def test_away_from_the_face_sightings_are_followed_as_they_are(steady: SteadyMouth) -> None:
    seen = mouth(0.1, x=0.03, turn=0.2, opening=0.0)
    assert steady.take(seen, SECOND // 10, inside=False) is seen


def test_near_the_face_the_orientation_stays_and_the_place_follows(steady: SteadyMouth) -> None:
    steady.fix()
    followed = steady.take(mouth(0.1, x=0.004, turn=0.2), SECOND // 10, inside=False)
    assert followed is not None
    assert followed.base_mouth.translation == pytest.approx((1.004, 0.0, 0.3))
    assert followed.base_mouth.rotation == pytest.approx(np.eye(3))
    assert followed.twist.angular == pytest.approx((0.0, 0.0, 0.0))


def test_inside_a_half_hidden_mouth_is_held_still_and_fresh(steady: SteadyMouth) -> None:
    steady.fix()
    hidden = mouth(0.2, x=0.008, opening=0.030)
    held = steady.take(hidden, SECOND // 5, inside=True)
    assert held is not None
    assert held.base_mouth.translation == pytest.approx((1.0, 0.0, 0.3))
    assert held.twist.linear == pytest.approx((0.0, 0.0, 0.0))
    assert held.stamp_ns == SECOND // 5
    assert steady.trouble(SECOND // 5, 9, inside=True) is None


def test_holding_ends(steady: SteadyMouth) -> None:
    steady.fix()
    for k in range(1, 49):
        assert steady.take(None, k * SECOND // 10, inside=True) is not None
    later = 51 * SECOND // 10
    assert steady.take(None, later, inside=True) is None
    trouble = steady.trouble(later, 0, inside=True)
    assert trouble is not None
    assert trouble[0] is Incident.HEAD_MOVED


def test_outside_nothing_is_held(steady: SteadyMouth) -> None:
    steady.fix()
    assert steady.take(None, SECOND, inside=False) is None
    trouble = steady.trouble(SECOND, 0, inside=False)
    assert trouble is not None
    assert "not seen for 1.00 s" in trouble[1]


def test_a_sure_sighting_that_strays_is_a_moved_head(steady: SteadyMouth) -> None:
    steady.fix()
    for k in range(1, 4):
        now = k * SECOND // 10
        steady.take(mouth(k / 10, x=0.02), now, inside=True)
    trouble = steady.trouble(3 * SECOND // 10, 0, inside=True)
    assert trouble is not None
    assert "12 mm" in trouble[1]


def test_a_closing_mouth_is_told_outside_alone_while_one_may_hold(steady: SteadyMouth) -> None:
    steady.fix()
    outside = steady.trouble(0, 3, inside=False)
    assert outside is not None
    assert outside[0] is Incident.MOUTH_CLOSING
    assert steady.trouble(0, 3, inside=True) is None
    strict = SteadyMouth(replace_hold(0.0))
    strict.take(mouth(0.0), 0, inside=False)
    strict.fix()
    assert strict.trouble(0, 3, inside=True) is not None


def replace_hold(hold_s: float) -> SessionSettings:
    return SETTINGS.model_copy(update={"hold_s": hold_s})


def test_released_it_follows_again_as_it_is(steady: SteadyMouth) -> None:
    steady.fix()
    steady.release()
    seen = replace(mouth(0.1, x=0.05), opening=0.01)
    assert steady.take(seen, SECOND // 10, inside=False) is seen
