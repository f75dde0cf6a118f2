"""Routes of medical staff."""

from collections.abc import Awaitable, Callable
from typing import Annotated

from fastapi import APIRouter, Response

from booth_queue.api import views
from booth_queue.api.calls import Call, commanding
from booth_queue.contract import Accepted, TicketView, TubeView
from booth_queue.contract.base import Barcode, Identifier
from booth_queue.contract.work import (
    AdverseEventReport,
    BindingCorrection,
    Recorded,
    ScanRequest,
    ScanView,
)
from booth_queue.domain.vocabulary import BoothState, Role
from booth_queue.service import dependants, incidents, laboratory, queueing, sampling, scanning
from booth_queue.service.work import Work

router = APIRouter(prefix="/v1", tags=["staff"])
Commands = Annotated[Call, commanding(Role.STAFF)]
AtBooth = Annotated[Call, commanding(Role.STAFF, Role.BOOTH)]


@router.post("/booths/{booth_id}/open", response_model=Accepted)
async def open_booth(booth_id: Identifier, call: Commands) -> Response:
    """Open a booth; a fault is reset by it."""
    return await _set_state(call, booth_id, BoothState.OPEN)


@router.post("/booths/{booth_id}/pause", response_model=Accepted)
async def pause_booth(booth_id: Identifier, call: Commands) -> Response:
    """Pause a booth: nobody is called, people may still join."""
    return await _set_state(call, booth_id, BoothState.PAUSED)


@router.post("/booths/{booth_id}/close", response_model=Accepted)
async def close_booth(booth_id: Identifier, call: Commands) -> Response:
    """Close a booth: nobody is called and nobody may join."""
    return await _set_state(call, booth_id, BoothState.CLOSED)


async def _set_state(call: Call, booth_id: str, state: BoothState) -> Response:
    async def do(work: Work) -> Accepted:
        await sampling.set_booth_state(work, booth_id, state)
        return Accepted()

    return await call.answer(do)


@router.post("/booths/{booth_id}/scans", response_model=ScanView)
async def scan(booth_id: Identifier, body: ScanRequest, call: Commands) -> Response:
    """Scan a person's code or a tube's barcode, in either order; the second binds."""

    async def do(work: Work) -> ScanView:
        known = await scanning.scan(work, booth_id, body.text)
        return ScanView(
            session_id=known.session.id,
            number=known.number,
            name_masked=known.name_masked,
            person_confirmed=known.person_confirmed,
            barcode=known.tube_id,
            tube=views.tube(known.tube) if known.tube else None,
        )

    return await call.answer(do)


@router.post("/bookings/{booking_id}/dependant", response_model=Recorded)
async def confirm_dependant(
    booking_id: Identifier, call: Annotated[Call, commanding(Role.STAFF, Role.GRID)]
) -> Response:
    """Confirm that whoever booked acts for the dependant booked: both ID cards were seen."""

    async def do(work: Work) -> Recorded:
        return Recorded(id=(await dependants.confirm(work, booking_id)).id)

    return await call.answer(do)


@router.post("/sessions/{session_id}/swab/correction", response_model=TubeView)
async def correct_binding(
    session_id: Identifier, body: BindingCorrection, call: Commands
) -> Response:
    """Correct which tube a swab is in: a new record that names the old one, and why."""

    async def do(work: Work) -> TubeView:
        tube = await sampling.correct_binding(work, session_id, body.barcode, body.why)
        return views.tube(tube)

    return await call.answer(do)


@router.post("/booths/{booth_id}/adverse-events", response_model=Recorded)
async def report_adverse_event(
    booth_id: Identifier, body: AdverseEventReport, call: AtBooth
) -> Response:
    """Record harm to a person at a booth."""

    async def do(work: Work) -> Recorded:
        event = await incidents.report_adverse_event(work, booth_id, body.session_id, body.text)
        return Recorded(id=event.id)

    return await call.answer(do)


@router.post("/boxes/{box_id}/tubes/{barcode}", response_model=TubeView)
async def pack(box_id: Identifier, barcode: Barcode, call: Commands) -> Response:
    """Put a sealed tube into a box."""

    async def do(work: Work) -> TubeView:
        return views.tube(await laboratory.pack(work, box_id, barcode))

    return await call.answer(do)


@router.post("/tickets/{ticket_id}/recall", response_model=TicketView)
async def recall(ticket_id: Identifier, call: AtBooth) -> Response:
    """Call a called person again."""
    return await _move(call, ticket_id, queueing.recall)


@router.post("/tickets/{ticket_id}/no-show", response_model=TicketView)
async def no_show(ticket_id: Identifier, call: AtBooth) -> Response:
    """Mark a person who was called often enough and did not come."""
    return await _move(call, ticket_id, queueing.no_show)


@router.post("/tickets/{ticket_id}/hold", response_model=TicketView)
async def hold(ticket_id: Identifier, call: Commands) -> Response:
    """Put a ticket aside."""
    return await _move(call, ticket_id, queueing.hold)


@router.post("/tickets/{ticket_id}/release", response_model=TicketView)
async def release(ticket_id: Identifier, call: AtBooth) -> Response:
    """Put a held ticket, or one that was called and skipped, back into the line."""
    return await _move(call, ticket_id, queueing.release)


async def _move(
    call: Call, ticket_id: str, step: Callable[[Work, str], Awaitable[queueing.Place]]
) -> Response:
    async def do(work: Work) -> TicketView:
        return views.ticket(await step(work, ticket_id))

    return await call.answer(do)
