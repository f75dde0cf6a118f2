"""Proof that an account may act for a dependant: somebody on duty has seen them together."""

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
