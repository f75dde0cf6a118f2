"""Sites, booths, rounds and slots."""

from dataclasses import dataclass
from datetime import datetime

from booth_queue.domain.vocabulary import BoothMode, BoothState


@dataclass(frozen=True, slots=True)
class Site:
    """A sampling site; position in degrees (WGS 84), times shown in ``time_zone``."""

    id: str
    name: str
    name_en: str
    latitude: float
    longitude: float
    time_zone: str = "Asia/Shanghai"


@dataclass(frozen=True, slots=True)
class Booth:
    """A booth and how fast it has served lately.

    ``pace_mean_s`` and ``pace_variance_s2`` are running moments of the seconds one person takes,
    over ``pace_count`` people (see `booth_queue.domain.wait`).
    """

    id: str
    site_id: str
    label: str
    mode: BoothMode
    state: BoothState
    single_swab: bool
    pool_size: int
    pace_mean_s: float
    pace_variance_s2: float
    pace_count: int
    last_closed_at: datetime | None = None
    fault: str | None = None


@dataclass(frozen=True, slots=True)
class Round:
    """A testing round; bookings, tickets and results belong to one."""

    id: str
    name: str
    starts_at: datetime
    ends_at: datetime
    destroyed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Slot:
    """A window of time at a booth; ``0 <= taken <= capacity`` is checked by the database."""

    id: str
    round_id: str
    booth_id: str
    starts_at: datetime
    ends_at: datetime
    capacity: int
    taken: int = 0


@dataclass(frozen=True, slots=True)
class Journey:
    """Somebody is on the way to a booth: an entry of the ledger that diversion counts."""

    id: str
    person_id: str
    booth_id: str
    created_at: datetime
    expires_at: datetime
    ended_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Live:
    """The latest report of a booth: for screens, replaced by the next one."""

    id: str
    at: datetime
    activity: str
    ready: bool
    session_id: str | None
    site: str | None
    strokes: int
    force_n: list[float]
    elapsed_s: float
    instruction: str | None = None
