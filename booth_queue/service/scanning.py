"""Staff with a scanner: a person's code and a tube's barcode, in either order."""

import re
from dataclasses import dataclass, replace

from booth_queue.domain import code as codes
from booth_queue.domain.places import Booth
from booth_queue.domain.refusals import CodeInvalid, WrongPerson, WrongState
from booth_queue.domain.sampling import Scan, Session, Tube
from booth_queue.domain.visits import Ticket
from booth_queue.domain.vocabulary import SessionState, TicketState
from booth_queue.service import queueing, sampling
from booth_queue.service.codes import booking_of
from booth_queue.service.work import Work

_BARCODE = re.compile(r"[0-9A-Z][0-9A-Z-]{3,31}")


@dataclass(frozen=True, slots=True)
class Scanned:
    """What is known of the session so far; ``tube`` is filled once person and tube are bound."""

    session: Session
    number: str
    name_masked: str
    person_confirmed: bool
    tube_id: str | None
    tube: Tube | None


async def scan(work: Work, booth_id: str, text: str) -> Scanned:
    """Take one scan for the booth's session; the second of the two binds.

    A person's code opens the session if that person has been called and nobody sits there yet.

    Raises
    ------
    WrongPerson
        The code is of somebody else than the person called or inside.
    TubeUsed, TubeFull, TubeShared
        The tube may not take this swab; nothing was bound.
    CodeInvalid
        Neither a valid code nor a barcode.
    """
    booth = await queueing.require_booth(work, booth_id)
    if text.startswith(f"{codes.BOOKING}."):
        session = await _person(work, booth_id, text)
        known = await _known(work, session)
        known = replace(known, person_at=known.person_at or work.now)
    elif _BARCODE.fullmatch(text):
        session = await _open_session(work, booth_id)
        await sampling.check_tube(work, session, text)
        known = replace(await _known(work, session), tube_id=text)
    else:
        raise CodeInvalid
    await work.tx.change(Scan, session.id, {}, person_at=known.person_at, tube_id=known.tube_id)
    tube = None
    if known.person_at is not None and known.tube_id is not None:
        tube = await sampling.bind_swab(work, session.id, known.tube_id)
    ticket = await work.tx.get(Ticket, session.ticket_id)
    place = await queueing.place_of(work, ticket)
    return Scanned(
        session=session,
        number=queueing.number_of(booth, ticket),
        name_masked=place.name_masked,
        person_confirmed=known.person_at is not None,
        tube_id=known.tube_id,
        tube=tube,
    )


async def _person(work: Work, booth_id: str, text: str) -> Session:
    booking = await booking_of(work, text)
    session = await work.tx.first(Session, booth_id=booth_id, state=SessionState.OPEN)
    if session is not None:
        ticket = await work.tx.get(Ticket, session.ticket_id)
        if ticket.booking_id != booking.id:
            raise WrongPerson
        return session
    called = await work.tx.first(Ticket, booth_id=booth_id, state=TicketState.CALLED)
    if called is None or called.booking_id != booking.id:
        raise WrongPerson
    return (await sampling.open_session(work, called.id)).session


async def _open_session(work: Work, booth_id: str) -> Session:
    session = await work.tx.first(Session, booth_id=booth_id, state=SessionState.OPEN)
    if session is None:
        raise WrongState(state=(await work.tx.get(Booth, booth_id)).state)
    return session


async def _known(work: Work, session: Session) -> Scan:
    known = await work.tx.first(Scan, id=session.id)
    if known is None:
        known = Scan(session.id)
        await work.tx.add(known)
    return known
