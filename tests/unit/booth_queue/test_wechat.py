"""WeChat: signing in, and one message for one subscription."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from booth_queue.adapters.wechat import WeChat
from booth_queue.api import create_app
from booth_queue.domain.refusals import SignInFailed, WeChatUnavailable
from booth_queue.settings import Settings

from .conftest import MovableClock, Running, Template, calling, id_number
from .wechat_stand_in import APP_ID, SECRET, StandIn

TEMPLATE = "called-template"


@pytest.fixture
def stand_in() -> Iterator[tuple[StandIn, str]]:
    wechat = StandIn()
    with calling(wechat.app()) as http:
        yield wechat, str(http.base_url)


@dataclass(frozen=True)
class Connected:
    service: Running
    wechat: StandIn


def connection(url: str, base_url: str) -> Settings:
    return Settings(
        database=url,
        wechat_base_url=base_url,
        wechat_app_id=APP_ID,
        wechat_secret=SECRET,  # type: ignore[arg-type] # becomes a SecretStr
        wechat_call_template=TEMPLATE,
    )


@pytest.fixture
def connected(
    sqlite_template: Template, tmp_path: Path, stand_in: tuple[StandIn, str]
) -> Iterator[Connected]:
    wechat, base_url = stand_in
    url, clock = sqlite_template.copy(tmp_path, "queue"), MovableClock()
    with calling(create_app(connection(url, base_url), clock=clock)) as http:
        yield Connected(Running(http, clock, url, sqlite_template.seeded), wechat)


def sign_in(connected: Connected, code: str) -> dict[str, str]:
    answered = connected.service.http.post("/v1/sign-in/wechat", json={"code": code})
    assert answered.status_code == 200, answered.text
    return {"Authorization": f"Bearer {answered.json()['access_token']}"}


def test_a_code_is_good_once_and_the_same_user_has_the_same_account(
    connected: Connected,
) -> None:
    connected.wechat.codes |= {"code-1": "open-1", "code-2": "open-1"}
    headers = sign_in(connected, "code-1")
    person = {"name": "张三", "id_number": id_number("19900101", 1), "consent": True}
    assert connected.service.command(headers, "/v1/me/person", person).status_code == 200
    for spent in ("code-1", "never-given"):
        answered = connected.service.http.post("/v1/sign-in/wechat", json={"code": spent})
        assert (answered.status_code, answered.json()["code"]) == (401, "sign_in_failed")
    again = sign_in(connected, "code-2")
    people = connected.service.http.get("/v1/me/people", headers=again).json()["people"]
    assert len(people) == 1


def queue_up(connected: Connected) -> str:
    """Let somebody with a subscription wait at a booth; returns the ticket."""
    service, wechat = connected.service, connected.wechat
    wechat.codes["code-1"] = "open-1"
    wechat.subscriptions["open-1"] = 5
    headers = sign_in(connected, "code-1")
    said = {"name": "张三", "id_number": id_number("19900101", 1), "consent": True}
    person = service.command(headers, "/v1/me/person", said).json()["id"]
    subscribed = service.command(headers, "/v1/me/subscriptions", {"template": TEMPLATE})
    assert subscribed.status_code == 200
    walk_in = {"booth_id": "demo-a", "person_id": person}
    return str(service.command(headers, "/v1/walk-ins", walk_in).json()["id"])


def wait_for_message(wechat: StandIn) -> None:
    deadline = time.monotonic() + 30
    while not wechat.messages and time.monotonic() < deadline:
        time.sleep(0.05)


def test_what_wechat_does_not_take_is_sent_again(connected: Connected) -> None:
    queue_up(connected)
    connected.wechat.away = True
    connected.service.command(connected.service.sign_in("staff"), "/v1/booths/demo-a/call")
    time.sleep(1.0)  # long enough to have been tried
    assert connected.wechat.messages == []
    connected.wechat.away = False
    wait_for_message(connected.wechat)
    assert [message["touser"] for message in connected.wechat.messages] == ["open-1"]


@pytest.mark.parametrize(("late_s", "told"), [(60, ["open-1"]), (600, [])])
def test_a_call_nobody_read_is_told_while_it_is_worth_it(
    sqlite_template: Template,
    tmp_path: Path,
    stand_in: tuple[StandIn, str],
    late_s: float,
    told: list[str],
) -> None:
    wechat, base_url = stand_in
    url, clock = sqlite_template.copy(tmp_path, "queue"), MovableClock()
    telling = connection(url, base_url)
    # This process signs people in, and tells nobody.
    silent = telling.model_copy(update={"wechat_call_template": None})
    with calling(create_app(silent, clock=clock)) as http:
        first = Connected(Running(http, clock, url, sqlite_template.seeded), wechat)
        queue_up(first)
        first.service.command(first.service.sign_in("staff"), "/v1/booths/demo-a/call")
    clock.advance(late_s)
    with calling(create_app(telling, clock=clock)):
        if told:
            wait_for_message(wechat)
        else:
            time.sleep(1.0)  # long enough for a message, if there were one
    assert [message["touser"] for message in wechat.messages] == told


def test_one_subscription_is_one_message(connected: Connected) -> None:
    service, wechat = connected.service, connected.wechat
    ticket = queue_up(connected)
    staff = service.sign_in("staff")
    service.command(staff, "/v1/booths/demo-a/call")
    wait_for_message(wechat)
    service.command(staff, f"/v1/tickets/{ticket}/recall")
    time.sleep(1.0)  # long enough for a second message, if there were one
    assert [message["touser"] for message in wechat.messages] == ["open-1"]
    assert wechat.messages[0]["data"]["character_string1"] == {"value": "A001"}


async def test_the_token_is_renewed_in_one_place(stand_in: tuple[StandIn, str]) -> None:
    wechat, base_url = stand_in
    clock = MovableClock()
    wechat.subscriptions["open-1"] = 3
    async with WeChat(base_url, APP_ID, SECRET, clock) as client:
        assert await client.send("open-1", TEMPLATE, "page", {})
        assert await client.send("open-1", TEMPLATE, "page", {})
        assert wechat.tokens == 1
        clock.advance(7000)  # not over yet, but soon
        assert await client.send("open-1", TEMPLATE, "page", {})
        assert wechat.tokens == 2
        assert not await client.send("open-1", TEMPLATE, "page", {})  # no subscription left
        wechat.tokens += 1  # somebody else has drawn a token, which ends ours
        wechat.subscriptions["open-1"] = 1
        assert await client.send("open-1", TEMPLATE, "page", {})
        assert wechat.tokens == 4


async def test_trouble_is_told_without_the_secret(stand_in: tuple[StandIn, str]) -> None:
    _, base_url = stand_in
    async with WeChat(base_url, APP_ID, "wrong", MovableClock()) as client:
        with pytest.raises(WeChatUnavailable, match="40125"):
            await client.open_id("any")
    async with WeChat(base_url, APP_ID, SECRET, MovableClock()) as client:
        with pytest.raises(SignInFailed):
            await client.open_id("never-given")
    async with WeChat("http://127.0.0.1:9", APP_ID, SECRET, MovableClock()) as client:
        with pytest.raises(WeChatUnavailable) as told:
            await client.open_id("any")
    assert SECRET not in str(told.value)
    assert told.value.__cause__ is None


def test_without_credentials_nobody_signs_in_with_wechat(service: Running) -> None:
    answered = service.http.post("/v1/sign-in/wechat", json={"code": "any"})
    assert (answered.status_code, answered.json()["code"]) == (409, "wechat_not_set_up")
