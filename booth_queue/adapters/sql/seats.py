"""Seats: reading what a booking needs, and taking it in one conditional update."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import bindparam, select, text, update

from booth_queue.adapters.sql import schema
from booth_queue.adapters.sql.records import Records
from booth_queue.adapters.sql.seating import facts_of
from booth_queue.adapters.sql.statements import FACTS
from booth_queue.domain.places import Slot
from booth_queue.service.ports import BookingFacts

_FACTS: Final = text(FACTS)
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

    async def booking_facts(
        self, slot_id: str, person_id: str, account_id: str
    ) -> BookingFacts | None:
        """Read what a booking needs in one statement; None without such a slot or person."""
        values = {"slot": slot_id, "person": person_id, "account": account_id}
        row = (await self._connection.execute(_FACTS, values)).one_or_none()
        return None if row is None else facts_of(row)

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
