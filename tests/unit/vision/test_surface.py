import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from spatial import Matrix, Pose
from vision.errors import VisionError
from vision.surface import (
    cross,
    fit_patch,
    fit_plane,
    lengths,
    point_covariance,
    wiping_path,
)

angles = st.floats(-0.8, 0.8)


def plane_points(turn: tuple[float, float], rng: np.random.Generator, n: int = 60) -> np.ndarray:
    pose = Pose.from_rotation_vector((*turn, 0.0), (0.01, -0.02, 0.35))
    flat = np.column_stack([rng.uniform(-0.006, 0.006, (n, 2)), np.zeros(n)])
    return pose.apply(flat)


@given(angles, angles, st.integers(0, 1000))
@settings(max_examples=40, deadline=None)
def test_a_plane_is_found_and_faces_the_camera(a: float, b: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    plane = fit_plane(plane_points((a, b), rng))
    truth = Pose.from_rotation_vector((a, b, 0.0)).rotation[:, 2]
    assert abs(plane.normal @ truth) > 1 - 1e-9
    assert plane.normal @ plane.point < 0
    assert plane.residual < 1e-9


def test_flying_pixels_hardly_turn_the_plane() -> None:
    rng = np.random.default_rng(1)
    points = plane_points((0.3, 0.1), rng)
    clean = fit_plane(points)
    points[:4] *= 1.06
    assert fit_plane(points).normal @ clean.normal > np.cos(np.radians(4))


def test_points_that_span_no_plane_are_refused() -> None:
    with pytest.raises(VisionError, match="span no plane"):
        fit_plane(np.zeros((2, 3)))
    line = np.linspace(0, 1, 10)[:, None] * np.array([[0.01, 0.0, 0.0]]) + [0, 0, 0.3]
    with pytest.raises(VisionError, match="on a line"):
        fit_plane(line)


def test_the_plane_meets_its_ray() -> None:
    plane = fit_plane(plane_points((0.4, -0.3), np.random.default_rng(2)))
    met = plane.meet(np.array([0.02, -0.05, 1.0]))
    assert met is not None
    assert abs((met - plane.point) @ plane.normal) < 1e-12
    assert plane.meet(np.cross(plane.normal, (0.0, 0.0, 1.0))) is None


@given(st.floats(0.012, 0.08), st.integers(0, 500))
@settings(max_examples=30, deadline=None)
def test_the_wiping_path_follows_a_ball(radius: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    centre = np.array([0.0, 0.0, 0.35 + radius])
    ab = rng.uniform(-0.005, 0.005, (200, 2))
    depth = centre[2] - np.sqrt(radius**2 - (ab**2).sum(axis=1))
    points = np.column_stack([ab, depth]) + rng.normal(0.0, 1e-4, (200, 3))
    patch = fit_patch(points, np.array([0, 0, 0.35]), np.array([0, 0, -1.0]), np.array([0, 1.0, 0]))
    path = wiping_path(patch, 0.008)
    off = np.abs(np.linalg.norm(path - centre, axis=1) - radius)
    assert off.max() < 4e-4
    assert np.ptp(path[:, 1]) == pytest.approx(np.ptp(path @ patch.axes[0]), abs=1e-9)


def test_few_points_stay_flat() -> None:
    rng = np.random.default_rng(3)
    points = plane_points((0.0, 0.0), rng, 8)
    patch = fit_patch(points, points.mean(axis=0), np.array([0, 0, -1.0]), np.array([1.0, 0, 0]))
    assert np.allclose(patch.coefficients[3:], 0.0)


@given(
    st.lists(st.floats(-1, 1), min_size=3, max_size=3).filter(lambda v: np.linalg.norm(v) > 0.1),
    st.floats(1e-4, 1e-2),
    st.floats(1e-4, 1e-2),
)
def test_covariance_has_the_stated_spread(ray: list[float], across: float, along: float) -> None:
    r = np.array(ray)
    covariance = point_covariance(r, across, along)
    unit = r / np.linalg.norm(r)
    assert unit @ covariance @ unit == pytest.approx(along**2)
    assert np.trace(covariance) == pytest.approx(along**2 + 2 * across**2)
    assert np.linalg.eigvalsh(covariance)[0] > 0


@given(arrays(np.float64, (2, 3), elements=st.floats(-10, 10)))
def test_products_and_lengths_are_numpy_s(pair: Matrix) -> None:
    assert np.allclose(cross(pair[0], pair[1]), np.cross(pair[0], pair[1]), atol=1e-12)
    assert np.allclose(lengths(pair), np.linalg.norm(pair, axis=1), atol=1e-12)
