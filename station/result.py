"""How a session ends: what is told of it, and what is meant while the swab is still inside."""

from dataclasses import dataclass

from station.record import Decision, Outcome, SiteEvidence
from station.states import Event


@dataclass(frozen=True, slots=True)
class SessionResult:
    """How a session ended and what was measured; the record is made of it.

    ``reason`` is one lower-case word, empty when a sample was taken; ``detail`` one sentence.
    ``duration_s`` runs from sitting down to the end. ``latched``: the safety monitor has tripped,
    and nobody may be called before a person has looked and reset it.
    """

    outcome: Outcome
    reason: str
    detail: str
    sites: tuple[SiteEvidence, ...]
    trail: tuple[Decision, ...]
    duration_s: float
    latched: bool = False


@dataclass(frozen=True, slots=True)
class Ending:
    """What follows once the swab is out: an event, and how the session will have ended."""

    event: Event
    outcome: Outcome = Outcome.ABORTED
    reason: str = ""
    detail: str = ""
