"""The outbox of events, and the book of commands that were answered."""

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Final

from sqlalchemy import (
    JSON,
    BigInteger,
    bindparam,
    delete,
    func,
    insert,
    literal,
    literal_column,
    select,
    text,
)
from sqlalchemy.exc import IntegrityError

from booth_queue.adapters.sql import schema
from booth_queue.adapters.sql.records import Records
from booth_queue.adapters.sql.statements import SPEND
from booth_queue.adapters.sql.types import Stamp
from booth_queue.service.ports import Answer, Event, Exceeded, Spending

_PUBLISH: Final = {
    dialect: insert(schema.event).values(
        transaction=number,
        topic=bindparam("topic"),
        kind=bindparam("kind"),
        body=bindparam("body", type_=JSON),
    )
    for dialect, number in (
        ("sqlite", literal(0)),
        ("postgresql", literal_column("pg_current_xact_id()::text::bigint", BigInteger)),
    )
}
# The limit is a CHECK of the table's, so that what goes beyond it undoes its transaction.
_SPEND: Final = text(SPEND).bindparams(bindparam("since", type_=Stamp()))


class Outbox(Records):
    """The statements of events and answers."""

    async def publish(self, *events: Event) -> None:
        """Put events into the outbox."""
        statement = _PUBLISH["sqlite" if self._sqlite else "postgresql"]
        for event in events:
            said = {"topic": event.topic, "kind": event.kind, "body": dict(event.body)}
            await self._connection.execute(statement, said)

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

    async def last_report(self) -> datetime:
        """Return when the newest live report came; the beginning of time without one."""
        newest = (await self._connection.execute(select(func.max(schema.live.c.at)))).scalar()
        return newest or datetime(1970, 1, 1, tzinfo=UTC)

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

    async def remember(self, answer: Answer) -> None:
        """Keep an answer under its key; raises `Duplicate` if the key has one."""
        await self._insert(schema.command, asdict(answer))

    async def spend(self, spending: Spending) -> None:
        """Count uses of something limited; raises `Exceeded` if that many are not left."""
        try:
            await self._connection.execute(_SPEND, asdict(spending))
        except IntegrityError as error:
            raise Exceeded from error

    async def forget_answers(self, account_id: str) -> None:
        """Forget the stored answers of an account; they may show masked names."""
        command = schema.command
        await self._connection.execute(delete(command).where(command.c.account_id == account_id))
