"""Queues: numbers, calling order, load, tubes."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    case,
    func,
    literal,
    select,
    text,
    type_coerce,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.types import BigInteger

from booth_queue.adapters.sql import schema
from booth_queue.adapters.sql.records import Records
from booth_queue.adapters.sql.types import microseconds
from booth_queue.domain.chain import Entry
from booth_queue.domain.places import Booth
from booth_queue.domain.visits import Ticket
from booth_queue.domain.vocabulary import BookingState, TicketState, TubeState
from booth_queue.service.ports import QueueLoad


class Queues(Records):
    """The statements of calling and sampling."""

    async def next_number(self, booth_id: str, round_id: str) -> int:
        """Draw the next ticket number of a booth and round; numbers have no gaps."""
        counter = schema.counter
        upsert = sqlite.insert if self._sqlite else postgresql.insert
        statement = (
            upsert(counter)
            .values(booth_id=booth_id, round_id=round_id, last=1)
            .on_conflict_do_update(
                index_elements=["booth_id", "round_id"], set_={"last": counter.c.last + 1}
            )
            .returning(counter.c.last)
        )
        return int((await self._connection.execute(statement)).scalar_one())

    async def claim_next(self, booth_id: str, now: datetime) -> Ticket | None:
        """Lock the waiting ticket with the most priority, passing over locked ones."""
        query = _line(booth_id, now).limit(1)
        if not self._sqlite:
            query = query.with_for_update(skip_locked=True)
        row = (await self._connection.execute(query)).one_or_none()
        return Ticket(*row) if row else None

    async def line(self, booth_id: str, now: datetime) -> Sequence[Ticket]:
        """Tickets waiting at a booth, in calling order."""
        return [Ticket(*row) for row in await self._connection.execute(_line(booth_id, now))]

    async def loads(
        self, now: datetime, booth_id: str | None = None, site_id: str | None = None
    ) -> Sequence[QueueLoad]:
        """Load of booths, ordered by site and label."""
        booth, ticket, booking, slot = schema.booth, schema.ticket, schema.booking, schema.slot
        journey = schema.journey
        waiting = ticket.c.state == TicketState.WAITING
        serving = ticket.c.state.in_([TicketState.CALLED, TicketState.IN_SESSION])
        standing = (
            select(
                ticket.c.booth_id,
                func.sum(case((waiting, 1), else_=0)).label("waiting"),
                func.sum(case((serving, 1), else_=0)).label("serving"),
            )
            .where(waiting | serving)
            .group_by(ticket.c.booth_id)
            .subquery()
        )
        # Whoever booked the slot that runs now is on the way, whether they said so or not.
        coming = (
            select(slot.c.booth_id, func.count().label("coming"))
            .select_from(booking.join(slot, slot.c.id == booking.c.slot_id))
            .where(
                booking.c.state == BookingState.BOOKED,
                slot.c.starts_at <= now,
                slot.c.ends_at > now,
            )
            .group_by(slot.c.booth_id)
            .subquery()
        )
        # Whoever said so is on the way as well; one who also holds a seat here counts once.
        has_seat = (
            select(literal(1))
            .where(
                booking.c.person_id == journey.c.person_id,
                booking.c.state == BookingState.BOOKED,
                booking.c.booth_id == journey.c.booth_id,
            )
            .exists()
        )
        sent = (
            select(journey.c.booth_id, func.count().label("sent"))
            .where(journey.c.ended_at.is_(None), journey.c.expires_at > now, ~has_seat)
            .group_by(journey.c.booth_id)
            .subquery()
        )
        zero = literal(0)
        query = (
            select(
                booth,
                func.coalesce(standing.c.waiting, zero),
                func.coalesce(standing.c.serving, zero),
                func.coalesce(coming.c.coming, zero) + func.coalesce(sent.c.sent, zero),
            )
            .select_from(
                booth.outerjoin(standing, standing.c.booth_id == booth.c.id)
                .outerjoin(coming, coming.c.booth_id == booth.c.id)
                .outerjoin(sent, sent.c.booth_id == booth.c.id)
            )
            .order_by(booth.c.site_id, booth.c.label)
        )
        if booth_id is not None:
            query = query.where(booth.c.id == booth_id)
        if site_id is not None:
            query = query.where(booth.c.site_id == site_id)
        rows = await self._connection.execute(query)
        return [QueueLoad(Booth(*row[:-3]), *map(int, row[-3:])) for row in rows]

    async def fill_tube(self, tube_id: str) -> int | None:
        """Add a swab if the tube is not full and not yet at the laboratory; the new count."""
        tube = schema.tube
        statement = (
            update(tube)
            .where(
                tube.c.id == tube_id,
                # Sealed as well: a correction may find that the swab is in it already.
                tube.c.state.in_([TubeState.FILLING, TubeState.SEALED]),
                tube.c.swabs < tube.c.pool_size,
            )
            .values(swabs=tube.c.swabs + 1)
            .returning(tube.c.swabs)
        )
        count = (await self._connection.execute(statement)).scalar_one_or_none()
        return None if count is None else int(count)

    async def put_live(self, live: object) -> None:
        """Replace a booth's live report."""
        table = schema.live
        values = {name: getattr(live, name) for name in schema.FIELDS[type(live)]}
        upsert = sqlite.insert if self._sqlite else postgresql.insert
        statement = upsert(table).values(**values)
        statement = statement.on_conflict_do_update(
            index_elements=["id"],
            set_={name: value for name, value in values.items() if name != "id"},
        )
        await self._connection.execute(statement)

    async def last_entry(self, scope: str) -> Entry | None:
        """Read the last entry of a scope of the chain, and keep others from appending to it."""
        if not self._sqlite:  # SQLite has one writer anyway
            await self._connection.execute(
                text("SELECT pg_advisory_xact_lock(hashtextextended(:scope, 42))"),
                {"scope": scope},
            )
        entry = schema.entry
        return await self._latest(entry.c.scope == scope)

    async def entry_about(self, scope: str, subject: str) -> Entry | None:
        """Read the latest entry about a subject."""
        entry = schema.entry
        return await self._latest((entry.c.scope == scope) & (entry.c.subject == subject))

    async def _latest(self, which: ColumnElement[bool]) -> Entry | None:
        entry = schema.entry
        query = select(entry).where(which).order_by(entry.c.number.desc()).limit(1)
        row = (await self._connection.execute(query)).one_or_none()
        return Entry(*row) if row else None


def _line(booth_id: str, now: datetime) -> Select[Any]:
    ticket = schema.ticket
    waited = literal(microseconds(now), BigInteger) - type_coerce(ticket.c.joined_at, BigInteger)
    return (
        select(ticket)
        .where(ticket.c.booth_id == booth_id, ticket.c.state == TicketState.WAITING)
        .order_by((ticket.c.rate * waited).desc(), ticket.c.number)
    )
