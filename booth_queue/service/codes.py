"""Booking codes: shown as QR, checked with the service or without it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from booth_queue.domain import code as codes
from booth_queue.domain.people import Person
from booth_queue.domain.priority import single_swab
from booth_queue.domain.refusals import CodeInvalid, WrongState
from booth_queue.domain.visits import ACTIVE_BOOKING, Booking
from booth_queue.service import queueing
from booth_queue.service.booking import own_booking
from booth_queue.service.work import Work


@dataclass(frozen=True, slots=True)
class ShownCode:
    """A code and the end of its life."""

    code: str
    valid_until: datetime


async def code_of(work: Work, booking_id: str) -> ShownCode:
    """Return a fresh code of an active booking; it names nobody.

    Raises
    ------
    WrongState
        The booking is not active.
    """
    booking = await own_booking(work, booking_id)
    if booking.state not in ACTIVE_BOOKING:
        raise WrongState(state=booking.state)
    person = await work.tx.get(Person, booking.person_id)
    ends = work.now + timedelta(seconds=work.tools.policy.booking_code_s)
    payload: dict[str, Any] = {
        "b": booking.id,
        "p": booking.person_id,
        "k": booking.booth_id,
        "s": int(single_swab(person.needs)),
        "x": int(ends.timestamp()),
    }
    return ShownCode(codes.sign(work.tools.signer, codes.BOOKING, payload), ends)


async def booking_of(work: Work, code: str, at: datetime | None = None) -> Booking:
    """Return the booking of a code, valid now or at an earlier moment.

    Raises
    ------
    CodeInvalid
        Forged, over, or not a booking's.
    """
    key = work.tools.signer.public_key()
    try:
        payload = codes.verify(key, codes.BOOKING, code, at or work.now)
        return await work.tx.get(Booking, str(payload["b"]))
    except (codes.CodeError, KeyError) as error:
        raise CodeInvalid from error


async def check_in(work: Work, booth_id: str, code: str) -> queueing.Place:
    """Join the queue with a code that was shown and scanned.

    Raises
    ------
    CodeInvalid, WrongBooth, WrongState, BoothNotOpen
        See `booth_queue.service.queueing.check_in`.
    """
    booking = await booking_of(work, code)
    return await queueing.check_in(work, booth_id, booking.id)
