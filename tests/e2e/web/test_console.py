"""Staff at the console, with simulated booths behind it."""

import re
import time

import pytest
from playwright.sync_api import expect

from booth_queue.contract import Outcome

from .conftest import Seat
from .service import Service, id_number

pytestmark = pytest.mark.browser


def test_the_overview_follows_a_session_and_the_hall_screen_calls(
    seat: Seat, service: Service
) -> None:
    number = service.waiting()
    service.waiting()
    page = seat().staff("staff", "/console")
    hall = seat().open("/live")
    card = page.locator("[data-booth=demo-a]")
    robot = service.robot()
    called = robot.call()
    assert called is not None
    robot.client.report_state("CALLED", ready=False)
    expect(hall.locator(".call")).to_contain_text(number)
    robot.seat(called)
    robot.report("SWABBING", site="left_tonsil")
    expect(card).to_contain_text(number)
    expect(card).to_contain_text("左扁桃体")
    expect(card.locator("polyline")).to_have_attribute("points", re.compile(r"^\d+,\d+"))
    expect(card).to_contain_text("排队 1")
    robot.finish()
    expect(card).to_contain_text("屋内无人")
    expect(hall.locator(".call")).to_have_count(0)


def test_an_alarm_stays_on_every_page_until_it_is_acknowledged(
    seat: Seat, service: Service
) -> None:
    page = seat().staff("staff", "/console")
    service.robot(1).client.report_fault("force", "1.2 N over 1.0 N")
    alarm = page.locator("#alarms [role=alert]")
    expect(alarm).to_contain_text("B 号小屋")
    expect(alarm).to_contain_text("1.2 N")
    expect(alarm).to_contain_text("接触力过大")
    expect(alarm).to_contain_text("先看本人有无不适")
    expect(page).to_have_title(re.compile(r"^\(1\)"))
    page.goto(f"{service.url}/console/handover")
    expect(alarm).to_be_visible()
    alarm.get_by_role("button", name="确认处理").click()
    page.click("#ask button[value=yes]")  # without a note: the dialog stays
    expect(page.locator("#ask")).to_be_visible()
    page.fill("#ask-reason", "拭子弯折，已更换")
    page.click("#ask button[value=yes]")
    expect(page.locator("#alarms")).to_be_hidden()
    page.reload()
    expect(page.locator("#handover")).to_contain_text("拭子弯折，已更换")


def test_stop_is_one_press_and_reaches_the_booth(seat: Seat, service: Service) -> None:
    service.waiting()
    robot = service.robot()
    called = robot.call()
    assert called is not None
    robot.seat(called)
    robot.report("SWABBING", site="left_tonsil")
    page = seat().staff("staff", "/console/booth#booth=demo-a")
    expect(page.locator("main")).to_contain_text("不是急停")
    page.locator("button.stop").click()
    expect(page.locator("#says")).to_contain_text("已下令停止")
    robot.report("SWABBING", site="left_tonsil")
    assert robot.taken == ["stop"]
    robot.finish(Outcome.ABORTED, "staff_stop")
    expect(page.locator("#booth")).to_contain_text("暂停")
    page.locator("#booth [data-do=open]:visible").click()
    expect(page.locator("#says")).to_contain_text("已开放")


def test_a_fault_is_cleared_and_a_booth_taken_over_only_with_a_reason(
    seat: Seat, service: Service
) -> None:
    page = seat().staff("staff", "/console/booth#booth=demo-a")
    service.robot().client.report_fault("force")
    page.locator("[data-do=reset]:visible").click()
    expect(page.locator("#ask")).to_contain_text("机械臂可能移动")
    page.fill("#ask-reason", "已检查")
    page.click("#ask button[value=yes]")
    expect(page.locator("#booth")).to_contain_text("暂停")
    page.locator("[data-do=takeOver]").click()
    page.fill("#ask-reason", "机器人待检")
    page.click("#ask button[value=yes]")
    expect(page.locator("[data-do=handBack]")).to_be_visible()
    page.locator("[data-do=handBack]").click()
    page.click("#ask button[value=yes]")
    expect(page.locator("[data-do=takeOver]")).to_be_visible()


def test_the_queue_is_called_recalled_skipped_held_and_preferred(
    seat: Seat, service: Service
) -> None:
    first, second, third = (service.waiting() for _ in range(3))
    page = seat().staff("staff", "/console/queue#booth=demo-a")
    rows = page.locator("tbody tr")
    expect(rows).to_have_count(3)
    page.click("#call")
    expect(rows.first).to_contain_text("已叫号")
    expect(rows.first).to_contain_text(first)
    rows.first.get_by_role("button", name="再叫").click()
    expect(rows.first).to_contain_text("已叫 2 次")
    rows.first.get_by_role("button", name="先跳过").click()
    expect(page.get_by_role("row", name=first)).to_contain_text("排队中")
    page.get_by_role("row", name=second).get_by_role("button", name="挂起").click()
    expect(page.get_by_role("row", name=second)).to_contain_text("已挂起")
    page.get_by_role("row", name=third).get_by_role("button", name="优先").click()
    page.check("#needs [value=disabled]")
    page.click("#needs-form button[type=submit]")
    expect(page.get_by_role("row", name=third)).to_contain_text("行动不便")
    page.get_by_role("row", name=second).get_by_role("button", name="恢复").click()
    expect(page.get_by_role("row", name=second)).to_contain_text("排队中")
    page.get_by_role("row", name=second).get_by_role("button", name="移出").click()
    page.click("#ask button[value=yes]")
    expect(rows).to_have_count(2)


