"""Live screens: what they are sent, and that a change is read once for all of them."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from httpx import ASGITransport, AsyncClient

from booth_queue.adapters.sql import SqlStore
from booth_queue.adapters.vault import AesVault
from booth_queue.api import board, create_app
from booth_queue.seed import Plan, seed
from booth_queue.service import live
from booth_queue.settings import Settings


class QuickVault(AesVault):
    """Nobody signs in here."""

    def hash_password(self, password: str) -> str:
        return f"unused {len(password)}"


@pytest.fixture
async def app(tmp_path: Path) -> AsyncIterator[FastAPI]:
    settings = Settings(database=f"sqlite:///{tmp_path / 'queue.db'}", database_pool=2)
    store = SqlStore(settings.database, pool=1)
    await store.migrate()
    now = datetime.now(UTC)
    await seed(store, QuickVault(settings.master_key()), Plan(now, booths=3, slots=1), now)
    await store.close()
    made = create_app(settings)
    async with made.router.lifespan_context(made):
        yield made


async def events(app: FastAPI, messages: int) -> list[Any]:
    """Read so many messages of a screen's stream."""
    async with AsyncClient(transport=ASGITransport(app), base_url="http://booth") as http:
        answer = await http.get("/v1/live/demo/events", params={"limit": messages}, timeout=60)
    lines = [line[6:] for line in answer.text.splitlines() if line.startswith("data: ")]
    return [json.loads(line) for line in lines]


async def test_a_screen_is_sent_every_booth_first(app: FastAPI) -> None:
    first = (await events(app, 1))[0]
    assert [booth["label"] for booth in first] == ["A", "B", "C"]
    assert {booth["activity"] for booth in first} == {"SILENT"}


async def test_many_screens_read_a_booth_once(
    app: FastAPI, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[str] = []
    real = live.picture

    async def counted(work: Any, booth_id: str) -> live.Picture:  # noqa: ANN401 - passed through
        read.append(booth_id)
        return await real(work, booth_id)

    monkeypatch.setattr(board.live, "picture", counted)
    shown = await asyncio.gather(*(events(app, 1) for _ in range(20)))
    assert all(one == shown[0] for one in shown)
    # The feed's first look tells everybody to look once more; 20 screens would have read 60.
    assert len(read) <= 9
