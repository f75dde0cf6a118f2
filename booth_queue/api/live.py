"""Live screens: server-sent events."""

import contextlib
from collections.abc import AsyncIterator
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Query, Response
from fastapi.responses import StreamingResponse

from booth_queue.api import views
from booth_queue.api.calls import Call, anonymous
from booth_queue.contract import Accepted, LiveBooth
from booth_queue.contract.base import Identifier
from booth_queue.domain.places import Booth, Site
from booth_queue.service import live
from booth_queue.service.work import Work

router = APIRouter(tags=["live"])
Anybody = Annotated[Call, Depends(anonymous)]

# A screen that hears nothing for 5 s says that it is stale.
_PULSE_S: Final = 2.0


@router.get("/v1/health")
async def health(call: Anybody) -> Accepted:
    """Tell that the service runs and its database answers."""
    await call.read(lambda work: work.tx.count(Site))
    return Accepted()


@router.get("/v1/live/{site_id}")
async def read_live(site_id: Identifier, call: Anybody) -> list[LiveBooth]:
    """Read all booths of a site as screens show them."""
    booths = await _booths_of(call, site_id)
    found = await call.read(lambda work: live.pictures(work, booths))
    return [views.live(found[booth]) for booth in booths]


@router.get(
    "/v1/live/{site_id}/events",
    response_class=Response,
    responses={200: {"content": {"text/event-stream": {"schema": {"type": "string"}}}}},
)
async def stream_live(
    site_id: Identifier,
    call: Anybody,
    limit: Annotated[int | None, Query(ge=1, description="End after so many messages")] = None,
) -> StreamingResponse:
    """Stream the booths of a site: all of them first, then whichever changes.

    Each message is an event ``booths`` with a list of booths; an empty list is a sign of life.
    """
    booths = await _booths_of(call, site_id)

    async def messages() -> AsyncIterator[bytes]:
        told = call.service.board.watch(booths, _PULSE_S)
        async with contextlib.aclosing(told):
            sent = 0
            async for message in told:
                yield message
                sent += 1
                if sent == limit:
                    break

    return StreamingResponse(
        messages(), media_type="text/event-stream", headers={"Cache-Control": "no-store"}
    )


async def _booths_of(call: Call, site_id: str) -> list[str]:
    async def do(work: Work) -> list[str]:
        await work.tx.get(Site, site_id)
        return [booth.id for booth in await work.tx.find(Booth, site_id=site_id)]

    found: list[str] = await call.read(do)
    return found
