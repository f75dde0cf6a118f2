"""What staff who watch booths need: alarms, orders to a booth, and what its camera sees."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class AlarmKind(StrEnum):
    """Why staff are called; each stays open until somebody acknowledges it by name."""

    FAULT = "fault"
    ABORTED = "aborted"
    NOT_SAMPLED = "not_sampled"
    STOPPED = "stopped"


class OrderKind(StrEnum):
    """What staff may tell a booth's machine to do.

    STOP withdraws the arm and ends the session; RESET clears a latched fault. Neither replaces
    the emergency stop that is wired to the arm.
    """

    STOP = "stop"
    RESET = "reset"


@dataclass(frozen=True, slots=True)
class Alarm:
    """Something staff must look at."""

    id: str
    site_id: str
    booth_id: str
    kind: AlarmKind
    detail: str
    raised_at: datetime
    session_id: str | None = None
    acknowledged_at: datetime | None = None
    acknowledged_by: str | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Order:
    """An order to a booth: told in answers to its reports until it says that it has taken it."""

    id: str
    booth_id: str
    kind: OrderKind
    given_at: datetime
    given_by: str
    reason: str
    taken_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class BoothPicture:
    """The latest annotated camera picture of a booth; emptied when its session closes."""

    id: str
    at: datetime
    jpeg: bytes
