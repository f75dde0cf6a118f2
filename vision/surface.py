"""Local geometry of measured tissue: planes, curved patches, wiping paths, covariance."""

from dataclasses import dataclass

import numpy as np

from spatial import Matrix, Vector, unit
from vision.errors import VisionError
from vision.kernels import huber_fit, plane_through
from vision.ranks import median, medians, quantile

_IDENTITY = np.eye(3)


@dataclass(frozen=True, slots=True, eq=False)
class Plane:
    """A plane through ``point`` (3,) [m] with unit ``normal`` (3,) towards the camera.

    ``residual`` [m] is the root mean square distance of the points it was fitted to.
    """

    point: Vector
    normal: Vector
    residual: float

    def meet(self, ray: Vector) -> Vector | None:
        """Return where a ray (3,) from the origin meets the plane, None where it does not."""
        along = float(self.normal @ ray)
        if abs(along) < 1e-6:
            return None
        distance = float(self.normal @ self.point) / along
        return np.asarray(distance * ray) if distance > 0 else None


def fit_plane(points: Matrix) -> Plane:
    """Fit a plane to points (n >= 3, 3) [m] seen from the origin, robust to flying pixels.

    Total least squares, first on the half of the points nearest to their
    median, then on all that lie within three times the median distance from that plane. Raises
    VisionError where the points do not span a plane.
    """
    if len(points) < 3:
        raise VisionError(f"{len(points)} points span no plane, wants 3 or more; widen the patch")
    away = lengths(points - medians(points))
    core = points[np.argsort(away)[: max(3, (len(points) + 1) // 2)]]
    plane = _least_squares(core)
    distance = np.abs((points - plane.point) @ plane.normal)
    near = distance <= 3.0 * max(median(distance), 1e-5)
    return _least_squares(points[near]) if int(near.sum()) >= 3 else plane


def _least_squares(points: Matrix) -> Plane:
    middle, normal, residual, spread = plane_through(points)
    if spread < 1e-7:
        raise VisionError(
            f"points lie on a line (spread {spread:.1e} m, wants 1e-7 m); widen the patch"
        )
    return Plane(middle, normal if normal @ middle < 0 else -normal, residual)


@dataclass(frozen=True, slots=True, eq=False)
class Patch:
    """A curved patch: height c0 + c1 a + c2 b + c3 a² + c4 ab + c5 b² [m] over a tangent plane.

    ``axes`` (3, 3) has rows a, b and normal; ``limit`` [m] is how far from ``origin`` the points
    it was fitted to reach, beyond which it says nothing.
    """

    origin: Vector
    axes: Matrix
    coefficients: Vector
    limit: float

    def at(self, ab: Matrix) -> Matrix:
        """Return the surface points (n, 3) [m] over tangent coordinates (n, 2) [m]."""
        height = _basis(ab) @ self.coefficients
        return np.asarray(self.origin + ab @ self.axes[:2] + height[:, None] * self.axes[2])


def fit_patch(points: Matrix, origin: Vector, normal: Vector, along: Vector) -> Patch:
    """Fit a patch to points (n, 3) [m] about ``origin``, its first axis nearest ``along``.

    With fewer than 20 points the patch stays flat, for noise would bend it. One reweighting by
    Huber's function (1964) with a scale of 1 mm bounds the pull of flying pixels.
    """
    n = unit(normal, "patch normal")
    a = along - (along @ n) * n
    a = unit(a, "patch direction")
    axes = np.array([a, cross(n, a), n])
    local = (points - origin) @ axes.T
    coefficients = np.zeros(6)
    if len(points) >= 3:
        count = 6 if len(points) >= 20 else 3
        scale = np.array([1.0, 1e-2, 1e-2, 1e-4, 1e-4, 1e-4])[:count]  # about equal columns
        basis = _basis(local[:, :2])[:, :count] / scale
        coefficients[:count] = huber_fit(basis, local[:, 2], 1e-3, 2, 1e-3) / scale
    reach = quantile(lengths(local[:, :2]), 0.9) if len(points) else 0.0
    return Patch(origin, axes, coefficients, reach)


def wiping_path(patch: Patch, length: float, count: int = 9) -> Matrix:
    """Return ``count`` surface points (count, 3) [m] along the patch's first axis.

    ``length`` [m] is shortened where the patch was not measured so far. The middle one lies over
    the patch's origin.
    """
    half = min(length / 2, max(patch.limit, 1e-3))
    ab = np.zeros((count, 2))
    ab[:, 0] = half * (2.0 / (count - 1) * np.arange(count) - 1.0)
    return patch.at(ab)


def point_covariance(ray: Vector, across: float, along: float) -> Matrix:
    """Return the covariance (3, 3) [m²] of a point: deviations across and along its ray [m]."""
    r = unit(ray, "ray")
    outer = r[:, None] * r
    return np.asarray(across**2 * (_IDENTITY - outer) + along**2 * outer)


def lengths(vectors: Matrix) -> Vector:
    """Return the lengths (n,) of vectors (n, k)."""
    return np.asarray(np.sqrt(np.einsum("ij,ij->i", vectors, vectors)))


def cross(a: Vector, b: Vector) -> Vector:
    """Return the cross product (3,) of two vectors, without what ``numpy.cross`` does for many."""
    (ax, ay, az), (bx, by, bz) = a.tolist(), b.tolist()
    return np.array([ay * bz - az * by, az * bx - ax * bz, ax * by - ay * bx])


def _basis(ab: Matrix) -> Matrix:
    a, b = ab[:, 0], ab[:, 1]
    basis = np.ones((len(ab), 6))
    basis[:, 1:3] = ab
    basis[:, 3], basis[:, 4], basis[:, 5] = a * a, a * b, b * b
    return basis
