"""Routes of grid workers."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from booth_queue.api import views
from booth_queue.api.calls import Call, commanding, reading
from booth_queue.api.citizens import registration
from booth_queue.contract import BookingView, PersonView
from booth_queue.contract.base import Identifier
from booth_queue.contract.work import (
    HomeVisitEnd,
    HomeVisitRequest,
    HomeVisits,
    HomeVisitView,
    ProxyBooking,
    ResidentRegistration,
    ResidentView,
    RosterView,
    UnitView,
)
from booth_queue.domain.places import Round
from booth_queue.domain.vocabulary import Role
from booth_queue.service import booking, grid
from booth_queue.service.people import Known
from booth_queue.service.work import Work

router = APIRouter(prefix="/v1/grid", tags=["grid worker"])
Reads = Annotated[Call, reading(Role.GRID)]
Commands = Annotated[Call, commanding(Role.GRID)]


@router.get("/roster")
async def read_roster(call: Reads, round_id: Annotated[Identifier, Query()]) -> RosterView:
    """Read the residents this worker looks after, and how far they are in a round."""

    async def do(work: Work) -> grid.Roster:
        await work.tx.get(Round, round_id)
        return await grid.roster(work, round_id)

    found: grid.Roster = await call.read(do)
    return RosterView(
        units=[UnitView(id=one.id, grid_id=one.grid_id, name=one.name) for one in found.units],
        residents=[
            ResidentView(
                person_id=one.person_id,
                unit_id=one.unit_id,
                name_masked=one.name_masked,
                booked=one.booked,
                sampled=one.sampled,
                claim=one.claim,
            )
            for one in found.residents
        ],
    )


@router.post("/residents", response_model=PersonView)
async def enrol_resident(body: ResidentRegistration, call: Commands) -> Response:
    """Put a resident on the roster after checking the ID card."""

    async def do(work: Work) -> PersonView:
        person = await grid.enrol_resident(work, body.unit_id, registration(body))
        return views.person(Known(person, "resident"))

    return await call.answer(do)


@router.post("/bookings", response_model=BookingView)
async def book(body: ProxyBooking, call: Commands) -> Response:
    """Book for a resident without a phone; the code card is the booking's code."""

    async def do(work: Work) -> BookingView:
        return views.booking(await grid.book(work, body.slot_id, body.person_id))

    return await call.answer(do)


@router.post("/bookings/{booking_id}/cancel", response_model=BookingView)
async def cancel(booking_id: Identifier, call: Commands) -> Response:
    """Cancel a booking this worker made."""

    async def do(work: Work) -> BookingView:
        return views.booking(await booking.cancel(work, booking_id))

    return await call.answer(do)


@router.get("/home-visits")
async def list_home_visits(call: Reads) -> HomeVisits:
    """List the home visits this worker asked for, newest first."""
    visits = await call.read(grid.home_visits)
    return HomeVisits(visits=[views.home_visit(one) for one in visits])


@router.post("/home-visits", response_model=HomeVisitView)
async def ask_home_visit(body: HomeVisitRequest, call: Commands) -> Response:
    """Ask for a home visit."""

    async def do(work: Work) -> HomeVisitView:
        return views.home_visit(await grid.ask_home_visit(work, body.person_id, body.note))

    return await call.answer(do)


@router.post("/home-visits/{visit_id}/end", response_model=HomeVisitView)
async def end_home_visit(visit_id: Identifier, body: HomeVisitEnd, call: Commands) -> Response:
    """Mark a home visit as done or cancelled."""

    async def do(work: Work) -> HomeVisitView:
        return views.home_visit(await grid.end_home_visit(work, visit_id, body.state))

    return await call.answer(do)
