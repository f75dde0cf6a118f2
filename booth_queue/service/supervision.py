"""Watching booths: alarms, orders, pictures, the line as staff see it, and handing over."""

from collections import Counter
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from booth_queue.domain.places import Booth, Live
from booth_queue.domain.priority import rate, single_swab
from booth_queue.domain.refusals import NotFound, SingleSwabBooth, WrongState
from booth_queue.domain.sampling import Session, Tube
from booth_queue.domain.supervision import Alarm, AlarmKind, BoothPicture, Order, OrderKind
from booth_queue.domain.visits import ACTIVE_TICKET, Ticket
from booth_queue.domain.vocabulary import (
    BoothMode,
    BoothState,
    Need,
    Outcome,
    SessionState,
    TicketState,
    TubeState,
)
from booth_queue.service import dependants, queueing
from booth_queue.service.ports import Event
from booth_queue.service.work import Work


async def raise_alarm(
    work: Work, booth: Booth, kind: AlarmKind, detail: str, session_id: str | None = None
) -> None:
    """Call staff to a booth."""
    alarm = Alarm(
        id=work.new_id(),
        site_id=booth.site_id,
        booth_id=booth.id,
        kind=kind,
        detail=detail,
        raised_at=work.now,
        session_id=session_id,
    )
    await work.tx.add(alarm)
    await work.tx.publish(Event(booth.id, f"alarm.{kind}", {"alarm_id": alarm.id}))


async def alarms(work: Work, site_id: str) -> list[Alarm]:
    """List a site's alarms that nobody has acknowledged, oldest first."""
    _require_site(work, site_id)
    return await work.tx.find(Alarm, site_id=site_id, acknowledged_at=None)


async def acknowledge(work: Work, alarm_id: str, note: str) -> Alarm:
    """Acknowledge an alarm: who did, when, and what was found.

    Raises
    ------
    WrongState
        Somebody has acknowledged it already.
    """
    alarm = await work.tx.get(Alarm, alarm_id)
    _require_site(work, alarm.site_id)
    done = {
        "acknowledged_at": work.now,
        "acknowledged_by": work.actor.account_id,
        "note": note or None,
    }
    if not await work.tx.change(Alarm, alarm_id, {"acknowledged_at": None}, **done):
        raise WrongState(state="acknowledged")
    await work.tx.publish(Event(alarm.booth_id, "alarm.acknowledged", {"alarm_id": alarm_id}))
    return replace(alarm, **done)  # type: ignore[arg-type] # columns by name


async def give_order(work: Work, booth_id: str, kind: OrderKind, reason: str) -> Order:
    """Order a booth to stop, or to clear its fault; either way it calls nobody afterwards."""
    booth = await queueing.require_booth(work, booth_id)
    order = Order(
        id=work.new_id(),
        booth_id=booth_id,
        kind=kind,
        given_at=work.now,
        given_by=work.actor.account_id,
        reason=reason,
    )
    await work.tx.add(order)
    if booth.state in {BoothState.OPEN, BoothState.FAULT}:
        keeps = booth.fault if kind is OrderKind.STOP else None
        state = BoothState.FAULT if keeps else BoothState.PAUSED
        await work.tx.change(Booth, booth_id, {}, state=state, fault=keeps)
    await work.tx.publish(Event(booth_id, f"order.{kind}", {"order_id": order.id}))
    if kind is OrderKind.STOP:
        await raise_alarm(work, booth, AlarmKind.STOPPED, reason)
    return order


async def orders(work: Work, booth_id: str) -> list[Order]:
    """List the orders a booth has not taken yet, oldest first."""
    return await work.tx.find(Order, booth_id=booth_id, taken_at=None)


async def take_order(work: Work, order_id: str) -> Order:
    """Note that the booth has taken an order; again changes nothing."""
    order = await work.tx.get(Order, order_id)
    await queueing.require_booth(work, order.booth_id)
    await work.tx.change(Order, order_id, {"taken_at": None}, taken_at=work.now)
    return replace(order, taken_at=order.taken_at or work.now)


async def take_over(work: Work, booth_id: str, reason: str) -> Booth:
    """Take a robot booth over by hand: its machine stops, and calls nobody any more."""
    booth = await queueing.require_booth(work, booth_id)
    if booth.mode is BoothMode.MANUAL:
        raise WrongState(state=booth.mode)
    if await work.tx.first(Session, booth_id=booth_id, state=SessionState.OPEN):
        await give_order(work, booth_id, OrderKind.STOP, reason)
    await work.tx.change(Booth, booth_id, {}, mode=BoothMode.MANUAL)
    await work.tx.publish(Event(booth_id, "booth.manual", {"reason": reason}))
    return await work.tx.get(Booth, booth_id)


async def hand_back(work: Work, booth_id: str) -> Booth:
    """Give a booth back to its machine, between two people.

    Raises
    ------
    WrongState
        The machine has it, or somebody is inside.
    """
    booth = await queueing.require_booth(work, booth_id)
    inside = await work.tx.first(Session, booth_id=booth_id, state=SessionState.OPEN)
    if booth.mode is BoothMode.ROBOT or inside is not None:
        raise WrongState(state=booth.mode if inside is None else SessionState.OPEN)
    await work.tx.change(Booth, booth_id, {}, mode=BoothMode.ROBOT)
    await work.tx.publish(Event(booth_id, "booth.robot", {}))
    return replace(booth, mode=BoothMode.ROBOT)


