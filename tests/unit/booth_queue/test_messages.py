"""One-time codes: in production nobody but the phone's owner may be told one."""

import base64
import traceback
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI, Request, Response
from pydantic import SecretStr, ValidationError

from booth_queue.adapters.messages import EchoSender, HttpSender, NoSender
from booth_queue.api import create_app
from booth_queue.domain.refusals import TextMessagesUnavailable
from booth_queue.settings import Mode, Settings

from .conftest import calling


async def test_production_without_a_sender_tells_nobody_the_code() -> None:
    with pytest.raises(TextMessagesUnavailable):
        await NoSender().send("13800000001", "123456")


async def test_the_demonstration_shows_the_code() -> None:
    assert await EchoSender().send("13800000001", "123456") == "123456"


@dataclass
class Gateway:
    """A text-message gateway that keeps what it is sent."""

    status: int = 200
    taken: list[tuple[str, Any]] = field(default_factory=list)

    def app(self) -> FastAPI:
        app = FastAPI()
        app.post("/messages")(self._take)
        return app

    async def _take(self, request: Request) -> Response:
        self.taken.append((request.headers["authorization"], await request.json()))
        return Response(status_code=self.status)


@pytest.fixture
def gateway() -> Iterator[tuple[Gateway, str]]:
    one = Gateway()
    with calling(one.app()) as http:
        yield one, f"{http.base_url}/messages"


def test_in_production_a_code_goes_to_the_phone_and_signs_in(
    gateway: tuple[Gateway, str], tmp_path: Path
) -> None:
    one, url = gateway
    settings = Settings(
        mode=Mode.PRODUCTION,
        database=f"sqlite:///{tmp_path / 'q.db'}",
        secret_key=SecretStr(base64.b64encode(bytes(range(32))).decode()),
        sms_url=url,
        sms_token=SecretStr("gateway-token"),
        sms_template="code-template",
    )
    with calling(create_app(settings)) as http:
        asked = http.post("/v1/sign-in/code", json={"phone": "13800000001"})
        assert (asked.status_code, asked.json()["demo_code"]) == (200, None)
        token, message = one.taken[0]
        assert token == "Bearer gateway-token"
        assert message["phone"] == "+8613800000001"
        assert message["template"] == "code-template"
        said = {"phone": "13800000001", "code": message["parameters"]["code"]}
        assert http.post("/v1/sign-in/phone", json=said).status_code == 200


@pytest.mark.parametrize("status", [401, 500, None])
async def test_a_gateway_that_takes_nothing_is_told_without_code_or_token(
    gateway: tuple[Gateway, str], status: int | None
) -> None:
    one, url = gateway
    one.status = status or 200
    sender = HttpSender(url if status else "http://127.0.0.1:9/", "secret-token", "t", 300)
    try:
        with pytest.raises(TextMessagesUnavailable) as told:
            await sender.send("13800000001", "123456")
    finally:
        await sender.close()
    shown = "".join(traceback.format_exception(told.value))
    assert "secret-token" not in shown
    assert told.value.__suppress_context__


def test_a_gateway_is_set_up_whole_or_not_at_all() -> None:
    with pytest.raises(ValidationError, match="belong together"):
        Settings(sms_url="https://gateway.example/messages")
