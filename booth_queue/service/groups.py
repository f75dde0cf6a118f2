"""Enterprises: a group code, members who join with consent, blocks of seats."""

import secrets
from dataclasses import dataclass, replace

from booth_queue.domain.community import Block, Group, Membership
from booth_queue.domain.people import Person
from booth_queue.domain.places import Slot
from booth_queue.domain.refusals import (
    AlreadyBooked,
    AlreadyRegistered,
    NotFound,
    SlotFull,
    SlotOver,
)
from booth_queue.domain.vocabulary import BookingChannel
from booth_queue.service import booking as seats
from booth_queue.service.people import require_link
from booth_queue.service.ports import Duplicate, MemberStanding
from booth_queue.service.work import Work

# Without letters and digits that look alike when read out or written down.
_ALPHABET = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"


@dataclass(frozen=True, slots=True)
class Held:
    """Seats set aside, and the slot they are of."""

    block: Block
    slot: Slot


async def create(work: Work, name: str) -> Group:
    """Create a group with a code to hand to its members."""
    code = "".join(secrets.choice(_ALPHABET) for _ in range(8))
    group = Group(work.new_id(), work.actor.account_id, name, code, work.now)
    await work.tx.add(group)
    return group


async def groups_of(work: Work) -> list[Group]:
    """List the account's groups."""
    return await work.tx.find(Group, account_id=work.actor.account_id)


async def join(work: Work, code: str, person_id: str, *, shows_name: bool) -> Membership:
    """Join a group with its code; the name is shown to it only with consent.

    Raises
    ------
    AlreadyRegistered
        A member already.
    """
    await require_link(work, person_id)
    group = await work.tx.first(Group, code=code)
    if group is None:
        raise NotFound(what="group")
    membership = Membership(work.new_id(), group.id, person_id, shows_name, work.now)
    try:
        await work.tx.add(membership)
    except Duplicate as second:
        raise AlreadyRegistered from second
    return membership


async def block(work: Work, group_id: str, slot_id: str, wanted: int) -> Held:
    """Set seats of a slot aside for a group, from the same quota as everybody's.

    Raises
    ------
    SlotFull, SlotOver
        Not that many left, or too late.
    """
    group = await _own_group(work, group_id)
    slot = await work.tx.get(Slot, slot_id)
    if slot.ends_at <= work.now:
        raise SlotOver
    made = Block(work.new_id(), group.id, slot_id, wanted, 0, work.now)
    await work.tx.add(made)
    if not await work.tx.take_seats(slot_id, wanted):
        raise SlotFull
    return Held(made, slot)


async def blocks_of(work: Work, group_id: str) -> list[Held]:
    """List a group's blocks, newest first."""
    await _own_group(work, group_id)
    blocks = await work.tx.find(Block, group_id=group_id, newest=True)
    slots = {one.id: one for one in await work.tx.find(Slot, id={one.slot_id for one in blocks})}
    return [Held(block, slots[block.slot_id]) for block in blocks]


async def release(work: Work, block_id: str) -> Held:
    """Give back the seats of a block that nobody has used."""
    held = await work.tx.get(Block, block_id)
    await _own_group(work, held.group_id)
    freed = held.seats - held.used
    expect = {"seats": held.seats, "used": held.used}
    if not await work.tx.change(Block, block_id, expect, seats=held.used):
        raise AlreadyBooked  # a member took a seat at this moment
    await work.tx.return_seats(held.slot_id, freed)
    return Held(replace(held, seats=held.used), await work.tx.get(Slot, held.slot_id))


async def book(work: Work, block_id: str, slot_id: str, person_id: str) -> seats.Booked:
    """Take a seat of a group's block for a member.

    Raises
    ------
    SlotFull
        The block's seats are used.
    """
    held = await work.tx.get(Block, block_id)
    member = await work.tx.first(Membership, group_id=held.group_id, person_id=person_id)
    if member is None or held.slot_id != slot_id:
        raise NotFound(what="block")
    facts = await seats.facts_of(work, held.slot_id, person_id)
    if facts.relation is None:
        raise NotFound(what="person")
    await seats.limit(work)
    made = seats.make_booking(work, facts.slot, person_id, BookingChannel.GROUP, block_id)
    await seats.insert(work, made)
    if not await work.tx.use_block(block_id, 1):
        raise SlotFull
    return seats.Booked(made, facts.slot, facts.name_masked)


@dataclass(frozen=True, slots=True)
class Standing:
    """How far one member is; ``name`` only with the member's consent."""

    name: str | None
    booked: bool
    sampled: bool
    negative: bool


async def standings(work: Work, group_id: str, round_id: str) -> list[Standing]:
    """List how far the members of a group are in a round."""
    await _own_group(work, group_id)
    rows = await work.tx.member_standings(group_id, round_id)
    return [await _standing(work, row) for row in rows]


async def _standing(work: Work, row: MemberStanding) -> Standing:
    name = None
    if row.shows_name:
        person = await work.tx.get(Person, row.person_id)
        if person.sealed is not None:
            name = work.tools.vault.unseal(person.id, person.sealed)["name"]
    return Standing(name, row.booked, row.sampled, row.negative)


async def _own_group(work: Work, group_id: str) -> Group:
    group = await work.tx.get(Group, group_id)
    if group.account_id != work.actor.account_id:
        raise NotFound(what="group")
    return group
