"""Stability of the force loop against delay and stiffness; docs/explanation/control.md derives it.

The loop, opened at the force error, is

    L(s) = G (1 + 0.15 G k̂ / s) / s * 1 / (1 + s / w_v) * k * e^(-s T) / (1 + s / w_f)²

with the admittance gain G = min(w / k̂, 1 / (m w_v)), the tissue's (and shaft's) stiffness k, its
estimate k̂, the total delay T from command to measurement, the velocity's lag w_v and the force
filter w_f.
"""

from dataclasses import dataclass

import numpy as np

from spatial import Vector

_INTEGRAL = 0.15
_VELOCITY_LAG = 40.0


@dataclass(frozen=True, slots=True)
class ForceLoop:
    """The force loop's numbers: bandwidth and filter [rad/s], virtual mass [kg], delay [s]."""

    bandwidth: float = 14.0
    filter_bandwidth: float = 250.0
    virtual_mass: float = 0.155
    delay: float = 0.005

    def response(self, w: Vector, stiffness: float, estimate: float) -> Vector:
        """Return L(jw) at ``w`` (n,) [rad/s] for true and estimated stiffness [N/m], complex."""
        s = 1j * np.asarray(w)
        gain = min(self.bandwidth / estimate, 1.0 / (self.virtual_mass * _VELOCITY_LAG))
        law = gain * (1.0 + _INTEGRAL * gain * estimate / s) / s / (1.0 + s / _VELOCITY_LAG)
        sensing = np.exp(-s * self.delay) / (1.0 + s / self.filter_bandwidth) ** 2
        return np.asarray(law * stiffness * sensing)

    def margins(self, stiffness: float, estimate: float | None = None) -> tuple[float, float]:
        """Return gain margin (a factor) and phase margin [degrees].

        The gain margin is also how many times stiffer than estimated the tissue may be.
        """
        w = np.geomspace(0.01, 2_000.0, 20_000)
        L = self.response(w, stiffness, estimate or stiffness)
        phase = np.unwrap(np.angle(L))
        size = np.abs(L)
        crossing = np.flatnonzero((phase[:-1] > -np.pi) & (phase[1:] <= -np.pi))
        gain_margin = float(1.0 / size[crossing].max()) if crossing.size else float("inf")
        unity = np.flatnonzero((size[:-1] > 1.0) & (size[1:] <= 1.0))
        phase_margin = float(np.degrees(phase[unity[-1]] + np.pi)) if unity.size else float("inf")
        return gain_margin, phase_margin
