"""Hundreds of people on hot slots at once: what must always hold, holds."""

import asyncio
import random
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest
from sqlalchemy import text

from booth_queue.adapters.sql import SqlStore
from booth_queue.domain.visits import Booking
from booth_queue.domain.vocabulary import BookingChannel, BookingState
from booth_queue.errors import Refusal
from booth_queue.seed import Plan
from booth_queue.service import booking, grid, groups, queueing
from booth_queue.service.ports import Actor, Duplicate
from booth_queue.service.work import Work

from .crowd import FIRM, GRID, NOW, START, Crowd, book_once, gather_crowd, violations, work

PLAN = Plan(starts_at=START, booths=2, slots=2, capacity=40, site_id="hot", round_id="hot-1")
SLOTS = [f"hot-{booth}-{slot:04d}" for booth in "ab" for slot in range(2)]
PEOPLE = 240


class Storm:
    """Actors at work over several stores, as over several service processes."""

    def __init__(self, url: str, crowd: Crowd, seed: int) -> None:
        self._stores = [SqlStore(url, pool=8) for _ in range(3)]
        self._random = random.Random(seed)
        self._crowd = crowd
        self.outcomes: Counter[str] = Counter()

    async def do(self, actor: Actor, name: str, act: Callable[[Work], Awaitable[object]]) -> object:
        store = self._random.choice(self._stores)
        try:
            async with store.writing() as tx:
                done = await act(work(tx, actor))
        except (Refusal, Duplicate) as refused:
            self.outcomes[f"{name}: {getattr(refused, 'code', 'duplicate')}"] += 1
            return None
        self.outcomes[f"{name}: done"] += 1
        return done

    async def book(self, actor: Actor, slot: str, person: str) -> str | None:
        """Book as over HTTP: one statement that is its own transaction."""
        try:
            made = await book_once(self._random.choice(self._stores), actor, slot, person)
        except Refusal as refused:
            self.outcomes[f"book: {refused.code}"] += 1
            return None
        self.outcomes["book: done"] += 1
        return made

    async def citizen(self, index: int) -> None:
        actor, person = self._crowd.actors[index], self._crowd.people[index]
        pick = self._random
        slot = pick.choice(SLOTS)
        if pick.random() < 0.25:
            booth = slot.rsplit("-", 1)[0]
            walk_in = lambda w: queueing.walk_in(w, booth, person, frozenset())  # noqa: E731 - one of many acts
            await asyncio.gather(*(self.do(actor, "walk in", walk_in) for _ in range(2)))
            return
        booked = await asyncio.gather(*(self.book(actor, slot, person) for _ in range(2)))
        key = booked[0] or booked[1]
        if key is None:
            return
        fate = pick.random()
        if fate < 0.3:
            other = pick.choice([one for one in SLOTS if one != slot])
            await self.do(actor, "change", lambda w: booking.change(w, key, other))
        elif fate < 0.6:
            cancel = lambda w: booking.cancel(w, key)  # noqa: E731 - one of many acts
            await asyncio.gather(*(self.do(actor, "cancel", cancel) for _ in range(2)))
        elif fate < 0.8:
            booth = slot.rsplit("-", 1)[0]
            arrive = lambda w: queueing.check_in(w, booth, key)  # noqa: E731 - one of many acts
            await asyncio.gather(*(self.do(actor, "check in", arrive) for _ in range(2)))

    async def grid_worker(self, index: int) -> None:
        person = self._crowd.people[index]
        slot = self._random.choice(SLOTS)
        await self.do(GRID, "proxy", lambda w: grid.book(w, slot, person))

    async def firm(self, index: int) -> None:
        slot = self._random.choice(SLOTS)
        block = lambda w: groups.block(w, self._crowd.group_id, slot, 5)  # noqa: E731 - one of many acts
        made = await self.do(FIRM, "block", block)
        if not isinstance(made, groups.Held):
            return
        members = [(index + step) % PEOPLE for step in range(4)]
        await asyncio.gather(
            *(
                self.do(
                    self._crowd.actors[member],
                    "member",
                    lambda w, m=member: groups.book(w, made.block.id, slot, self._crowd.people[m]),
                )
                for member in members
            ),
            self.do(FIRM, "release", lambda w: groups.release(w, made.block.id)),
        )
        # The one above may have been refused because a member took a seat at that moment.
        await self.do(FIRM, "release", lambda w: groups.release(w, made.block.id))

    async def soon(self, job: Awaitable[None]) -> None:
        """Begin at any moment of the storm: who comes to the slots first is anybody."""
        await asyncio.sleep(self._random.uniform(0.0, 0.5))
        await job

    async def rage(self) -> None:
        jobs = [self.citizen(index) for index in range(PEOPLE)]
        jobs += [self.grid_worker(index) for index in range(0, PEOPLE, 4)]
        jobs += [self.firm(index) for index in range(0, PEOPLE, 24)]
        self._random.shuffle(jobs)
        try:
            await asyncio.gather(*(self.soon(job) for job in jobs))
        finally:
            for store in self._stores:
                await store.close()


