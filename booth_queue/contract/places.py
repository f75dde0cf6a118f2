"""Sites, booths, slots, and how long one would wait."""

from typing import Annotated

from pydantic import Field

from booth_queue.contract.base import Answer, Identifier, Request, Stamp
from booth_queue.domain.vocabulary import BoothMode, BoothState

Latitude = Annotated[float, Field(ge=-90, le=90)]
Longitude = Annotated[float, Field(ge=-180, le=180)]


class WaitView(Answer):
    """A predicted wait: its median and a central 80 % interval, in seconds."""

    median_s: float
    low_s: float
    high_s: float
    waiting: int = Field(description="People standing in line")
    under_way: int = Field(description="People sent here who have not arrived yet")
    level: str = Field(description="`free` under 25 min, `busy` under 50, `crowded` above")


class SiteView(Answer):
    """A sampling site."""

    id: Identifier
    name: str
    name_en: str
    latitude: float
    longitude: float
    time_zone: str


class BoothView(Answer):
    """A booth and its queue, for anyone."""

    id: Identifier
    site_id: Identifier
    label: str
    mode: BoothMode
    state: BoothState
    single_swab: bool = Field(description="Takes symptomatic people and close contacts")
    pool_size: int
    wait: WaitView


class Sites(Answer):
    """All sites."""

    sites: list[SiteView]


class Booths(Answer):
    """Booths, ordered by label."""

    booths: list[BoothView]


class SlotView(Answer):
    """A window of time at a booth with seats left in it."""

    id: Identifier
    booth_id: Identifier
    round_id: Identifier
    starts_at: Stamp
    ends_at: Stamp
    capacity: int
    left: int


class Slots(Answer):
    """Slots in order of time."""

    slots: list[SlotView]


class Recommendation(Answer):
    """The booth to go to, and the others in order."""

    best: BoothView | None
    walk_s: float | None
    others: list[BoothView]
    reason: str
    reason_en: str


class JourneyRequest(Request):
    """I am going to this booth: counted until I arrive or the time runs out."""

    booth_id: Identifier
    person_id: Identifier


class JourneyView(Answer):
    """An entry of the ledger of people under way."""

    id: Identifier
    booth_id: Identifier
    expires_at: Stamp
