"""Generalised cylinders: superellipse sections along the depth s behind the lips."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.anatomy.compiled import compiled

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
        knots = table[:, 0].copy()
        return cls(knots, _cubics(knots, table[:, 1:].copy()))

    def at(self, s: Array) -> Array:
        """Return the section (n, 5) at depths ``s`` (n,) [m], clamped to the ends."""
        s = np.clip(s, self.knots[0], self.knots[-1])
        i = np.clip(np.searchsorted(self.knots, s, side="right") - 1, 0, len(self.knots) - 2)
        t = (s - self.knots[i])[:, None]
        c = self.coefficients[:, i, :]
        return np.asarray(((c[0] * t + c[1]) * t + c[2]) * t + c[3])


@compiled
def _cubics(x: Array, y: Array) -> Array:
    """Return the monotone cubics (4, k - 1, c) through ``y`` (k, c) at ``x`` (k,).

    The slope at a knot is the weighted harmonic mean of the secants beside it, none where they
    differ in sign (Fritsch and Butland 1984, SIAM J. Sci. Stat. Comput. 5(2)); at the ends it is
    that of a parabola, bounded so that the piece stays monotone (Moler 2004, section 3.6).
    """
    n, columns = y.shape
    out = np.empty((4, n - 1, columns))
    secant, slope = np.empty(n - 1), np.empty(n)
    h = np.diff(x)
    for c in range(columns):
        for i in range(n - 1):
            secant[i] = (y[i + 1, c] - y[i, c]) / h[i]
        slope[0] = _end_slope(h[0], h[1], secant[0], secant[1])
        slope[n - 1] = _end_slope(h[n - 2], h[n - 3], secant[n - 2], secant[n - 3])
        for i in range(1, n - 1):
            before, after = secant[i - 1], secant[i]
            if before * after <= 0.0:
                slope[i] = 0.0
            else:
                first, second = 2.0 * h[i] + h[i - 1], h[i] + 2.0 * h[i - 1]
                slope[i] = (first + second) / (first / before + second / after)
        for i in range(n - 1):
            bend = (slope[i] + slope[i + 1] - 2.0 * secant[i]) / h[i]
            out[0, i, c] = bend / h[i]
            out[1, i, c] = (secant[i] - slope[i]) / h[i] - bend
            out[2, i, c] = slope[i]
            out[3, i, c] = y[i, c]
    return out


@compiled
def _end_slope(h: float, next_h: float, secant: float, next_secant: float) -> float:
    slope = ((2.0 * h + next_h) * secant - h * next_secant) / (h + next_h)
    if slope * secant <= 0.0:
        return 0.0
    if secant * next_secant < 0.0 and abs(slope) > 3.0 * abs(secant):
        return 3.0 * secant
    return slope
