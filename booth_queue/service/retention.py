"""Erasing a person who withdraws consent, and destroying a finished round's personal data."""

import hashlib
from dataclasses import dataclass

from booth_queue.domain.community import Certificate
from booth_queue.domain.people import Link, Person
from booth_queue.domain.places import Round
from booth_queue.domain.refusals import Forbidden, NotConfirmed, RoundRunning, WrongState
from booth_queue.domain.visits import ACTIVE_TICKET, Booking, Ticket
from booth_queue.domain.vocabulary import BookingState, TicketState
from booth_queue.service import booking as seats
from booth_queue.service import queueing
from booth_queue.service.people import require_link
from booth_queue.service.work import Work

_ERASED = {
    "sealed": None,
    "id_hash": None,
    "name_masked": "*",
    "id_masked": "*",
    "phone_masked": None,
    "birth_date": None,
    "unit_id": None,
    "consent_at": None,
    "guardian_consent_at": None,
}


@dataclass(frozen=True, slots=True)
class Erased:
    """What became of a person whose consent was withdrawn."""

    person_id: str
    cancelled_bookings: int


async def withdraw(work: Work, person_id: str) -> Erased:
    """Withdraw consent: leave the queue, cancel bookings, erase every name and number.

    What was sampled stays counted under the random key; nothing leads from it to the person.

    Raises
    ------
    NotConfirmed
        The person is a dependant, and nobody on duty has confirmed it.
    WrongState
        The person is in a booth at this moment.
    """
    link = await require_link(work, person_id)
    if not link.confirmed:
        raise NotConfirmed
    own = await work.tx.first(Link, person_id=person_id, relation="self")
    if own is not None and own.account_id != work.actor.account_id:
        raise Forbidden(role="dependant")  # who speaks for themselves decides for themselves
    tickets = await work.tx.find(Ticket, person_id=person_id, state=ACTIVE_TICKET)
    for ticket in tickets:
        if ticket.state is TicketState.IN_SESSION:
            raise WrongState(state=ticket.state)
        await queueing.leave(work, ticket.id)
    booked = await work.tx.find(Booking, person_id=person_id, state=BookingState.BOOKED)
    for booking in booked:
        await seats.give_up(work, booking)
        await seats.free_seat(work, booking)
    for link in await work.tx.find(Link, person_id=person_id):
        await work.tx.remove(Link, link.id)
    await work.tx.change(Person, person_id, {}, erased_at=work.now, needs=frozenset(), **_ERASED)
    await work.tx.forget_answers(work.actor.account_id)
    return Erased(person_id, len(booked))


async def destroy(work: Work, round_id: str) -> Certificate:
    """Destroy the personal data of a finished round and write the certificate.

    Erased are the people who took part in it and in no round that is still kept, the sampling
    records, the stored answers, one-time codes and refresh tokens. Bookings, tickets, tubes and
    results stay, under random keys, so that every count can still be made.

    Raises
    ------
    RoundRunning
        The round has not ended.
    WrongState
        It was destroyed before.
    """
    finished = await work.tx.get(Round, round_id)
    if finished.ends_at > work.now:
        raise RoundRunning(ends_at=finished.ends_at.isoformat())
    if not await work.tx.change(Round, round_id, {"destroyed_at": None}, destroyed_at=work.now):
        raise WrongState(state="destroyed")
    counts = await work.tx.round_counts(round_id)
    people = sorted(await work.tx.people_of_round_alone(round_id))
    for person_id in people:
        await work.tx.change(
            Person, person_id, {}, erased_at=work.now, needs=frozenset(), **_ERASED
        )
    removed = await work.tx.destroy_round(round_id, finished.ends_at)
    certificate = Certificate(
        id=work.new_id(),
        round_id=round_id,
        at=work.now,
        by=work.actor.account_id,
        people=len(people),
        list_sha256=hashlib.sha256("\n".join(people).encode()).hexdigest(),
        removed={"people": len(people), **removed},
        counts=counts,
    )
    await work.tx.add(certificate)
    return certificate
