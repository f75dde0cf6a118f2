"""Teeth on the shaft: the swab hangs on the head until they let go."""

from dataclasses import dataclass
from typing import Self

import numpy as np

from sim.engine import Engine
from sim.head import HeadMotion
from sim.probe import Probe
from sim.shaft import Shaft
from spatial import Vector

_INCISORS = -0.010  # mouth x of the teeth [m]
_STIFFNESS = 1500.0  # [N/m] of jaw and shaft together (assumed)
_SLIP_N = 12.0  # the shaft slides between the teeth beyond this (assumed)
_HELD_S = 2.0


@dataclass(frozen=True, slots=True, eq=False)
class Bite:
    """Where the teeth hold, and until when.

    ``lever`` [m] on the shaft, ``mouth_point`` (3,) [m] in the head, ``until_s`` [s].
    """

    lever: float
    mouth_point: Vector
    until_s: float

    @classmethod
    def of(cls, probe: Probe, shaft: Shaft, head: HeadMotion, now_s: float) -> Self | None:
        """Bite the shaft where it passes the incisors; None where it does not pass them."""
        inward = head.rotation.T @ shaft.direction
        start = head.rotation.T @ (probe.joint - head.position)
        if inward[0] > -0.5:
            return None
        lever = float((_INCISORS - start[0]) / inward[0])
        if not 0.0 < lever < shaft.lever:
            return None
        return cls(lever, start + lever * inward, now_s + _HELD_S)

    def hold(
        self, engine: Engine, probe: Probe, shaft: Shaft, head: HeadMotion, now_s: float
    ) -> "Bite | None":
        """Pull the hand towards the teeth in this step; return the bite that goes on, if any."""
        if now_s >= self.until_s:
            return None
        point = probe.point(shaft, self.lever)
        anchor = head.position + head.rotation @ self.mouth_point
        force = _STIFFNESS * (anchor - point)
        size = float(np.linalg.norm(force))
        if size <= _SLIP_N:
            engine.push(force, np.zeros(3), point)
            return self
        engine.push(force * _SLIP_N / size, np.zeros(3), point)
        slid = head.rotation.T @ (point + force * _SLIP_N / size / _STIFFNESS - head.position)
        return Bite(self.lever, slid, self.until_s)
