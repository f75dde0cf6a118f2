"""Poses: rigid transforms SE(3), named ``destination_source``."""

from dataclasses import dataclass, field
from typing import Self

import numpy as np
from numpy.typing import ArrayLike

from spatial.errors import SpatialError
from spatial.vector import Matrix, Vector, matrix, unit, vector

_SMALL_ANGLE = 1e-6
_ORTHOGONALITY = 1e-6


@dataclass(frozen=True, slots=True, eq=False)
class Pose:
    """A rigid transform: ``rotation`` (3, 3) and ``translation`` (3,) [m].

    ``base_camera @ camera_point`` is written ``base_camera.apply(camera_point)``;
    ``base_camera @ camera_mouth`` composes to ``base_mouth``. Raises SpatialError when the
    rotation is not orthonormal and right-handed to 1e-6.
    """

    rotation: Matrix = field(default_factory=lambda: np.eye(3))
    translation: Vector = field(default_factory=lambda: np.zeros(3))

    def __post_init__(self) -> None:
        rotation = matrix(self.rotation, (3, 3), "rotation")
        error, handedness = _departure(rotation)
        if error > _ORTHOGONALITY or handedness < 0.0:
            raise SpatialError(
                f"rotation is off orthonormal by {error:.1e}, bound {_ORTHOGONALITY:.0e}, or is a "
                "reflection; build it with Pose.from_quaternion or Pose.from_axes"
            )
        object.__setattr__(self, "rotation", rotation)
        object.__setattr__(self, "translation", vector(self.translation, 3, "translation"))

    @classmethod
    def from_matrix(cls, homogeneous: ArrayLike) -> Self:
        """Return the pose of a homogeneous matrix (4, 4)."""
        full = matrix(homogeneous, (4, 4), "homogeneous matrix")
        return cls(full[:3, :3], full[:3, 3])

    @classmethod
    def from_quaternion(cls, wxyz: ArrayLike, translation: ArrayLike = (0.0, 0.0, 0.0)) -> Self:
        """Return the pose of a quaternion (w, x, y, z), normalised here, and a translation [m]."""
        q = vector(wxyz, 4, "quaternion")
        length = float(np.linalg.norm(q))
        if length < 1e-9:
            raise SpatialError(
                f"quaternion has length {length:.1e}, wants about 1; it turns nothing"
            )
        w, x, y, z = q / length
        rotation = np.array(
            [
                [1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)],
                [2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)],
                [2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)],
            ]
        )
        return cls(rotation, vector(translation, 3, "translation"))

    @classmethod
    def from_rotation_vector(
        cls, rotation_vector: ArrayLike, translation: ArrayLike = (0.0, 0.0, 0.0)
    ) -> Self:
        """Return the pose that turns by a rotation vector (3,) [rad] (Rodrigues' formula)."""
        return cls(
            _rotation_exp(vector(rotation_vector, 3, "rotation vector")),
            vector(translation, 3, "translation"),
        )

    @classmethod
    def from_axes(
        cls, z: ArrayLike, x_hint: ArrayLike, translation: ArrayLike = (0.0, 0.0, 0.0)
    ) -> Self:
        """Return the pose whose z axis lies along ``z`` and whose x axis is nearest ``x_hint``.

        Raises SpatialError where the two directions are parallel to within 1e-6.
        """
        z_axis = unit(z, "z axis")
        hint = unit(x_hint, "x hint")
        across = hint - (hint @ z_axis) * z_axis
        if float(np.linalg.norm(across)) < 1e-6:
            raise SpatialError("x hint is parallel to the z axis; choose a direction across it")
        x_axis = unit(across)
        return cls(
            np.column_stack([x_axis, np.cross(z_axis, x_axis), z_axis]),
            vector(translation, 3, "translation"),
        )

    @classmethod
    def exp(cls, twist: ArrayLike) -> Self:
        """Return the exponential of ``twist`` (6,): linear [m] then angular [rad].

        Lynch and Park 2017, Modern Robotics, eq. 3.88.
        """
        xi = vector(twist, 6, "twist")
        return cls(_rotation_exp(xi[3:]), _left_jacobian(xi[3:]) @ xi[:3])

    def log(self) -> Vector:
        """Return the twist (6,), linear [m] then angular [rad], whose exponential this is."""
        angular = self.rotation_vector()
        linear = np.linalg.solve(_left_jacobian(angular), self.translation)
        return vector(np.concatenate([linear, angular]), 6, "twist")

    def rotation_vector(self) -> Vector:
        """Return the rotation as a vector (3,) [rad] of length at most pi."""
        w, x, y, z = self.quaternion()
        sine = float(np.sqrt(x * x + y * y + z * z))
        if sine < 1e-12:
            return vector(2.0 * np.array([x, y, z]))
        return vector(2.0 * np.arctan2(sine, w) / sine * np.array([x, y, z]))

    def quaternion(self) -> Vector:
        """Return the rotation as a unit quaternion (w, x, y, z) with w >= 0.

        Shepperd 1978, J. Guidance and Control 1(3): the largest component is found first, which
        keeps the division well conditioned.
        """
        R = self.rotation
        trace = float(np.trace(R))
        squares = np.array([trace, R[0, 0], R[1, 1], R[2, 2]])
        largest = int(np.argmax(squares))
        if largest == 0:
            q = np.array([1 + trace, R[2, 1] - R[1, 2], R[0, 2] - R[2, 0], R[1, 0] - R[0, 1]])
        else:
            i = largest - 1
            j, k = (i + 1) % 3, (i + 2) % 3
            q = np.empty(4)
            q[0] = R[k, j] - R[j, k]
            q[1 + i] = 1 + 2 * R[i, i] - trace
            q[1 + j] = R[j, i] + R[i, j]
            q[1 + k] = R[k, i] + R[i, k]
        q /= np.linalg.norm(q)
        return vector(q if q[0] >= 0 else -q, 4, "quaternion")

    def matrix(self) -> Matrix:
        """Return the homogeneous matrix (4, 4)."""
        full = np.eye(4)
        full[:3, :3] = self.rotation
        full[:3, 3] = self.translation
        return full

    def inverse(self) -> "Pose":
        """Return ``source_destination``."""
        return Pose(self.rotation.T, -self.rotation.T @ self.translation)

    def __matmul__(self, other: "Pose") -> "Pose":
        return Pose(
            _nearest_rotation(self.rotation @ other.rotation), self.apply(other.translation)
        )

    def apply(self, points: ArrayLike) -> Vector:
        """Map points (3,) or (n, 3) [m] from source to destination coordinates."""
        return np.asarray(np.asarray(points, dtype=np.float64) @ self.rotation.T + self.translation)

    def rotate(self, directions: ArrayLike) -> Vector:
        """Turn free vectors (3,) or (n, 3) from source to destination axes."""
        return np.asarray(np.asarray(directions, dtype=np.float64) @ self.rotation.T)

    def interpolate(self, other: "Pose", fraction: float) -> "Pose":
        """Return the pose ``fraction`` of the way to ``other``, along the screw between them."""
        return self @ Pose.exp((self.inverse() @ other).log() * fraction)

    def distance_to(self, other: "Pose") -> tuple[float, float]:
        """Return the distance [m] and the angle [rad] to ``other``."""
        step = self.inverse() @ other
        return float(np.linalg.norm(step.translation)), float(
            np.linalg.norm(step.rotation_vector())
        )

    def almost_equals(self, other: "Pose", tolerance: float = 1e-9) -> bool:
        """Say whether both matrices agree entry by entry to ``tolerance``."""
        return bool(np.abs(self.matrix() - other.matrix()).max() <= tolerance)


