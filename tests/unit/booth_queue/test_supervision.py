"""Alarms that stay, orders that arrive once, the line as staff see it, and handing over."""

import httpx
import pytest

from booth_queue.client import Refused
from booth_queue.contract import Outcome

from .conftest import Running

JPEG = b"\xff\xd8\xff" + bytes(100)


def get(service: Running, path: str, headers: dict[str, str]) -> httpx.Response:
    return service.http.get(path, headers=headers)


def seated(service: Running) -> str:
    """Somebody sits in booth A; returns the session."""
    service.citizen().arrive()
    booth = service.booth()
    called = booth.take_next()
    assert called is not None
    return booth.open_session(called.ticket_id).id


def test_a_fault_calls_staff_until_somebody_acknowledges_it(service: Running) -> None:
    staff = service.sign_in("staff")
    service.booth().report_fault("force", "1.2 N")
    (alarm,) = get(service, "/v1/sites/demo/alarms", staff).json()["alarms"]
    assert (alarm["kind"], alarm["detail"]) == ("fault", "force: 1.2 N")
    path = f"/v1/alarms/{alarm['id']}/acknowledge"
    assert service.command(staff, path, {"note": "swab bent"}, "ack-key-1").status_code == 200
    assert service.command(staff, path, {"note": "swab bent"}, "ack-key-1").status_code == 200
    assert service.command(staff, path, {"note": "me too"}).json()["code"] == "wrong_state"
    assert get(service, "/v1/sites/demo/alarms", staff).json()["alarms"] == []


@pytest.mark.parametrize(
    ("outcome", "kind"), [(Outcome.ABORTED, "aborted"), (Outcome.REFUSED, "not_sampled")]
)
def test_whoever_was_not_sampled_is_looked_after(
    service: Running, outcome: Outcome, kind: str
) -> None:
    session = seated(service)
    service.booth().close_session(session, outcome, reason="mouth_closed")
    (alarm,) = get(service, "/v1/sites/demo/alarms", service.sign_in("staff")).json()["alarms"]
    assert (alarm["kind"], alarm["session_id"]) == (kind, session)


def test_alarms_of_another_site_are_nobody_elses(service: Running) -> None:
    service.booth().report_fault("force")
    stranger = service.sign_in("staff", site="pool")
    assert get(service, "/v1/sites/demo/alarms", stranger).status_code == 404
    home = get(service, "/v1/sites/demo/alarms", service.sign_in("staff")).json()["alarms"]
    refused = service.command(stranger, f"/v1/alarms/{home[0]['id']}/acknowledge", {"note": ""})
    assert refused.status_code == 404


def test_a_stop_reaches_the_booth_with_its_next_report_and_once(service: Running) -> None:
    session, booth, staff = seated(service), service.booth(), service.sign_in("staff")
    assert booth.report_progress(session, "SWABBING", force_n=[0.3]) == []
    given = service.command(
        staff, "/v1/booths/demo-a/orders", {"kind": "stop", "reason": "person unwell"}
    )
    assert given.status_code == 200, given.text
    (order,) = booth.report_progress(session, "SWABBING", force_n=[0.3])
    assert (order.kind, order.reason) == ("stop", "person unwell")
    assert booth.take_order(order.id).taken_at is not None
    assert booth.report_state("WITHDRAWING", ready=False) == []
    booth.close_session(session, Outcome.ABORTED, reason="staff_stop")
    service.citizen().arrive()
    with pytest.raises(Refused, match="booth_not_open"):
        booth.take_next()


def test_a_reset_clears_the_fault_but_opens_nothing(service: Running) -> None:
    booth, staff = service.booth(), service.sign_in("staff")
    booth.report_fault("force")
    body = {"kind": "reset", "reason": "checked, nothing bent"}
    service.command(staff, "/v1/booths/demo-a/orders", body)
    (shown,) = [one for one in get(service, "/v1/live/demo", staff).json() if one["label"] == "A"]
    assert (shown["state"], shown["fault"]) == ("paused", None)
    assert [order.kind for order in booth.report_state("IDLE", ready=True)] == ["reset"]


def test_a_stop_does_not_hide_a_fault(service: Running) -> None:
    booth, staff = service.booth(), service.sign_in("staff")
    booth.report_fault("force")
    service.command(staff, "/v1/booths/demo-a/orders", {"kind": "stop", "reason": "again"})
    (shown,) = [one for one in get(service, "/v1/live/demo", staff).json() if one["label"] == "A"]
    assert (shown["state"], shown["fault"]) == ("fault", "force")


