"""Complete bookings per second over HTTP: spread over 2,590 slots, and on one hot slot.

A complete booking is a request with token and idempotency key that is validated, takes its seat,
writes booking, event and answer in one committed transaction, and is answered. Every one is for a
person of its own. The load comes from this process over kept-open connections, each of which sends
its next request when the last is answered; latency is measured there.
"""

import asyncio
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httptools
from common import Figure, arguments, cannot_run, report
from sqlalchemy import insert, text

from booth_queue.adapters.postgres_cluster import ClusterMissing, PostgresCluster
from booth_queue.adapters.sql import SqlStore, schema
from booth_queue.adapters.tokens import JwtIssuer
from booth_queue.adapters.vault import derive_key
from booth_queue.domain.people import Account
from booth_queue.domain.places import Booth, Round, Site, Slot
from booth_queue.domain.vocabulary import BoothMode, BoothState, Role
from booth_queue.settings import Settings

BOOTHS, SLOTS_EACH = 70, 37  # 2,590 slots, as a district has minimal units
START_WAIT_S = 60.0


@dataclass(frozen=True)
class Load:
    """How much is sent: bookings spread and hot, and the hot slot's capacity."""

    spread: int
    hot: int
    hot_capacity: int
    connections: int


FULL = Load(spread=12_000, hot=4_000, hot_capacity=3_500, connections=64)
QUICK = Load(spread=3_000, hot=1_200, hot_capacity=1_000, connections=64)


class Answers(asyncio.Protocol):
    """One connection: sends a request, and wakes whoever waits when its answer is complete."""

    def __init__(self) -> None:
        self._parser = httptools.HttpResponseParser(self)
        self._transport: asyncio.Transport | None = None
        self._answered: asyncio.Future[int] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        if isinstance(transport, asyncio.Transport):
            self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Parse what came."""
        self._parser.feed_data(data)

    def connection_lost(self, exc: Exception | None) -> None:
        """Fail whoever waits."""
        if self._answered is not None and not self._answered.done():
            self._answered.set_exception(exc or ConnectionResetError("the service hung up"))

    def on_message_complete(self) -> None:
        """Wake whoever waits, and be ready for the next answer."""
        status = self._parser.get_status_code()
        self._parser = httptools.HttpResponseParser(self)
        if self._answered is not None:
            self._answered.set_result(status)

    async def send(self, request: bytes) -> int:
        """Send a request; returns the status of its answer."""
        if self._transport is None:
            raise ConnectionResetError("not connected")
        self._answered = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        return await self._answered

    def close(self) -> None:
        """Close the connection."""
        if self._transport is not None:
            self._transport.close()


@dataclass(frozen=True)
class Run:
    """What a run gave: statuses, latencies of the completed [s], and how long it took [s]."""

    statuses: dict[int, int]
    latencies_s: list[float]
    took_s: float

    @property
    def per_s(self) -> float:
        """Completed bookings per second."""
        return len(self.latencies_s) / self.took_s


async def drive(port: int, requests: Sequence[bytes], connections: int) -> Run:
    """Send requests over so many connections, each one after the other."""
    loop = asyncio.get_running_loop()
    waiting = iter(requests)
    statuses: dict[int, int] = {}
    latencies: list[float] = []
    last_done = began = time.perf_counter()

    async def one() -> None:
        nonlocal last_done
        _, protocol = await loop.create_connection(Answers, "127.0.0.1", port)
        try:
            for request in waiting:
                sent = time.perf_counter()
                status = await protocol.send(request)
                statuses[status] = statuses.get(status, 0) + 1
                if status == 200:
                    last_done = time.perf_counter()
                    latencies.append(last_done - sent)
        finally:
            protocol.close()

    await asyncio.gather(*(one() for _ in range(connections)))
    # A sold-out slot refuses the rest: the rate is that of the time until the last seat went.
    return Run(statuses, latencies, last_done - began)


def requests_for(slot_ids: Sequence[str], first_person: int, count: int) -> list[bytes]:
    """Return complete requests, each of a person and account of its own."""
    issuer = JwtIssuer(derive_key(Settings().master_key(), "token"), 3600)
    now = datetime.now(UTC)
    made = []
    for index in range(first_person, first_person + count):
        account = Account(f"account-{index:06d}", Role.CITIZEN, now)
        token, _ = issuer.issue(account, now)
        slot = slot_ids[index % len(slot_ids)]
        body = f'{{"slot_id":"{slot}","person_id":"person-{index:06d}"}}'
        made.append(
            (
                "POST /v1/bookings HTTP/1.1\r\nHost: 127.0.0.1\r\n"
                f"Authorization: Bearer {token}\r\nIdempotency-Key: load-{index:06d}\r\n"
                f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n{body}"
            ).encode()
        )
    return made


async def fill(store: SqlStore, load: Load) -> list[str]:
    """Create sites, slots and people; returns the keys of the spread slots."""
    now = datetime.now(UTC).replace(microsecond=0)
    ends = now + timedelta(days=2)
    slots = []
    async with store.writing() as tx:
        await tx.add(Site("site", "site", "site", 0.0, 0.0), Round("round", "round", now, ends))
        for booth in range(BOOTHS + 1):
            await tx.add(
                Booth(
                    f"booth-{booth:02d}", "site", f"{booth}", BoothMode.ROBOT, BoothState.OPEN,
                    single_swab=True, pool_size=1, pace_mean_s=30.0, pace_variance_s2=100.0,
                    pace_count=0,
                )
            )  # fmt: skip
            for index in range(SLOTS_EACH if booth < BOOTHS else 1):
                starts = now + timedelta(hours=index)
                capacity = 100 if booth < BOOTHS else load.hot_capacity
                slot = Slot(
                    f"slot-{booth:02d}-{index:02d}", "round", f"booth-{booth:02d}", starts,
                    starts + timedelta(hours=1), capacity,
                )  # fmt: skip
                await tx.add(slot)
                slots.append(slot.id)
    async with store.writing() as tx:
        connection = tx._connection  # noqa: SLF001 - bulk rows, which the service never writes
        people = range(load.spread + load.hot)
        for table, rows in _rows(people, now).items():
            for at in range(0, len(rows), 2_000):
                await connection.execute(insert(table), rows[at : at + 2_000])
    return slots


def _rows(people: range, now: datetime) -> dict[Any, list[dict[str, Any]]]:
    return {
        schema.account: [
            {"id": f"account-{index:06d}", "role": Role.CITIZEN, "created_at": now}
            for index in people
        ],
        schema.person: [
            {
                "id": f"person-{index:06d}", "sealed": b"", "id_hash": f"{index}",
                "name_masked": "张**", "id_masked": "4***", "language": "zh",
                "needs": frozenset(), "created_at": now, "consent_at": now,
            }
            for index in people
        ],
        schema.link: [
            {
                "id": f"link-{index:06d}", "account_id": f"account-{index:06d}",
                "person_id": f"person-{index:06d}", "relation": "self", "created_at": now,
            }
            for index in people
        ],
    }  # fmt: skip


async def oversold(store: SqlStore) -> int:
    """Count seats sold beyond capacity, from the bookings themselves."""
    query = """
        SELECT coalesce(sum(excess), 0) FROM (
          SELECT count(*) - slot.capacity AS excess FROM booking
          JOIN slot ON slot.id = booking.slot_id WHERE booking.state = 'booked'
          GROUP BY slot.id, slot.capacity HAVING count(*) > slot.capacity) AS over"""
    async with store.reading() as tx:
        return int((await tx._connection.execute(text(query))).scalar_one())  # noqa: SLF001 - a check behind the service's back


@asynccontextmanager
async def serving(url: str, workers: int) -> AsyncIterator[int]:
    """Run the service as it is run in production, on a free port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    policy = "{bookings_per_account_hour: 1000000000, bookings_per_address_hour: 1000000000}"
    environment = os.environ | {"BOOTH_QUEUE_POLICY": policy}
    arguments = ["--database", url, "--port", str(port), "--workers", str(workers)]
    process = subprocess.Popen(
        [sys.executable, "-m", "booth_queue", "serve", *arguments], env=environment
    )
    try:
        deadline = time.monotonic() + START_WAIT_S
        while not await _healthy(port):
            if process.poll() is not None or time.monotonic() > deadline:
                cannot_run("the service did not start; see its message above")
            await asyncio.sleep(0.1)
        yield port
    finally:
        process.terminate()
        process.wait(20)


