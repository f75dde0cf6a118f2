from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spatial import Pose, stamp_ns
from vision.settings import TrackerSettings
from vision.target import Refusal, RefusalReason, Sighting, Site, Target
from vision.tracking import MouthTracker

BASE_CAMERA = Pose.from_axes((0.0, 1.0, 0.2), (1.0, 0.0, 0.0), (0.3, -0.1, 0.4))
NOISE = np.diag([1e-3**2] * 3 + [0.02**2] * 3)


def sighting(base_mouth: Pose, t: float, rng: np.random.Generator | None = None) -> Sighting:
    """What a perfect eye (or, with a generator, a noisy one) says of a mouth at ``t`` [s]."""
    optical_mouth = BASE_CAMERA.inverse() @ base_mouth
    if rng is not None:
        error = rng.multivariate_normal(np.zeros(6), NOISE)
        optical_mouth = Pose(
            Pose.from_rotation_vector(error[3:]).rotation @ optical_mouth.rotation,
            optical_mouth.translation + error[:3],
        )
    target = Target(
        Site.POSTERIOR_WALL,
        optical_mouth.apply((-0.085, 0.0, -0.01)),
        optical_mouth.rotate((1.0, 0.0, 0.0)),
        optical_mouth.apply(np.array([[-0.085, 0.005, -0.01], [-0.085, -0.005, -0.01]])),
        1e-6 * np.eye(3),
        0.9,
        0.01,
    )
    return Sighting(stamp_ns(t), optical_mouth, NOISE, 0.05, {Site.POSTERIOR_WALL: target})


def moving_mouth(t: float) -> Pose:
    return Pose.from_rotation_vector(
        (0.02 * t, 0.0, -0.03 * t), (0.6 + 0.01 * t, 0.02 * t, 0.3 - 0.005 * t)
    )


def test_steady_motion_is_recovered_with_its_velocity() -> None:
    tracker, rng = MouthTracker(), np.random.default_rng(3)
    for k in range(90):
        tracker.update(sighting(moving_mouth(k / 30), k / 30, rng), BASE_CAMERA)
    t = 89 / 30 + 0.05
    mouth = tracker.mouth(stamp_ns(t))
    assert not isinstance(mouth, Refusal)
    distance, angle = mouth.base_mouth.distance_to(moving_mouth(t))
    assert distance < 0.003
    assert angle < 0.05
    assert np.abs(mouth.twist.linear - (0.01, 0.02, -0.005)).max() < 0.03
    assert mouth.age_s == pytest.approx(0.05)


def test_innovations_are_chi_squared_when_the_noise_is_as_stated() -> None:
    tracker, rng = MouthTracker(), np.random.default_rng(5)
    distances = []
    for k in range(300):
        innovation = tracker.update(sighting(moving_mouth(0.0), k / 30, rng), BASE_CAMERA)
        if innovation is not None:
            distances.append(innovation.distance)
    # 6 degrees of freedom; the motion model expects a moving head, so a still one reads low
    assert 2.5 < np.mean(distances) < 7.0


def test_uncertainty_grows_with_age_and_then_the_pose_is_refused() -> None:
    tracker = MouthTracker()
    tracker.update(sighting(moving_mouth(0.0), 0.0), BASE_CAMERA)
    spreads = []
    for age in (0.0, 0.05, 0.1, 0.2):
        mouth = tracker.mouth(stamp_ns(age))
        assert not isinstance(mouth, Refusal)
        spreads.append(float(np.trace(mouth.covariance)))
    assert spreads == sorted(spreads)
    assert isinstance(tracker.mouth(stamp_ns(0.3)), Refusal)


def test_nothing_is_known_before_the_first_sighting() -> None:
    refusal = MouthTracker().mouth(0)
    assert isinstance(refusal, Refusal)
    assert refusal.reason is RefusalReason.NO_FACE


def test_a_jump_is_rejected_then_believed_when_it_stays() -> None:
    tracker = MouthTracker(TrackerSettings(lost_after=3))
    for k in range(30):
        tracker.update(sighting(Pose(), k / 30), BASE_CAMERA)
    away = Pose(translation=(0.2, 0.0, 0.0))
    first = tracker.update(sighting(away, 31 / 30), BASE_CAMERA)
    assert first is not None
    assert not first.accepted
    for k in (32, 33):
        tracker.update(sighting(away, k / 30), BASE_CAMERA)
    mouth = tracker.mouth(stamp_ns(33 / 30))
    assert not isinstance(mouth, Refusal)
    assert mouth.base_mouth.distance_to(away)[0] < 1e-6


def test_a_head_seen_elsewhere_is_not_led_on() -> None:
    # after a gag the arm followed at 0.3 m/s a head that had come to rest: 4.6 N on the throat
    tracker = MouthTracker()
    for k in range(30):
        tracker.update(sighting(Pose(translation=(0.3 * k / 30, 0, 0)), k / 30), BASE_CAMERA)
    led = tracker.mouth(stamp_ns(31 / 30))
    assert not isinstance(led, Refusal)
    assert led.twist.linear[0] > 0.2
    stopped = tracker.update(sighting(Pose(translation=(0.2, 0, 0)), 30 / 30), BASE_CAMERA)
    assert stopped is not None
    assert not stopped.accepted
    held = tracker.mouth(stamp_ns(31 / 30))
    assert not isinstance(held, Refusal)
    assert np.abs(held.twist.linear).max() == 0.0
    assert held.base_mouth.translation[0] < led.base_mouth.translation[0]


