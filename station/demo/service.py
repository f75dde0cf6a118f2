"""The demonstration's queue service: seeded, started as a process, and where to reach it."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import httpx

from station.child import ChildProcess
from station.demo.folder import DemoFolder
from station.errors import StationError

_START_S = 120.0


@dataclass(frozen=True, slots=True)
class Service:
    """Where the service answers, and the booth's login there."""

    url: str
    site_id: str
    booth_id: str
    client_id: str
    secret: str
    staff: str
    password: str

    @property
    def live_page(self) -> str:
        """The live page's address."""
        return f"{self.url}/"


@contextmanager
def queue_service(folder: DemoFolder, port: int) -> Iterator[Service]:
    """Seed a database in ``folder`` and run the service on it, for as long as the context lasts.

    ``port`` is one that `choose_port` has found free. Raises StationError where the service does
    not start.
    """
    database = f"sqlite:///{folder.database}"
    _seed(folder, database)
    logins = json.loads(folder.credentials.read_bytes())
    booth = logins["booths"][0]
    url = f"http://127.0.0.1:{port}"
    arguments = ["booth_queue", "serve", "--database", database, "--port", str(port)]
    with ChildProcess(arguments, folder.log) as process:
        process.wait_until(lambda: _answers(url), _START_S, "the queue service")
        site = logins["site_id"]
        staff = f"{site}-staff"
        yield Service(
            url,
            site,
            booth["booth_id"],
            booth["client_id"],
            booth["secret"],
            staff,
            logins["staff"][staff],
        )


def _seed(folder: DemoFolder, database: str) -> None:
    command = [sys.executable, "-m", "booth_queue", "seed", "--database", database]
    done = subprocess.run(  # noqa: S603 - our own module, no shell
        [*command, "--credentials", str(folder.credentials)],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        told = (done.stderr or done.stdout).strip().split("\n")[-1]
        raise StationError(f"the queue's database could not be made: {told}")


def _answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/v1/health", timeout=1.0, trust_env=False).is_success
    except httpx.TransportError:
        return False