async def _healthy(port: int) -> bool:
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.write(b"GET /v1/health HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
    line = await reader.readline()
    writer.close()
    return b" 200 " in line


async def measure(url: str, load: Load, workers: int) -> list[Figure]:
    """Fill a database, run the service on it and drive both loads."""
    store = SqlStore(url, pool=2)
    try:
        await store.migrate()
        *spread, hot = await fill(store, load)
        async with serving(url, workers) as port:
            warm = requests_for([spread[0]], 10**6, 200)  # unknown people: refused, nothing kept
            await drive(port, warm, load.connections)
            wide = await drive(port, requests_for(spread, 0, load.spread), load.connections)
            narrow = await drive(port, requests_for([hot], load.spread, load.hot), load.connections)
        excess = await oversold(store)
    finally:
        await store.close()
    if len(wide.latencies_s) != load.spread or len(narrow.latencies_s) != load.hot_capacity:
        cannot_run(f"not every booking was completed: {wide.statuses}, hot {narrow.statuses}")
    ordered = sorted(wide.latencies_s)
    return [
        Figure("bookings_per_s_spread", wide.per_s, "1/s", "higher", 1000.0),
        Figure("bookings_per_s_hot", narrow.per_s, "1/s", "higher", 500.0),
        Figure("latency_ms_p50", 1e3 * ordered[len(ordered) // 2], "ms", "lower"),
        Figure("latency_ms_p99", 1e3 * ordered[len(ordered) * 99 // 100], "ms", "lower"),
        Figure("oversold", float(excess), "seats", "lower", 0.0),
    ]


def main() -> None:
    """Run the benchmark."""
    parser = arguments(__doc__ or "")
    parser.add_argument("--database", choices=["sqlite", "postgresql"], default="postgresql")
    parser.add_argument(
        "--workers", type=int, help="service processes; default 3, with SQLite always 1"
    )
    options = parser.parse_args()
    load = QUICK if options.quick else FULL
    if options.database == "sqlite":
        with tempfile.TemporaryDirectory() as folder:
            url = f"sqlite:///{Path(folder) / 'queue.db'}"
            figures = asyncio.run(measure(url, load, 1))
    else:
        try:
            with PostgresCluster() as cluster:
                cluster.execute("CREATE DATABASE load")
                figures = asyncio.run(measure(cluster.url("load"), load, options.workers or 3))
        except ClusterMissing as missing:
            cannot_run(str(missing))
    packages = ("fastapi", "uvicorn", "sqlalchemy", "asyncpg", "aiosqlite", "pydantic")
    report(
        f"queue_load_{options.database}",
        figures,
        quick=options.quick,
        json_file=options.json,
        packages=packages,
    )


if __name__ == "__main__":
    main()
