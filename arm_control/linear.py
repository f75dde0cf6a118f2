"""Small linear algebra for the compiled kernels: no allocation, loops the compiler unrolls."""

import math

from arm_control.compiled import kernel
from spatial import Matrix, Vector


@kernel
def multiply(A: Matrix, B: Matrix, out: Matrix) -> None:
    """``out`` = A B, all (3, 3); ``out`` must be another array."""
    for i in range(3):
        for j in range(3):
            out[i, j] = A[i, 0] * B[0, j] + A[i, 1] * B[1, j] + A[i, 2] * B[2, j]


@kernel
def multiply_transposed(A: Matrix, B: Matrix, out: Matrix) -> None:
    """``out`` = Aᵀ B, all (3, 3); ``out`` must be another array."""
    for i in range(3):
        for j in range(3):
            out[i, j] = A[0, i] * B[0, j] + A[1, i] * B[1, j] + A[2, i] * B[2, j]


@kernel
def rotate(R: Matrix, x: Vector, out: Vector) -> None:
    """``out`` = R x; ``out`` may be ``x``."""
    x0, x1, x2 = x[0], x[1], x[2]
    for i in range(3):
        out[i] = R[i, 0] * x0 + R[i, 1] * x1 + R[i, 2] * x2


@kernel
def rotate_back(R: Matrix, x: Vector, out: Vector) -> None:
    """``out`` = Rᵀ x; ``out`` may be ``x``."""
    x0, x1, x2 = x[0], x[1], x[2]
    for i in range(3):
        out[i] = R[0, i] * x0 + R[1, i] * x1 + R[2, i] * x2


@kernel
def cross(a: Vector, b: Vector, out: Vector) -> None:
    """``out`` = a x b; ``out`` may be either."""
    x = a[1] * b[2] - a[2] * b[1]
    y = a[2] * b[0] - a[0] * b[2]
    z = a[0] * b[1] - a[1] * b[0]
    out[0], out[1], out[2] = x, y, z


@kernel
def dot(a: Vector, b: Vector) -> float:
    """Return the scalar product of two (3,)."""
    return float(a[0] * b[0] + a[1] * b[1] + a[2] * b[2])


@kernel
def norm(a: Vector) -> float:
    """Return the length of a (3,)."""
    return math.sqrt(a[0] * a[0] + a[1] * a[1] + a[2] * a[2])


@kernel
def turn(axis: Vector, angle: float, out: Matrix) -> None:
    """``out`` (3, 3) = rotation about the unit ``axis`` by ``angle`` [rad] (Rodrigues)."""
    s = math.sin(angle)
    c = math.cos(angle)
    x, y, z = axis[0], axis[1], axis[2]
    k = 1.0 - c
    out[0, 0] = c + x * x * k
    out[0, 1] = x * y * k - z * s
    out[0, 2] = x * z * k + y * s
    out[1, 0] = y * x * k + z * s
    out[1, 1] = c + y * y * k
    out[1, 2] = y * z * k - x * s
    out[2, 0] = z * x * k - y * s
    out[2, 1] = z * y * k + x * s
    out[2, 2] = c + z * z * k


@kernel
def turn_by(vector: Vector, out: Matrix) -> None:
    """``out`` (3, 3) = rotation by a rotation vector (3,) [rad]."""
    angle = norm(vector)
    if angle < 1e-12:
        for i in range(3):
            for j in range(3):
                out[i, j] = 1.0 if i == j else 0.0
        out[2, 1] = vector[0]
        out[1, 2] = -vector[0]
        out[0, 2] = vector[1]
        out[2, 0] = -vector[1]
        out[1, 0] = vector[2]
        out[0, 1] = -vector[2]
        return
    s = math.sin(angle) / angle
    k = (1.0 - math.cos(angle)) / (angle * angle)
    x, y, z = vector[0], vector[1], vector[2]
    out[0, 0] = 1.0 - k * (y * y + z * z)
    out[0, 1] = k * x * y - s * z
    out[0, 2] = k * x * z + s * y
    out[1, 0] = k * x * y + s * z
    out[1, 1] = 1.0 - k * (x * x + z * z)
    out[1, 2] = k * y * z - s * x
    out[2, 0] = k * x * z - s * y
    out[2, 1] = k * y * z + s * x
    out[2, 2] = 1.0 - k * (x * x + y * y)


@kernel
def turn_between(R_from: Matrix, R_to: Matrix, out: Vector) -> None:
    """``out`` (3,) [rad]: the rotation vector that turns ``R_from`` into ``R_to``, fixed axes.

    Half the antisymmetric part gives axis times sine; atan2 with the trace keeps it right up to
    angles short of pi.
    """
    # D = R_to R_fromT
    x = 0.0
    y = 0.0
    z = 0.0
    trace = 0.0
    for k in range(3):
        x += R_to[2, k] * R_from[1, k] - R_to[1, k] * R_from[2, k]
        y += R_to[0, k] * R_from[2, k] - R_to[2, k] * R_from[0, k]
        z += R_to[1, k] * R_from[0, k] - R_to[0, k] * R_from[1, k]
        trace += R_to[0, k] * R_from[0, k] + R_to[1, k] * R_from[1, k] + R_to[2, k] * R_from[2, k]
    sine = 0.5 * math.sqrt(x * x + y * y + z * z)
    cosine = 0.5 * (trace - 1.0)
    scale = 0.5
    if sine > 1e-9:
        scale = 0.5 * math.atan2(sine, cosine) / sine
    out[0] = x * scale
    out[1] = y * scale
    out[2] = z * scale


@kernel
def orthonormalise(R: Matrix) -> None:
    """Make R (3, 3) a rotation again, columns in turn (Gram-Schmidt); it is nearly one already."""
    length = math.sqrt(R[0, 0] ** 2 + R[1, 0] ** 2 + R[2, 0] ** 2)
    for i in range(3):
        R[i, 0] /= length
    along = R[0, 0] * R[0, 1] + R[1, 0] * R[1, 1] + R[2, 0] * R[2, 1]
    for i in range(3):
        R[i, 1] -= along * R[i, 0]
    length = math.sqrt(R[0, 1] ** 2 + R[1, 1] ** 2 + R[2, 1] ** 2)
    for i in range(3):
        R[i, 1] /= length
    R[0, 2] = R[1, 0] * R[2, 1] - R[2, 0] * R[1, 1]
    R[1, 2] = R[2, 0] * R[0, 1] - R[0, 0] * R[2, 1]
    R[2, 2] = R[0, 0] * R[1, 1] - R[1, 0] * R[0, 1]
