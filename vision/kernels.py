"""The loops over points that every picture asks for many times, compiled by Numba.

NumPy and LAPACK take most of their time for so few points to get going, and in the booth more than
when they are called over and over, for a look of the network between two pictures leaves nothing of
them in the processor's caches. Kernels are compiled when this module is first imported on a
machine, and from then on loaded. Numba's cache notices changes in this file alone, so they call
nothing beyond it.
"""

from collections.abc import Callable
from typing import ParamSpec, TypeVar, cast

import numpy as np
from numba import njit, types
from numpy.typing import NDArray

from spatial import Matrix, Vector

P = ParamSpec("P")
R = TypeVar("R")

_F = types.float64
_POINTS = types.Array(_F, 2, "A", readonly=True)
_VECTOR = types.Array(_F, 1, "A", readonly=True)
_WEIGHTS = types.Array(types.float32, 4, "C", readonly=True)
_LABELS = types.Array(types.uint8, 2, "C", readonly=True)
_SHARES = types.Array(types.float32, 2, "C", readonly=True)
_SWEEPS = 12  # of Jacobi's rotations; matrices of six rows are diagonal after about six


def _compiled(*arguments: object) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Compile a function for these types of arguments, or load what was compiled before.

    Without types it is compiled with the kernel that calls it.
    """

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        try:
            made = njit(arguments or None, cache=True, error_model="numpy")(function)
        except RuntimeError:  # no folder for the cache can be written: compiled at every start
            made = njit(arguments or None, error_model="numpy")(function)
        return cast("Callable[P, R]", made)

    return decorate


@_compiled()
def _put(least: Vector, value: float) -> None:
    """Put ``value`` where it belongs among rising numbers (k,), the last of which drops out."""
    k = len(least) - 1
    while k > 0 and least[k - 1] > value:
        least[k] = least[k - 1]
        k -= 1
    least[k] = value


@_compiled()
def _turn(a: Matrix, vectors: Matrix, p: int, q: int) -> None:
    """Turn axes p and q of a symmetric matrix (n, n) so that its element p, q vanishes."""
    ratio = (a[q, q] - a[p, p]) / (2.0 * a[p, q])
    tan = 1.0 / (abs(ratio) + np.sqrt(ratio * ratio + 1.0))
    if ratio < 0.0:
        tan = -tan
    cos = 1.0 / np.sqrt(tan * tan + 1.0)
    sin = tan * cos
    for k in range(len(a)):
        a[k, p], a[k, q] = cos * a[k, p] - sin * a[k, q], sin * a[k, p] + cos * a[k, q]
    for k in range(len(a)):
        a[p, k], a[q, k] = cos * a[p, k] - sin * a[q, k], sin * a[p, k] + cos * a[q, k]
    for k in range(len(a)):
        left, right = vectors[k, p], vectors[k, q]
        vectors[k, p], vectors[k, q] = cos * left - sin * right, sin * left + cos * right


@_compiled(_POINTS)
def eigen(symmetric: Matrix) -> tuple[Vector, Matrix]:
    """Return the eigenvalues (n,) of a symmetric matrix (n, n), unordered, and vectors in columns.

    By Jacobi's rotations (Golub and Van Loan 2013, Matrix Computations, 8.5), which are as exact as
    LAPACK on matrices this small.
    """
    a, vectors = symmetric.copy(), np.eye(len(symmetric))
    negligible = 1e-17 * np.abs(a).max()
    for _ in range(_SWEEPS):
        for p in range(len(a) - 1):
            for q in range(p + 1, len(a)):
                if abs(a[p, q]) > negligible:
                    _turn(a, vectors, p, q)
    return np.diag(a), vectors


@_compiled()
def _solved(gram: Matrix, right: Vector, least: float) -> Vector:
    """Return the shortest x (k,) that solves ``gram`` x = ``right`` where ``gram`` is no noise.

    Its eigenvalues that are at most ``least`` squared of the largest are.
    """
    values, vectors = eigen(gram)
    found = np.zeros(len(right))
    for j in range(len(right)):
        if values[j] > least * least * values.max():
            along = 0.0
            for p in range(len(right)):
                along += vectors[p, j] * right[p]
            for p in range(len(right)):
                found[p] += along / values[j] * vectors[p, j]
    return found


@_compiled(_POINTS, _VECTOR, _F, types.intp, _F)
def huber_fit(basis: Matrix, heights: Vector, scale: float, rounds: int, least: float) -> Vector:
    """Return the coefficients (k,) of ``basis`` (n, k) that fit ``heights`` (n,) best.

    Least squares, ``rounds`` times, all but the first with weights by Huber's function (1964): what
    lies more than ``scale`` off the fit before counts the less. Directions whose singular value is
    at most ``least`` of the largest are left out, as in ``numpy.linalg.lstsq``.
    """
    n, k = basis.shape
    weights, found = np.ones(n), np.zeros(k)
    for _ in range(rounds):
        gram, right = np.zeros((k, k)), np.zeros(k)
        for i in range(n):
            for p in range(k):
                weighted = weights[i] * basis[i, p]
                right[p] += weighted * heights[i]
                for q in range(k):
                    gram[p, q] += weighted * basis[i, q]
        found = _solved(gram, right, least)
        for i in range(n):
            off = -heights[i]
            for p in range(k):
                off += basis[i, p] * found[p]
            weights[i] = min(1.0, scale / max(abs(off), 1e-9))
    return found


@_compiled(_POINTS)
def plane_through(points: Matrix) -> tuple[Vector, Vector, float, float]:
    """Return the plane of least squared distance to points (n > 0, 3) [m].

    Its point (3,), unit normal (3,), root mean square distance [m], and the root of the sum of
    squares [m] across the line of least squared distance: hardly any where they lie on one.
    """
    n = len(points)
    middle, scatter = np.zeros(3), np.zeros((3, 3))
    for i in range(n):
        for p in range(3):
            middle[p] += points[i, p] / n
    for i in range(n):
        for p in range(3):
            for q in range(3):
                scatter[p, q] += (points[i, p] - middle[p]) * (points[i, q] - middle[q])
    values, vectors = eigen(scatter)
    least = 0
    for j in range(1, 3):
        if values[j] < values[least]:
            least = j
    across = min(values[least - 1], values[least - 2])  # of the other two
    residual = np.sqrt(max(values[least], 0.0) / n)
    return middle, vectors[:, least].copy(), residual, np.sqrt(max(across, 0.0))


@_compiled(_POINTS, _VECTOR, _VECTOR, _F, _F)
def nearest_to_way(points: Matrix, start: Vector, way: Vector, end: float, beyond: float) -> float:
    """Return the fourth least distance [m] of points (n, 3) [m] from a way; infinite of fewer.

    The way runs from ``start`` (3,) along the unit vector ``way`` to ``end`` [m]. Points before its
    start do not count, nor those further than ``beyond`` [m] along it.
    """
    least = np.full(4, np.inf)
    aside = np.empty(3)
    for i in range(len(points)):
        along = 0.0
        for k in range(3):
            aside[k] = points[i, k] - start[k]
            along += aside[k] * way[k]
        if not 0.0 < along < beyond:
            continue
        reached = min(along, end)
        gap = 0.0
        for k in range(3):
            gap += (aside[k] - reached * way[k]) ** 2
        if gap < least[3]:
            _put(least, gap)
    return float(np.sqrt(least[3]))


@_compiled(_POINTS, _POINTS)
def nearest_to_path(points: Matrix, path: Matrix) -> float:
    """Return the third least distance [m] of points (n, 3) [m] from a path (m, 3) [m].

    Each counts from the nearest point of the path. Infinite of fewer points.
    """
    least = np.full(3, np.inf)
    for i in range(len(points)):
        gap = np.inf
        for j in range(len(path)):
            away = 0.0
            for k in range(3):
                away += (points[i, k] - path[j, k]) ** 2
            gap = min(gap, away)
        if gap < least[2]:
            _put(least, gap)
    return float(np.sqrt(least[2]))


@_compiled(_WEIGHTS)
def likeliest_of(
    weights: NDArray[np.float32],
) -> tuple[NDArray[np.uint8], NDArray[np.float32], NDArray[np.float32]]:
    """Return every pixel's class of most weight (2 h, 2 w), its share of all weight, and that.

    ``weights`` (classes, 4, h, w) are those of ``vision.segmentation.Segmentation``. Of equals the
    first class counts.
    """
    classes, _, height, width = weights.shape
    labels = np.empty((2 * height, 2 * width), np.uint8)
    shares = np.empty((2 * height, 2 * width), np.float32)
    totals = np.empty((2 * height, 2 * width), np.float32)
    number = np.empty(width, np.int32)
    most, total = np.empty(width, np.float32), np.empty(width, np.float32)
    for part in range(4):
        for row in range(height):
            for column in range(width):
                number[column] = 0
                most[column] = total[column] = weights[0, part, row, column]
            for each in range(1, classes):
                for column in range(width):
                    weight = weights[each, part, row, column]
                    number[column] = each if weight > most[column] else number[column]
                    most[column] = max(most[column], weight)
                    total[column] += weight
            for column in range(width):
                labels[2 * row + part // 2, 2 * column + part % 2] = number[column]
                shares[2 * row + part // 2, 2 * column + part % 2] = most[column] / total[column]
                totals[2 * row + part // 2, 2 * column + part % 2] = total[column]
    return labels, shares, totals


@_compiled(_LABELS, _SHARES, types.intp)
def sums_of(
    labels: NDArray[np.uint8], shares: NDArray[np.float32], classes: int
) -> tuple[NDArray[np.intp], Vector]:
    """Return how many pixels (h, w) are of every class (classes,), and the sum of their shares."""
    counts, sums = np.zeros(classes, np.intp), np.zeros(classes)
    for row in range(labels.shape[0]):
        for column in range(labels.shape[1]):
            counts[labels[row, column]] += 1
            sums[labels[row, column]] += shares[row, column]
    return counts, sums
