"""Routes of citizens: people, places, bookings, tickets."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response

from booth_queue.api import views
from booth_queue.api.calls import Call, anonymous, commanding, reading
from booth_queue.api.qr import qr_modules
from booth_queue.contract import (
    BookingChange,
    BookingRequest,
    Bookings,
    BookingView,
    CheckInRequest,
    CodeView,
    JourneyRequest,
    JourneyView,
    People,
    PersonRegistration,
    PersonView,
    Recommendation,
    Results,
    TicketView,
    WalkInRequest,
)
from booth_queue.contract.access import SubscriptionRequest
from booth_queue.contract.base import Identifier
from booth_queue.contract.places import Booths, Latitude, Longitude, Sites, Slots
from booth_queue.contract.work import Erasure, GroupJoin, KeyView, ProofCheck, ProofView, Recorded
from booth_queue.domain.code import public_text
from booth_queue.domain.places import Booth, Site
from booth_queue.domain.refusals import NotFound
from booth_queue.domain.vocabulary import Role
from booth_queue.service import (
    access,
    booking,
    codes,
    diversion,
    groups,
    laboratory,
    people,
    queueing,
    retention,
)
from booth_queue.service.people import Registration
from booth_queue.service.work import Work

router = APIRouter(prefix="/v1", tags=["citizen"])
Anybody = Annotated[Call, Depends(anonymous)]
Reads = Annotated[Call, reading(Role.CITIZEN)]
Commands = Annotated[Call, commanding(Role.CITIZEN)]
# Whoever stands at the booth may do it for a person: the person, staff, or the booth's scanner.
Arrives = Annotated[Call, commanding(Role.CITIZEN, Role.STAFF, Role.BOOTH)]


def registration(body: PersonRegistration) -> Registration:
    """Return what somebody says of a person."""
    return Registration(
        name=body.name,
        id_number=body.id_number,
        phone=body.phone,
        language=body.language,
        needs=body.needs,
        consent=body.consent,
        guardian_consent=body.guardian_consent,
    )


@router.post("/me/person", response_model=PersonView)
async def register_self(body: PersonRegistration, call: Commands) -> Response:
    """Register oneself."""
    return await _register(call, body, "self")


@router.post("/me/dependants", response_model=PersonView)
async def register_dependant(body: PersonRegistration, call: Commands) -> Response:
    """Register a dependant: under 18, over 60, or unable to use a phone."""
    return await _register(call, body, "dependant")


async def _register(call: Call, body: PersonRegistration, relation: str) -> Response:
    async def do(work: Work) -> PersonView:
        known = await people.register(work, registration(body), relation=relation)
        return views.person(known)

    return await call.answer(do)


@router.get("/me/people")
async def list_people(call: Reads) -> People:
    """List the people this account may book for."""
    known = await call.read(people.people_of)
    return People(people=[views.person(one) for one in known])


@router.post("/me/subscriptions", response_model=Recorded)
async def subscribe(body: SubscriptionRequest, call: Commands) -> Response:
    """Say that one message of a WeChat template may be sent, as the user has just agreed."""

    async def do(work: Work) -> Recorded:
        return Recorded(id=(await access.subscribe(work, body.template)).id)

    return await call.answer(do)


@router.get("/sites")
async def list_sites(call: Anybody) -> Sites:
    """List the sites."""
    sites = await call.read(lambda work: work.tx.find(Site))
    return Sites(sites=[views.site(one) for one in sites])


@router.get("/booths")
async def list_booths(
    call: Anybody, site_id: Annotated[Identifier | None, Query()] = None
) -> Booths:
    """List booths with the wait of somebody who joined now."""
    call.limit_search()
    loads = await call.read(lambda work: work.tx.loads(work.now, site_id=site_id))
    return Booths(booths=[views.booth(load) for load in loads])


@router.get("/slots")
async def list_slots(call: Anybody, booth_id: Annotated[Identifier, Query()]) -> Slots:
    """List a booth's slots that have not ended, in order of time."""
    call.limit_search()

    async def do(work: Work) -> Slots:
        await work.tx.get(Booth, booth_id)
        slots = await work.tx.running_slots(booth_id, work.now)
        return Slots(slots=[views.slot(one) for one in slots])

    found: Slots = await call.read(do)
    return found


@router.get("/recommendation")
async def recommend(
    call: Reads,
    person_id: Annotated[Identifier, Query()],
    latitude: Annotated[Latitude, Query()],
    longitude: Annotated[Longitude, Query()],
) -> Recommendation:
    """Recommend a booth: where this person would be called soonest, the walk included."""
    call.limit_search()
    advice = await call.read(lambda work: diversion.recommend(work, person_id, latitude, longitude))
    return views.recommendation(advice)


@router.post("/journeys", response_model=JourneyView)
async def set_out(body: JourneyRequest, call: Commands) -> Response:
    """Say that one is on the way to a booth; others are diverted accordingly."""

    async def do(work: Work) -> JourneyView:
        return views.journey(await diversion.set_out(work, body.person_id, body.booth_id))

    return await call.answer(do)


