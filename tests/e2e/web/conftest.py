"""A running service, a real browser, and people who sign in."""

import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from .service import ROOT, Service, free_port

# A busy machine is slow; what is timed in a test says so itself.
expect.set_options(timeout=30_000)
SHOTS = ROOT / "out" / "screens"


@pytest.fixture(scope="module")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> Service:
    """A site to begin with, once a module: its slots begin now and are soon over."""
    site = Service(tmp_path_factory.mktemp("seeded"), free_port())
    site.seed()
    return site


@pytest.fixture
def service(seeded: Service, tmp_path: Path) -> Iterator[Service]:
    running = Service(tmp_path, free_port())
    running.copy(seeded)
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
