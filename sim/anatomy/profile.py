"""Generalised cylinders: superellipse sections along the depth s behind the lips."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import PchipInterpolator

Array = NDArray[np.float64]

_CLOSEST = 5e-4


@dataclass(frozen=True, slots=True)
class Profile:
    """Section of a generalised cylinder over s: half width, top, bottom, exponent, groove.

    ``knots`` (k,) [m]; ``coefficients`` (4, k - 1, 5) of the piecewise cubic in each interval,
    highest power first (SciPy's PPoly order), monotone between knots (Fritsch and Carlson 1980).
    """

    knots: Array
    coefficients: Array

    @classmethod
    def through(cls, rows: list[tuple[float, float, float, float, float, float]]) -> "Profile":
        """Return the profile through rows of (s, half width, top, bottom, exponent, groove).

        Rows closer than half a millimetre, as in the most crowded mouths, are pushed apart.
        """
        table = np.round(np.array(rows), 9)  # a nanometre: denormal numbers upset the slopes
        spread = _CLOSEST * np.arange(len(table))
        table[:, 0] = np.maximum.accumulate(table[:, 0] - spread) + spread
        pieces = PchipInterpolator(table[:, 0], table[:, 1:])
        return cls(table[:, 0].copy(), np.ascontiguousarray(pieces.c))

    def at(self, s: Array) -> Array:
        """Return the section (n, 5) at depths ``s`` (n,) [m], clamped to the ends."""
        s = np.clip(s, self.knots[0], self.knots[-1])
        i = np.clip(np.searchsorted(self.knots, s, side="right") - 1, 0, len(self.knots) - 2)
        t = (s - self.knots[i])[:, None]
        c = self.coefficients[:, i, :]
        return np.asarray(((c[0] * t + c[1]) * t + c[2]) * t + c[3])
