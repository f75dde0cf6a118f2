"""Routes of robot booths."""

from dataclasses import fields
from typing import Annotated

from fastapi import APIRouter, Response

from booth_queue.api import supervision_views, views
from booth_queue.api.calls import Call, commanding, reading
from booth_queue.contract import (
    Accepted,
    FaultReport,
    Progress,
    RecordUpload,
    SessionClose,
    SessionOpen,
    SessionView,
    StateReport,
    StoredRecord,
    SwabBinding,
    TubeView,
)
from booth_queue.contract.base import Barcode, Identifier
from booth_queue.contract.sampling import NextPerson
from booth_queue.contract.supervision import BoothOrders
from booth_queue.contract.work import Merges, MergeView, OfflineVisits
from booth_queue.domain.places import Live
from booth_queue.domain.refusals import NotFound
from booth_queue.domain.vocabulary import BoothState, Role
from booth_queue.service import offline, sampling, supervision
from booth_queue.service.work import Work

router = APIRouter(prefix="/v1", tags=["booth"])
_VISIT = tuple(field.name for field in fields(offline.Visit))
Reports = Annotated[Call, reading(Role.BOOTH)]
Commands = Annotated[Call, commanding(Role.BOOTH)]
Samples = Annotated[Call, commanding(Role.BOOTH, Role.STAFF)]


def own_booth(call: Call) -> str:
    """Return the booth whose credentials these are."""
    if call.actor.booth_id is None:
        raise NotFound(what="booth")
    return call.actor.booth_id


@router.post("/booth/state")
async def report_state(body: StateReport, call: Reports) -> BoothOrders:
    """Heartbeat. Needs no key: the newest report replaces the one before."""
    booth_id = own_booth(call)

    async def do(work: Work) -> BoothOrders:
        live = Live(
            booth_id, work.now, body.activity, body.ready, body.session_id, None, 0, [], 0.0
        )
        await sampling.report_live(work, live)
        return await _orders(work, booth_id)

    told: BoothOrders = await call.write(do)
    return told


async def _orders(work: Work, booth_id: str) -> BoothOrders:
    waiting = await supervision.orders(work, booth_id)
    return BoothOrders(orders=[supervision_views.order(one) for one in waiting])


@router.post("/booth/next", response_model=NextPerson)
async def take_next(call: Commands) -> Response:
    """Call the next person of this booth's queue."""
    booth_id = own_booth(call)

    async def do(work: Work) -> NextPerson:
        called = await sampling.take_next(work, booth_id)
        return NextPerson(person=views.called(called) if called else None)

    return await call.answer(do)


@router.post("/booth/sessions", response_model=SessionView)
async def open_session(body: SessionOpen, call: Samples) -> Response:
    """Open a session: the called person has sat down."""

    async def do(work: Work) -> SessionView:
        return views.session(await sampling.open_session(work, body.ticket_id))

    return await call.answer(do)


@router.post("/booth/sessions/{session_id}/progress")
async def report_progress(session_id: Identifier, body: Progress, call: Reports) -> BoothOrders:
    """Tell live screens where a session is. Needs no key, like the heartbeat."""
    booth_id = own_booth(call)

    async def do(work: Work) -> BoothOrders:
        live = Live(
            booth_id,
            work.now,
            body.activity,
            False,
            session_id,
            body.site,
            body.strokes,
            body.force_n,
            body.elapsed_s,
            body.instruction,
        )
        await sampling.report_live(work, live)
        return await _orders(work, booth_id)

    told: BoothOrders = await call.write(do)
    return told


@router.post("/booth/sessions/{session_id}/swab", response_model=TubeView)
async def bind_swab(session_id: Identifier, body: SwabBinding, call: Samples) -> Response:
    """Bind the session's swab to a tube."""

    async def do(work: Work) -> TubeView:
        return views.tube(await sampling.bind_swab(work, session_id, body.barcode))

    return await call.answer(do)


@router.post("/booth/sessions/{session_id}/record", response_model=StoredRecord)
async def store_record(session_id: Identifier, body: RecordUpload, call: Commands) -> Response:
    """Store the signed sampling record; it is never replaced."""

    async def do(work: Work) -> StoredRecord:
        return views.stored_record(await sampling.store_record(work, session_id, body.record))

    return await call.answer(do)


@router.post("/booth/sessions/{session_id}/close", response_model=SessionView)
async def close_session(session_id: Identifier, body: SessionClose, call: Samples) -> Response:
    """Close a session; a full tube is sealed with it."""

    async def do(work: Work) -> SessionView:
        closed = await sampling.close_session(work, session_id, body.outcome, body.reason)
        return views.session(closed)

    return await call.answer(do)


@router.get("/booth/sessions/{session_id}")
async def read_session(
    session_id: Identifier, call: Annotated[Call, reading(Role.BOOTH, Role.STAFF)]
) -> SessionView:
    """Read a session."""
    return views.session(await call.read(lambda work: sampling.sitting(work, session_id)))


@router.post("/tubes/{barcode}/seal", response_model=TubeView)
async def seal_tube(barcode: Barcode, call: Samples) -> Response:
    """Seal a tube that is not full."""

    async def do(work: Work) -> TubeView:
        return views.tube(await sampling.seal_tube(work, barcode))

    return await call.answer(do)


@router.post("/booth/faults", response_model=Accepted)
async def report_fault(body: FaultReport, call: Commands) -> Response:
    """Report a fault: the booth takes nobody until staff open it again."""
    booth_id = own_booth(call)
    told = f"{body.code}: {body.detail}" if body.detail else body.code

    async def do(work: Work) -> Accepted:
        await sampling.set_booth_state(work, booth_id, BoothState.FAULT, told)
        return Accepted()

    return await call.answer(do)


@router.post("/booth/offline-visits", response_model=Merges)
async def merge_offline_visits(body: OfflineVisits, call: Commands) -> Response:
    """Merge visits taken while the service was away; the same ones may be sent again."""
    booth_id = own_booth(call)
    visits = [offline.Visit(**{name: getattr(one, name) for name in _VISIT}) for one in body.visits]

    async def do(work: Work) -> Merges:
        merged = await offline.merge(work, booth_id, visits)
        return Merges(
            visits=[
                MergeView(booking_id=one.booking_id, merge=one.merge, reason=one.reason)
                for one in merged
            ]
        )

    return await call.answer(do)
