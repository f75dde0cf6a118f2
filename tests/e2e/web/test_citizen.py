"""A citizen's way, in a real browser, from signing in to the result."""

import re

import httpx
import pytest
from playwright.sync_api import Page, Route, expect

from .conftest import Seat
from .service import Service, id_number

pytestmark = pytest.mark.browser


def register(
    page: Page, service: Service, name: str, number: str, *, guardian: bool = False
) -> None:
    page.goto(f"{service.url}/citizen/people")
    page.fill("#name", name)
    page.fill("#id-number", number)
    page.check("[name=consent]")
    if guardian:
        page.check("[name=guardian]")
    page.click("#person button[type=submit]")
    expect(page.locator("#says")).to_contain_text("已保存")


def book(page: Page, service: Service, place: int = 1) -> None:
    page.goto(f"{service.url}/citizen/booths")
    page.locator(".card.picked [data-do=times]").click()
    page.locator("#times .chip").nth(place).click()
    page.click("#pick button[type=submit]")
    page.wait_for_url("**/citizen")


def report_negative(service: Service, barcode: str) -> None:
    """Staff pack a tube, the laboratory receives its box and reports it."""

    def command(role: str, path: str, body: object = None) -> None:
        said = {"name": f"demo-{role}", "password": service.staff[f"demo-{role}"]}
        signed = httpx.post(
            f"{service.url}/v1/sign-in/staff", json=said, trust_env=False, timeout=60
        ).json()
        headers = {
            "Authorization": f"Bearer {signed['access_token']}",
            "Idempotency-Key": f"{role}-{barcode}-{len(path)}",
        }
        answered = httpx.post(
            f"{service.url}{path}", json=body, headers=headers, trust_env=False, timeout=60
        )
        assert answered.status_code == 200, answered.text

    command("staff", f"/v1/boxes/BOX-1/tubes/{barcode}")
    command("lab", "/v1/lab/boxes/BOX-1/receive", {"barcodes": [barcode]})
    command("lab", "/v1/lab/results", {"barcode": barcode, "finding": "negative"})


def test_from_signing_in_to_the_result(seat: Seat, service: Service) -> None:
    page = seat(phone=True).citizen("13800000001")
    expect(page.locator("#home")).to_contain_text("请先登记本人信息")
    register(page, service, "李小明", id_number(1))
    book(page, service)
    page.get_by_role("link", name="出示二维码").click()
    expect(page.locator(".code svg path")).to_have_attribute("d", re.compile(r"^M0 0h7"))
    page.get_by_role("button", name="我已到场").click()
    page.click("#ask button[value=yes]")
    number = page.locator(".huge")
    expect(number).to_have_text(re.compile(r"[ABC]001"))
    robot = service.robot("ABC".index(number.inner_text()[0]))
    called = robot.call()
    assert called is not None
    expect(page.locator("[role=alert].notice")).to_contain_text("请立即前往")
    robot.seat(called)
    expect(page.locator("#visit")).to_contain_text("正在采样")
    robot.finish()
    expect(page.locator("#visit")).to_contain_text("采样完成")
    report_negative(service, f"TUBE-{robot.label}-0001")
    page.get_by_role("link", name="结果").last.click()
    expect(page.locator("#results")).to_contain_text("阴性")


def test_a_child_needs_the_guardians_consent_and_a_slip_in_the_number_is_told(
    seat: Seat, service: Service
) -> None:
    page = seat(phone=True).citizen("13800000002")
    register(page, service, "李小明", id_number(2))
    page.fill("#id-number", id_number(3)[:-2] + "00")
    expect(page.locator("#id-fault")).to_contain_text("校验位")
    page.fill("#name", "李小宝")
    page.fill("#id-number", id_number(3, "20180101"))
    page.check("[name=consent]")
    page.click("#person button[type=submit]")
    expect(page.locator("#says")).to_contain_text("监护人")
    page.check("[name=guardian]")
    page.click("#person button[type=submit]")
    expect(page.locator("#people article")).to_have_count(2)


def test_a_booking_is_moved_and_then_cancelled_after_asking(seat: Seat, service: Service) -> None:
    page = seat(phone=True).citizen("13800000003")
    register(page, service, "李小明", id_number(4))
    book(page, service, 1)
    before = page.locator("#home article h3").inner_text()
    page.get_by_role("link", name="改时间").click()
    page.locator("[data-do=times]:visible").last.click()
    page.locator("#times .chip").nth(3).click()
    page.click("#pick button[type=submit]")
    page.wait_for_url("**/citizen")
    expect(page.locator("#home article h3")).not_to_have_text(before)
    page.locator("[data-do=cancel]").click()
    page.click("#ask button[value=no]")
    expect(page.locator("#home article")).to_have_count(1)
    page.locator("[data-do=cancel]").click()
    page.click("#ask button[value=yes]")
    expect(page.locator("#home")).to_contain_text("还没有预约")


def test_an_answer_lost_on_a_bad_network_books_once(seat: Seat, service: Service) -> None:
    page = seat(phone=True).citizen("13800000004")
    register(page, service, "李小明", id_number(5))
    keys: list[str | None] = []

    def lose_the_first_answer(route: Route) -> None:
        if route.request.method != "POST":
            route.continue_()
            return
        keys.append(route.request.headers.get("idempotency-key"))
        if len(keys) == 1:
            route.fetch()  # the service does it
            route.abort("connectionreset")  # and nobody hears of it
        else:
            route.continue_()

    page.route("**/v1/bookings", lose_the_first_answer)
    book(page, service)
    expect(page.locator("#home article")).to_have_count(1)
    assert len(keys) >= 2
    assert len(set(keys)) == 1


def test_the_code_stays_when_the_network_goes_and_says_so(seat: Seat, service: Service) -> None:
    desk = seat(phone=True)
    page = desk.citizen("13800000005")
    register(page, service, "李小明", id_number(6))
    book(page, service)
    page.get_by_role("link", name="出示二维码").click()
    expect(page.locator(".code svg path")).to_have_attribute("d", re.compile("^M"))
    page.route("**/v1/**", lambda route: route.abort("internetdisconnected"))
    expect(page.locator("#visit")).to_contain_text("网络不通")
    expect(page.locator(".code svg path")).to_have_attribute("d", re.compile("^M"))
    expect(page.locator("#lost")).to_be_visible()
    page.unroute("**/v1/**")
    expect(page.locator("#lost")).to_be_hidden(timeout=20_000)


def test_consent_is_withdrawn_and_the_name_is_gone(seat: Seat, service: Service) -> None:
    page = seat(phone=True).citizen("13800000006")
    register(page, service, "李小明", id_number(7))
    page.locator("[data-do=withdraw]").click()
    page.click("#ask button[value=yes]")
    expect(page.locator("#says")).to_contain_text("信息已删除")
    expect(page.locator("#people")).not_to_contain_text("李**")


def test_nothing_secret_stands_in_an_address(seat: Seat, service: Service) -> None:
    desk = seat(phone=True)
    asked: list[str] = []
    desk.page.on("request", lambda request: asked.append(request.url))
    page = desk.citizen("13800000007")
    register(page, service, "李小明", id_number(8))
    book(page, service)
    page.get_by_role("link", name="出示二维码").click()
    page.wait_for_timeout(500)
    assert len(asked) > 10
    secrets = ("13800000007", id_number(8), "token", "eyJ", "%E6%9D%8E")
    assert [url for url in asked if any(secret in url for secret in secrets)] == []
    assert {url.split("/")[2] for url in asked if url.startswith("http")} == {
        f"127.0.0.1:{service.port}"
    }
