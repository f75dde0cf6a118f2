"""Routes of enterprises."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from booth_queue.api import views
from booth_queue.api.calls import Call, commanding, reading
from booth_queue.contract.base import Identifier
from booth_queue.contract.work import (
    BlockRequest,
    Blocks,
    BlockView,
    GroupRequest,
    Groups,
    GroupView,
    Members,
    MemberView,
)
from booth_queue.domain.places import Round
from booth_queue.domain.vocabulary import Role
from booth_queue.service import groups
from booth_queue.service.work import Work

router = APIRouter(prefix="/v1", tags=["enterprise"])
Reads = Annotated[Call, reading(Role.ENTERPRISE)]
Commands = Annotated[Call, commanding(Role.ENTERPRISE)]


@router.get("/groups")
async def list_groups(call: Reads) -> Groups:
    """List this account's groups."""
    found = await call.read(groups.groups_of)
    return Groups(groups=[GroupView(id=one.id, name=one.name, code=one.code) for one in found])


@router.post("/groups", response_model=GroupView)
async def create_group(body: GroupRequest, call: Commands) -> Response:
    """Create a group with a code for its members to join with."""

    async def do(work: Work) -> GroupView:
        made = await groups.create(work, body.name)
        return GroupView(id=made.id, name=made.name, code=made.code)

    return await call.answer(do)


@router.get("/groups/{group_id}/members")
async def list_members(
    group_id: Identifier, call: Reads, round_id: Annotated[Identifier, Query()]
) -> Members:
    """Follow who is booked, sampled and negative; names only with their consent."""

    async def do(work: Work) -> list[groups.Standing]:
        await work.tx.get(Round, round_id)
        return await groups.standings(work, group_id, round_id)

    found: list[groups.Standing] = await call.read(do)
    return Members(
        members=[
            MemberView(name=one.name, booked=one.booked, sampled=one.sampled, negative=one.negative)
            for one in found
        ]
    )


@router.get("/groups/{group_id}/blocks")
async def list_blocks(group_id: Identifier, call: Reads) -> Blocks:
    """List the seats that are set aside for a group."""
    found = await call.read(lambda work: groups.blocks_of(work, group_id))
    return Blocks(blocks=[views.block(one) for one in found])


@router.post("/groups/{group_id}/blocks", response_model=BlockView)
async def block_seats(group_id: Identifier, body: BlockRequest, call: Commands) -> Response:
    """Set seats of a slot aside, from the same quota as everybody's."""

    async def do(work: Work) -> BlockView:
        return views.block(await groups.block(work, group_id, body.slot_id, body.seats))

    return await call.answer(do)


@router.post("/blocks/{block_id}/release", response_model=BlockView)
async def release_block(block_id: Identifier, call: Commands) -> Response:
    """Give back the seats of a block that nobody has used."""

    async def do(work: Work) -> BlockView:
        return views.block(await groups.release(work, block_id))

    return await call.answer(do)
