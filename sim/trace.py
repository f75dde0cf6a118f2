"""The course of an episode in short: forces and phases over time."""

from dataclasses import dataclass, field


@dataclass(slots=True)
class Trace:
    """The largest force of each 50 ms, and when each phase began; kept by the world."""

    window_s: float = 0.05
    points: list[tuple[float, float]] = field(default_factory=list)
    phases: list[tuple[float, str]] = field(default_factory=list)
    _peak: float = 0.0
    next_s: float = 0.05

    def note(self, t: float, force: float) -> None:
        """Take down the force [N] of one step at ``t`` [s]."""
        self._peak = max(self._peak, force)
        if t >= self.next_s:
            self.points.append((round(t, 3), round(self._peak, 4)))
            self._peak = 0.0
            self.next_s = t + self.window_s
