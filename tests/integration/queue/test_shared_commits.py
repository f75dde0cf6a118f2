"""Bookings that share a commit of SQLite's: each has its own outcome, and a failure tells all."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from booth_queue.adapters.sql import SqlStore
from booth_queue.domain.visits import Booking
from booth_queue.errors import Refusal
from booth_queue.seed import Plan
from booth_queue.service.ports import StoreUnavailable

from .crowd import START, Crowd, book_once, gather_crowd, violations

PEOPLE, CAPACITY = 60, 25
SLOT = "hot-a-0000"
PLAN = Plan(starts_at=START, booths=1, slots=1, capacity=CAPACITY, site_id="hot", round_id="hot-1")


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'queue.db'}"


def at_once(url: str, doing: Callable[[SqlStore], Awaitable[None]]) -> None:
    async def run() -> None:
        store = SqlStore(url)
        try:
            await doing(store)
        finally:
            await store.close()

    asyncio.run(run())


async def together(store: SqlStore, crowd: Crowd, keys: Sequence[str]) -> list[object]:
    """Book for everybody at the same instant; returns keys of bookings, or what came instead."""
    jobs = (
        book_once(store, actor, SLOT, person, key=key)
        for actor, person, key in zip(crowd.actors, crowd.people, keys, strict=True)
    )
    return list(await asyncio.gather(*jobs, return_exceptions=True))


def test_one_that_is_refused_or_fails_costs_the_others_nothing(url: str) -> None:
    crowd = asyncio.run(gather_crowd(url, PEOPLE, PLAN))
    keys = [f"key-{index:04d}" for index in range(PEOPLE)]
    keys[3] = "\ud800"  # no database can keep it, and nothing before the statement says so

    async def rush(store: SqlStore) -> None:
        told = await together(store, crowd, keys)
        assert isinstance(told[3], UnicodeEncodeError)
        codes = Counter(one.code for one in told if isinstance(one, Refusal))
        assert codes == {"slot_full": PEOPLE - CAPACITY - 1}
        booked = [one for one in told if isinstance(one, str)]
        async with store.reading() as tx:
            assert sorted(booked) == sorted(one.id for one in await tx.find(Booking))

    at_once(url, rush)
    assert violations(url) == {}


def test_a_commit_that_fails_is_told_to_all_and_every_key_may_be_sent_again(url: str) -> None:
    many = 120  # more than fit into the pages that there are
    crowd = asyncio.run(gather_crowd(url, many, replace(PLAN, capacity=many)))
    keys = [f"key-{index:04d}" for index in range(many)]

    async def rush(store: SqlStore) -> None:
        first = await book_once(store, crowd.actors[0], SLOT, crowd.people[0], key=keys[0])
        async with store.seating() as seating:
            connection, thread = seating._writing  # type: ignore[attr-defined]

        async def run(statement: str) -> None:
            await asyncio.get_running_loop().run_in_executor(thread, connection.execute, statement)

        await run("VACUUM")
        await run("PRAGMA max_page_count = 1")  # no more than there are: the disk is full
        told = await together(store, crowd, keys)
        assert StoreUnavailable in {type(one) for one in told}
        assert {type(one) for one in told} <= {StoreUnavailable, str}
        await run("PRAGMA max_page_count = 1000000")
        again = await together(store, crowd, keys)
        assert again[0] == first
        assert len({one for one in again if isinstance(one, str)}) == many
        for before, after in zip(told, again, strict=True):
            assert before == after or isinstance(before, StoreUnavailable)

    at_once(url, rush)
    assert violations(url) == {}
