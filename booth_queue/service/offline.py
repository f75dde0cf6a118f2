"""Visits a booth took while the service was away, merged when it is back."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from booth_queue.domain.people import Person
from booth_queue.domain.priority import rate
from booth_queue.domain.refusals import CodeInvalid, SwabMissing, TubeUsed, WrongBooth
from booth_queue.domain.sampling import Session, Swab, Tube
from booth_queue.domain.visits import Booking, Ticket
from booth_queue.domain.vocabulary import (
    BookingState,
    Outcome,
    SessionState,
    TicketState,
    TubeState,
)
from booth_queue.service import codes, ledger
from booth_queue.service.ports import Event
from booth_queue.service.sampling import record_hash
from booth_queue.service.work import Work


@dataclass(frozen=True, slots=True)
class Visit:
    """One visit as the booth wrote it down: the code it checked, and what it did."""

    code: str
    opened_at: datetime
    closed_at: datetime
    outcome: Outcome
    reason: str | None
    barcode: str | None
    record: Mapping[str, Any] | None


class Merge(StrEnum):
    """What became of a visit that was reported."""

    MERGED = "merged"
    KNOWN = "known"
    CONFLICT = "conflict"


@dataclass(frozen=True, slots=True)
class Merged:
    """What became of one visit; a conflict says why, and a person has to look at it."""

    booking_id: str | None
    merge: Merge
    reason: str | None = None


async def merge(work: Work, booth_id: str, visits: list[Visit]) -> list[Merged]:
    """Merge visits; the same one reported again, in whatever call, is known and changes nothing.

    A visit is known by its booking, so merging needs no key to be safe. A visit whose code does
    not hold, whose booking was cancelled or served elsewhere meanwhile, or whose tube is not free
    is a conflict: it is reported back, and nothing of it is bound by guess.
    """
    return [await _merge_one(work, booth_id, visit) for visit in visits]


async def _merge_one(work: Work, booth_id: str, visit: Visit) -> Merged:
    try:
        booking = await codes.booking_of(work, visit.code, visit.opened_at)
    except CodeInvalid as refused:
        return Merged(None, Merge.CONFLICT, refused.code)
    ticket_id = f"offline-{booking.id}"
    if await work.tx.first(Ticket, id=ticket_id) is not None:
        return Merged(booking.id, Merge.KNOWN)
    fault = await _fault(work, booth_id, booking, visit)
    if fault is not None:
        return Merged(booking.id, Merge.CONFLICT, fault)
    await _enter(work, booking, ticket_id, visit)
    return Merged(booking.id, Merge.MERGED)


async def _fault(work: Work, booth_id: str, booking: Booking, visit: Visit) -> str | None:
    if booking.booth_id != booth_id:
        return WrongBooth.code
    if not visit.opened_at <= visit.closed_at <= work.now:
        return "time_order"
    if visit.outcome is Outcome.SAMPLED:
        if visit.barcode is None:
            return SwabMissing.code
        if await work.tx.first(Tube, id=visit.barcode) is not None:
            return TubeUsed.code
    booked = {"state": BookingState.BOOKED}
    if not await work.tx.change(Booking, booking.id, booked, state=BookingState.DONE):
        return f"booking_{booking.state}"
    return None


async def _enter(work: Work, booking: Booking, ticket_id: str, visit: Visit) -> None:
    person = await work.tx.get(Person, booking.person_id)
    ticket = Ticket(
        id=ticket_id,
        round_id=booking.round_id,
        booth_id=booking.booth_id,
        booking_id=booking.id,
        person_id=booking.person_id,
        number=await work.tx.next_number(booking.booth_id, booking.round_id),
        state=TicketState.DONE,
        needs=person.needs,
        rate=rate(person.needs),
        joined_at=visit.opened_at,
        called_at=visit.opened_at,
        calls=1,
    )
    session = Session(
        id=f"offline-session-{booking.id}",
        ticket_id=ticket.id,
        booth_id=booking.booth_id,
        person_id=booking.person_id,
        state=SessionState.CLOSED,
        opened_at=visit.opened_at,
        opened_by=work.actor.account_id,
        closed_at=visit.closed_at,
        outcome=visit.outcome,
        reason=visit.reason,
        record=dict(visit.record) if visit.record is not None else None,
        record_sha256=record_hash(visit.record) if visit.record is not None else None,
        recorded_at=work.now if visit.record is not None else None,
    )
    await work.tx.add(ticket, session)
    if visit.barcode is not None and visit.outcome is Outcome.SAMPLED:
        by = work.actor.account_id
        # Offline a booth uses single tubes alone: it cannot know who else fits into a pool.
        tube = Tube(
            id=visit.barcode,
            round_id=booking.round_id,
            booth_id=booking.booth_id,
            pool_size=1,
            swabs=1,
            state=TubeState.SEALED,
            opened_at=visit.opened_at,
            sealed_at=visit.closed_at,
        )
        await work.tx.add(tube)
        swab = Swab(work.new_id(), session.id, person.id, visit.barcode, 1, visit.closed_at, by)
        await work.tx.add(swab)
        body = {"ticket": ticket.id, "session": session.id, "person": person.id, "offline": True}
        await ledger.append(work, booking.booth_id, "bound", visit.barcode, body)
    await work.tx.publish(Event(booking.booth_id, "session.merged", {"session_id": session.id}))