def test_an_older_sighting_changes_nothing() -> None:
    tracker = MouthTracker()
    tracker.update(sighting(Pose(), 1.0), BASE_CAMERA)
    before = tracker.mouth(stamp_ns(1.0))
    tracker.update(sighting(Pose(translation=(0.001, 0, 0)), 0.9), BASE_CAMERA)
    after = tracker.mouth(stamp_ns(1.0))
    assert not isinstance(before, Refusal)
    assert not isinstance(after, Refusal)
    assert before.base_mouth.almost_equals(after.base_mouth)


def test_a_fast_head_is_refused() -> None:
    tracker = MouthTracker()
    for k in range(30):
        tracker.update(sighting(Pose(translation=(0.0, 0.15 * k / 30, 0.0)), k / 30), BASE_CAMERA)
    refusal = tracker.moving(stamp_ns(29 / 30))
    assert refusal is not None
    assert refusal.reason is RefusalReason.HEAD_MOVING


@given(
    st.lists(st.floats(-0.4, 0.4), min_size=3, max_size=3),
    st.lists(st.floats(-0.5, 0.5), min_size=3, max_size=3),
)
@settings(max_examples=30, deadline=None)
def test_a_target_rides_with_the_head(turn: list[float], place: list[float]) -> None:
    tracker, base_mouth = MouthTracker(), Pose.from_rotation_vector(turn, place)
    for k in range(4):
        tracker.update(sighting(base_mouth, k / 30), BASE_CAMERA)
    target = tracker.target(Site.POSTERIOR_WALL, stamp_ns(3 / 30))
    assert not isinstance(target, Refusal)
    assert np.allclose(target.point, base_mouth.apply((-0.085, 0.0, -0.01)), atol=1e-6)
    assert np.allclose(target.normal, base_mouth.rotate((1.0, 0.0, 0.0)), atol=1e-6)
    assert np.linalg.eigvalsh(target.covariance)[0] > 0
    assert target.sightings == 4


def test_a_site_not_seen_is_refused_and_an_old_one_forgotten() -> None:
    tracker = MouthTracker(TrackerSettings(target_memory_s=0.5))
    tracker.update(sighting(Pose(), 0.0), BASE_CAMERA)
    unseen = tracker.target(Site.LEFT_TONSIL, 0)
    assert isinstance(unseen, Refusal)
    assert unseen.reason is RefusalReason.TONSIL_NOT_SEEN
    for k in range(1, 30):
        full = sighting(Pose(), k / 30)
        tracker.update(
            Sighting(full.stamp_ns, full.optical_mouth, full.covariance, 0.05, {}), BASE_CAMERA
        )
    old = tracker.target(Site.POSTERIOR_WALL, stamp_ns(29 / 30))
    assert isinstance(old, Refusal)
    assert old.reason is RefusalReason.WALL_NOT_SEEN


def test_the_more_sightings_the_surer_the_normal_and_the_course_of_the_path() -> None:
    rng, mouth = np.random.default_rng(9), moving_mouth(0.0)
    tracker, single = MouthTracker(), []
    truth = sighting(mouth, 0.0).targets[Site.POSTERIOR_WALL]
    assert isinstance(truth, Target)
    for k in range(20):
        seen = sighting(mouth, k / 10)
        tilt = Pose.from_rotation_vector(rng.normal(0.0, 0.3, 3)).rotation
        tilted = replace(
            truth,
            normal=tilt @ truth.normal,
            path=truth.point + (truth.path - truth.point) @ tilt.T,
        )
        tracker.update(replace(seen, targets={Site.POSTERIOR_WALL: tilted}), BASE_CAMERA)
        single.append(np.arccos(tilted.normal @ truth.normal))
    found = tracker.target(Site.POSTERIOR_WALL, stamp_ns(1.9))
    assert not isinstance(found, Refusal)
    true_normal = BASE_CAMERA.rotate(truth.normal)
    assert np.arccos(found.normal @ true_normal) < 0.5 * np.mean(single)
    along = BASE_CAMERA.rotate(truth.path[-1] - truth.path[0])
    course = found.path[-1] - found.path[0]
    assert np.linalg.norm(course / np.linalg.norm(course) - along / np.linalg.norm(along)) < 0.15


def test_a_surface_seen_to_face_the_other_way_is_taken_as_it_is_seen_last() -> None:
    mouth, tracker = moving_mouth(0.0), MouthTracker()
    for k in range(2):
        seen = sighting(mouth, k / 10)
        target = seen.targets[Site.POSTERIOR_WALL]
        assert isinstance(target, Target)
        turned = replace(target, normal=(1.0 - 2.0 * k) * target.normal)
        tracker.update(replace(seen, targets={Site.POSTERIOR_WALL: turned}), BASE_CAMERA)
    found = tracker.target(Site.POSTERIOR_WALL, stamp_ns(0.1))
    assert not isinstance(found, Refusal)
    assert found.normal @ BASE_CAMERA.rotate(turned.normal) == pytest.approx(1.0, abs=1e-6)
