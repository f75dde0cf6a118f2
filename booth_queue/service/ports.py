"""What the use cases need from outside."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol, TypeVar

from booth_queue.domain.chain import Entry
from booth_queue.domain.people import Account
from booth_queue.domain.places import Booth, Slot
from booth_queue.domain.visits import Booking, Ticket
from booth_queue.domain.vocabulary import Need, Role
from booth_queue.errors import BoothQueueError

R = TypeVar("R")


class Duplicate(Exception):  # noqa: N818 - a port's signal, not shown to callers
    """A unique constraint refused a row; ``constraint`` names it."""

    def __init__(self, constraint: str) -> None:
        self.constraint = constraint
        super().__init__(constraint)


class Exceeded(Exception):  # noqa: N818 - a port's signal, not shown to callers
    """A limit is used up; nothing of the transaction is kept."""


class StoreUnavailable(BoothQueueError):  # noqa: N818 - reads as what happened
    """The database does not answer; nothing of the transaction is kept."""


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened, for whoever watches: committed with what it tells of."""

    topic: str
    kind: str
    body: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Spending:
    """Uses of something limited: ``count`` of the ``allowed`` in the window begun at ``since``."""

    subject: str
    since: datetime
    allowed: int
    count: int = 1


@dataclass(frozen=True, slots=True)
class Answer:
    """What a command was answered, kept under the account and the key it came with.

    ``fingerprint`` is a hash of what was asked for, to tell a repetition from a key used twice.
    """

    account_id: str
    key: str
    fingerprint: str
    body: str
    at: datetime


@dataclass(frozen=True, slots=True)
class QueueLoad:
    """How many people a booth has before it: in line, being served, and under way."""

    booth: Booth
    waiting: int
    in_service: int
    under_way: int


@dataclass(frozen=True, slots=True)
class BookingFacts:
    """What deciding on a booking needs, read at once."""

    slot: Slot
    booth_single_swab: bool
    round_ends_at: datetime
    relation: str | None
    name_masked: str
    needs: frozenset[Need]
    consented: bool
    sampled: bool


@dataclass(frozen=True, slots=True)
class MemberStanding:
    """How far a member of a group is in a round."""

    person_id: str
    shows_name: bool
    booked: bool
    sampled: bool
    negative: bool


@dataclass(frozen=True, slots=True)
class ResidentStanding:
    """How far a resident is in a round.

    ``claim`` is a booking that was made for the resident as somebody's dependant, while nobody on
    duty has confirmed who made it.
    """

    person_id: str
    unit_id: str
    name_masked: str
    booked: bool
    sampled: bool
    claim: str | None


@dataclass(frozen=True, slots=True)
class Coverage:
    """How many residents of a unit have booked and have been sampled in a round."""

    grid_id: str
    unit_id: str
    unit_name: str
    residents: int
    booked: int
    sampled: int


@dataclass(frozen=True, slots=True)
class PredictionError:
    """How good a booth's predicted waits were: errors in seconds, predicted minus actual."""

    booth_id: str
    count: int
    mean_error_s: float
    mean_absolute_error_s: float
    inside_interval: float


class BookingReading(Protocol):
    """Reading what a booking needs."""

    async def booking_facts(
        self, slot_id: str, person_id: str, account_id: str
    ) -> BookingFacts | None:
        """Read what a booking needs in one statement; None without such a slot or person."""


class Seating(BookingReading, Protocol):
    """Booking at once: one statement reads what it needs, one transaction writes all of it."""

    async def seat(
        self, booking: Booking, event: Event, spending: Spending, answer: Answer
    ) -> bool:
        """Take a seat, count it, insert booking and event and keep the answer: all, or nothing.

        False if the slot has no seat left. Raises `Exceeded` if the spending is not allowed, and
        `Duplicate` if the person has an active booking or the key an answer.
        """


