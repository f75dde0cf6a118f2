"""Seats: booking, changing, cancelling. Every channel draws on the slot's one quota."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace

from booth_queue.domain.people import Link, Person
from booth_queue.domain.places import Slot
from booth_queue.domain.priority import single_swab
from booth_queue.domain.refusals import (
    AlreadyBooked,
    AlreadySampled,
    ConsentMissing,
    NotFound,
    SingleSwabBooth,
    SlotFull,
    SlotOver,
    TooMany,
    WrongState,
)
from booth_queue.domain.visits import Booking
from booth_queue.domain.vocabulary import BookingChannel, BookingState, Role
from booth_queue.service.limits import hour
from booth_queue.service.ports import (
    BookingFacts,
    BookingReading,
    Duplicate,
    Event,
    Exceeded,
    Seating,
    Spending,
    Store,
)
from booth_queue.service.work import Command, Work, done_once


@dataclass(frozen=True, slots=True)
class Booked:
    """A booking with what an answer shows of it."""

    booking: Booking
    slot: Slot
    name_masked: str


async def book_once(
    store: Store,
    work_in: Callable[[Seating], Work[Seating]],
    command: Command,
    wanted: tuple[str, str],
    tell: Callable[[Booked], str],
    within: AbstractAsyncContextManager[None],
) -> str:
    """Take a seat of a slot for a person of the account, once, and return the answer.

    Allowance, booking, event, answer and seat are written by one statement in this order, so that
    a slot everybody wants is locked for no longer than its commit takes. Whatever the database's
    own constraints refuse undoes all of it.

    Parameters
    ----------
    work_in
        Makes the unit of work on a connection.
    wanted
        Keys of slot and person.
    tell
        Writes the answer of a booking that is about to be made.
    within
        As in `booth_queue.service.work.run_once`.

    Raises
    ------
    NotFound, SlotOver, ConsentMissing, SingleSwabBooth, AlreadySampled
        Refused before anything was written.
    TooMany, AlreadyBooked, SlotFull
        Refused by the database.
    """

    async def do() -> str:
        async with within, store.seating() as seating:
            work = work_in(seating)
            planned = await plan(work, *wanted)
            body = tell(planned)
            booking, answer = planned.booking, command.answered(body)
            try:
                seated = await seating.seat(booking, _booked_event(booking), spending(work), answer)
            except Exceeded as over:
                raise too_many(work) from over
            except Duplicate as second:
                raise AlreadyBooked from second
        if not seated:
            raise SlotFull
        return body

    return await done_once(store, command, do)


async def book(work: Work, slot_id: str, person_id: str, channel: BookingChannel) -> Booked:
    """Take a seat of a slot for a person, in a transaction that does more than that.

    Everywhere the seat is taken last, in the order that `book_once` writes in: so nobody waits
    for somebody who waits for them.

    Raises
    ------
    NotFound, SlotOver, ConsentMissing, SingleSwabBooth, AlreadySampled, TooMany, AlreadyBooked,
    SlotFull
        As `book_once`.
    """
    planned = await plan(work, slot_id, person_id, channel)
    await limit(work)
    await insert(work, planned.booking)
    if not await work.tx.take_seats(slot_id, 1):
        raise SlotFull
    return planned


async def plan(
    work: Work[BookingReading],
    slot_id: str,
    person_id: str,
    channel: BookingChannel | None = None,
) -> Booked:
    """Return the booking that may be made; nothing is written yet.

    Parameters
    ----------
    channel
        None lets the account's relation to the person decide.
    """
    facts = await facts_of(work, slot_id, person_id)
    if channel is None:
        if facts.relation is None:
            raise NotFound(what="person")
        channel = BookingChannel.SELF if facts.relation == "self" else BookingChannel.DEPENDANT
    if facts.slot.taken >= facts.slot.capacity:
        raise SlotFull
    booking = make_booking(work, facts.slot, person_id, channel)
    return Booked(booking, facts.slot, facts.name_masked)


def spending(work: Work[BookingReading]) -> Spending:
    """Return what a booking costs of its account's allowance."""
    allowed = work.tools.policy.bookings_per_account_hour
    return Spending(f"bookings/{work.actor.account_id}", hour(work.now), allowed)


def too_many(work: Work[BookingReading]) -> TooMany:
    """Return the refusal of a booking beyond the account's allowance."""
    return TooMany(limit=work.tools.policy.bookings_per_account_hour, minutes=60)


async def limit(work: Work) -> None:
    """Count a citizen's booking; those who book for others are not limited.

    Raises
    ------
    TooMany
        The account's allowance of this hour is spent.
    """
    if work.actor.role is Role.CITIZEN:
        try:
            await work.tx.spend(spending(work))
        except Exceeded as over:
            raise too_many(work) from over


