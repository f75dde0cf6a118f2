"""Proof that an account may act for a dependant: somebody on duty has seen them together."""

from collections.abc import Sequence
from dataclasses import replace

from booth_queue.domain.people import Link
from booth_queue.domain.refusals import NotFound
from booth_queue.domain.visits import Booking
from booth_queue.domain.vocabulary import Role
from booth_queue.service.grid import own_resident
from booth_queue.service.people import DEPENDANT
from booth_queue.service.ports import Event
from booth_queue.service.work import Work


async def confirm(work: Work, booking_id: str) -> Link:
    """Confirm that whoever made a booking acts for the person booked; again changes nothing.

    Staff at a booth see the ID cards at the check-in; grid workers know their residents.

    Raises
    ------
    NotFound
        No such booking, not a dependant's, or of a resident of another grid.
    """
    booking = await work.tx.get(Booking, booking_id)
    if work.actor.role is Role.GRID:
        await own_resident(work, booking.person_id)
    link = await work.tx.first(
        Link, account_id=booking.account_id, person_id=booking.person_id, relation=DEPENDANT
    )
    if link is None:
        raise NotFound(what="dependant")
    seen = {"confirmed_at": work.now, "confirmed_by": work.actor.account_id}
    if await work.tx.change(Link, link.id, {"confirmed_at": None}, **seen):
        await work.tx.publish(Event(booking.booth_id, "link.confirmed", {"link_id": link.id}))
        return replace(link, confirmed_at=work.now, confirmed_by=work.actor.account_id)
    return link


async def unconfirmed(work: Work, booking_ids: Sequence[str]) -> frozenset[str]:
    """Return those of the bookings that were made for a dependant whom nobody has confirmed."""
    bookings = await work.tx.find(Booking, id=booking_ids)
    people = [one.person_id for one in bookings]
    links = await work.tx.find(Link, person_id=people, relation=DEPENDANT, confirmed_at=None)
    claimed = {(link.account_id, link.person_id) for link in links}
    return frozenset(one.id for one in bookings if (one.account_id, one.person_id) in claimed)