@router.post("/bookings", response_model=BookingView)
async def book(body: BookingRequest, call: Commands) -> Response:
    """Take a seat of a slot, or of a group's block, for oneself or a dependant."""
    block_id = body.block_id
    if block_id is None:
        return await call.answer_booking(body.slot_id, body.person_id, views.booking)

    async def do(work: Work) -> BookingView:
        return views.booking(await groups.book(work, block_id, body.slot_id, body.person_id))

    return await call.answer(do, books=True)


@router.get("/bookings")
async def list_bookings(
    call: Annotated[Call, reading(Role.CITIZEN, Role.GRID)],
) -> Bookings:
    """List this account's bookings, newest first."""
    made = await call.read(booking.bookings_of)
    return Bookings(bookings=[views.booking(one) for one in made])


@router.post("/bookings/{booking_id}/cancel", response_model=BookingView)
async def cancel(booking_id: Identifier, call: Commands) -> Response:
    """Give the seat back."""

    async def do(work: Work) -> BookingView:
        return views.booking(await booking.cancel(work, booking_id))

    return await call.answer(do)


@router.post("/bookings/{booking_id}/change", response_model=BookingView)
async def change(booking_id: Identifier, body: BookingChange, call: Commands) -> Response:
    """Move a booking to another slot."""

    async def do(work: Work) -> BookingView:
        return views.booking(await booking.change(work, booking_id, body.slot_id))

    return await call.answer(do, books=True)


@router.get("/bookings/{booking_id}/code")
async def show_code(
    booking_id: Identifier, call: Annotated[Call, reading(Role.CITIZEN, Role.GRID)]
) -> CodeView:
    """Fetch a fresh signed code to show as QR; it names nobody and can be checked offline."""
    shown = await call.read(lambda work: codes.code_of(work, booking_id))
    return CodeView(code=shown.code, valid_until=shown.valid_until, modules=qr_modules(shown.code))


@router.get("/codes/key")
async def show_key(call: Anybody) -> KeyView:
    """Fetch the public key of booking codes and result proofs."""
    return KeyView(public_key=public_text(call.service.tools.signer))


@router.post("/check-ins", response_model=TicketView)
async def check_in(body: CheckInRequest, call: Arrives) -> Response:
    """Join the queue on arrival."""

    async def do(work: Work) -> TicketView:
        if body.code is not None:
            return views.ticket(await codes.check_in(work, body.booth_id, body.code))
        if body.booking_id is None:
            raise NotFound(what="booking")
        return views.ticket(await queueing.check_in(work, body.booth_id, body.booking_id))

    return await call.answer(do)


@router.post("/walk-ins", response_model=TicketView)
async def walk_in(body: WalkInRequest, call: Arrives) -> Response:
    """Join the queue without a booking."""

    async def do(work: Work) -> TicketView:
        place = await queueing.walk_in(work, body.booth_id, body.person_id, body.needs)
        return views.ticket(place)

    return await call.answer(do, books=True)


@router.get("/tickets/{ticket_id}")
async def read_ticket(
    ticket_id: Identifier, call: Annotated[Call, reading(Role.CITIZEN, Role.STAFF)]
) -> TicketView:
    """Read position and predicted wait."""
    return views.ticket(await call.read(lambda work: queueing.place(work, ticket_id)))


@router.post("/tickets/{ticket_id}/leave", response_model=TicketView)
async def leave(
    ticket_id: Identifier, call: Annotated[Call, commanding(Role.CITIZEN, Role.STAFF)]
) -> Response:
    """Leave the queue."""

    async def do(work: Work) -> TicketView:
        return views.ticket(await queueing.leave(work, ticket_id))

    return await call.answer(do)


@router.get("/results")
async def list_results(call: Reads) -> Results:
    """Read the results of this account's people, newest first."""
    told = await call.read(laboratory.results_of)
    return Results(results=[views.result(one) for one in told])


@router.post("/results/verify")
async def verify_result(body: ProofCheck, call: Anybody) -> ProofView:
    """Check a proof of a result that somebody shows."""
    checked = await call.read(lambda work: laboratory.check_proof(work, body.proof))
    return ProofView(
        name_masked=checked.name_masked,
        verdict=checked.verdict,
        reported_at=checked.reported_at,
        corrected=checked.corrected,
    )


@router.post("/groups/join", response_model=Recorded)
async def join_group(body: GroupJoin, call: Commands) -> Response:
    """Join an enterprise's group with its code."""

    async def do(work: Work) -> Recorded:
        member = await groups.join(work, body.code, body.person_id, shows_name=body.shows_name)
        return Recorded(id=member.id)

    return await call.answer(do)


@router.post("/people/{person_id}/erasure", response_model=Erasure)
async def withdraw_consent(person_id: Identifier, call: Commands) -> Response:
    """Withdraw consent: cancel what is booked and erase every name and number."""

    async def do(work: Work) -> Erasure:
        erased = await retention.withdraw(work, person_id)
        return Erasure(person_id=erased.person_id, cancelled_bookings=erased.cancelled_bookings)

    return await call.answer(do)
