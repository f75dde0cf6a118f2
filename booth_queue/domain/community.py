"""Grids and their units, groups and their blocks, home visits, incidents."""

from dataclasses import dataclass
from datetime import datetime

from booth_queue.domain.vocabulary import IncidentKind, IncidentState, VisitState


@dataclass(frozen=True, slots=True)
class Unit:
    """A minimal unit: the houses one grid worker knows by name."""

    id: str
    grid_id: str
    name: str


@dataclass(frozen=True, slots=True)
class Group:
    """An enterprise's group; employees join with its code."""

    id: str
    account_id: str
    name: str
    code: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Membership:
    """A person in a group; the group sees the name only if ``shows_name``."""

    id: str
    group_id: str
    person_id: str
    shows_name: bool
    joined_at: datetime


@dataclass(frozen=True, slots=True)
class Block:
    """Seats of a slot set aside for a group; ``0 <= used <= seats`` is checked by the database."""

    id: str
    group_id: str
    slot_id: str
    seats: int
    used: int
    created_at: datetime


@dataclass(frozen=True, slots=True)
class HomeVisit:
    """Somebody who cannot come is to be visited."""

    id: str
    person_id: str
    asked_by: str
    asked_at: datetime
    state: VisitState
    note: str
    done_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Incident:
    """Something that went wrong, with deadlines."""

    id: str
    kind: IncidentKind
    state: IncidentState
    text: str
    reported_by: str
    reported_at: datetime
    assign_by: datetime
    close_by: datetime
    site_id: str | None = None
    assigned_to: str | None = None
    assigned_at: datetime | None = None
    resolution: str | None = None
    closed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class AdverseEvent:
    """Harm to a person at a booth: recorded, never changed."""

    id: str
    booth_id: str
    session_id: str | None
    text: str
    reported_by: str
    reported_at: datetime


@dataclass(frozen=True, slots=True)
class Certificate:
    """What a destruction run removed; ``list_sha256`` is the hash of the sorted person keys."""

    id: str
    round_id: str
    at: datetime
    by: str
    people: int
    list_sha256: str
    removed: dict[str, int]
    counts: dict[str, int]