@pytest.mark.parametrize(
    ("lang", "confirm", "confirmed"),
    [("zh", "确认代办", "已确认"), ("en", "Confirm dependant", "Confirmed who acts for")],
)
def test_a_dependant_is_confirmed_at_the_booth_after_asking(
    seat: Seat, service: Service, lang: str, confirm: str, confirmed: str
) -> None:
    client, _ = service.citizen()
    grandmother = client.register(
        "王奶奶", id_number(931, "19400101"), dependant=True, consent=True
    )
    client.check_in("demo-a", client.book("demo-a-0000", grandmother.id).id)
    service.waiting()
    page = seat(lang=lang).staff("staff", "/console/queue#booth=demo-a")
    expect(page.locator("tbody tr")).to_have_count(2)
    button = page.get_by_role("button", name=confirm, exact=True).locator("visible=true")
    expect(button).to_have_count(1)  # whoever came alone needs no confirmation
    button.click()
    page.click("#ask button[value=no]")
    assert not client.people()[1].confirmed
    button.click()
    page.click("#ask button[value=yes]")
    expect(page.locator("#says")).to_contain_text(confirmed)
    expect(button).to_have_count(0)
    assert client.people()[1].confirmed


def test_the_scan_panel_works_by_keyboard_alone_and_stops_on_a_used_tube(
    seat: Seat, service: Service
) -> None:
    client, person = service.citizen()
    booking = client.book("demo-a-0000", person.id)
    client.check_in("demo-a", booking.id)
    other, stranger = service.citizen()
    others_code = other.code(other.book("demo-a-0001", stranger.id).id).code
    robot = service.robot()
    called = robot.call()
    assert called is not None
    page = seat().staff("staff", "/console/scan#booth=demo-a")
    expect(page.locator("#text")).to_be_focused()
    expect(page.locator("#scan")).to_contain_text("A 号小屋")

    def scan(text: str) -> None:
        page.keyboard.insert_text(text)
        page.keyboard.press("Enter")

    scan(others_code)
    expect(page.locator(".verdict")).to_contain_text("停！")
    scan(client.code(booking.id).code)
    expect(page.locator(".verdict")).to_contain_text("人已核对")
    assert client.code(booking.id).code not in page.inner_text("#scan")
    scan("TUBE-77")
    expect(page.locator(".verdict")).to_contain_text("已绑定")
    expect(page.locator("#text")).to_be_focused()
    scan("TUBE-77")
    expect(page.locator(".verdict")).to_contain_text("停！")
    page.locator("h1").click()  # the focus is lost; a scanner types all the same
    page.keyboard.type("T")
    expect(page.locator("#text")).to_be_focused()


def test_a_lost_connection_is_said_within_5_s_and_mends_itself(
    seat: Seat, service: Service
) -> None:
    page = seat().staff("staff", "/console")
    expect(page.locator("[data-booth=demo-a]")).to_be_visible()
    service.stop()
    gone = time.monotonic()
    expect(page.locator("#lost")).to_be_visible(timeout=10_000)
    assert time.monotonic() - gone < 5.5  # 5 s, and what it takes to look
    service.start()
    expect(page.locator("#lost")).to_be_hidden(timeout=30_000)
    service.robot().client.report_fault("force")
    expect(page.locator("#alarms [role=alert]")).to_be_visible()


def test_an_expired_token_is_renewed_while_the_page_stays_open(
    seat: Seat, service: Service
) -> None:
    page = seat().staff("staff", "/console/queue#booth=demo-a")
    page.evaluate(
        "() => { const kept = JSON.parse(sessionStorage.getItem('tokens.staff'));"
        " kept.access_token = 'x' + kept.access_token.slice(1);"
        " sessionStorage.setItem('tokens.staff', JSON.stringify(kept)); }"
    )
    number = service.waiting()
    expect(page.locator("tbody")).to_contain_text(number)
    assert page.url.endswith("/console/queue#booth=demo-a")


def test_another_sites_person_sees_nothing_of_this_one(seat: Seat, service: Service) -> None:
    page = seat().staff("grid", "/grid")
    answer = page.evaluate(
        "async () => (await fetch('/v1/sites/demo/alarms', {headers: {Authorization: 'Bearer '"
        " + JSON.parse(sessionStorage.getItem('tokens.grid')).access_token}})).status"
    )
    assert answer == 403
    page.goto(f"{service.url}/console")
    page.wait_for_url("**/staff/sign-in")
