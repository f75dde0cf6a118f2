"""Bookings and tickets, and what may follow what."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from booth_queue.domain.vocabulary import (
    BookingChannel,
    BookingState,
    Need,
    TicketState,
)

ACTIVE_BOOKING: Final = (BookingState.BOOKED, BookingState.ARRIVED)
ACTIVE_TICKET: Final = (
    TicketState.WAITING,
    TicketState.HELD,
    TicketState.CALLED,
    TicketState.IN_SESSION,
)

TICKET_TRANSITIONS: Final = {
    TicketState.WAITING: frozenset({TicketState.CALLED, TicketState.HELD, TicketState.LEFT}),
    TicketState.HELD: frozenset({TicketState.WAITING, TicketState.LEFT}),
    TicketState.CALLED: frozenset(
        {
            TicketState.IN_SESSION,
            TicketState.WAITING,  # skipped: back into the line
            TicketState.HELD,
            TicketState.NO_SHOW,
            TicketState.LEFT,
        }
    ),
    TicketState.IN_SESSION: frozenset({TicketState.DONE}),
    TicketState.DONE: frozenset[TicketState](),
    TicketState.NO_SHOW: frozenset({TicketState.WAITING}),  # came after all, within the round
    TicketState.LEFT: frozenset[TicketState](),
}


@dataclass(frozen=True, slots=True)
class Booking:
    """A seat in a slot, taken by ``account_id`` for ``person_id``."""

    id: str
    round_id: str
    slot_id: str
    booth_id: str
    person_id: str
    account_id: str
    channel: BookingChannel
    state: BookingState
    created_at: datetime
    address_hash: str
    block_id: str | None = None


@dataclass(frozen=True, slots=True)
class Prediction:
    """The wait that was predicted on joining, and what became of it; the key is the ticket's."""

    id: str
    booth_id: str
    at: datetime
    median_s: float
    low_s: float
    high_s: float
    actual_s: float | None = None


@dataclass(frozen=True, slots=True)
class Ticket:
    """A place in a booth's queue.

    ``rate`` is the speed at which the ticket accumulates priority, in points per second since
    ``joined_at`` (see `booth_queue.domain.priority`).
    """

    id: str
    round_id: str
    booth_id: str
    booking_id: str
    person_id: str
    number: int
    state: TicketState
    needs: frozenset[Need]
    rate: float
    joined_at: datetime
    called_at: datetime | None = None
    calls: int = 0
