"""Seats: reading what a booking needs, and taking it in one conditional update."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import Boolean, Integer, String, bindparam, column, func, select, text, update

from booth_queue.adapters.sql import schema
from booth_queue.adapters.sql.records import Records
from booth_queue.adapters.sql.types import Stamp
from booth_queue.domain.places import Slot
from booth_queue.service.ports import BookingFacts

# Written out and kept, because every booking runs it: putting it together each time from columns
# costs more than running it.
_FACTS: Final = (
    text(f"""
        SELECT {", ".join(f"slot.{name}" for name in schema.FIELDS[Slot])},
          booth.single_swab, round.ends_at,
          (SELECT relation FROM link WHERE account_id = :account AND person_id = :person),
          person.name_masked, person.needs, person.consent_at,
          (SELECT count(*) FROM booking WHERE account_id = :account AND created_at > :since),
          (SELECT count(*) FROM booking WHERE address_hash = :address AND created_at > :since),
          EXISTS (SELECT 1 FROM session JOIN ticket ON ticket.id = session.ticket_id
            WHERE session.person_id = :person AND ticket.round_id = slot.round_id
            AND session.outcome = 'sampled' AND NOT EXISTS (SELECT 1 FROM result
              WHERE result.session_id = session.id AND result.verdict = 'retest_singly'))
        FROM slot JOIN booth ON booth.id = slot.booth_id JOIN round ON round.id = slot.round_id
        JOIN person ON person.id = :person
        WHERE slot.id = :slot""")  # noqa: S608 - the names put in are those of our own fields
    .bindparams(bindparam("since", type_=Stamp()))
    .columns(
        *schema.slot.columns,
        schema.booth.c.single_swab,
        schema.round_.c.ends_at,
        column("relation", String),
        schema.person.c.name_masked,
        schema.person.c.needs,
        schema.person.c.consent_at,
        column("by_account", Integer),
        column("by_address", Integer),
        column("sampled", Boolean),
    )
)
_TAKE: Final = (
    update(schema.slot)
    .where(
        schema.slot.c.id == bindparam("slot"),
        schema.slot.c.taken + bindparam("seats") <= schema.slot.c.capacity,
    )
    .values(taken=schema.slot.c.taken + bindparam("seats"))
)


class Seats(Records):
    """The statements of booking."""

    async def codes_since(
        self, phone_hash: str, address_hash: str, since: datetime
    ) -> tuple[int, int]:
        """Count one-time codes sent to a phone, and asked for from an address."""
        codes = schema.one_time_code
        counts = [
            select(func.count()).where(name == value, codes.c.created_at > since).scalar_subquery()
            for name, value in (
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
        values = {
            "slot": slot_id,
            "person": person_id,
            "account": account_id,
            "address": address_hash,
            "since": since,
        }
        row = (await self._connection.execute(_FACTS, values)).one_or_none()
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
            sampled=bool(was),
        )

    async def take_seats(self, slot_id: str, seats: int) -> bool:
        """Take seats if that many are left: one conditional update."""
        values = {"slot": slot_id, "seats": seats}
        return (await self._connection.execute(_TAKE, values)).rowcount == 1

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

    async def use_block(self, block_id: str, seats: int) -> bool:
        """Use seats of a group's block if that many are left; negative gives them back."""
        block = schema.block
        statement = (
            update(block)
            .where(block.c.id == block_id, block.c.used + seats <= block.c.seats)
            .values(used=block.c.used + seats)
        )
        return (await self._connection.execute(statement)).rowcount == 1
