"""Seats: reading what a booking needs, and taking it in one conditional update."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, literal, select, true, update

from booth_queue.adapters.sql import schema
from booth_queue.adapters.sql.records import Records
from booth_queue.domain.places import Slot
from booth_queue.domain.vocabulary import Outcome, Verdict
from booth_queue.service.ports import BookingFacts


class Seats(Records):
    """The statements of booking."""

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
        result = schema.result
        retest = (
            select(literal(1))
            .where(result.c.session_id == session.c.id, result.c.verdict == Verdict.RETEST_SINGLY)
            .exists()
        )
        sampled = (
            select(literal(1))
            .select_from(session.join(ticket, ticket.c.id == session.c.ticket_id))
            .where(
                session.c.person_id == person_id,
                ticket.c.round_id == slot.c.round_id,
                session.c.outcome == Outcome.SAMPLED,
                ~retest,
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

    async def use_block(self, block_id: str, seats: int) -> bool:
        """Use seats of a group's block if that many are left; negative gives them back."""
        block = schema.block
        statement = (
            update(block)
            .where(block.c.id == block_id, block.c.used + seats <= block.c.seats)
            .values(used=block.c.used + seats)
        )
        return (await self._connection.execute(statement)).rowcount == 1