@pytest.mark.parametrize(
    "seed", [1, *(pytest.param(more, marks=pytest.mark.slow) for more in (2, 3))]
)
def test_no_seat_is_sold_twice_or_lost(url: str, seed: int) -> None:
    crowd = asyncio.run(gather_crowd(url, PEOPLE, PLAN))
    storm = Storm(url, crowd, seed)
    asyncio.run(storm.rage())
    assert violations(url) == {}
    # The storm was one: every act happened, and the slots were too small for it.
    for act in ("book", "walk in", "cancel", "change", "check in", "proxy", "block", "release"):
        assert storm.outcomes[f"{act}: done"] > 0, (act, storm.outcomes)
    assert storm.outcomes["book: slot_full"] > 0
    assert storm.outcomes["book: already_booked"] > 0


async def naive(store: SqlStore, actor: Actor, person: str, slot_id: str) -> None:
    """Count, see that there is room, and then insert: what several known systems do."""
    async with store.reading() as tx:
        taken = await tx.count(
            Booking, slot_id=slot_id, state=(BookingState.BOOKED, BookingState.ARRIVED)
        )
        facts = await booking.facts_of(work(tx, actor), slot_id, person)
    if taken >= facts.slot.capacity:
        return
    async with store.writing() as tx:
        unit = work(tx, actor)
        await tx.add(booking.make_booking(unit, facts.slot, person, BookingChannel.SELF))


def test_the_checker_catches_a_naive_variant(url: str) -> None:
    crowd = asyncio.run(gather_crowd(url, PEOPLE, PLAN))

    async def rush() -> None:
        store = SqlStore(url, pool=8)
        try:
            await asyncio.gather(
                *(
                    naive(store, actor, person, SLOTS[0])
                    for actor, person in zip(crowd.actors, crowd.people, strict=True)
                )
            )
        finally:
            await store.close()

    asyncio.run(rush())
    assert "a slot is sold beyond its capacity" in violations(url)


def test_one_key_sent_at_once_from_everywhere_books_once(url: str) -> None:
    crowd = asyncio.run(gather_crowd(url, 1, PLAN))
    actor, person = crowd.actors[0], crowd.people[0]

    async def rush() -> list[str]:
        stores = [SqlStore(url, pool=8) for _ in range(3)]

        jobs = [
            book_once(stores[index % 3], actor, SLOTS[0], person, key="the-one-key")
            for index in range(30)
        ]
        try:
            return list(await asyncio.gather(*jobs))
        finally:
            for store in stores:
                await store.close()

    answers = asyncio.run(rush())
    assert len(set(answers)) == 1
    assert violations(url) == {}


def test_two_booths_of_one_queue_never_call_the_same_person(url: str) -> None:
    crowd = asyncio.run(gather_crowd(url, 40, replace(PLAN, capacity=50)))

    async def rush() -> list[str]:
        stores = [SqlStore(url, pool=8) for _ in range(3)]

        async def call(index: int) -> str | None:
            async with stores[index % 3].writing() as tx:
                claimed = await tx.claim_next("hot-a", NOW)
                if claimed is None:
                    return None
                # Another transaction that claims at this moment passes over this ticket.
                await asyncio.sleep(0.02)
                await tx._connection.execute(
                    text("UPDATE ticket SET state = 'held' WHERE id = :id"), {"id": claimed.id}
                )
                return claimed.id

        try:
            for actor, person in zip(crowd.actors, crowd.people, strict=True):
                async with stores[0].writing() as tx:
                    await queueing.walk_in(work(tx, actor), "hot-a", person, frozenset())
            called = await asyncio.gather(*(call(index) for index in range(24)))
        finally:
            for store in stores:
                await store.close()
        return [one for one in called if one is not None]

    called = asyncio.run(rush())
    assert len(called) == len(set(called)) == 24
