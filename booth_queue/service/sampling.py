"""A session at a booth: opened, its swab bound to a tube, its record stored, closed."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from booth_queue.domain.people import Person
from booth_queue.domain.places import Booth, Live
from booth_queue.domain.priority import single_swab
from booth_queue.domain.refusals import (
    BoothNotOpen,
    ReasonMissing,
    RecordFixed,
    SwabAlreadyBound,
    SwabMissing,
    TubeFull,
    TubeShared,
    TubeUsed,
    WrongState,
)
from booth_queue.domain.sampling import Session, Swab, Tube
from booth_queue.domain.supervision import AlarmKind, BoothPicture
from booth_queue.domain.visits import Booking, Prediction, Ticket
from booth_queue.domain.vocabulary import (
    BookingState,
    BoothMode,
    BoothState,
    Outcome,
    Role,
    SessionState,
    TicketState,
    TubeState,
)
from booth_queue.service import ledger, queueing
from booth_queue.service.ports import Duplicate, Event
from booth_queue.service.supervision import raise_alarm
from booth_queue.service.work import Work


@dataclass(frozen=True, slots=True)
class Sitting:
    """A session with the tube its swab is in."""

    session: Session
    barcode: str | None


@dataclass(frozen=True, slots=True)
class Called:
    """The person a booth has called."""

    ticket: Ticket
    number: str
    person: Person


async def take_next(work: Work, booth_id: str) -> Called | None:
    """Call the next person for a booth, if anybody waits."""
    booth = await queueing.require_booth(work, booth_id)
    if booth.mode is BoothMode.MANUAL and work.actor.role is Role.BOOTH:
        raise BoothNotOpen(state=booth.mode)  # taken over by hand
    ticket = await queueing.call_next(work, booth_id)
    if ticket is None:
        return None
    person = await work.tx.get(Person, ticket.person_id)
    return Called(ticket, queueing.number_of(booth, ticket), person)


async def open_session(work: Work, ticket_id: str) -> Sitting:
    """Open a session for the called person.

    Raises
    ------
    WrongState
        The ticket is not called, or the booth has a session open.
    """
    ticket = await work.tx.get(Ticket, ticket_id)
    await queueing.require_booth(work, ticket.booth_id)
    await queueing.move(work, ticket, TicketState.IN_SESSION)
    session = Session(
        id=work.new_id(),
        ticket_id=ticket.id,
        booth_id=ticket.booth_id,
        person_id=ticket.person_id,
        state=SessionState.OPEN,
        opened_at=work.now,
        opened_by=work.actor.account_id,
    )
    try:
        await work.tx.add(session)
    except Duplicate as second:
        raise WrongState(state=SessionState.OPEN) from second
    predicted = await work.tx.first(Prediction, id=ticket.id)
    if predicted is not None:
        actual_s = ((ticket.called_at or work.now) - ticket.joined_at).total_seconds()
        await work.tx.change(Prediction, ticket.id, {}, actual_s=actual_s)
    return Sitting(session, None)


async def bind_swab(work: Work, session_id: str, barcode: str) -> Tube:
    """Bind the session's swab to a tube; a barcode seen for the first time opens the tube.

    Raises
    ------
    SwabAlreadyBound, TubeUsed, TubeFull, TubeShared, WrongState
        See `booth_queue.domain.refusals`; each *stops* the person at the booth.
    """
    session = await open_one(work, session_id)
    if await work.tx.first(Swab, session_id=session.id):
        raise SwabAlreadyBound
    tube = await check_tube(work, session, barcode)
    if tube is None:
        tube = await _open_tube(work, session, barcode)
    position = await work.tx.fill_tube(barcode)
    if position is None:
        raise TubeFull(barcode=barcode, pool=tube.pool_size)
    swab = Swab(
        id=work.new_id(),
        session_id=session.id,
        person_id=session.person_id,
        tube_id=barcode,
        position=position,
        bound_at=work.now,
        bound_by=work.actor.account_id,
    )
    try:
        await work.tx.add(swab)
    except Duplicate as second:
        raise SwabAlreadyBound from second
    body = {"session_id": session.id, "barcode": barcode, "position": position}
    await work.tx.publish(Event(session.booth_id, "swab.bound", body))
    await ledger.append(work, session.booth_id, "bound", barcode, _binding(session, swab))
    return replace(tube, swabs=position)


def _binding(session: Session, swab: Swab) -> dict[str, Any]:
    return {
        "person": session.person_id,
        "ticket": session.ticket_id,
        "session": session.id,
        "swab": swab.id,
        "position": swab.position,
    }


async def correct_binding(work: Work, session_id: str, barcode: str, why: str) -> Tube:
    """Correct which tube a session's swab is in: a new entry that names the old one, and why.

    Raises
    ------
    SwabMissing
        Nothing is bound that could be corrected.
    TubeFull, TubeShared, TubeUsed
        The right tube cannot hold it either: then something else is wrong.
    """
    session = await work.tx.get(Session, session_id)
    await queueing.require_booth(work, session.booth_id)
    bound = effective(await work.tx.find(Swab, session_id=session.id))
    if not bound:
        raise SwabMissing
    old = bound[0]
    tube = await work.tx.get(Tube, barcode)
    ticket = await work.tx.get(Ticket, session.ticket_id)
    if tube.booth_id != session.booth_id or tube.id == old.tube_id:
        raise TubeUsed(barcode=barcode)
    if single_swab(ticket.needs) and tube.pool_size > 1:
        raise TubeShared(barcode=barcode)
    position = await work.tx.fill_tube(barcode)
    if position is None:
        raise TubeFull(barcode=barcode, pool=tube.pool_size)
    by = work.actor.account_id
    new = Swab(
        work.new_id(), session.id, session.person_id, barcode, position, work.now, by, old.id, why
    )
    try:
        await work.tx.add(new)
    except Duplicate as second:  # corrected by somebody else at this moment
        raise WrongState(state="corrected") from second
    entry = await work.tx.entry_about(session.booth_id, old.tube_id)
    await ledger.append(
        work,
        session.booth_id,
        "rebound",
        barcode,
        _binding(session, new),
        corrects=entry.id if entry else None,
        why=why,
    )
    return replace(tube, swabs=position)


def effective(swabs: Sequence[Swab]) -> list[Swab]:
    """Return the swabs that no later one corrects."""
    replaced = {swab.corrects for swab in swabs}
    return [swab for swab in swabs if swab.id not in replaced]


async def check_tube(work: Work, session: Session, barcode: str) -> Tube | None:
    """Refuse a tube that may not take this session's swab; None if it is a new one.

    Raises
    ------
    TubeUsed, TubeFull, TubeShared
        See `booth_queue.domain.refusals`.
    """
    tube = await work.tx.first(Tube, id=barcode)
    if tube is None:
        return None
    if tube.swabs >= tube.pool_size > 1 and tube.booth_id == session.booth_id:
        raise TubeFull(barcode=barcode, pool=tube.pool_size)
    if tube.state is not TubeState.FILLING or tube.booth_id != session.booth_id:
        raise TubeUsed(barcode=barcode)
    ticket = await work.tx.get(Ticket, session.ticket_id)
    if single_swab(ticket.needs) and tube.pool_size > 1:
        raise TubeShared(barcode=barcode)
    return tube


async def _open_tube(work: Work, session: Session, barcode: str) -> Tube:
    booth = await work.tx.get(Booth, session.booth_id)
    ticket = await work.tx.get(Ticket, session.ticket_id)
    tube = Tube(
        id=barcode,
        round_id=ticket.round_id,
        booth_id=booth.id,
        pool_size=1 if single_swab(ticket.needs) else booth.pool_size,
        swabs=0,
        state=TubeState.FILLING,
        opened_at=work.now,
    )
    try:
        await work.tx.add(tube)
    except Duplicate as second:
        raise TubeUsed(barcode=barcode) from second
    return tube


async def store_record(work: Work, session_id: str, record: Mapping[str, Any]) -> Session:
    """Store the sampling record; the same one again changes nothing.

    Raises
    ------
    RecordFixed
        Another record is stored already.
    """
    session = await work.tx.get(Session, session_id)
    await queueing.require_booth(work, session.booth_id)
    sha256 = record_hash(record)
    if session.record_sha256 is not None:
        if session.record_sha256 != sha256:
            raise RecordFixed
        return session
    values = {"record": dict(record), "record_sha256": sha256, "recorded_at": work.now}
    if not await work.tx.change(Session, session.id, {"record_sha256": None}, **values):
        raise RecordFixed
    return replace(session, **values)  # type: ignore[arg-type] # columns by name


def record_hash(record: Mapping[str, Any]) -> str:
    """Return the SHA-256 of a record's canonical JSON (sorted keys, no spaces, UTF-8)."""
    canonical = json.dumps(record, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(canonical.encode()).hexdigest()


async def close_session(
    work: Work, session_id: str, outcome: Outcome, reason: str | None
) -> Sitting:
    """Close a session, its ticket and its booking; seal a tube that is full.

    Raises
    ------
    SwabMissing, SwabAlreadyBound
        Sampled without a bound swab, or not sampled with one.
    ReasonMissing
        Not sampled, and no reason.
    """
    session = await open_one(work, session_id)
    bound = effective(await work.tx.find(Swab, session_id=session.id))
    swab = bound[0] if bound else None
    if outcome is Outcome.SAMPLED and swab is None:
        raise SwabMissing
    if outcome is not Outcome.SAMPLED and swab is not None:
        raise SwabAlreadyBound
    if outcome is not Outcome.SAMPLED and reason is None:
        raise ReasonMissing
    ended = {
        "state": SessionState.CLOSED,
        "outcome": outcome,
        "reason": reason,
        "closed_at": work.now,
    }
    if not await work.tx.change(Session, session.id, {"state": SessionState.OPEN}, **ended):
        raise WrongState(state=SessionState.CLOSED)
    ticket = await work.tx.get(Ticket, session.ticket_id)
    await queueing.move(work, ticket, TicketState.DONE)
    await work.tx.change(Booking, ticket.booking_id, {}, state=BookingState.DONE)
    await _keep_pace(work, ticket)
    if swab is not None:
        tube = await work.tx.get(Tube, swab.tube_id)
        if tube.swabs == tube.pool_size:
            await _seal(work, tube)
    await _call_staff(work, session, outcome, reason)
    # What the camera saw of this person goes with them.
    await work.tx.change(BoothPicture, session.booth_id, {}, jpeg=b"")
    body = {"session_id": session.id, "outcome": outcome}
    await work.tx.publish(Event(session.booth_id, "session.closed", body))
    closed = replace(session, **ended)  # type: ignore[arg-type] # columns by name
    return Sitting(closed, swab.tube_id if swab else None)


async def _call_staff(work: Work, session: Session, outcome: Outcome, reason: str | None) -> None:
    # The person inside has just been told that somebody will help them.
    kind = {Outcome.ABORTED: AlarmKind.ABORTED, Outcome.REFUSED: AlarmKind.NOT_SAMPLED}
    if outcome in kind and work.actor.role is Role.BOOTH:
        booth = await work.tx.get(Booth, session.booth_id)
        await raise_alarm(work, booth, kind[outcome], reason or "", session.id)


async def _keep_pace(work: Work, ticket: Ticket) -> None:
    booth = await work.tx.get(Booth, ticket.booth_id)
    called_at = ticket.called_at or work.now
    # With people waiting, a booth's cycle runs from one closing to the next.
    since = max(called_at, booth.last_closed_at) if booth.last_closed_at else called_at
    pace = queueing.pace_of(booth).after((work.now - since).total_seconds())
    await work.tx.change(
        Booth,
        booth.id,
        {},
        pace_mean_s=pace.mean_s,
        pace_variance_s2=pace.variance_s2,
        pace_count=pace.count,
        last_closed_at=work.now,
    )


async def seal_tube(work: Work, barcode: str) -> Tube:
    """Seal a tube that holds at least one swab.

    Raises
    ------
    WrongState
        Sealed already, or empty.
    """
    tube = await work.tx.get(Tube, barcode)
    await queueing.require_booth(work, tube.booth_id)
    if tube.swabs == 0:
        raise WrongState(state=tube.state)
    return await _seal(work, tube)


async def _seal(work: Work, tube: Tube) -> Tube:
    sealed = await work.tx.change(
        Tube,
        tube.id,
        {"state": TubeState.FILLING},
        state=TubeState.SEALED,
        sealed_at=work.now,
    )
    if not sealed:
        raise WrongState(state=tube.state)
    await work.tx.publish(Event(tube.booth_id, "tube.sealed", {"barcode": tube.id}))
    await ledger.append(work, tube.booth_id, "sealed", tube.id, {"swabs": tube.swabs})
    return replace(tube, state=TubeState.SEALED, sealed_at=work.now)


async def sitting(work: Work, session_id: str) -> Sitting:
    """Return a session with the tube its swab is in."""
    session = await work.tx.get(Session, session_id)
    await queueing.require_booth(work, session.booth_id)
    bound = effective(await work.tx.find(Swab, session_id=session.id))
    return Sitting(session, bound[0].tube_id if bound else None)


async def open_one(work: Work, session_id: str) -> Session:
    """Return an open session of a booth the actor works at."""
    session = await work.tx.get(Session, session_id)
    await queueing.require_booth(work, session.booth_id)
    if session.state is not SessionState.OPEN:
        raise WrongState(state=session.state)
    return session


async def report_live(work: Work, live: Live) -> None:
    """Replace the booth's live report; a session that is named must be open there."""
    await queueing.require_booth(work, live.id)
    if live.session_id is not None:
        session = await work.tx.get(Session, live.session_id)
        if session.booth_id != live.id or session.state is not SessionState.OPEN:
            raise WrongState(state=session.state)
    await work.tx.put_live(live)


async def set_booth_state(
    work: Work, booth_id: str, state: BoothState, fault: str | None = None
) -> Booth:
    """Open, pause, close or fault a booth; opening it resets a fault."""
    booth = await queueing.require_booth(work, booth_id)
    await work.tx.change(Booth, booth_id, {}, state=state, fault=fault)
    await work.tx.publish(Event(booth_id, f"booth.{state}", {"fault": fault}))
    if state is BoothState.FAULT:
        await raise_alarm(work, booth, AlarmKind.FAULT, fault or "")
    return replace(booth, state=state, fault=fault)
