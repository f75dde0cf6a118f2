"""Sessions, swabs and tubes."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from booth_queue.domain.vocabulary import Outcome, SessionState, TubeState

POOL_SIZES = (1, 5, 10, 20)


@dataclass(frozen=True, slots=True)
class Session:
    """A person inside a booth; ``record`` is the signed sampling record, stored once."""

    id: str
    ticket_id: str
    booth_id: str
    person_id: str
    state: SessionState
    opened_at: datetime
    opened_by: str
    closed_at: datetime | None = None
    outcome: Outcome | None = None
    reason: str | None = None
    record: dict[str, Any] | None = None
    record_sha256: str | None = None
    recorded_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Tube:
    """A tube; its barcode is its key. ``0 <= swabs <= pool_size`` is checked by the database."""

    id: str
    round_id: str
    booth_id: str
    pool_size: int
    swabs: int
    state: TubeState
    opened_at: datetime
    sealed_at: datetime | None = None
    box_id: str | None = None
    received_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Scan:
    """What has been scanned for an open session so far; the key is the session's."""

    id: str
    person_at: datetime | None = None
    tube_id: str | None = None


@dataclass(frozen=True, slots=True)
class Swab:
    """One session's swab in a tube; ``position`` counts from 1 within the tube.

    A correction is a new swab that names the one it replaces, and why; the old one stays.
    """

    id: str
    session_id: str
    person_id: str
    tube_id: str
    position: int
    bound_at: datetime
    bound_by: str
    corrects: str | None = None
    why: str | None = None
