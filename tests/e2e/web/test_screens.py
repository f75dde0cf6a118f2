"""The screen inside a booth; and every page looked at, by axe and in pictures."""

import json
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from booth_queue.web.pages import PAGES
from tests.js.tools import javascript_tools

from .conftest import SHOTS, Desk, Seat
from .service import Service, id_number

pytestmark = pytest.mark.browser


def test_the_booth_screen_says_what_to_do_in_both_languages(seat: Seat, service: Service) -> None:
    number = service.waiting()
    page = seat().open("/screen#booth=demo-a")
    page.click("#setup button[type=submit]")
    zh, en = page.locator(".scene-zh"), page.locator(".scene-en")
    expect(zh).to_have_text("请稍候")
    robot = service.robot()
    called = robot.call()
    assert called is not None
    robot.client.report_state("CALLED", ready=False)
    expect(zh).to_contain_text(number)
    robot.seat(called)
    robot.report("LOCATING")
    expect(zh).to_have_text("请张大嘴，发“啊”")
    expect(en).to_have_text("Open your mouth wide, say “aah”")
    robot.report("LOCATING", instruction="tongue_down")
    expect(zh).to_have_text("请放平舌头")
    robot.report("SWABBING", site="right_tonsil")
    expect(page.locator(".scene-steps [data-state=now]")).to_contain_text("Right tonsil")
    expect(page.locator(".scene-steps [data-state=done]")).to_contain_text("Left tonsil")
    expect(page.locator(".scene-stop")).to_contain_text("raise a hand, or lean back")
    robot.report("DONE")
    robot.finish()
    expect(zh).to_contain_text("谢谢")
    service.stop()
    expect(zh).to_contain_text("请听工作人员指引")


@pytest.fixture(scope="session")
def axe() -> str:
    """Return axe-core's script."""
    return (javascript_tools() / "axe-core" / "axe.min.js").read_text("utf-8")


def violations(page: Page, axe: str) -> list[dict[str, Any]]:
    """Return what axe-core finds serious or critical."""
    page.evaluate(axe)
    found = page.evaluate("() => axe.run(document, {resultTypes: ['violations']})")
    return [
        {"rule": each["id"], "impact": each["impact"], "at": [n["html"] for n in each["nodes"]][:3]}
        for each in found["violations"]
        if each["impact"] in {"serious", "critical"}
    ]


def looked_at(desk: Desk, axe: str, name: str, lang: str, found: dict[str, Any]) -> None:
    page = desk.page
    page.wait_for_timeout(700)
    SHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SHOTS / f"{name}-{lang}.png", full_page=True)
    serious = violations(page, axe)
    if serious:
        found[f"{name}-{lang}"] = serious
    if not wide_enough_at_200_percent(page):
        found[f"{name}-{lang}-200"] = "has to be scrolled sideways"


def wide_enough_at_200_percent(page: Page) -> bool:
    """Whether nothing has to be scrolled sideways with text of twice the size."""
    inside: bool = page.evaluate(
        """() => {
          const root = document.documentElement;
          root.style.fontSize = '200%';
          const inside = root.scrollWidth <= root.clientWidth + 1;
          root.style.fontSize = '';
          return inside;
        }"""
    )
    return inside


def book_a_resident(desk: Desk) -> None:
    """Fill a grid worker's pages: one resident on the roster, with a card to print."""
    page = desk.open("/grid")
    page.fill("#name", "赵老伯")
    page.fill("#id-number", id_number(20, "19400101"))
    page.check("#enrol [name=consent]")
    page.click("#enrol button[type=submit]")
    page.locator("tbody [data-do=book]").click()
    page.locator("#times .chip").nth(1).click()
    page.click("#pick button[type=submit]")
    expect(page.locator("tbody a")).to_be_visible()


