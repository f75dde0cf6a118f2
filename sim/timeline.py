"""When things happen in an episode: at a time, or some time into a phase of the procedure."""

from dataclasses import dataclass

from sim.behaviour import Act
from sim.errors import SimError
from sim.faults import Fault, Mishap


@dataclass(frozen=True, slots=True)
class Happening:
    """One act, fault or mishap, and what sets it off.

    With ``phase`` it happens ``after_s`` [s] after that phase is first entered, else ``after_s``
    after the person sat down. ``scale`` is how strongly an act is done.
    """

    what: Act | Fault | Mishap
    after_s: float = 0.0
    phase: str | None = None
    scale: float = 1.0

    def __post_init__(self) -> None:
        if not 0.0 <= self.after_s <= 3600.0:
            raise SimError(f"after_s {self.after_s} s is outside 0 to 3600 s")
        if not 0.0 < self.scale <= 5.0:
            raise SimError(f"scale {self.scale} is outside 0 to 5")


class Timeline:
    """The happenings that still wait."""

    def __init__(self) -> None:
        self._waiting: list[Happening] = []
        self._due: list[tuple[float, Happening]] = []
        self._phases: dict[str, float] = {}

    def add(self, happening: Happening, start_s: float) -> None:
        """Wait for ``happening``; ``start_s`` [s] is when the person sat down, or now."""
        if happening.phase is None:
            self._schedule(start_s, happening)
        elif happening.phase in self._phases:
            self._schedule(self._phases[happening.phase], happening)
        else:
            self._waiting.append(happening)

    def enter(self, phase: str, now_s: float) -> None:
        """Note that ``phase`` is entered; only its first time counts."""
        if phase in self._phases:
            return
        self._phases[phase] = now_s
        for happening in [h for h in self._waiting if h.phase == phase]:
            self._waiting.remove(happening)
            self._schedule(now_s, happening)

    def pop(self, now_s: float) -> list[Happening]:
        """Return what is due at ``now_s`` [s], each once, in order."""
        if not self._due or self._due[0][0] > now_s:
            return []
        ready = [h for at, h in self._due if at <= now_s]
        self._due = [(at, h) for at, h in self._due if at > now_s]
        return ready

    def _schedule(self, origin_s: float, happening: Happening) -> None:
        self._due.append((origin_s + happening.after_s, happening))
        self._due.sort(key=lambda pair: pair[0])
