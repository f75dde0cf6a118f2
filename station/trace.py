"""The force trace of a session: what the controller measured, thinned, kept for the report."""

from pathlib import Path

import numpy as np

from arm_control.report import CycleReport, Phase
from station.errors import StationError
from station.record import Decision
from vision.frame import Frame
from vision.target import Refusal, Sighting

_PHASES = tuple(Phase)
_EVERY_NS = 4_000_000


class ForceTrace:
    """Observes a session and keeps time [s], normal force [N], contact, phase and tip depth.

    One sample every 4 ms; the highest force between two samples is kept, never averaged away.
    """

    def __init__(self) -> None:
        self._rows: list[tuple[int, float, float, bool, int]] = []
        self._marks: list[tuple[float, str]] = []
        self._first_ns: int | None = None
        self._due_ns = 0
        self._peak = 0.0

    def cycled(self, report: CycleReport) -> None:
        """Keep one sample in a while, with the peak since the last."""
        if self._first_ns is None:
            self._first_ns = report.stamp_ns
        force = report.normal_force if report.contact else 0.0
        self._peak = max(self._peak, force)
        if report.stamp_ns < self._due_ns:
            return
        self._due_ns = report.stamp_ns + _EVERY_NS
        magnitude = float(np.linalg.norm(report.wrench.force))
        phase = _PHASES.index(report.phase)
        self._rows.append((report.stamp_ns, self._peak, magnitude, report.contact, phase))
        self._peak = 0.0

    def decided(self, decision: Decision) -> None:
        """Keep when each state began."""
        self._marks.append((decision.time_s, decision.state.value))

    def saw(self, frame: Frame, seen: Sighting | Refusal) -> None:
        """Pictures are no part of the trace."""

    @property
    def marks(self) -> tuple[tuple[float, str], ...]:
        """When each state began [s], and its name."""
        return tuple(self._marks)

    def arrays(self) -> dict[str, np.ndarray]:
        """Return time_s, normal_force, force, contact and phase, all (n,)."""
        rows = self._rows
        first = self._first_ns or 0
        return {
            "time_s": np.array([(row[0] - first) * 1e-9 for row in rows]),
            "normal_force": np.array([row[1] for row in rows]),
            "force": np.array([row[2] for row in rows]),
            "contact": np.array([row[3] for row in rows], dtype=bool),
            "phase": np.array([row[4] for row in rows], dtype=np.int8),
        }

    def save(self, path: Path) -> None:
        """Write the arrays as .npz; raises StationError where that fails."""
        try:
            np.savez_compressed(path, allow_pickle=False, phases=np.array(_PHASES), **self.arrays())
        except OSError as error:
            raise StationError(
                f"cannot write the force trace {path}: {error.strerror}; free space there"
            ) from error
