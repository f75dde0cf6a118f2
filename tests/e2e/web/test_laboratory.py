"""From the swab to a result that a stranger can check: staff, laboratory, citizen, anybody."""

import pytest
from playwright.sync_api import Page, expect

from booth_queue.client import CitizenClient

from .conftest import Seat
from .service import Service

pytestmark = pytest.mark.browser


def scan(page: Page, text: str) -> None:
    page.keyboard.type(text)
    page.keyboard.press("Enter")


SLOW_NETWORK = """() => {
  const real = window.fetch;
  window.fetch = async (...asked) => {
    await new Promise((done) => setTimeout(done, 500));
    return real(...asked);
  };
}"""


def pack(page: Page, box: str, tube: str) -> None:
    """Put a sealed tube into a box at the scan panel, by keyboard alone.

    A scanner does not wait for the service: what was scanned meanwhile was lost once.
    """
    expect(page.locator("#text")).to_be_focused()
    expect(page.locator("#scan h1")).to_contain_text("小屋")
    page.evaluate(SLOW_NETWORK)
    for text in (box, tube, box):
        scan(page, text)
    for place, verdict in enumerate(("装箱完成", "已装箱", "正在装箱")):  # newest first
        expect(page.locator("tbody tr").nth(place)).to_contain_text(verdict)


def sampled(service: Service) -> CitizenClient:
    """Take somebody through the robot booth, into the first tube."""
    client, person = service.citizen()
    client.walk_in("demo-a", person.id)
    robot = service.robot()
    called = robot.call()
    assert called is not None
    robot.seat(called)
    robot.report("SWABBING", site="left_tonsil")
    robot.finish()
    return client


def test_a_tube_is_packed_received_reported_and_its_result_verified(
    seat: Seat, service: Service
) -> None:
    citizen = sampled(service)  # a pool of one: the tube is full and sealed with the session
    staff = seat().staff("staff", "/console/scan#booth=demo-a")
    pack(staff, "BOX-7", "TUBE-A-0001")

    lab = seat().staff("lab", "/lab")
    expect(lab.locator("#text")).to_be_focused()
    scan(lab, "TUBE-A-0001")
    expect(lab.locator(".verdict")).to_contain_text("请先扫箱码")
    for text in ("BOX-7", "TUBE-A-0001", "TUBE-X-9999", "BOX-7"):
        scan(lab, text)
    expect(lab.locator(".verdict")).to_contain_text("多出：TUBE-X-9999")
    expect(lab.locator("tbody tr")).to_have_count(1)

    lab.get_by_role("link", name="报告结果").click()
    expect(lab.locator("#barcode")).to_be_focused()
    scan(lab, "TUBE-A-0001")
    lab.get_by_label("阳性").check()
    lab.click("#report button[type=submit]")
    lab.get_by_role("dialog").get_by_role("button", name="报告").click()
    expect(lab.locator("tbody tr")).to_contain_text("阳性")
    first = citizen.results()[0]
    assert first.verdict == "positive"

    anybody = seat(phone=True).open(f"/verify#proof={first.proof}")
    verdict = anybody.locator(".verdict")
    expect(verdict).to_contain_text("阳性")
    expect(verdict).to_contain_text("王*")

    scan(lab, "TUBE-A-0001")  # the samples were exchanged: a correction, with its reason
    expect(lab.locator("#report")).to_contain_text("再次报告即为更正")
    lab.get_by_label("阴性").check()
    lab.fill("#why", "两支管放反")
    lab.click("#report button[type=submit]")
    lab.get_by_role("dialog").get_by_role("button", name="报告").click()
    expect(lab.locator("tbody tr")).to_have_count(2)

    anybody.click("#check button[type=submit]")
    expect(verdict).to_contain_text("已被更正")
    latest = citizen.results()[0].proof
    anybody.fill("#proof", f"{service.url}/verify#proof={latest}")
    anybody.click("#check button[type=submit]")
    expect(verdict).to_contain_text("阴性")
    anybody.fill("#proof", latest[:-4] + ("AAAA" if latest[-4:] != "AAAA" else "BBBB"))
    anybody.click("#check button[type=submit]")
    expect(verdict).to_contain_text("不是真的")


def test_staff_put_harm_on_record(seat: Seat) -> None:
    page = seat().staff("staff", "/console/booth#booth=demo-b")
    page.fill("#harm-text", "B003 采样后少量出血，已冰敷观察")
    page.click("#harm button[type=submit]")
    expect(page.locator("#says")).to_contain_text("已上报并存档")
    expect(page.locator("#harm-text")).to_have_value("")
