"""Noise of pictures, drawn once and laid on at random places: white, and as wide as a window.

Drawing a million normal numbers costs more than everything else a camera does to a picture. A
frame takes its own random places instead: every value is normal, frames differ, and only the
copies of a stretch, scattered over the frame, are not independent of each other.
"""

from functools import cache, lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

_SEED = 20230407
_POOL = 1 << 20
_MARGIN = 384

Floats = NDArray[np.float32]


@cache
def white() -> Floats:
    """Return the pool of independent standard normal numbers (2^20,), never to be written to."""
    pool = np.random.default_rng(_SEED).standard_normal(_POOL, dtype=np.float32)
    pool.setflags(write=False)
    return pool


def places(rng: np.random.Generator, rows: int, length: int) -> NDArray[np.int64]:
    """Return where (rows,) in the pool of `white` each row of ``length`` values begins."""
    return rng.integers(0, _POOL - length, rows)


def windowed(rng: np.random.Generator, height: int, width: int, sigma: float) -> Floats:
    """Return a view (height, width) of noise of unit variance, correlated over ``sigma`` [px].

    White noise smoothed by a Gaussian of standard deviation sigma keeps the variance
    1 / (4 pi sigma²) of each pixel.
    """
    tile = _tile(height + _MARGIN, width + _MARGIN, sigma)
    row, column = rng.integers(0, _MARGIN, 2)
    return tile[row : row + height, column : column + width]


@lru_cache(maxsize=8)
def _tile(height: int, width: int, sigma: float) -> Floats:
    noise = np.random.default_rng(_SEED + 1).standard_normal((height, width), dtype=np.float32)
    tile = cv2.GaussianBlur(noise, (0, 0), sigma) * np.float32(2.0 * np.sqrt(np.pi) * sigma)
    tile.setflags(write=False)
    return tile
