"""A service in production, over HTTP."""

import base64
from pathlib import Path

import httpx
from pydantic import SecretStr

from booth_queue.api.app import create_app
from booth_queue.settings import Mode, Settings


async def test_no_answer_in_production_carries_a_one_time_code(tmp_path: Path) -> None:
    own = base64.b64encode(bytes(range(32))).decode()
    settings = Settings(
        mode=Mode.PRODUCTION,
        database=f"sqlite:///{tmp_path / 'q.db'}",
        secret_key=SecretStr(own),
    )
    app = create_app(settings)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://booth") as client,
    ):
        answer = await client.post(
            "/v1/sign-in/code",
            json={"phone": "13800000001"},
            headers={"Idempotency-Key": "0123456789abcdef"},
        )
    assert answer.status_code == 409
    assert answer.json()["code"] == "text_messages_unavailable"
