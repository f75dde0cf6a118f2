"""Arriving and waiting: check-in, walk-in, calling, and what staff do with a ticket."""

from dataclasses import dataclass, replace

from booth_queue.domain.people import Link, Person
from booth_queue.domain.places import Booth, Journey, Slot
from booth_queue.domain.priority import rate, single_swab
from booth_queue.domain.refusals import (
    AlreadyBooked,
    BoothNotOpen,
    NotFound,
    SingleSwabBooth,
    SlotFull,
    SlotOver,
    WrongBooth,
    WrongState,
)
from booth_queue.domain.visits import (
    ACTIVE_TICKET,
    TICKET_TRANSITIONS,
    Booking,
    Prediction,
    Ticket,
)
from booth_queue.domain.vocabulary import (
    BookingChannel,
    BookingState,
    BoothState,
    Need,
    Role,
    TicketState,
)
from booth_queue.domain.wait import Pace, Wait, predict
from booth_queue.service import booking as seats
from booth_queue.service.people import require_link
from booth_queue.service.ports import Duplicate, Event
from booth_queue.service.work import Work


@dataclass(frozen=True, slots=True)
class Place:
    """A ticket with what its holder is told; position and wait while waiting alone."""

    ticket: Ticket
    number: str
    name_masked: str
    position: int | None
    wait: Wait | None
    waiting: int


async def check_in(work: Work, booth_id: str, booking_id: str) -> Place:
    """Join the queue with a booking.

    Raises
    ------
    WrongBooth
        The booking is for another booth.
    WrongState
        The booking is not active, or was used already.
    BoothNotOpen
        The booth has closed.
    """
    booking = await seats.own_booking(work, booking_id)
    if booking.booth_id != booth_id:
        raise WrongBooth(booth=await booth_label(work, booking.booth_id))
    arrived = await work.tx.change(
        Booking, booking.id, {"state": BookingState.BOOKED}, state=BookingState.ARRIVED
    )
    if not arrived:
        raise WrongState(state=booking.state)
    person = await work.tx.get(Person, booking.person_id)
    return await _join(work, booking, person, person.needs)


async def walk_in(work: Work, booth_id: str, person_id: str, needs: frozenset[Need]) -> Place:
    """Join the queue without a booking: takes a seat of the first slot that has one.

    Raises
    ------
    SlotOver, SlotFull
        The booth has no slot any more, or no seat.
    """
    if work.actor.role is Role.CITIZEN:
        await require_link(work, person_id)
    await seats.limit(work)
    person = await work.tx.get(Person, person_id)
    needs = needs | person.needs
    slots = await work.tx.running_slots(booth_id, work.now)
    if not slots:
        raise SlotOver
    facts = await seats.facts_of(work, slots[0].id, person_id)
    if single_swab(needs) and not facts.booth_single_swab:
        raise SingleSwabBooth
    for slot in slots:
        if slot.taken < slot.capacity and await work.tx.take_seats(slot.id, 1):
            booking = seats.make_booking(work, slot, person_id, BookingChannel.WALK_IN)
            booking = replace(booking, state=BookingState.ARRIVED)
            await seats.insert(work, booking)
            return await _join(work, booking, person, needs)
    raise SlotFull


async def _join(work: Work, booking: Booking, person: Person, needs: frozenset[Need]) -> Place:
    booth = await work.tx.get(Booth, booking.booth_id)
    if booth.state is BoothState.CLOSED:
        raise BoothNotOpen(state=booth.state)
    if single_swab(needs) and not booth.single_swab:
        raise SingleSwabBooth
    ticket = Ticket(
        id=work.new_id(),
        round_id=booking.round_id,
        booth_id=booth.id,
        booking_id=booking.id,
        person_id=person.id,
        number=await work.tx.next_number(booth.id, booking.round_id),
        state=TicketState.WAITING,
        needs=needs,
        rate=rate(needs),
        joined_at=work.now,
    )
    try:
        await work.tx.add(ticket)
    except Duplicate as second:
        raise AlreadyBooked from second
    await announce(work, ticket)
    await end_journey(work, person.id)
    joined = await place_of(work, ticket)
    if joined.wait is not None:
        await work.tx.add(
            Prediction(
                id=ticket.id,
                booth_id=booth.id,
                at=work.now,
                median_s=joined.wait.median_s,
                low_s=joined.wait.low_s,
                high_s=joined.wait.high_s,
            )
        )
    return joined


async def end_journey(work: Work, person_id: str) -> None:
    """Take somebody out of the ledger of people on the way: arrived, or going elsewhere."""
    under_way = await work.tx.first(Journey, person_id=person_id, ended_at=None)
    if under_way is not None:
        await work.tx.change(Journey, under_way.id, {}, ended_at=work.now)


async def place(work: Work, ticket_id: str) -> Place:
    """Return a ticket of the account with position and predicted wait."""
    return await place_of(work, await _visible_ticket(work, ticket_id))


async def place_of(work: Work, ticket: Ticket) -> Place:
    """Return a ticket with its number, position and predicted wait."""
    booth = await work.tx.get(Booth, ticket.booth_id)
    person = await work.tx.get(Person, ticket.person_id)
    line = await work.tx.line(booth.id, work.now)
    order = [waiting.id for waiting in line]
    position = order.index(ticket.id) + 1 if ticket.id in order else None
    wait = None
    if position is not None:
        in_service = await work.tx.count(
            Ticket, booth_id=booth.id, state=(TicketState.CALLED, TicketState.IN_SESSION)
        )
        # Whoever is being served has on average half of their time to go.
        wait = predict(position - 1 + 0.5 * in_service, pace_of(booth))
    return Place(ticket, number_of(booth, ticket), person.name_masked, position, wait, len(line))


