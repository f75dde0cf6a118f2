"""Where a swab may pass between the lips: the middle of the opening, of which the rest is kept."""

from itertools import product

import numpy as np

from spatial import Matrix, Vector, vector

_ASIDE = 0.012  # m to each side: the corners of a mouth 50 mm wide stay clear
_CENTRAL = 0.22  # of the opening, up and down from its middle
_EVERY = 0.004  # m from one of `entries` to the next, to the side
_HEIGHTS = 5


def nearest_entry(across: float, upward: float, opening: float) -> Vector:
    """Return the entry (3,) [m, mouth frame] nearest to a place in the plane of the lips.

    ``across`` [m] to the person's left, ``upward`` [m], ``opening`` [m] between the incisors.
    """
    room = _CENTRAL * opening
    return vector((0.0, np.clip(across, -_ASIDE, _ASIDE), np.clip(upward, -room, room)))


def entries(opening: float) -> Matrix:
    """Return places (n, 3) [m, mouth frame] all over where a swab may enter, middle ones first."""
    room = _CENTRAL * opening
    sides = np.arange(-_ASIDE, _ASIDE + 1e-9, _EVERY)
    grid = np.array([(0.0, y, z) for y, z in product(sides, np.linspace(-room, room, _HEIGHTS))])
    return np.asarray(grid[np.argsort(np.linalg.norm(grid, axis=1), kind="stable")])
