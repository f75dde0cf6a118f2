"""One transaction: general reading and writing of records, and the statements that need SQL."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import (
    ColumnElement,
    Select,
    Table,
    case,
    func,
    insert,
    literal,
    select,
    text,
    true,
    type_coerce,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.types import BigInteger

from booth_queue.adapters.sql import schema
from booth_queue.adapters.sql.types import microseconds
from booth_queue.domain.places import Booth, Slot
from booth_queue.domain.refusals import NotFound
from booth_queue.domain.visits import Ticket
from booth_queue.domain.vocabulary import BookingState, Outcome, TicketState
from booth_queue.service.ports import BookingFacts, Duplicate, Event, QueueLoad

R = TypeVar("R")


class SqlTransaction:
    """A `booth_queue.service.ports.Transaction` on an open connection."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection
        self._sqlite = connection.dialect.name == "sqlite"

    async def add(self, *rows: object) -> None:
        """Insert; raises `Duplicate` if a unique constraint refuses."""
        for row in rows:
            table = schema.TABLES[type(row)]
            values = {name: getattr(row, name) for name in schema.FIELDS[type(row)]}
            await self._insert(table, values)

    async def _insert(self, table: Table, values: Mapping[str, Any]) -> None:
        try:
            await self._connection.execute(insert(table), values)
        except IntegrityError as error:
            raise Duplicate(str(error.orig)) from error

    async def get(self, kind: type[R], key: str) -> R:
        """Read by primary key; raises `NotFound`."""
        found = await self.first(kind, id=key)
        if found is None:
            raise NotFound(what=kind.__name__.lower())
        return found

    async def find(
        self, kind: type[R], *, limit: int | None = None, newest: bool = False, **equals: object
    ) -> list[R]:
        """Read by column values (a collection means any of them), by key, or newest first."""
        table = schema.TABLES[kind]
        order = table.c.id.desc() if newest else table.c.id
        query = select(table).where(*_matching(table, equals)).order_by(order).limit(limit)
        return [kind(*row) for row in await self._connection.execute(query)]

    async def first(self, kind: type[R], **equals: object) -> R | None:
        """Read the first that `find` would return."""
        table = schema.TABLES[kind]
        query = select(table).where(*_matching(table, equals)).order_by(table.c.id).limit(1)
        row = (await self._connection.execute(query)).one_or_none()
        return None if row is None else kind(*row)

    async def count(self, kind: type[Any], **equals: object) -> int:
        """Count what `find` would return."""
        table = schema.TABLES[kind]
        query = select(func.count()).select_from(table).where(*_matching(table, equals))
        return int((await self._connection.execute(query)).scalar_one())

    async def since(
        self, kind: type[R], column: str, moment: datetime, **equals: object
    ) -> list[R]:
        """Read by column values what has a stamp after a moment, by key."""
        table = schema.TABLES[kind]
        query = (
            select(table)
            .where(table.c[column] > moment, *_matching(table, equals))
            .order_by(table.c.id)
        )
        return [kind(*row) for row in await self._connection.execute(query)]

    async def change(
        self, kind: type[Any], key: str, expect: Mapping[str, object], **values: object
    ) -> bool:
        """Update one row if its columns still hold ``expect``; tells whether it did."""
        table = schema.TABLES[kind]
        statement = (
            update(table).where(table.c.id == key, *_matching(table, expect)).values(**values)
        )
        return (await self._connection.execute(statement)).rowcount == 1

    async def codes_since(
        self, phone_hash: str, address_hash: str, since: datetime
    ) -> tuple[int, int]:
        """Count one-time codes sent to a phone, and asked for from an address."""
        codes = schema.one_time_code
        counts = [
            select(func.count())
            .where(column == value, codes.c.created_at > since)
            .scalar_subquery()
            for column, value in (
                (codes.c.phone_hash, phone_hash),
                (codes.c.address_hash, address_hash),
            )
        ]
        row = (await self._connection.execute(select(*counts))).one()
        return int(row[0]), int(row[1])

    async def booking_facts(
        self, slot_id: str, person_id: str, account_id: str, address_hash: str, since: datetime
    ) -> BookingFacts | None:
        """Read what a booking needs in one statement; None without such a slot or person."""
        slot, booth, round_ = schema.slot, schema.booth, schema.round_
        person, link = schema.person, schema.link
        booking, session, ticket = schema.booking, schema.session, schema.ticket
        relation = (
            select(link.c.relation)
            .where(link.c.account_id == account_id, link.c.person_id == person_id)
            .scalar_subquery()
        )
        recent = [
            select(func.count())
            .where(column == value, booking.c.created_at > since)
            .scalar_subquery()
            for column, value in (
                (booking.c.account_id, account_id),
                (booking.c.address_hash, address_hash),
            )
        ]
        sampled = (
            select(literal(1))
            .select_from(session.join(ticket, ticket.c.id == session.c.ticket_id))
            .where(
                session.c.person_id == person_id,
                ticket.c.round_id == slot.c.round_id,
                session.c.outcome == Outcome.SAMPLED,
            )
            .exists()
        )
        query = (
            select(
                slot,
                booth.c.single_swab,
                round_.c.ends_at,
                relation,
                person.c.name_masked,
                person.c.needs,
                person.c.consent_at,
                *recent,
                sampled,
            )
            .select_from(
                slot.join(booth, booth.c.id == slot.c.booth_id)
                .join(round_, round_.c.id == slot.c.round_id)
                .join(person, true())
            )
            .where(slot.c.id == slot_id, person.c.id == person_id)
        )
        row = (await self._connection.execute(query)).one_or_none()
        if row is None:
            return None
        width = len(schema.FIELDS[Slot])
        single, ends_at, relates, name, needs, consent_at, by_account, by_address, was = row[width:]
        return BookingFacts(
            slot=Slot(*row[:width]),
            booth_single_swab=single,
            round_ends_at=ends_at,
            relation=relates,
            name_masked=name,
            needs=needs,
            consented=consent_at is not None,
            recent_by_account=by_account,
            recent_by_address=by_address,
            sampled=was,
        )

    async def take_seats(self, slot_id: str, seats: int) -> bool:
        """Take seats if that many are left: one conditional update."""
        slot = schema.slot
        statement = (
            update(slot)
            .where(slot.c.id == slot_id, slot.c.taken + seats <= slot.c.capacity)
            .values(taken=slot.c.taken + seats)
        )
        return (await self._connection.execute(statement)).rowcount == 1

    async def return_seats(self, slot_id: str, seats: int) -> None:
        """Give seats back."""
        slot = schema.slot
        statement = update(slot).where(slot.c.id == slot_id).values(taken=slot.c.taken - seats)
        await self._connection.execute(statement)

    async def running_slots(self, booth_id: str, now: datetime) -> Sequence[Slot]:
        """Slots of a booth that have not ended, in order of time."""
        slot = schema.slot
        query = (
            select(slot)
            .where(slot.c.booth_id == booth_id, slot.c.ends_at > now)
            .order_by(slot.c.starts_at)
        )
        return [Slot(*row) for row in await self._connection.execute(query)]

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
        zero = literal(0)
        query = (
            select(
                booth,
                func.coalesce(standing.c.waiting, zero),
                func.coalesce(standing.c.serving, zero),
                func.coalesce(coming.c.coming, zero),
            )
            .select_from(
                booth.outerjoin(standing, standing.c.booth_id == booth.c.id).outerjoin(
                    coming, coming.c.booth_id == booth.c.id
                )
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
        """Add a swab if the tube is filling and not full; the new count, else None."""
        tube = schema.tube
        statement = (
            update(tube)
            .where(tube.c.id == tube_id, tube.c.state == "filling", tube.c.swabs < tube.c.pool_size)
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

    async def publish(self, *events: Event) -> None:
        """Put events into the outbox."""
        number: ColumnElement[int] = (
            literal(0) if self._sqlite else text("pg_current_xact_id()::text::bigint")  # type: ignore[assignment] # a text clause serves as a value
        )
        for event in events:
            statement = insert(schema.event).values(
                transaction=number, topic=event.topic, kind=event.kind, body=dict(event.body)
            )
            await self._connection.execute(statement)

    async def events_after(
        self, cursor: tuple[int, int], limit: int = 1000
    ) -> list[tuple[tuple[int, int], Event]]:
        """Read committed events behind a cursor, oldest first.

        On PostgreSQL the numbers of rows are drawn before they are committed, so a reader that
        goes by them alone would pass over a transaction that ends late. Only events of
        transactions older than every running one are returned; later ones wait for the next read.
        """
        event = schema.event
        query = (
            select(event.c.transaction, event.c.id, event.c.topic, event.c.kind, event.c.body)
            .where(
                (event.c.transaction > cursor[0])
                | ((event.c.transaction == cursor[0]) & (event.c.id > cursor[1]))
            )
            .order_by(event.c.transaction, event.c.id)
            .limit(limit)
        )
        if not self._sqlite:
            query = query.where(
                event.c.transaction < text("pg_snapshot_xmin(pg_current_snapshot())::text::bigint")
            )
        rows = await self._connection.execute(query)
        return [((row[0], row[1]), Event(row[2], row[3], row[4])) for row in rows]

    async def last_cursor(self) -> tuple[int, int]:
        """Return the cursor behind the newest event that may be read."""
        event = schema.event
        query = select(event.c.transaction, event.c.id).order_by(
            event.c.transaction.desc(), event.c.id.desc()
        )
        if not self._sqlite:
            query = query.where(
                event.c.transaction < text("pg_snapshot_xmin(pg_current_snapshot())::text::bigint")
            )
        row = (await self._connection.execute(query.limit(1))).one_or_none()
        return (row[0], row[1]) if row else (0, 0)

    async def reported_after(self, moment: datetime) -> list[tuple[str, datetime]]:
        """Read which booths have reported since a moment, and when."""
        live = schema.live
        query = select(live.c.id, live.c.at).where(live.c.at > moment).order_by(live.c.at)
        return [(row[0], row[1]) for row in await self._connection.execute(query)]

    async def answered(self, account_id: str, key: str) -> tuple[str, str] | None:
        """Fingerprint and body of the answer a command with this key was given."""
        command = schema.command
        query = select(command.c.fingerprint, command.c.body).where(
            command.c.account_id == account_id, command.c.key == key
        )
        row = (await self._connection.execute(query)).one_or_none()
        return (row[0], row[1]) if row else None

    async def remember(
        self, account_id: str, key: str, fingerprint: str, body: str, now: datetime
    ) -> None:
        """Keep an answer under its key; raises `Duplicate` if the key has one."""
        values = {
            "account_id": account_id,
            "key": key,
            "fingerprint": fingerprint,
            "body": body,
            "at": now,
        }
        await self._insert(schema.command, values)


def _matching(table: Table, equals: Mapping[str, object]) -> list[ColumnElement[bool]]:
    return [_equal(table.c[name], value) for name, value in equals.items()]


def _equal(column: ColumnElement[Any], value: object) -> ColumnElement[bool]:
    if value is None:
        return column.is_(None)
    if isinstance(value, Collection) and not isinstance(value, str | bytes | frozenset):
        return column.in_(value)
    return column == value


def _line(booth_id: str, now: datetime) -> Select[Any]:
    ticket = schema.ticket
    waited = literal(microseconds(now), BigInteger) - type_coerce(ticket.c.joined_at, BigInteger)
    return (
        select(ticket)
        .where(ticket.c.booth_id == booth_id, ticket.c.state == TicketState.WAITING)
        .order_by((ticket.c.rate * waited).desc(), ticket.c.number)
    )
