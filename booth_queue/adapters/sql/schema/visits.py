"""Bookings, tickets and predictions."""

from typing import Final

from sqlalchemy import (
    CheckConstraint,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    text,
)

from booth_queue.adapters.sql.schema.base import key, metadata, partial, table, to
from booth_queue.adapters.sql.types import Stamp, Word, Words
from booth_queue.domain.community import (
    Block,
    HomeVisit,
)
from booth_queue.domain.visits import Booking, Prediction, Ticket
from booth_queue.domain.vocabulary import (
    BookingChannel,
    BookingState,
    Need,
    TicketState,
    VisitState,
)

_ACTIVE_BOOKING: Final = text("state IN ('booked', 'arrived')")
_ACTIVE_TICKET: Final = text("state IN ('waiting', 'held', 'called', 'in_session')")

booking = table(
    Booking,
    "booking",
    key(),
    to("round_id", "round"),
    to("slot_id", "slot", index=True),
    to("booth_id", "booth"),
    to("person_id", "person"),
    to("account_id", "account"),
    Column("channel", Word(BookingChannel), nullable=False),
    Column("state", Word(BookingState), nullable=False),
    Column("created_at", Stamp, nullable=False),
    Column("address_hash", String(64), nullable=False),
    Column("block_id", String(64)),
    Index("ix_booking_account_id_created_at", "account_id", "created_at"),
    Index("ix_booking_person_id", "person_id"),
    partial("uq_booking_active", "person_id", "round_id", where=_ACTIVE_BOOKING),
)
ticket = table(
    Ticket,
    "ticket",
    key(),
    to("round_id", "round"),
    to("booth_id", "booth"),
    to("booking_id", "booking", index=True),
    to("person_id", "person"),
    Column("number", Integer, nullable=False),
    Column("state", Word(TicketState), nullable=False),
    Column("needs", Words(Need), nullable=False),
    Column("rate", Float, nullable=False),
    Column("joined_at", Stamp, nullable=False),
    Column("called_at", Stamp),
    Column("calls", Integer, nullable=False),
    Index("uq_ticket_number", "booth_id", "round_id", "number", unique=True),
    Index("ix_ticket_booth_id_state", "booth_id", "state"),
    partial("uq_ticket_active", "person_id", "round_id", where=_ACTIVE_TICKET),
    partial("uq_ticket_called", "booth_id", where=text("state = 'called'")),
)
counter = Table(
    "counter",
    metadata,
    Column("booth_id", String(64), ForeignKey("booth.id"), primary_key=True),
    Column("round_id", String(64), ForeignKey("round.id"), primary_key=True),
    Column("last", Integer, nullable=False),
)
prediction = table(
    Prediction,
    "prediction",
    Column("id", String(64), ForeignKey("ticket.id"), primary_key=True),
    to("booth_id", "booth", index=True),
    Column("at", Stamp, nullable=False),
    Column("median_s", Float, nullable=False),
    Column("low_s", Float, nullable=False),
    Column("high_s", Float, nullable=False),
    Column("actual_s", Float),
)
block = table(
    Block,
    "block",
    key(),
    to("group_id", "group", index=True),
    to("slot_id", "slot", index=True),
    Column("seats", Integer, nullable=False),
    Column("used", Integer, nullable=False),
    Column("created_at", Stamp, nullable=False),
    CheckConstraint("used >= 0 AND used <= seats", name="seats"),
)
home_visit = table(
    HomeVisit,
    "home_visit",
    key(),
    to("person_id", "person", index=True),
    Column("asked_by", String(64), nullable=False, index=True),
    Column("asked_at", Stamp, nullable=False),
    Column("state", Word(VisitState), nullable=False),
    Column("note", String(500), nullable=False),
    Column("done_at", Stamp),
)
