"""A running service, a real browser, and people who sign in."""

import json
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from booth_queue.client import BoothClient, CitizenClient
from booth_queue.contract import PersonView
from booth_queue.domain.idcard import check_character
from booth_queue.seed import BoothLogin

from .robot import Robot

ROOT = Path(__file__).parents[3]
# A busy machine is slow; what is timed in a test says so itself.
expect.set_options(timeout=30_000)
SHOTS = ROOT / "out" / "screens"


def id_number(index: int, born: str = "19900101") -> str:
    """Return a valid ID number of a made-up person."""
    first = f"440300{born}{index % 1000:03d}"
    return first + check_character(first)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Service:
    """The service in a process of its own, on a database of its own."""

    folder: Path
    port: int
    booths: list[BoothLogin] = field(default_factory=list)
    staff: dict[str, str] = field(default_factory=dict)
    _process: subprocess.Popen[bytes] | None = None
    _people: int = 0
    _clients: list[BoothClient | CitizenClient] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def seed(self) -> None:
        out = self.folder / "credentials.json"
        self._command("seed", "--credentials", str(out), "--booths", "3")
        told = json.loads(out.read_text("utf-8"))
        self.booths = [BoothLogin(**login) for login in told["booths"]]
        self.staff = told["staff"]

    def start(self) -> None:
        with (self.folder / "service.log").open("ab") as log:
            self._process = subprocess.Popen(
                self._arguments("serve", "--port", str(self.port)), stdout=log, stderr=log, cwd=ROOT
            )
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
        raise AssertionError((self.folder / "service.log").read_text("utf-8")[-3000:])

    def stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait(10)
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

    def _arguments(self, *words: str) -> list[str]:
        database = f"sqlite:///{self.folder / 'queue.db'}"
        return [sys.executable, "-m", "booth_queue", *words, "--database", database]

    def _command(self, *words: str) -> None:
        ran = subprocess.run(
            self._arguments(*words), cwd=ROOT, capture_output=True, text=True, check=False
        )
        assert ran.returncode == 0, ran.stderr


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    running = Service(tmp_path, free_port())
    running.seed()
    running.start()
    try:
        yield running
    finally:
        running.hang_up()
        running.stop()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium for one module: while Playwright runs, no test elsewhere may start an event loop."""
    chromium = Path(os.environ.get("CHROMIUM", "/usr/bin/chromium"))
    if not chromium.is_file():
        pytest.skip("Chromium is not installed; see requirements/system.txt")
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(
            executable_path=str(chromium),
            args=[
                "--no-sandbox",
                "--disable-background-networking",
                "--disable-dev-shm-usage",
                "--js-flags=--expose-gc",
            ],
        )
        yield launched
        launched.close()


@dataclass
class Desk:
    """Somebody at a screen; what the page complains of fails the test."""

    page: Page
    service: Service
    trouble: list[str]

    def open(self, path: str) -> Page:
        self.page.goto(self.service.url + path)
        return self.page

    def staff(self, role: str, path: str) -> Page:
        """Sign in with name and password and go to a page."""
        self.open("/staff/sign-in")
        self.page.fill("#name", f"demo-{role}")
        self.page.fill("#password", self.service.staff[f"demo-{role}"])
        self.page.click("#enter button[type=submit]")
        self.page.wait_for_url(lambda url: "sign-in" not in url)
        return self.open(path)

    def citizen(self, phone: str, path: str = "/citizen") -> Page:
        """Sign in by phone and go to a page."""
        page = self.open("/citizen/sign-in")
        page.fill("#phone", phone)
        page.click("#ask-code button[type=submit]")
        page.locator("#enter .notice").wait_for()
        code = re.search(r"\d{6}", page.inner_text("#enter .notice"))
        assert code is not None
        page.fill("#code", code[0])
        page.click("#enter button[type=submit]")
        page.wait_for_url(lambda url: "sign-in" not in url)
        return self.open(path)


Seat = Callable[..., Desk]


@pytest.fixture
def seat(browser: Browser, service: Service) -> Iterator[Seat]:
    """Give somebody a screen: ``seat(phone=True, lang="en")``."""
    contexts: list[BrowserContext] = []
    troubles: list[list[str]] = []

    def sit(*, phone: bool = False, lang: str = "zh", bypass_csp: bool = False) -> Desk:
        size = {"width": 390, "height": 844} if phone else {"width": 1280, "height": 800}
        locale = "zh-CN" if lang == "zh" else "en-GB"
        context = browser.new_context(viewport=size, locale=locale, bypass_csp=bypass_csp)
        contexts.append(context)
        page = context.new_page()
        trouble: list[str] = []
        troubles.append(trouble)
        page.on("pageerror", lambda error: trouble.append(f"{page.url}: {error}"))
        page.on(
            "console",
            lambda said: (
                trouble.append(f"{page.url}: {said.text}")
                if "Content Security Policy" in said.text
                else None
            ),
        )
        return Desk(page, service, trouble)

    yield sit
    for context in contexts:
        context.close()
    assert not any(troubles), troubles