class Transaction(BookingReading, Protocol):
    """One database transaction: everything in it is kept, or nothing.

    Records are the dataclasses of `booth_queue.domain`; each has a table. The general methods
    take the record's class, the special ones are single statements that concurrency needs.
    """

    async def remove(self, kind: type[Any], key: str) -> None:
        """Delete one row; for what a person withdraws, never for what is on record."""

    async def add(self, *rows: object) -> None:
        """Insert; raises `Duplicate` if a unique constraint refuses."""

    async def get(self, kind: type[R], key: str) -> R:
        """Read by primary key; raises `booth_queue.domain.refusals.NotFound`."""

    async def find(
        self, kind: type[R], *, limit: int | None = None, newest: bool = False, **equals: object
    ) -> list[R]:
        """Read by column values (a collection means any of them), by key, or newest first."""

    async def first(self, kind: type[R], **equals: object) -> R | None:
        """Read the first that `find` would return."""

    async def count(self, kind: type[Any], **equals: object) -> int:
        """Count what `find` would return."""

    async def since(
        self, kind: type[R], column: str, moment: datetime, **equals: object
    ) -> list[R]:
        """Read by column values what has a stamp after a moment, by key."""

    async def change(
        self, kind: type[Any], key: str, expect: Mapping[str, object], **values: object
    ) -> bool:
        """Update one row if its columns still hold ``expect``; tells whether it did."""

    async def spend(self, spending: Spending) -> None:
        """Count uses of something limited; raises `Exceeded` if that many are not left."""

    async def take_seats(self, slot_id: str, seats: int) -> bool:
        """Take seats if that many are left: one conditional update."""

    async def return_seats(self, slot_id: str, seats: int) -> None:
        """Give seats back."""

    async def use_block(self, block_id: str, seats: int) -> bool:
        """Use seats of a group's block if that many are left; negative gives them back."""

    async def running_slots(self, booth_id: str, now: datetime) -> Sequence[Slot]:
        """Slots of a booth that have not ended, in order of time."""

    async def next_number(self, booth_id: str, round_id: str) -> int:
        """Draw the next ticket number of a booth and round; numbers have no gaps."""

    async def claim_next(self, booth_id: str, now: datetime) -> Ticket | None:
        """Lock the waiting ticket with the most priority, passing over locked ones."""

    async def line(self, booth_id: str, now: datetime) -> Sequence[Ticket]:
        """Tickets waiting at a booth, in calling order."""

    async def loads(
        self, now: datetime, booth_id: str | None = None, site_id: str | None = None
    ) -> Sequence[QueueLoad]:
        """Load of booths, ordered by site and label."""

    async def fill_tube(self, tube_id: str) -> int | None:
        """Add a swab if the tube is not full and not yet at the laboratory; the new count."""

    async def last_entry(self, scope: str) -> Entry | None:
        """Read the last entry of a scope of the chain, and keep others from appending to it."""

    async def entry_about(self, scope: str, subject: str) -> Entry | None:
        """Read the latest entry about a subject."""

    async def member_standings(self, group_id: str, round_id: str) -> Sequence[MemberStanding]:
        """How far the members of a group are in a round."""

    async def resident_standings(
        self, unit_ids: Sequence[str], round_id: str
    ) -> Sequence[ResidentStanding]:
        """How far the residents of units are in a round, by unit and masked name."""

    async def coverage(self, round_id: str) -> Sequence[Coverage]:
        """Coverage of every unit in a round, by grid and unit."""

    async def prediction_errors(self, since: datetime) -> Sequence[PredictionError]:
        """How good the predicted waits of each booth were."""

    async def round_counts(self, round_id: str) -> dict[str, int]:
        """Count a round's bookings, sessions and results by their states."""

    async def people_of_round_alone(self, round_id: str) -> Sequence[str]:
        """Keys of people who took part in this round, and in no other that is still kept."""

    async def destroy_round(self, round_id: str, ended_at: datetime) -> dict[str, int]:
        """Remove what else tells about people of a round; how much of what."""

    async def forget_answers(self, account_id: str) -> None:
        """Forget the stored answers of an account; they may show masked names."""

    async def put_live(self, live: object) -> None:
        """Replace a booth's live report."""

    async def publish(self, *events: Event) -> None:
        """Put events into the outbox."""

    async def answered(self, account_id: str, key: str) -> tuple[str, str] | None:
        """Fingerprint and body of the answer a command with this key was given."""

    async def remember(self, answer: Answer) -> None:
        """Keep an answer under its key; raises `Duplicate` if the key has one."""


class Store(Protocol):
    """The database."""

    def writing(self) -> AbstractAsyncContextManager[Transaction]:
        """Open a transaction that commits at the end, and rolls back on any exception."""

    def reading(self) -> AbstractAsyncContextManager[Transaction]:
        """Open a transaction that only reads."""

    def seating(self) -> AbstractAsyncContextManager[Seating]:
        """Open a connection to book on, which keeps each booking by itself."""


class Clock(Protocol):
    """Wall-clock time: what the records of people's visits are stamped with."""

    def now(self) -> datetime:
        """Return the time, in UTC."""


class Vault(Protocol):
    """Keeps personal data secret."""

    def seal(self, person_id: str, fields: Mapping[str, str | None]) -> bytes:
        """Encrypt a person's fields; they open for the same person alone."""

    def unseal(self, person_id: str, sealed: bytes) -> dict[str, str | None]:
        """Decrypt a person's fields."""

    def digest(self, purpose: str, value: str) -> str:
        """Return a keyed hash to look a value up by."""

    def hash_password(self, password: str) -> str:
        """Hash slowly, for storing."""

    def password_matches(self, hashed: str | None, password: str) -> bool:
        """Compare; takes the same time whether or not there is a hash."""


class TokenIssuer(Protocol):
    """Makes access tokens."""

    def issue(self, account: Account, now: datetime) -> tuple[str, int]:
        """Return a signed token and for how many seconds it is good."""


class CodeSender(Protocol):
    """Sends a one-time code to a phone."""

    async def send(self, phone: str, code: str) -> str | None:
        """Send; a demo's sender returns the code for the answer, a real one None."""

    async def close(self) -> None:
        """Close what is open."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Who calls, as the token says."""

    account_id: str
    role: Role
    site_id: str | None = None
    booth_id: str | None = None
    grid_id: str | None = None
