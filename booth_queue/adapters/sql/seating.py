"""Booking at once, on PostgreSQL's driver underneath SQLAlchemy; and what SQLite's shares."""

import json
from collections.abc import Sequence
from typing import Any, Final

import asyncpg

from booth_queue.adapters.sql.statements import (
    BOOKING_FIELDS,
    FACTS,
    SEAT_POSTGRES,
    SLOT_FIELDS,
    numbered,
)
from booth_queue.adapters.sql.types import microseconds, moment
from booth_queue.domain.places import Slot
from booth_queue.domain.visits import Booking
from booth_queue.domain.vocabulary import Need
from booth_queue.service.ports import (
    Answer,
    BookingFacts,
    Duplicate,
    Event,
    Exceeded,
    Spending,
)

_FACTS, _FACTS_NAMES = numbered(FACTS)
_SEAT, _SEAT_NAMES = numbered(SEAT_POSTGRES)
_SEATS_CHECK: Final = "ck_slot_seats"
_SPENT_CHECK: Final = "ck_allowance_spent"


class PostgresSeating:
    """The service's `Seating` on a connection that has no transaction open.

    Each statement is then a transaction of its own: one round trip takes the seat, writes what
    goes with it and commits.
    """

    def __init__(self, connection: Any) -> None:  # noqa: ANN401 - asyncpg has no types
        self._connection = connection

    async def booking_facts(
        self, slot_id: str, person_id: str, account_id: str
    ) -> BookingFacts | None:
        """Read what a booking needs; None without such a slot or person."""
        named = {"slot": slot_id, "person": person_id, "account": account_id}
        row = await self._connection.fetchrow(_FACTS, *(named[name] for name in _FACTS_NAMES))
        return None if row is None else facts_of(tuple(row))

    async def seat(
        self, booking: Booking, event: Event, spending: Spending, answer: Answer
    ) -> bool:
        """Take a seat with all that goes with it; see `booth_queue.service.ports.Seating`."""
        named = values_of(booking, event, spending, answer)
        try:
            await self._connection.execute(_SEAT, *(named[name] for name in _SEAT_NAMES))
        except asyncpg.UniqueViolationError as error:
            raise Duplicate(error.constraint_name) from error
        except asyncpg.CheckViolationError as error:
            return refused(error.constraint_name, error)
        return True


def refused(check: str, error: Exception) -> bool:
    """Return False where a seat is missing; raise `Exceeded` or what else a CHECK refused."""
    if check == _SEATS_CHECK:
        return False
    if check == _SPENT_CHECK:
        raise Exceeded from error
    raise error


def values_of(booking: Booking, event: Event, spending: Spending, answer: Answer) -> dict[str, Any]:
    """Return what the statements of a booking name."""
    values: dict[str, Any] = {name: getattr(booking, name) for name in BOOKING_FIELDS}
    return values | {
        "channel": booking.channel.value,
        "state": booking.state.value,
        "created_at": microseconds(booking.created_at),
        "topic": event.topic,
        "kind": event.kind,
        "event": json.dumps(dict(event.body)),
        "subject": spending.subject,
        "since": microseconds(spending.since),
        "count": spending.count,
        "allowed": spending.allowed,
        "key": answer.key,
        "fingerprint": answer.fingerprint,
        "answer": answer.body,
        "at": microseconds(answer.at),
    }


def facts_of(row: Sequence[Any]) -> BookingFacts:
    """Return the facts in a row of `FACTS`."""
    width = len(SLOT_FIELDS)
    single, ends_at, relation, name, needs, consent_at, sampled = row[width:]
    key, round_id, booth_id, starts_at, slot_ends_at, capacity, taken = row[:width]
    return BookingFacts(
        slot=Slot(
            key, round_id, booth_id, moment(starts_at), moment(slot_ends_at), capacity, taken
        ),
        booth_single_swab=bool(single),
        round_ends_at=moment(ends_at),
        relation=relation,
        name_masked=name,
        needs=frozenset(Need(need) for need in needs.split(",") if need),
        consented=consent_at is not None,
        sampled=bool(sampled),
    )
