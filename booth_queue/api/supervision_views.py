"""Alarms, orders, lines and shifts as messages of the contract."""

from datetime import datetime

from booth_queue.api import views
from booth_queue.contract.supervision import AlarmView, Handover, OrderView, QueueRow, ShiftView
from booth_queue.domain.supervision import Alarm, Order
from booth_queue.domain.vocabulary import Outcome
from booth_queue.service.supervision import Row, Shift


def alarm(one: Alarm) -> AlarmView:
    """Return an alarm."""
    return AlarmView(
        id=one.id,
        booth_id=one.booth_id,
        kind=one.kind,
        detail=one.detail,
        raised_at=one.raised_at,
        session_id=one.session_id,
        acknowledged_at=one.acknowledged_at,
        note=one.note,
    )


def order(one: Order) -> OrderView:
    """Return an order."""
    return OrderView(
        id=one.id,
        booth_id=one.booth_id,
        kind=one.kind,
        given_at=one.given_at,
        reason=one.reason,
        taken_at=one.taken_at,
    )


def row(one: Row) -> QueueRow:
    """Return a ticket as staff see it."""
    told = views.ticket(one.place).model_dump()
    return QueueRow(**told, needs=one.needs, confirms=one.confirms)


def handover(site_id: str, since: datetime, until: datetime, shifts: list[Shift]) -> Handover:
    """Return a handover report."""
    return Handover(
        site_id=site_id, since=since, until=until, booths=[_shift(one) for one in shifts]
    )


def _shift(one: Shift) -> ShiftView:
    return ShiftView(
        booth_id=one.booth.id,
        label=one.booth.label,
        state=one.booth.state,
        mode=one.booth.mode,
        fault=one.booth.fault,
        activity=one.activity,
        sampled=one.outcomes.get(Outcome.SAMPLED, 0),
        refused=one.outcomes.get(Outcome.REFUSED, 0),
        aborted=one.outcomes.get(Outcome.ABORTED, 0),
        reasons=one.reasons,
        tubes_open=[views.tube(each) for each in one.tubes_open],
        tubes_sealed=one.tubes_sealed,
        waiting=one.waiting,
        alarms=[alarm(each) for each in one.alarms],
    )
