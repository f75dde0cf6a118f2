"""How long an event takes to 500 open screens, with 200 booths reporting to one service.

The service runs in a process of its own on SQLite; 25 sites have 8 booths each and are watched
by 20 screens each. A screen is one connection that reads the event stream as the pages do and
parses every message. Each booth reports once in 5 s (a heartbeat), evenly spread. The time
of an event runs from just before the report is sent to when a screen of the site has parsed it:
so it holds the report's own transaction. Screens live in this process, so its own work is in
the figures too.
"""

import asyncio
import json
import os
import random
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import httpx
from common import Figure, arguments, cannot_run, report

from booth_queue.adapters.sql import SqlStore
from booth_queue.adapters.tokens import JwtIssuer
from booth_queue.adapters.vault import AesVault, derive_key
from booth_queue.domain.people import Account
from booth_queue.domain.vocabulary import Role
from booth_queue.seed import Plan, Seeded, seed
from booth_queue.settings import Settings

SITES, BOOTHS, SCREENS = 25, 8, 20
ROOT = Path(__file__).parents[1]


async def prepare(url: str) -> list[Seeded]:
    """Create the sites."""
    store = SqlStore(url, pool=1)
    try:
        await store.migrate()
        vault = QuickVault(Settings().master_key())
        now = datetime.now(UTC)
        return [
            await seed(
                store,
                vault,
                Plan(now, booths=BOOTHS, slots=1, site_id=f"s{site}", round_id=f"r{site}"),
                now,
            )
            for site in range(SITES)
        ]
    finally:
        await store.close()


def memory_mb(pid: int) -> float:
    """Return the resident memory of a process, in MB."""
    for line in Path(f"/proc/{pid}/status").read_text("utf-8").splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) / 1024
    raise RuntimeError(f"process {pid} has no VmRSS")


def processor_s(pid: int) -> float:
    """Return the processor time that a process has used, in seconds."""
    fields = Path(f"/proc/{pid}/stat").read_text("utf-8").rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Watch:
    """Every screen, and when each event was sent and seen."""

    def __init__(self) -> None:
        self.sent: dict[tuple[str, str], float] = {}
        self.took_ms: list[float] = []
        self.messages = 0
        self.open = 0

    async def screen(self, http: httpx.AsyncClient, site: str) -> None:
        """Read one stream until cancelled."""
        async with http.stream("GET", f"/v1/live/{site}/events") as answer:
            self.open += 1
            shown: dict[str, str] = {}
            async for line in answer.aiter_lines():
                if not line.startswith("data: "):
                    continue
                seen = time.perf_counter()
                self.messages += 1
                for booth in json.loads(line[6:]):
                    key = booth["booth_id"], booth["activity"]
                    began = self.sent.get(key)
                    # A booth is sent again when anything else of it changed: the first time counts.
                    if began is not None and shown.get(key[0]) != key[1]:
                        shown[key[0]] = key[1]
                        self.took_ms.append(1000 * (seen - began))


class QuickVault(AesVault):
    """A vault that does not hash secrets: nobody signs in here, tokens are made directly."""

    def hash_password(self, password: str) -> str:
        """Return something no password matches."""
        return f"unused {len(password)}"


def tokens(seeded: Sequence[Seeded]) -> dict[str, str]:
    """Make every booth's token with the key the service was started with."""
    issuer = JwtIssuer(derive_key(Settings().master_key(), "token"), 3600)
    now = datetime.now(UTC)
    return {
        login.booth_id: issuer.issue(
            Account(
                id=f"device-{login.booth_id}",
                role=Role.BOOTH,
                created_at=now,
                site_id=site.site_id,
                booth_id=login.booth_id,
            ),
            now,
        )[0]
        for site in seeded
        for login in site.booths
    }


def word(number: int) -> str:
    """Return a number as capital letters: told back as the booth's activity."""
    letters = ""
    while True:
        number, rest = divmod(number, 26)
        letters = chr(ord("A") + rest) + letters
        if number == 0:
            return f"N_{letters}"