def test_a_booth_taken_over_calls_only_by_hand_until_it_is_handed_back(service: Running) -> None:
    session, booth, staff = seated(service), service.booth(), service.sign_in("staff")
    taken = service.command(staff, "/v1/booths/demo-a/take-over", {"reason": "arm slow"})
    assert taken.status_code == 200, taken.text
    assert [order.kind for order in booth.report_state("SEATED", ready=False)] == ["stop"]
    back = service.command(staff, "/v1/booths/demo-a/hand-back")
    assert back.json()["code"] == "wrong_state"  # somebody is inside
    booth.close_session(session, Outcome.ABORTED, reason="staff_stop")
    service.citizen().arrive("demo-a-0000")
    service.command(staff, "/v1/booths/demo-a/open")
    with pytest.raises(Refused, match="booth_not_open"):
        booth.take_next()
    (called,) = service.command(staff, "/v1/booths/demo-a/call").json()["tickets"]
    assert called["number"] == "A002"
    assert service.command(staff, "/v1/booths/demo-a/hand-back").status_code == 200
    again = booth.take_next()
    assert again is not None
    assert again.number == "A002"


def test_a_picture_is_shown_while_its_person_is_inside_and_kept_no_longer(
    service: Running,
) -> None:
    booth, staff = service.booth(), service.sign_in("staff")
    booth.show_picture(JPEG)
    assert get(service, "/v1/booths/demo-a/picture", staff).status_code == 204
    service.clock.advance(1)
    session = seated(service)
    assert get(service, "/v1/booths/demo-a/picture", staff).status_code == 204  # of nobody here
    service.clock.advance(1)
    booth.show_picture(JPEG)
    shown = get(service, "/v1/booths/demo-a/picture", staff)
    assert (shown.status_code, shown.content) == (200, JPEG)
    assert shown.headers["cache-control"] == "no-store"
    other = service.sign_in("staff", site="pool")
    assert get(service, "/v1/booths/demo-a/picture", other).status_code == 404
    booth.close_session(session, Outcome.REFUSED, reason="mouth_closed")
    assert get(service, "/v1/booths/demo-a/picture", staff).status_code == 204


@pytest.mark.parametrize("body", [b"<svg onload=alert(1)>", JPEG + bytes(200_000)])
def test_only_a_small_jpeg_is_a_picture(service: Running, body: bytes) -> None:
    with pytest.raises(Refused, match="picture_refused"):
        service.booth().show_picture(body)


def test_the_line_is_in_calling_order_and_follows_needs(service: Running) -> None:
    staff = service.sign_in("staff")
    for _ in range(3):
        service.citizen().arrive()
        service.clock.advance(30)
    service.clock.advance(600)
    rows = get(service, "/v1/booths/demo-a/line", staff).json()["rows"]
    assert [row["number"] for row in rows] == ["A001", "A002", "A003"]
    needs = service.command(staff, f"/v1/tickets/{rows[2]['id']}/needs", {"needs": ["disabled"]})
    assert needs.status_code == 200, needs.text
    service.command(staff, f"/v1/tickets/{rows[0]['id']}/hold")
    rows = get(service, "/v1/booths/demo-a/line", staff).json()["rows"]
    assert [(row["number"], row["state"], row["needs"]) for row in rows] == [
        ("A003", "waiting", ["disabled"]),
        ("A002", "waiting", []),
        ("A001", "held", []),
    ]


def test_a_shift_hands_over_what_happened_and_what_is_open(service: Running) -> None:
    booth, staff = service.booth(), service.sign_in("staff")
    session = seated(service)
    booth.bind_swab(session, "TUBE-1")
    booth.close_session(session, Outcome.SAMPLED)
    second = seated(service)
    booth.close_session(second, Outcome.REFUSED, reason="mouth_closed")
    service.citizen().arrive()
    service.clock.advance(60)
    report = get(service, "/v1/sites/demo/handover?hours=8", staff).json()
    a, b = report["booths"]
    assert (a["sampled"], a["refused"], a["aborted"]) == (1, 1, 0)
    assert a["reasons"] == {"mouth_closed": 1}
    assert (a["tubes_sealed"], a["waiting"], len(a["alarms"])) == (1, 1, 1)
    assert (b["sampled"], b["waiting"]) == (0, 0)
    service.clock.advance(9 * 3600)
    staff = service.sign_in("staff")  # the old token has run out
    later = get(service, "/v1/sites/demo/handover?hours=8", staff).json()["booths"][0]
    assert (later["sampled"], later["reasons"], later["alarms"]) == (0, {}, [])


def test_a_citizen_sees_their_open_tickets(service: Running) -> None:
    citizen = service.citizen()
    assert get(service, "/v1/tickets", citizen.headers).json() == {"tickets": []}
    ticket = citizen.arrive()
    (mine,) = get(service, "/v1/tickets", citizen.headers).json()["tickets"]
    assert mine["id"] == ticket.id
    assert get(service, "/v1/tickets", service.citizen().headers).json() == {"tickets": []}
