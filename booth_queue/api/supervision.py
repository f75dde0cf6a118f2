"""Routes of staff who watch booths, and what a booth's machine hears of them."""

from typing import Annotated, Final

from fastapi import APIRouter, Path, Query, Request, Response

from booth_queue.api import supervision_views, views
from booth_queue.api.booths import own_booth
from booth_queue.api.calls import Call, commanding, reading
from booth_queue.contract import Accepted
from booth_queue.contract.base import Identifier
from booth_queue.contract.supervision import (
    Acknowledgement,
    Alarms,
    AlarmView,
    Handover,
    NeedsChange,
    OrderRequest,
    OrderView,
    PostView,
    QueueLine,
    TakeOver,
)
from booth_queue.contract.visits import Tickets, TicketView
from booth_queue.domain.refusals import PictureRefused
from booth_queue.domain.vocabulary import Role
from booth_queue.service import queueing, supervision
from booth_queue.service.work import Work

router = APIRouter(prefix="/v1", tags=["supervision"])
Reads = Annotated[Call, reading(Role.STAFF)]
Commands = Annotated[Call, commanding(Role.STAFF)]
BoothKey = Annotated[Identifier, Path()]

_LARGEST_PICTURE: Final = 200_000  # bytes; 640 x 480 at quality 70 takes about 40,000
_JPEG_BEGINS: Final = b"\xff\xd8\xff"


@router.get("/sites/{site_id}/alarms")
async def list_alarms(site_id: Identifier, call: Reads) -> Alarms:
    """List the alarms nobody has acknowledged."""
    found = await call.read(lambda work: supervision.alarms(work, site_id))
    return Alarms(alarms=[supervision_views.alarm(one) for one in found])


@router.post("/alarms/{alarm_id}/acknowledge", response_model=AlarmView)
async def acknowledge(alarm_id: Identifier, body: Acknowledgement, call: Commands) -> Response:
    """Acknowledge an alarm."""

    async def do(work: Work) -> AlarmView:
        return supervision_views.alarm(await supervision.acknowledge(work, alarm_id, body.note))

    return await call.answer(do)


@router.post("/booths/{booth_id}/orders", response_model=OrderView)
async def give_order(booth_id: BoothKey, body: OrderRequest, call: Commands) -> Response:
    """Order a booth to stop, or to clear its fault. Never the only emergency stop there is."""

    async def do(work: Work) -> OrderView:
        return supervision_views.order(
            await supervision.give_order(work, booth_id, body.kind, body.reason)
        )

    return await call.answer(do)


@router.post("/booth/orders/{order_id}/take", response_model=OrderView)
async def take_order(
    order_id: Identifier, call: Annotated[Call, commanding(Role.BOOTH)]
) -> Response:
    """Confirm, as a booth, that an order is being carried out."""

    async def do(work: Work) -> OrderView:
        return supervision_views.order(await supervision.take_order(work, order_id))

    return await call.answer(do)


@router.post("/booths/{booth_id}/take-over", response_model=Accepted)
async def take_over(booth_id: BoothKey, body: TakeOver, call: Commands) -> Response:
    """Take a robot booth over by hand."""

    async def do(work: Work) -> Accepted:
        await supervision.take_over(work, booth_id, body.reason)
        return Accepted()

    return await call.answer(do)


@router.post("/booths/{booth_id}/hand-back", response_model=Accepted)
async def hand_back(booth_id: BoothKey, call: Commands) -> Response:
    """Give a booth back to its machine."""

    async def do(work: Work) -> Accepted:
        await supervision.hand_back(work, booth_id)
        return Accepted()

    return await call.answer(do)


@router.put("/booth/picture")
async def put_picture(request: Request, call: Annotated[Call, reading(Role.BOOTH)]) -> Accepted:
    """Replace the booth's annotated picture: a JPEG of at most 200,000 bytes."""
    booth_id = own_booth(call)
    jpeg = b""
    async for part in request.stream():
        jpeg += part
        if len(jpeg) > _LARGEST_PICTURE:
            raise PictureRefused(bytes=len(jpeg), limit=_LARGEST_PICTURE)
    if not jpeg.startswith(_JPEG_BEGINS):
        raise PictureRefused(bytes=len(jpeg), limit=_LARGEST_PICTURE)
    await call.write(lambda work: supervision.put_picture(work, booth_id, jpeg))
    return Accepted()


@router.get(
    "/booths/{booth_id}/picture",
    response_class=Response,
    responses={200: {"content": {"image/jpeg": {}}}, 204: {"description": "No picture now"}},
)
async def read_picture(booth_id: BoothKey, call: Reads) -> Response:
    """Read what the booth's camera sees of whoever is inside, if it sees anybody."""
    found = await call.read(lambda work: supervision.picture(work, booth_id))
    headers = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
    if found is None:
        return Response(status_code=204, headers=headers)
    return Response(found.jpeg, media_type="image/jpeg", headers=headers)


@router.get("/booths/{booth_id}/line")
async def read_line(booth_id: BoothKey, call: Reads) -> QueueLine:
    """List who is inside, called, waiting in calling order, and held."""
    rows = await call.read(lambda work: supervision.line(work, booth_id))
    return QueueLine(rows=[supervision_views.row(one) for one in rows])


@router.post("/booths/{booth_id}/call", response_model=Tickets)
async def call_next(booth_id: BoothKey, call: Commands) -> Response:
    """Call the next person; an empty list when nobody waits."""

    async def do(work: Work) -> Tickets:
        called = await supervision.call(work, booth_id)
        return Tickets(tickets=[views.ticket(called)] if called else [])

    return await call.answer(do)


@router.post("/tickets/{ticket_id}/needs", response_model=TicketView)
async def set_needs(ticket_id: Identifier, body: NeedsChange, call: Commands) -> Response:
    """Say why a waiting person is called earlier."""

    async def do(work: Work) -> TicketView:
        return views.ticket(await supervision.set_needs(work, ticket_id, body.needs))

    return await call.answer(do)


@router.get("/sites/{site_id}/handover")
async def read_handover(
    site_id: Identifier, call: Reads, hours: Annotated[int, Query(ge=1, le=24)] = 8
) -> Handover:
    """Report what a shift leaves to the next."""

    async def do(work: Work) -> Handover:
        since, shifts = await supervision.handover(work, site_id, hours)
        return supervision_views.handover(site_id, since, work.now, shifts)

    found: Handover = await call.read(do)
    return found


@router.get("/tickets")
async def list_tickets(call: Annotated[Call, reading(Role.CITIZEN)]) -> Tickets:
    """List the tickets of the account's people that are not over."""
    found = await call.read(queueing.tickets_of)
    return Tickets(tickets=[views.ticket(one) for one in found])


@router.get("/post")
async def read_post(
    call: Annotated[Call, reading(Role.STAFF, Role.GRID, Role.ENTERPRISE, Role.LAB, Role.DESK)],
) -> PostView:
    """Tell who has signed in, and what they look after."""
    actor = call.actor
    return PostView(
        account_id=actor.account_id,
        role=actor.role,
        site_id=actor.site_id,
        grid_id=actor.grid_id,
    )