async def tickets_of(work: Work) -> list[Place]:
    """List the account's tickets that are not over, oldest first."""
    links = await work.tx.find(Link, account_id=work.actor.account_id)
    people = [link.person_id for link in links]
    mine = await work.tx.find(Ticket, person_id=people, state=list(ACTIVE_TICKET))
    return [await place_of(work, ticket) for ticket in mine]


async def leave(work: Work, ticket_id: str) -> Place:
    """Leave the queue; the seat of a slot that still runs goes back."""
    ticket = await _visible_ticket(work, ticket_id)
    left = await move(work, ticket, TicketState.LEFT)
    await _give_back(work, ticket)
    return await place_of(work, left)


async def no_show(work: Work, ticket_id: str) -> Place:
    """Mark a called person who did not come.

    Raises
    ------
    WrongState
        Not called, or not yet as often as the rules ask for.
    """
    ticket = await _booth_ticket(work, ticket_id)
    if ticket.state is not TicketState.CALLED or ticket.calls < work.tools.policy.recall_limit:
        raise WrongState(state=ticket.state, calls=ticket.calls)
    gone = await move(work, ticket, TicketState.NO_SHOW)
    await _give_back(work, ticket)
    return await place_of(work, gone)


async def _give_back(work: Work, ticket: Ticket) -> None:
    booking = await work.tx.get(Booking, ticket.booking_id)
    await work.tx.change(
        Booking, booking.id, {"state": BookingState.ARRIVED}, state=BookingState.EXPIRED
    )
    await seats.free_seat(work, booking)


async def call_next(work: Work, booth_id: str) -> Ticket | None:
    """Call whoever has accumulated the most priority; the one already called, if any.

    Raises
    ------
    BoothNotOpen
        Paused, closed or faulty.
    """
    booth = await work.tx.get(Booth, booth_id)
    if booth.state is not BoothState.OPEN:
        raise BoothNotOpen(state=booth.state)
    called = await work.tx.first(Ticket, booth_id=booth_id, state=TicketState.CALLED)
    if called is not None:
        return called
    ticket = await work.tx.claim_next(booth_id, work.now)
    if ticket is None:
        return None
    return await move(work, ticket, TicketState.CALLED, called_at=work.now, calls=1)


async def recall(work: Work, ticket_id: str) -> Place:
    """Call the called person again."""
    ticket = await _booth_ticket(work, ticket_id)
    if ticket.state is not TicketState.CALLED or not await work.tx.change(
        Ticket,
        ticket.id,
        {"state": TicketState.CALLED, "calls": ticket.calls},
        calls=ticket.calls + 1,
    ):
        raise WrongState(state=ticket.state)
    again = replace(ticket, calls=ticket.calls + 1)
    await announce(work, again)
    return await place_of(work, again)


async def hold(work: Work, ticket_id: str) -> Place:
    """Put a ticket aside; it keeps its place in time and is not called."""
    ticket = await _booth_ticket(work, ticket_id)
    return await place_of(work, await move(work, ticket, TicketState.HELD))


async def release(work: Work, ticket_id: str) -> Place:
    """Put a held ticket, or one skipped when called, back into the line."""
    ticket = await _booth_ticket(work, ticket_id)
    if ticket.state is TicketState.NO_SHOW:
        raise WrongState(state=ticket.state)  # the seat is gone: walk in again
    return await place_of(work, await move(work, ticket, TicketState.WAITING))


async def move(work: Work, ticket: Ticket, state: TicketState, **values: object) -> Ticket:
    """Move a ticket along the transition table, announcing it.

    Raises
    ------
    WrongState
        The table has no such transition, or somebody else was faster.
    """
    if state not in TICKET_TRANSITIONS[ticket.state] or not await work.tx.change(
        Ticket, ticket.id, {"state": ticket.state}, state=state, **values
    ):
        raise WrongState(state=ticket.state)
    moved = replace(ticket, state=state, **values)  # type: ignore[arg-type] # columns by name
    await announce(work, moved)
    return moved


async def announce(work: Work, ticket: Ticket) -> None:
    """Publish what became of a ticket."""
    await work.tx.publish(
        Event(ticket.booth_id, f"ticket.{ticket.state}", {"ticket_id": ticket.id})
    )


async def _visible_ticket(work: Work, ticket_id: str) -> Ticket:
    ticket = await work.tx.get(Ticket, ticket_id)
    if work.actor.role is Role.CITIZEN:
        await require_link(work, ticket.person_id)
    return ticket


async def _booth_ticket(work: Work, ticket_id: str) -> Ticket:
    ticket = await work.tx.get(Ticket, ticket_id)
    await require_booth(work, ticket.booth_id)
    return ticket


async def require_booth(work: Work, booth_id: str) -> Booth:
    """Return the booth if the actor works at it: the booth itself, or staff of its site."""
    booth = await work.tx.get(Booth, booth_id)
    if work.actor.role is Role.BOOTH and work.actor.booth_id == booth_id:
        return booth
    if work.actor.role is Role.STAFF and work.actor.site_id in {None, booth.site_id}:
        return booth
    raise NotFound(what="booth")


async def booth_label(work: Work, booth_id: str) -> str:
    """Return the label of a booth."""
    return (await work.tx.get(Booth, booth_id)).label


def number_of(booth: Booth, ticket: Ticket) -> str:
    """Return the number as it is called out, e.g. A007."""
    return f"{booth.label}{ticket.number:03d}"


def pace_of(booth: Booth) -> Pace:
    """Return how fast a booth has been."""
    return Pace(booth.pace_mean_s, booth.pace_variance_s2, booth.pace_count)


async def slots_of(work: Work, booth_id: str) -> list[Slot]:
    """List a booth's slots that have not ended."""
    return list(await work.tx.running_slots(booth_id, work.now))
