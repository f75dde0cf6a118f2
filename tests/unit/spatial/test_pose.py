"""The group axioms and the round trips of SE(3)."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from spatial import Pose, SpatialError

metres = st.floats(-2.0, 2.0)
vectors = arrays(np.float64, 3, elements=metres)
# angles up to pi: beyond it the logarithm names the shorter way round
turns = arrays(np.float64, 3, elements=st.floats(-1.8, 1.8))
poses = st.builds(Pose.from_rotation_vector, turns, vectors)


@given(poses, poses, poses)
def test_composition_is_associative(a: Pose, b: Pose, c: Pose) -> None:
    assert ((a @ b) @ c).almost_equals(a @ (b @ c))


@given(poses)
def test_inverse_undoes(pose: Pose) -> None:
    assert (pose @ pose.inverse()).almost_equals(Pose())
    assert (pose.inverse() @ pose).almost_equals(Pose())


@given(poses)
def test_exponential_of_logarithm_is_identity(pose: Pose) -> None:
    assert Pose.exp(pose.log()).almost_equals(pose, 1e-8)


@given(poses)
def test_quaternion_round_trip(pose: Pose) -> None:
    assert Pose.from_quaternion(pose.quaternion(), pose.translation).almost_equals(pose, 1e-9)


@given(poses, poses, vectors)
def test_composition_applies_the_right_factor_first(a: Pose, b: Pose, point: np.ndarray) -> None:
    np.testing.assert_allclose((a @ b).apply(point), a.apply(b.apply(point)), atol=1e-9)


@given(poses, arrays(np.float64, (5, 3), elements=metres))
def test_transforms_keep_distances(pose: Pose, points: np.ndarray) -> None:
    moved = pose.apply(points)
    np.testing.assert_allclose(
        np.linalg.norm(moved[1:] - moved[:-1], axis=1),
        np.linalg.norm(points[1:] - points[:-1], axis=1),
        atol=1e-9,
    )


@given(poses, poses)
def test_interpolation_meets_both_ends_and_halves_the_way(a: Pose, b: Pose) -> None:
    assert a.interpolate(b, 0.0).almost_equals(a, 1e-8)
    middle = a.interpolate(b, 0.5)
    to_a, to_b = middle.distance_to(a), middle.distance_to(b)
    angle = a.distance_to(b)[1]
    if angle < np.pi - 0.01:  # half a turn has two ways round
        assert a.interpolate(b, 1.0).almost_equals(b, 1e-7)
        assert to_a[1] == pytest.approx(to_b[1], abs=1e-6)


def test_quaternion_is_exact_at_half_turns() -> None:
    for axis in np.eye(3):
        pose = Pose.from_rotation_vector(np.pi * axis)
        assert Pose.from_quaternion(pose.quaternion()).almost_equals(pose, 1e-12)


def test_long_products_stay_orthonormal() -> None:
    step = Pose.from_rotation_vector((0.011, -0.007, 0.013), (0.001, 0.0, 0.0))
    product = Pose()
    for _ in range(20_000):
        product = product @ step
    R = product.rotation
    assert np.abs(R @ R.T - np.eye(3)).max() < 1e-12


@given(vectors, vectors)
def test_from_axes_points_where_told(z: np.ndarray, x: np.ndarray) -> None:
    lengths = np.linalg.norm(z), np.linalg.norm(x)
    if min(lengths) < 1e-3 or np.linalg.norm(np.cross(z, x)) < 1e-3 * lengths[0] * lengths[1]:
        return
    pose = Pose.from_axes(z, x)
    np.testing.assert_allclose(pose.rotation[:, 2], z / lengths[0], atol=1e-9)
    assert pose.rotation[:, 0] @ x > 0


@pytest.mark.parametrize(
    "make",
    [
        lambda: Pose(np.diag([1.0, 1.0, -1.0])),
        lambda: Pose(np.eye(3) * 1.01),
        lambda: Pose(np.eye(3), (np.nan, 0, 0)),
        lambda: Pose(np.eye(3), (0, 0)),
        lambda: Pose.from_quaternion((0, 0, 0, 0)),
        lambda: Pose.from_axes((0, 0, 1), (0, 0, 2)),
        lambda: Pose.from_axes((0, 0, 0), (1, 0, 0)),
        lambda: Pose.from_matrix(np.eye(3)),
    ],
)
def test_malformed_poses_are_refused(make: object) -> None:
    with pytest.raises(SpatialError, match=r"\w+"):
        make()  # type: ignore[operator]


def test_poses_cannot_be_changed_in_place() -> None:
    pose = Pose()
    with pytest.raises(ValueError, match="read-only"):
        pose.translation[0] = 1.0