@pytest.mark.timeout(600)  # the tools may have to be installed first
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_no_page_has_a_serious_violation_or_needs_sideways_scrolling(
    seat: Seat, service: Service, axe: str, lang: str
) -> None:
    found: dict[str, Any] = {}
    service.waiting()
    service.waiting()
    robot = service.robot()
    called = robot.call()
    assert called is not None
    robot.seat(called)
    for _ in range(4):
        robot.report("SWABBING", site="right_tonsil")
    service.robot(1).client.report_fault("force", "1.2 N over 1.0 N")
    names = {page.path: page.name.replace("/", "-") for page in PAGES}

    # Past the content policy for axe alone; every other test obeys it.
    anybody = seat(phone=True, lang=lang, bypass_csp=True)
    for path in ("/", "/live", "/screen", "/verify", "/citizen/sign-in", "/staff/sign-in"):
        anybody.open(path)
        looked_at(anybody, axe, names[path], lang, found)
    anybody.open("/screen#booth=demo-a")
    anybody.page.click("#setup button[type=submit]")
    expect(anybody.page.locator(".scene-steps [data-state=now]")).to_be_visible()
    looked_at(anybody, axe, "open-screen-inside", lang, found)
    for role, area in (("staff", "staff"), ("desk", "desk"), ("grid", "grid"), ("lab", "lab")):
        # a grid worker walks from door to door
        desk = seat(phone=role == "grid", lang=lang, bypass_csp=True)
        desk.staff(role, "/")
        if role == "grid":
            book_a_resident(desk)
        for page in PAGES:
            if page.area == area:
                desk.open(page.path)
                robot.report("SWABBING", site="right_tonsil")
                looked_at(desk, axe, names[page.path], lang, found)
    enterprise = seat(lang=lang, bypass_csp=True)
    firm = enterprise.staff("enterprise", "/enterprise")
    firm.fill("#name", "南山电子厂")
    firm.click("#create button[type=submit]")
    expect(firm.locator("article")).to_have_count(1)
    looked_at(enterprise, axe, names["/enterprise"], lang, found)

    phone = seat(phone=True, lang=lang, bypass_csp=True)
    page = phone.citizen("13800000031", "/citizen/people")
    page.fill("#name", "李小明")
    page.fill("#id-number", id_number(31))
    page.check("[name=consent]")
    page.click("#person button[type=submit]")
    expect(page.locator("#people article")).to_have_count(1)
    phone.open("/citizen/booths")
    page.locator(".card.picked [data-do=times]").click()
    looked_at(phone, axe, "citizen-times", lang, found)
    page.locator("#times .chip").nth(1).click()
    page.click("#pick button[type=submit]")
    page.wait_for_url("**/citizen")
    for listed in PAGES:
        if listed.area == "citizen" and listed.guarded:
            phone.open(listed.path)
            looked_at(phone, axe, names[listed.path], lang, found)
    phone.open("/citizen")
    page.locator("article a.primary").click()
    looked_at(phone, axe, "citizen-code", lang, found)
    assert not found, json.dumps(found, indent=1, ensure_ascii=False)


def test_large_type_is_kept_from_page_to_page(seat: Seat) -> None:
    desk = seat(phone=True)
    page = desk.open("/")
    usual = page.evaluate("() => parseFloat(getComputedStyle(document.body).fontSize)")
    page.get_by_role("button", name="大字").click()
    desk.open("/citizen/sign-in")
    large = page.evaluate("() => parseFloat(getComputedStyle(document.body).fontSize)")
    assert large >= 1.3 * usual
    page.get_by_role("button", name="English").click()
    expect(page.locator("html")).to_have_attribute("lang", "en")


def test_the_language_changes_before_the_words_have_come(seat: Seat) -> None:
    """Pressed on a bad line while the page still waits for its words, the button did nothing."""
    desk = seat(phone=True)
    desk.page.route("**/texts/*", lambda _: None)  # asked for, and never answered
    page = desk.open("/citizen/sign-in")
    page.get_by_role("button", name="English").click()
    expect(page.locator("html")).to_have_attribute("lang", "en")


def test_what_is_sent_before_the_page_listens_is_sent_once_it_does(
    seat: Seat, service: Service
) -> None:
    """The browser sent it by itself, and the password stood in the address."""
    desk = seat()
    held: list[Route] = []

    def hold(route: Route) -> None:
        if held:
            route.continue_()  # the next page's
        else:
            held.append(route)

    desk.page.route("**/texts/*", hold)  # what the page's scripts wait for
    page = desk.open("/staff/sign-in")
    page.fill("#name", "demo-staff")
    page.fill("#password", service.staff["demo-staff"])
    page.click("#enter button[type=submit]")
    page.wait_for_timeout(300)  # for the browser to go astray
    assert "password" not in page.url
    held[0].continue_()
    page.wait_for_url(lambda url: "sign-in" not in url)
