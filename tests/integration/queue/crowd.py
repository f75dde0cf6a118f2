"""A crowd of people for a service without HTTP, and the checker of what must always hold."""

import asyncio
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from secrets import token_hex
from typing import TypeVar

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import text

from booth_queue.adapters.sql import SqlStore
from booth_queue.adapters.vault import AesVault
from booth_queue.domain.community import Group, Membership, Unit
from booth_queue.domain.people import Account, Link, Person
from booth_queue.domain.vocabulary import Language, Role
from booth_queue.seed import Plan, seed
from booth_queue.service import booking
from booth_queue.service.policy import Policy
from booth_queue.service.ports import Actor, BookingReading
from booth_queue.service.work import Command, Tools, Work
from booth_queue.settings import Settings

Tx = TypeVar("Tx", bound=BookingReading)

START = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)
NOW = START + timedelta(minutes=1)
TOOLS = Tools(
    vault=AesVault(Settings().master_key()),
    policy=Policy(bookings_per_account_hour=10_000, bookings_per_address_hour=1_000_000),
    signer=Ed25519PrivateKey.generate(),
)
GRID = Actor("hot-grid", Role.GRID, grid_id="hot-grid")
FIRM = Actor("hot-enterprise", Role.ENTERPRISE)


@dataclass(frozen=True)
class Crowd:
    """People with accounts of their own; all are residents and members of the one group."""

    actors: list[Actor]
    people: list[str]
    group_id: str


def work(tx: Tx, actor: Actor, tools: Tools = TOOLS) -> Work[Tx]:
    return Work(tx, actor, NOW, tools, "address")


async def book_once(
    store: SqlStore,
    actor: Actor,
    slot: str,
    person: str,
    *,
    key: str | None = None,
    tools: Tools = TOOLS,
    within: AbstractAsyncContextManager[None] | None = None,
) -> str:
    """Book as a citizen does; returns the key of the booking, which is all that is answered."""
    command = Command(actor.account_id, key or token_hex(8), f"{slot}/{person}", NOW)
    return await booking.book_once(
        store,
        lambda seating: work(seating, actor, tools),
        command,
        (slot, person),
        lambda booked: booked.booking.id,
        within or nullcontext(),
    )


async def gather_crowd(url: str, size: int, plan: Plan) -> Crowd:
    """Create a database with hot slots and a crowd."""
    store = SqlStore(url, pool=1)
    try:
        await store.migrate()
        await seed(store, TOOLS.vault, plan, NOW)
        async with store.writing() as tx:
            await tx.add(Unit("unit", GRID.grid_id or "", "unit"))
            await tx.add(Group("group", FIRM.account_id, "firm", "ABCDEFGH", NOW))
            actors, people = [], []
            for index in range(size):
                actor = Actor(f"account-{index:04d}", Role.CITIZEN)
                person = Person(
                    id=f"person-{index:04d}",
                    sealed=b"",
                    id_hash=f"{index}",
                    name_masked="*",
                    id_masked="*",
                    phone_masked=None,
                    birth_date=None,
                    language=Language.ZH,
                    needs=frozenset(),
                    created_at=NOW,
                    unit_id="unit",
                    consent_at=NOW,
                )
                await tx.add(
                    Account(actor.account_id, Role.CITIZEN, NOW),
                    person,
                    Link(f"link-{index}", actor.account_id, person.id, "self", NOW),
                    Membership(
                        f"member-{index}", "group", person.id, shows_name=False, joined_at=NOW
                    ),
                )
                actors.append(actor)
                people.append(person.id)
        return Crowd(actors, people, "group")
    finally:
        await store.close()


# ruff: noqa: S608 - the only thing put into the queries is this constant
_HELD = "state IN ('booked', 'arrived', 'done')"
_CHECKS = {
    "a slot is sold beyond its capacity": f"""
        SELECT slot.id FROM slot WHERE taken > capacity OR capacity <
          (SELECT count(*) FROM booking WHERE slot_id = slot.id AND block_id IS NULL AND {_HELD})
          + (SELECT coalesce(sum(seats), 0) FROM block WHERE slot_id = slot.id)""",
    "a slot's seats are not its bookings and blocks": f"""
        SELECT slot.id FROM slot WHERE taken <>
          (SELECT count(*) FROM booking WHERE slot_id = slot.id AND block_id IS NULL AND {_HELD})
          + (SELECT coalesce(sum(seats), 0) FROM block WHERE slot_id = slot.id)""",
    "a block's seats are not its bookings": f"""
        SELECT block.id FROM block WHERE used <>
          (SELECT count(*) FROM booking WHERE block_id = block.id AND {_HELD})""",
    "a person has two active bookings": """
        SELECT person_id FROM booking WHERE state IN ('booked', 'arrived')
        GROUP BY person_id, round_id HAVING count(*) > 1""",
    "a person has two active tickets": """
        SELECT person_id FROM ticket WHERE state IN ('waiting', 'held', 'called', 'in_session')
        GROUP BY person_id, round_id HAVING count(*) > 1""",
    "a ticket waits without a booking that arrived": """
        SELECT ticket.id FROM ticket JOIN booking ON booking.id = ticket.booking_id
        WHERE ticket.state IN ('waiting', 'held', 'called', 'in_session')
        AND booking.state <> 'arrived'""",
    "ticket numbers have gaps": """
        SELECT booth_id FROM ticket WHERE id NOT LIKE 'offline-%'
        GROUP BY booth_id, round_id HAVING max(number) <> count(*)""",
    "a tube does not hold what was bound to it": """
        SELECT tube.id FROM tube WHERE swabs <>
          (SELECT count(*) FROM swab WHERE tube_id = tube.id)""",
    "a session has two first swabs": """
        SELECT session_id FROM swab WHERE corrects IS NULL
        GROUP BY session_id HAVING count(*) > 1""",
    "a session was sampled without a swab": """
        SELECT session.id FROM session WHERE outcome = 'sampled'
        AND NOT EXISTS (SELECT 1 FROM swab WHERE session_id = session.id)""",
}


def violations(url: str) -> dict[str, list[str]]:
    """Return what must never be and is, read from the database by SQL of the test's own."""

    async def check() -> dict[str, list[str]]:
        store = SqlStore(url, pool=1)
        try:
            found = {}
            async with store.reading() as tx:
                for name, query in _CHECKS.items():
                    rows = await tx._connection.execute(text(query))
                    if keys := [str(row[0]) for row in rows]:
                        found[name] = keys
            return found
        finally:
            await store.close()

    return asyncio.run(check())
