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
    service = seed(folder, port)
    with running(service, folder):
        yield service


def seed(folder: DemoFolder, port: int) -> Service:
    """Make a database in ``folder`` for a service that is to run on ``port``."""
    command = [sys.executable, "-m", "booth_queue", "seed", "--database", _address(folder)]
    done = subprocess.run(  # noqa: S603 - our own module, no shell
        [*command, "--credentials", str(folder.credentials)],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        told = (done.stderr or done.stdout).strip().split("\n")[-1]
        raise StationError(f"the queue's database could not be made: {told}")
    logins = json.loads(folder.credentials.read_bytes())
    booth, site = logins["booths"][0], logins["site_id"]
    staff = f"{site}-staff"
    return Service(
        f"http://127.0.0.1:{port}",
        site,
        booth["booth_id"],
        booth["client_id"],
        booth["secret"],
        staff,
        logins["staff"][staff],
    )


@contextmanager
def running(service: Service, folder: DemoFolder) -> Iterator[ChildProcess]:
    """Run a service that was seeded in ``folder``; it answers when the context begins."""
    port = service.url.rsplit(":", 1)[1]
    arguments = ["booth_queue", "serve", "--database", _address(folder), "--port", port]
    with ChildProcess(arguments, folder.log) as process:
        process.wait_until(lambda: _answers(service.url), _START_S, "the queue service")
        yield process


def _address(folder: DemoFolder) -> str:
    return f"sqlite:///{folder.database}"


def _answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/v1/health", timeout=1.0, trust_env=False).is_success
    except httpx.TransportError:
        return False
