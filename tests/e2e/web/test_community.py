"""Grid worker, enterprise and district desk."""

import re

import pytest
from playwright.sync_api import expect

from .conftest import Seat
from .service import Service, id_number

pytestmark = pytest.mark.browser


def test_a_grid_worker_enrols_books_and_prints_a_card(seat: Seat, service: Service) -> None:
    page = seat().staff("grid", "/grid")
    page.fill("#name", "赵老伯")
    page.fill("#id-number", id_number(20, "19400101")[:-1] + "?")
    page.click("#enrol button[type=submit]")
    expect(page.locator("#says")).to_be_visible()
    page.fill("#id-number", id_number(20, "19400101"))
    page.check("#enrol [name=consent]")
    page.click("#enrol button[type=submit]")
    row = page.locator("tbody tr", has_text="赵")
    expect(row).to_contain_text("未约")
    row.get_by_role("button", name="代约").click()
    page.locator("#times .chip").nth(1).click()
    page.click("#pick button[type=submit]")
    expect(row).to_contain_text("已约")
    row.get_by_role("link", name="码卡").click()
    expect(page.locator(".code-card svg path")).to_have_count(1)
    pdf = page.pdf(prefer_css_page_size=True)
    assert pdf.startswith(b"%PDF")
    page.goto(f"{service.url}/grid")
    page.fill("#what", "三号楼电梯停用")
    page.click("#incident button[type=submit]")
    expect(page.locator("#says")).to_contain_text("已上报")


def test_a_grid_worker_confirms_who_booked_for_a_resident(seat: Seat, service: Service) -> None:
    client, _ = service.citizen()
    elder = client.register("赵老伯", id_number(20, "19400101"), dependant=True, consent=True)
    client.book("demo-a-0000", elder.id)
    page = seat(lang="en").staff("grid", "/grid")
    page.fill("#name", "赵老伯")
    page.fill("#id-number", id_number(20, "19400101"))
    page.check("#enrol [name=consent]")
    page.click("#enrol button[type=submit]")
    button = page.get_by_role("button", name="Confirm dependant", exact=True)
    button.click()
    expect(page.locator("#ask")).to_contain_text("Check both people's ID cards")
    page.click("#ask button[value=yes]")
    expect(page.locator("#says")).to_contain_text("Confirmed who acts for")
    expect(button).to_be_hidden()
    assert client.people()[1].confirmed


def test_an_enterprise_blocks_seats_and_sees_only_names_that_were_given(
    seat: Seat, service: Service
) -> None:
    page = seat().staff("enterprise", "/enterprise")
    page.fill("#name", "南山电子厂")
    page.click("#create button[type=submit]")
    group = page.locator("article", has_text="南山电子厂")
    code = group.locator(".big.figures").inner_text()
    group.get_by_role("button", name="整批预约").click()
    page.fill("#seats", "4")
    page.locator("#times .chip").nth(2).click()
    page.click("#pick button[type=submit]")
    # When and where the seats are, not the slot's key.
    expect(group.locator("ul li").first).to_contain_text(
        re.compile(r"\d\d:\d\d–\d\d:\d\d.*：已用 0/4")
    )
    for phone, number, name in (("13800000021", 21, True), ("13800000022", 22, False)):
        desk = seat(phone=True)
        theirs = desk.citizen(phone, "/citizen/people")
        theirs.fill("#name", "钱小工")
        theirs.fill("#id-number", id_number(number))
        theirs.check("[name=consent]")
        theirs.click("#person button[type=submit]")
        expect(theirs.locator("#people article")).to_have_count(1)
        theirs.goto(f"{service.url}/citizen/group#code={code}")
        theirs.reload()
        expect(theirs.locator("#code")).to_have_value(code)
        expect(theirs.locator("#person option")).to_have_count(1)
        if name:
            theirs.check("[name=shows_name]")
        theirs.click("#join button[type=submit]")
        expect(theirs.locator("#says")).to_contain_text("已加入")
    page.reload()
    expect(group.locator("tbody tr")).to_have_count(2)
    expect(group.locator("tbody")).to_contain_text("钱小工")
    expect(group.locator("tbody")).to_contain_text("未同意显示姓名")


def test_the_desk_sees_load_and_coverage_and_closes_an_incident(
    seat: Seat, service: Service
) -> None:
    service.waiting()
    page = seat().staff("desk", "/desk")
    expect(page.locator("tbody tr").first).to_contain_text("空闲")
    expect(page.locator("tbody tr").first.locator("td.number").first).to_have_text("1")
    page.goto(f"{service.url}/desk/coverage")
    expect(page.locator("#coverage")).to_contain_text("demo-grid")
    with page.expect_download() as download:
        page.locator("[data-do=export]").click()
    assert download.value.suggested_filename.endswith(".csv")
    page.goto(f"{service.url}/desk/incidents")
    page.select_option("#kind", "complex")
    page.fill("#what", "采样点停电")
    page.click("#incident button[type=submit]")
    card = page.locator("article", has_text="采样点停电")
    expect(card.get_by_role("button", name="办结")).to_be_hidden()
    card.get_by_role("button", name="分派").click()
    page.fill("#ask-reason", "孙主任")
    page.click("#ask button[value=yes]")
    expect(card).to_contain_text("孙主任")
    card.get_by_role("button", name="办结").click()
    page.fill("#ask-reason", "已恢复供电")
    page.click("#ask button[value=yes]")
    expect(page.locator("#incidents")).to_contain_text("没有未办结的事件")
