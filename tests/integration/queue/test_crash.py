"""The service is killed in the middle of a load: nothing that was told is lost, nothing is half."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from booth_queue.adapters.tokens import JwtIssuer
from booth_queue.adapters.vault import derive_key
from booth_queue.domain.people import Account
from booth_queue.domain.vocabulary import Role
from booth_queue.seed import Plan
from booth_queue.settings import Settings

from .crowd import Crowd, gather_crowd, violations

PEOPLE = 240
SLOTS = [f"hot-{booth}-{slot:04d}" for booth in "abcd" for slot in range(4)]


@dataclass
class Told:
    """What clients know: keys they sent, and answers they got."""

    answers: dict[tuple[str, str], bytes] = field(default_factory=dict)
    unanswered: set[tuple[str, str]] = field(default_factory=set)


def start(url: str, port: int) -> subprocess.Popen[bytes]:
    arguments = ["serve", "--database", url, "--port", str(port)]
    environment = os.environ | {"BOOTH_QUEUE_POLICY": "{bookings_per_address_hour: 1000000}"}
    process = subprocess.Popen([sys.executable, "-m", "booth_queue", *arguments], env=environment)
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        assert process.poll() is None, "the service did not start"
        try:
            if httpx.get(f"http://127.0.0.1:{port}/v1/health", trust_env=False).is_success:
                return process
        except httpx.TransportError:
            time.sleep(0.1)
    raise AssertionError("the service did not answer")


def headers(crowd: Crowd, index: int) -> dict[str, str]:
    now = datetime.now(UTC)
    issuer = JwtIssuer(derive_key(Settings().master_key(), "token"), 900)
    account = Account(crowd.actors[index].account_id, Role.CITIZEN, now)
    token, _ = issuer.issue(account, now)
    return {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}


async def send(http: httpx.AsyncClient, crowd: Crowd, index: int, key: str, told: Told) -> None:
    slot = SLOTS[index % len(SLOTS)]
    body = f'{{"slot_id":"{slot}","person_id":"{crowd.people[index]}"}}'
    said = headers(crowd, index) | {"Idempotency-Key": key}
    mark = (crowd.people[index], key)
    try:
        answered = await http.post("/v1/bookings", content=body, headers=said)
    except httpx.TransportError:
        told.unanswered.add(mark)
        return
    if answered.status_code == 200:
        told.answers[mark] = answered.content


async def load(base: str, crowd: Crowd, told: Told, victim: subprocess.Popen[bytes]) -> None:
    limits = httpx.Limits(max_connections=40)
    async with httpx.AsyncClient(
        base_url=base, limits=limits, timeout=20.0, trust_env=False
    ) as http:
        jobs = [
            asyncio.create_task(send(http, crowd, index, f"key-{index:06d}", told))
            for index in range(PEOPLE)
        ]
        while len(told.answers) < PEOPLE // 4:
            await asyncio.sleep(0.005)
        victim.send_signal(signal.SIGKILL)
        await asyncio.gather(*jobs)


async def repeat(base: str, crowd: Crowd) -> Told:
    told = Told()
    async with httpx.AsyncClient(base_url=base, timeout=20.0, trust_env=False) as http:
        for index in range(PEOPLE):
            await send(http, crowd, index, f"key-{index:06d}", told)
    return told


@pytest.mark.timeout(240)
def test_kill_9_in_the_middle_of_a_load(url: str) -> None:
    starts = datetime.now(UTC) - timedelta(minutes=1)
    plan = Plan(
        starts_at=starts,
        booths=4,
        slots=4,
        slot_s=3600,
        capacity=40,
        site_id="hot",
        round_id="hot-1",
    )
    crowd = asyncio.run(gather_crowd(url, PEOPLE, plan))
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    base = f"http://127.0.0.1:{port}"
    told = Told()
    victim = start(url, port)
    try:
        asyncio.run(load(base, crowd, told, victim))
    finally:
        victim.kill()
        victim.wait()
    assert len(told.answers) >= PEOPLE // 4
    assert told.unanswered, "the service was killed after the load, not in the middle"
    assert violations(url) == {}

    survivor = start(url, port)
    try:
        again = asyncio.run(repeat(base, crowd))
    finally:
        survivor.terminate()
        survivor.wait(20)
    # Every answer that was given is given again, byte for byte; every other key is done once.
    assert told.answers.items() <= again.answers.items()
    assert len(again.answers) == PEOPLE
    assert violations(url) == {}
