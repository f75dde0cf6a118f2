"""The service in a process of its own, as tests from outside meet it."""

import json
import multiprocessing
import os
import shutil
import socket
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from multiprocessing.process import BaseProcess
from pathlib import Path

import httpx

from booth_queue import commands
from booth_queue.client import BoothClient, CitizenClient
from booth_queue.contract import PersonView
from booth_queue.domain.idcard import check_character
from booth_queue.seed import BoothLogin

from .robot import Robot

ROOT = Path(__file__).parents[3]
# Each service is forked from one process that has loaded the modules once.
_FORKS = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload(["booth_queue.api", "booth_queue.commands"])


def id_number(index: int, born: str = "19900101") -> str:
    """Return a valid ID number of a made-up person."""
    first = f"440300{born}{index % 1000:03d}"
    return first + check_character(first)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def command(words: list[str], settings: Mapping[str, str], log: Path) -> None:
    """Run a command of the service in this process, which ends with it."""
    os.environ |= settings
    with log.open("ab") as told:
        os.dup2(told.fileno(), 1)
        os.dup2(told.fileno(), 2)
    commands.app(words)


@dataclass
class Service:
    """The service in a process of its own, on a database of its own.

    ``settings`` are variables of its environment.
    """

    folder: Path
    port: int
    settings: Mapping[str, str] = field(default_factory=dict)
    booths: list[BoothLogin] = field(default_factory=list)
    staff: dict[str, str] = field(default_factory=dict)
    _process: BaseProcess | None = None
    _people: int = 0
    _clients: list[BoothClient | CitizenClient] = field(default_factory=list)

    @property
    def database(self) -> Path:
        return self.folder / "queue.db"

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def seed(self, booths: int = 3) -> None:
        """Create a site with accounts for every role."""
        out = self.folder / "credentials.json"
        seeding = self._begin("seed", "--credentials", str(out), "--booths", str(booths))
        seeding.join(120)
        assert seeding.exitcode == 0, self._log.read_text("utf-8")
        told = json.loads(out.read_text("utf-8"))
        self.booths = [BoothLogin(**login) for login in told["booths"]]
        self.staff = told["staff"]

    def copy(self, seeded: "Service") -> None:
        """Begin with what another service, which does not run, was seeded with."""
        shutil.copy(seeded.database, self.database)
        self.booths, self.staff = seeded.booths, seeded.staff

    def start(self) -> None:
        self._process = self._begin("serve", "--port", str(self.port))
        until = time.monotonic() + 120
        while time.monotonic() < until:
            try:
                with socket.create_connection(("127.0.0.1", self.port), 1):
                    break
            except OSError:
                time.sleep(0.1)
        with httpx.Client(base_url=self.url, trust_env=False, timeout=30) as http:
            if http.get("/v1/health").status_code == 200:
                return
        raise AssertionError(self._log.read_text("utf-8")[-3000:])

    def stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.join(10)
            self._process = None

    def hang_up(self) -> None:
        """Close every client's connection."""
        for client in self._clients:
            client.close()

    def robot(self, index: int = 0) -> Robot:
        robot = Robot(self.url, self.booths[index])
        self._clients.append(robot.client)
        return robot

    def citizen(self, born: str = "19900101") -> tuple[CitizenClient, PersonView]:
        """Sign up somebody who is not at a screen."""
        self._people += 1
        client = CitizenClient(self.url)
        self._clients.append(client)
        phone = f"1390000{self._people:04d}"
        code = client.request_code(phone).demo_code
        assert code is not None
        client.sign_in(phone, code)
        number = id_number(500 + self._people, born)
        return client, client.register(f"王{self._people}", number, consent=True)

    def waiting(self, booth: int = 0) -> str:
        """Let somebody walk in; returns their number."""
        client, person = self.citizen()
        return client.walk_in(self.booths[booth].booth_id, person.id).number

    @property
    def _log(self) -> Path:
        return self.folder / "service.log"

    def _begin(self, *words: str) -> BaseProcess:
        told = [*words, "--database", f"sqlite:///{self.database}"]
        process = _FORKS.Process(target=command, args=(told, dict(self.settings), self._log))
        process.start()
        return process
