"""Where a session stands, and how it ended."""

from dataclasses import dataclass

from station.record import Outcome
from station.signing import SignedRecord


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Where a session stands at ``stamp_ns`` [ns], the stamp of the newest state it has seen."""

    stamp_ns: int = 0
    session_id: str = ""
    state: str = "idle"
    site: str = ""
    stroke: int = 0
    force: float = 0.0
    progress: float = 0.0
    instruction: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Collected:
    """How it ended, with the signed record."""

    outcome: Outcome
    reason: str
    signed: SignedRecord | None
