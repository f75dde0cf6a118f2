"""Live screens: what they are sent, when, and that a change is read once for all of them."""

import asyncio
import json
import shutil
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from httpx import ASGITransport, AsyncClient
from sqlalchemy import event

from booth_queue.adapters.sql import SqlStore
from booth_queue.adapters.vault import AesVault
from booth_queue.api import create_app
from booth_queue.api.calls import Service
from booth_queue.domain.places import Live
from booth_queue.seed import Plan, seed
from booth_queue.service.ports import Event
from booth_queue.settings import Settings

BOOTHS = ["demo-a", "demo-b", "demo-c"]


class QuickVault(AesVault):
    """Nobody signs in here."""

    def hash_password(self, password: str) -> str:
        return f"unused {len(password)}"


@pytest.fixture(scope="module")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a site of three booths, once for all tests."""
    file = tmp_path_factory.mktemp("board") / "queue.db"

    async def make() -> None:
        store = SqlStore(f"sqlite:///{file}", pool=1)
        await store.migrate()
        now = datetime.now(UTC)
        vault = QuickVault(Settings().master_key())
        await seed(store, vault, Plan(now, booths=3, slots=1), now)
        await store.close()

    asyncio.run(make())
    return file


@pytest.fixture
async def app(seeded: Path, tmp_path: Path) -> AsyncIterator[FastAPI]:
    file = shutil.copy(seeded, tmp_path / "queue.db")
    made = create_app(Settings(database=f"sqlite:///{file}", database_pool=2))
    async with made.router.lifespan_context(made):
        yield made


@pytest.fixture
def service(app: FastAPI) -> Service:
    found: Service = app.state.service
    return found


async def events(app: FastAPI, messages: int) -> list[Any]:
    """Read so many messages of a screen's stream."""
    async with AsyncClient(transport=ASGITransport(app), base_url="http://booth") as http:
        answer = await http.get("/v1/live/demo/events", params={"limit": messages}, timeout=60)
    lines = [line[6:] for line in answer.text.splitlines() if line.startswith("data: ")]
    return [json.loads(line) for line in lines]


def booths_in(message: bytes) -> list[dict[str, Any]]:
    """Take a message of the stream apart."""
    name, data = message.decode().strip().split("\n")
    assert name == "event: booths"
    found: list[dict[str, Any]] = json.loads(data.removeprefix("data: "))
    return found


async def report(service: Service, booth: str, activity: str) -> None:
    """Report as a booth does."""
    live = Live(booth, datetime.now(UTC), activity, True, None, None, 0, [], 0.0)
    async with service.store.writing() as tx:
        await tx.put_live(live)
    service.feed.nudge()


@dataclass
class Look:
    """One screen, and what it shows after every message."""

    told: AsyncGenerator[bytes]
    messages: int = 0

    async def until(self, booth: str, activity: str) -> None:
        """Read until a booth is shown doing this."""
        async with asyncio.timeout(30):
            async for message in self.told:
                self.messages += 1
                if any(
                    one["booth_id"] == booth and one["activity"] == activity
                    for one in booths_in(message)
                ):
                    return


async def test_a_screen_is_sent_every_booth_first(app: FastAPI) -> None:
    first = (await events(app, 1))[0]
    assert [booth["label"] for booth in first] == ["A", "B", "C"]
    assert {booth["activity"] for booth in first} == {"SILENT"}


async def test_then_only_what_changed(service: Service) -> None:
    async with aclosing(service.board.watch(BOOTHS, 30)) as told:
        assert len(booths_in(await anext(told))) == 3
        await report(service, "demo-b", "IDLE")
        assert [one["booth_id"] for one in booths_in(await anext(told))] == ["demo-b"]


async def test_an_event_that_changes_nothing_shown_is_not_sent(service: Service) -> None:
    async with aclosing(service.board.watch(BOOTHS, 30)) as told:
        await anext(told)
        async with service.store.writing() as tx:
            await tx.publish(Event("demo-a", "booking.booked", {}))
        await report(service, "demo-c", "IDLE")
        assert [one["booth_id"] for one in booths_in(await anext(told))] == ["demo-c"]


async def test_a_screen_of_one_site_is_not_woken_by_another(service: Service) -> None:
    async with aclosing(service.board.watch(["demo-a"], 0.5)) as told:
        await anext(told)
        await report(service, "demo-b", "IDLE")
        assert booths_in(await anext(told)) == []


async def test_a_change_is_read_and_written_once_for_every_screen(service: Service) -> None:
    statements: list[str] = []
    engine = service.store._read_engine.sync_engine
    event.listen(engine, "before_cursor_execute", lambda *a: statements.append(a[2]))

    async def cost(screens: int) -> int:
        """Count the statements that one report costs so many screens."""
        watching = [Look(service.board.watch(BOOTHS, 30)) for _ in range(screens)]
        for look in watching:
            await anext(look.told)
        await report(service, "demo-a", "IDLE")
        await asyncio.gather(*(look.until("demo-a", "IDLE") for look in watching))
        before = len([one for one in statements if "FROM ticket" in one])
        await report(service, "demo-a", f"N_{'X' * screens}")
        messages = await asyncio.gather(*(anext(look.told) for look in watching))
        assert all(one is messages[0] for one in messages)
        for look in watching:
            await look.told.aclose()
        return len([one for one in statements if "FROM ticket" in one]) - before

    # A report changes nothing but itself, so no line is read for it, for one screen or for many.
    assert await cost(1) == await cost(20) == 0


async def test_a_slow_screen_is_told_the_latest_only(service: Service) -> None:
    slow = Look(service.board.watch(BOOTHS, 30))
    await anext(slow.told)
    quick = Look(service.board.watch(BOOTHS, 30))
    for activity in ("ONE", "TWO", "THREE"):
        await report(service, "demo-a", activity)
        await quick.until("demo-a", activity)
    await slow.until("demo-a", "THREE")
    assert slow.messages == 1
    await slow.told.aclose()
    await quick.told.aclose()


async def test_no_sign_of_life_while_the_database_is_away(
    service: Service, caplog: pytest.LogCaptureFixture
) -> None:
    async with aclosing(service.board.watch(BOOTHS, 0.05)) as told:
        await anext(told)
        assert booths_in(await anext(told)) == []
        engine = service.store._read_engine.sync_engine

        def away(*_: object) -> None:
            raise OSError("the database is away")

        event.listen(engine, "before_cursor_execute", away)
        async with asyncio.timeout(30):
            while "live screens cannot be told" not in caplog.text:
                await asyncio.sleep(0.01)
        waiting = asyncio.ensure_future(anext(told))
        await asyncio.sleep(0.5)
        assert not waiting.done()
        event.remove(engine, "before_cursor_execute", away)
        async with asyncio.timeout(30):
            assert booths_in(await waiting) == []


async def test_nothing_is_kept_when_the_last_screen_closes(service: Service) -> None:
    for _ in range(3):
        async with aclosing(service.board.watch(BOOTHS, 30)) as told:
            assert len(booths_in(await anext(told))) == 3
    assert not service.board.watched


async def test_streams_end_when_the_service_stops(service: Service) -> None:
    told = service.board.watch(BOOTHS, 30)
    await anext(told)
    waiting = asyncio.ensure_future(anext(told))
    await service.board.stop()
    with pytest.raises(StopAsyncIteration):
        await waiting