async def facts_of(work: Work[BookingReading], slot_id: str, person_id: str) -> BookingFacts:
    """Read and check what has to hold for any booking of this slot for this person."""
    facts = await work.tx.booking_facts(slot_id, person_id, work.actor.account_id)
    if facts is None:
        raise NotFound(what="slot or person")
    if facts.slot.ends_at <= work.now or facts.round_ends_at <= work.now:
        raise SlotOver
    if not facts.consented:
        raise ConsentMissing
    if facts.sampled:
        raise AlreadySampled
    if single_swab(facts.needs) and not facts.booth_single_swab:
        raise SingleSwabBooth
    return facts


def make_booking(
    work: Work[BookingReading],
    slot: Slot,
    person_id: str,
    channel: BookingChannel,
    block_id: str | None = None,
) -> Booking:
    """Return a new booking of a slot."""
    return Booking(
        id=work.new_id(),
        round_id=slot.round_id,
        slot_id=slot.id,
        booth_id=slot.booth_id,
        person_id=person_id,
        account_id=work.actor.account_id,
        channel=channel,
        state=BookingState.BOOKED,
        created_at=work.now,
        address_hash=work.address,
        block_id=block_id,
    )


async def insert(work: Work, booking: Booking) -> None:
    """Insert a booking and its event; the database refuses a second active one."""
    try:
        await work.tx.add(booking)
    except Duplicate as second:
        raise AlreadyBooked from second
    await work.tx.publish(_booked_event(booking))


async def own_booking(work: Work, booking_id: str) -> Booking:
    """Return a booking of this account, or that anybody made for its own person.

    Those who work at the booths may have any booking.
    """
    booking = await work.tx.get(Booking, booking_id)
    mine = work.actor.account_id
    if work.actor.role in {Role.STAFF, Role.BOOTH} or booking.account_id == mine:
        return booking
    # A stranger's booking must not stand in the way of the person it was made for.
    if await work.tx.first(Link, account_id=mine, person_id=booking.person_id, relation="self"):
        return booking
    raise NotFound(what="booking")


async def cancel(work: Work, booking_id: str) -> Booked:
    """Give the seat back.

    Raises
    ------
    WrongState
        The person has arrived already, or the booking is no longer active.
    """
    booking = await own_booking(work, booking_id)
    await give_up(work, booking)
    await free_seat(work, booking)
    return await booked(work, replace(booking, state=BookingState.CANCELLED))


async def change(work: Work, booking_id: str, slot_id: str) -> Booked:
    """Move a booking to another slot: the old seat goes back and a new one is taken, or neither.

    Slots are locked in the order of their keys, so that two people who change places never wait
    for each other.
    """
    old = await own_booking(work, booking_id)
    if old.slot_id == slot_id:
        raise AlreadyBooked
    await limit(work)
    await give_up(work, old)
    facts = await facts_of(work, slot_id, old.person_id)
    new = make_booking(work, facts.slot, old.person_id, _kept(old.channel))
    await insert(work, new)
    if old.slot_id < slot_id:
        await free_seat(work, old)
    if not await work.tx.take_seats(slot_id, 1):
        raise SlotFull
    if old.slot_id > slot_id:
        await free_seat(work, old)
    return Booked(new, facts.slot, facts.name_masked)


async def give_up(work: Work, booking: Booking) -> None:
    """End a booking that nobody has arrived with; its seat is still to be freed."""
    if not await work.tx.change(
        Booking, booking.id, {"state": BookingState.BOOKED}, state=BookingState.CANCELLED
    ):
        raise WrongState(state=booking.state)
    await work.tx.publish(_event(booking, "cancelled"))


def _kept(channel: BookingChannel) -> BookingChannel:
    # A group's seat stays with the group; whoever moves away from it books like anybody.
    return BookingChannel.SELF if channel is BookingChannel.GROUP else channel


async def free_seat(work: Work, booking: Booking) -> None:
    """Return the seat of a booking to where it was taken from."""
    if booking.block_id is not None:
        await work.tx.use_block(booking.block_id, -1)
    else:
        await work.tx.return_seats(booking.slot_id, 1)


async def booked(work: Work, booking: Booking) -> Booked:
    """Return a booking with what an answer shows of it."""
    slot = await work.tx.get(Slot, booking.slot_id)
    person = await work.tx.get(Person, booking.person_id)
    return Booked(booking, slot, person.name_masked)


async def bookings_of(work: Work) -> list[Booked]:
    """List the account's bookings and those others made for its own person, newest first."""
    account = work.actor.account_id
    mine = await work.tx.find(Booking, account_id=account, newest=True, limit=50)
    own = await work.tx.first(Link, account_id=account, relation="self")
    if own is not None:
        others = await work.tx.find(Booking, person_id=own.person_id, newest=True, limit=50)
        mine += [one for one in others if one.account_id != account]
        mine.sort(key=lambda one: one.id, reverse=True)
    return [await booked(work, booking) for booking in mine]


def _booked_event(booking: Booking) -> Event:
    return _event(booking, "booked")


def _event(booking: Booking, kind: str) -> Event:
    return Event(
        topic=booking.booth_id,
        kind=f"booking.{kind}",
        body={"booking_id": booking.id, "slot_id": booking.slot_id},
    )
