"""Validated, read-only float64 arrays: the fields of every geometric value object."""

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spatial.errors import SpatialError

Vector = NDArray[np.float64]
Matrix = NDArray[np.float64]


def vector(values: ArrayLike, size: int | None = 3, name: str = "vector") -> Vector:
    """Return ``values`` as a read-only, finite float64 array of shape (``size``,).

    ``size`` None accepts any length. Raises SpatialError on another shape or a non-finite entry.
    """
    array = np.array(values, np.float64)
    if array.shape != (size,) and (size is not None or array.ndim != 1):
        wanted = "(n,)" if size is None else f"({size},)"
        raise SpatialError(f"{name} has shape {array.shape}, wants {wanted}; pass a flat sequence")
    return _frozen(array, name)


def matrix(values: ArrayLike, shape: tuple[int, int], name: str = "matrix") -> Matrix:
    """Return ``values`` as a read-only, finite float64 array; ``-1`` in ``shape`` is any length.

    Raises SpatialError on another shape or a non-finite entry.
    """
    array = np.array(values, dtype=np.float64)
    fits = array.ndim == 2 and all(
        want in (-1, have) for want, have in zip(shape, array.shape, strict=True)
    )
    if not fits:
        raise SpatialError(f"{name} has shape {array.shape}, wants {shape}; -1 is any length")
    return _frozen(array, name)


def unit(values: ArrayLike, name: str = "direction") -> Vector:
    """Return the read-only unit vector (3,) along ``values``.

    Raises SpatialError where the length is below 1e-9 and so names no direction.
    """
    array = vector(values, 3, name)
    length = float(np.linalg.norm(array))
    if length < 1e-9:
        raise SpatialError(
            f"{name} has length {length:.1e}, wants at least 1e-9; it has no direction"
        )
    result = array / length
    result.setflags(write=False)
    return result


def _frozen(array: NDArray[np.float64], name: str) -> NDArray[np.float64]:
    # one product tells most arrays to be finite, several times faster than asking every entry;
    # only huge entries overflow it, and those are then asked
    flat = array if array.ndim == 1 else array.ravel()
    if not math.isfinite(flat.dot(flat)) and not np.isfinite(array).all():
        raise SpatialError(
            f"{name} holds NaN or infinity: {array.tolist()}; reject the measurement"
        )
    array.setflags(write=False)
    return array