async def report_for(
    http: httpx.AsyncClient,
    watch: Watch,
    known: dict[str, str],
    seconds: float,
    rate: float,
    first: int,
) -> int:
    """Let booths report, ``rate`` times a second all together; returns how many did.

    Reports are named by number from ``first`` on, so that each is known from every other.
    """
    booths = list(known)
    random.Random(1).shuffle(booths)  # noqa: S311 - an order, not a secret
    pending: set[asyncio.Task[None]] = set()
    began = time.perf_counter()
    count = 0

    async def one(booth: str, name: str) -> None:
        watch.sent[booth, name] = time.perf_counter()
        headers = {"Authorization": f"Bearer {known[booth]}"}
        body = {"activity": name, "ready": True}
        (await http.post("/v1/booth/state", json=body, headers=headers)).raise_for_status()

    while time.perf_counter() - began < seconds:
        await asyncio.sleep(max(0.0, began + count / rate - time.perf_counter()))
        task = asyncio.create_task(one(booths[count % len(booths)], word(first + count)))
        pending.add(task)
        task.add_done_callback(pending.discard)
        count += 1
    await asyncio.gather(*pending)
    return count


async def measure(port: int, pid: int, seeded: list[Seeded], seconds: float) -> list[Figure]:
    """Open the screens, let the booths report, and read off the figures."""
    watch, known = Watch(), tokens(seeded)
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=None)
    base = f"http://127.0.0.1:{port}"
    async with (
        httpx.AsyncClient(base_url=base, timeout=60, limits=limits, trust_env=False) as eyes,
        # Apart from the screens': a pool looks through all of its connections for every request.
        httpx.AsyncClient(base_url=base, timeout=60, trust_env=False) as http,
    ):
        await report_for(http, watch, known, 2, 100, first=0)  # warm: every booth has reported
        before = memory_mb(pid)
        screens = [
            asyncio.create_task(watch.screen(eyes, site.site_id))
            for site in seeded
            for _ in range(SCREENS)
        ]
        while watch.open < len(screens):
            await asyncio.sleep(0.1)
        await asyncio.sleep(2)
        watch.took_ms.clear()
        used = processor_s(pid)
        count = await report_for(http, watch, known, seconds, rate=len(known) / 5, first=10_000)
        await asyncio.sleep(1)
        used = processor_s(pid) - used
        grown = memory_mb(pid) - before
        for task in screens:
            task.cancel()
        await asyncio.gather(*screens, return_exceptions=True)
    if not watch.took_ms:
        cannot_run("no screen saw an event; the service did not stream")
    took = sorted(watch.took_ms)
    return [
        Figure("event_to_screen_ms_p50", took[len(took) // 2], "ms", "lower"),
        Figure("event_to_screen_ms_p99", took[int(len(took) * 0.99)], "ms", "lower"),
        Figure("rss_mb_per_100_screens", 100 * grown / len(screens), "MB", "lower"),
        # At most SCREENS; fewer where a booth reported again before a screen was told.
        Figure("seen_per_event", len(took) / count, "screens", "higher"),
        Figure("service_processor_ms_per_event", 1000 * used / count, "ms", "lower"),
        Figure("events_per_s", count / seconds, "1/s", "higher"),
    ]


def main() -> None:
    """Run."""
    chosen = arguments(__doc__.splitlines()[0]).parse_args()
    with tempfile.TemporaryDirectory() as folder, socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
        probe.close()
        url = f"sqlite:///{folder}/queue.db"
        seeded = asyncio.run(prepare(url))
        command = [sys.executable, "-m", "booth_queue", "serve"]
        command += ["--port", str(port), "--database", url]
        service = subprocess.Popen(command, cwd=ROOT, env=os.environ | {"PYTHONPATH": str(ROOT)})
        try:
            wait_for(port, service)
            seconds = 10.0 if chosen.quick else 60.0
            figures = asyncio.run(measure(port, service.pid, seeded, seconds))
        finally:
            service.terminate()
            service.wait(20)
    report(
        "console_live",
        figures,
        quick=chosen.quick,
        json_file=chosen.json,
        packages=("fastapi", "starlette", "uvicorn", "sqlalchemy", "aiosqlite"),
    )


def wait_for(port: int, service: subprocess.Popen[bytes]) -> None:
    """Wait until the service answers."""
    until = time.monotonic() + 120
    while time.monotonic() < until and service.poll() is None:
        try:
            httpx.get(f"http://127.0.0.1:{port}/v1/health", trust_env=False).raise_for_status()
        except httpx.TransportError:
            time.sleep(0.2)
        else:
            return
    cannot_run("the service did not start within 120 s")


if __name__ == "__main__":
    main()