async def put_picture(work: Work, booth_id: str, jpeg: bytes) -> None:
    """Replace the booth's picture."""
    if not await work.tx.change(BoothPicture, booth_id, {}, at=work.now, jpeg=jpeg):
        await work.tx.add(BoothPicture(booth_id, work.now, jpeg))


async def picture(work: Work, booth_id: str) -> BoothPicture | None:
    """Return the booth's latest picture, if it is of somebody who is still inside.

    None with nobody inside: what a camera saw of a person is not shown afterwards.
    """
    await queueing.require_booth(work, booth_id)
    session = await work.tx.first(Session, booth_id=booth_id, state=SessionState.OPEN)
    found = await work.tx.first(BoothPicture, id=booth_id)
    if session is None or found is None or found.at < session.opened_at:
        return None
    return found


@dataclass(frozen=True, slots=True)
class Row:
    """A ticket in the line as staff see it.

    ``confirms`` tells that the booking is a dependant's whom nobody on duty has confirmed yet.
    """

    place: queueing.Place
    needs: frozenset[Need]
    confirms: bool


async def line(work: Work, booth_id: str) -> list[Row]:
    """List who is inside, who is called, who waits in calling order, and who is held."""
    await queueing.require_booth(work, booth_id)
    tickets = await work.tx.find(Ticket, booth_id=booth_id, state=list(ACTIVE_TICKET))
    waiting = {ticket.id: at for at, ticket in enumerate(await work.tx.line(booth_id, work.now))}
    order = (
        TicketState.IN_SESSION,
        TicketState.CALLED,
        TicketState.WAITING,
        TicketState.HELD,
    )
    tickets.sort(key=lambda one: (order.index(one.state), waiting.get(one.id, one.number)))
    claimed = await dependants.unconfirmed(work, [one.booking_id for one in tickets])
    return [
        Row(await queueing.place_of(work, one), one.needs, one.booking_id in claimed)
        for one in tickets
    ]


async def call(work: Work, booth_id: str) -> queueing.Place | None:
    """Call the next person to a booth that staff run by hand, or that a machine asks for."""
    await queueing.require_booth(work, booth_id)
    ticket = await queueing.call_next(work, booth_id)
    return None if ticket is None else await queueing.place_of(work, ticket)


async def set_needs(work: Work, ticket_id: str, needs: frozenset[Need]) -> queueing.Place:
    """Say why a person is to be called earlier, or no longer is.

    Raises
    ------
    SingleSwabBooth
        With these needs the person belongs at a single-swab booth.
    WrongState
        Not waiting.
    """
    ticket = await work.tx.get(Ticket, ticket_id)
    booth = await queueing.require_booth(work, ticket.booth_id)
    if single_swab(needs) and not booth.single_swab:
        raise SingleSwabBooth
    expect = {"state": ticket.state}
    if ticket.state not in {TicketState.WAITING, TicketState.HELD} or not await work.tx.change(
        Ticket, ticket_id, expect, needs=needs, rate=rate(needs)
    ):
        raise WrongState(state=ticket.state)
    await work.tx.publish(Event(booth.id, "ticket.needs", {"ticket_id": ticket_id}))
    return await queueing.place_of(work, replace(ticket, needs=needs, rate=rate(needs)))


@dataclass(frozen=True, slots=True)
class Shift:
    """What a shift leaves to the next, for one booth."""

    booth: Booth
    activity: str | None
    outcomes: dict[Outcome, int]
    reasons: dict[str, int]
    tubes_open: list[Tube]
    tubes_sealed: int
    waiting: int
    alarms: list[Alarm]


async def handover(work: Work, site_id: str, hours: int) -> tuple[datetime, list[Shift]]:
    """Report on the last ``hours`` of each booth of a site; returns since when, and the booths."""
    _require_site(work, site_id)
    since = work.now - timedelta(hours=hours)
    booths = await work.tx.find(Booth, site_id=site_id)
    keys = [booth.id for booth in booths]
    sessions = await work.tx.since(Session, "closed_at", since, booth_id=keys)
    raised = await work.tx.since(Alarm, "raised_at", since, booth_id=keys)
    sealed = await work.tx.since(Tube, "sealed_at", since, booth_id=keys)
    shifts = []
    for booth in sorted(booths, key=lambda one: one.label):
        mine = [session for session in sessions if session.booth_id == booth.id]
        live = await work.tx.first(Live, id=booth.id)
        shifts.append(
            Shift(
                booth=booth,
                activity=live.activity if live else None,
                outcomes=Counter(one.outcome for one in mine if one.outcome),
                reasons=Counter(one.reason for one in mine if one.reason),
                tubes_open=await work.tx.find(Tube, booth_id=booth.id, state=TubeState.FILLING),
                tubes_sealed=sum(tube.booth_id == booth.id for tube in sealed),
                waiting=await work.tx.count(
                    Ticket, booth_id=booth.id, state=[TicketState.WAITING, TicketState.HELD]
                ),
                alarms=[alarm for alarm in raised if alarm.booth_id == booth.id],
            )
        )
    return since, shifts


def _require_site(work: Work, site_id: str) -> None:
    if work.actor.site_id not in {None, site_id}:
        raise NotFound(what="site")