def skew(v: ArrayLike) -> Matrix:
    """Return the matrix (3, 3) whose product with ``u`` is the cross product ``v × u``."""
    x, y, z = np.asarray(v, dtype=np.float64)
    return np.array([[0.0, -z, y], [z, 0.0, -x], [-y, x, 0.0]])


def _departure(R: Matrix) -> tuple[float, float]:
    """Return the largest entry of ``R Rᵀ - 1``, and the triple product of the rows.

    Written out in scalars: poses are made in control loops, and on nine numbers array calls cost
    ten times what they compute.
    """
    (a, b, c), (d, e, f), (g, h, i) = R.tolist()
    error = max(
        abs(a * a + b * b + c * c - 1.0),
        abs(d * d + e * e + f * f - 1.0),
        abs(g * g + h * h + i * i - 1.0),
        abs(a * d + b * e + c * f),
        abs(a * g + b * h + c * i),
        abs(d * g + e * h + f * i),
    )
    return error, a * (e * i - f * h) + b * (f * g - d * i) + c * (d * h - e * g)


def _rotation_exp(rotation_vector: Vector) -> Matrix:
    angle = float(np.linalg.norm(rotation_vector))
    K = skew(rotation_vector)
    if angle < _SMALL_ANGLE:
        return np.asarray(_nearest_rotation(np.eye(3) + K + 0.5 * K @ K))
    first = np.sin(angle) / angle
    second = (1.0 - np.cos(angle)) / angle**2
    return np.asarray(np.eye(3) + first * K + second * K @ K)


def _left_jacobian(rotation_vector: Vector) -> Matrix:
    """Return the left Jacobian (3, 3) of SO(3) (Barfoot 2017, State Estimation, eq. 7.37)."""
    angle = float(np.linalg.norm(rotation_vector))
    K = skew(rotation_vector)
    if angle < _SMALL_ANGLE:
        return np.asarray(np.eye(3) + 0.5 * K + K @ K / 6.0)
    first = (1.0 - np.cos(angle)) / angle**2
    second = (angle - np.sin(angle)) / angle**3
    return np.asarray(np.eye(3) + first * K + second * K @ K)


def _nearest_rotation(R: Matrix) -> Matrix:
    """One Newton step of the polar decomposition: keeps long products orthonormal."""
    return np.asarray(1.5 * R - 0.5 * R @ R.T @ R)
