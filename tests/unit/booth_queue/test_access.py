"""Who may do what: role by route, every cell asserted; and how one signs in."""

import re
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from booth_queue.api import create_app
from booth_queue.client import Refused
from booth_queue.contract import Role
from booth_queue.settings import Settings

from .conftest import MovableClock, Running, Template, calling
from .test_visit import refusal

LETTERS = {
    "C": Role.CITIZEN,
    "G": Role.GRID,
    "E": Role.ENTERPRISE,
    "S": Role.STAFF,
    "B": Role.BOOTH,
    "L": Role.LAB,
    "D": Role.DESK,
}
# Roles by their letters; * stands for anybody, signed in or not.
TABLE = """
POST /v1/sign-in/code                          *
POST /v1/sign-in/phone                         *
POST /v1/sign-in/wechat                        *
POST /v1/sign-in/staff                         *
POST /v1/me/subscriptions                      C
POST /v1/sign-in/device                        *
POST /v1/sign-in/refresh                       *
POST /v1/me/person                             C
POST /v1/me/dependants                         C
GET  /v1/me/people                             C
GET  /v1/sites                                 *
GET  /v1/booths                                *
GET  /v1/slots                                 *
GET  /v1/recommendation                        C
POST /v1/journeys                              C
POST /v1/bookings                              C
GET  /v1/bookings                              CG
POST /v1/bookings/{booking_id}/cancel          C
POST /v1/bookings/{booking_id}/change          C
GET  /v1/bookings/{booking_id}/code            CG
POST /v1/bookings/{booking_id}/dependant       GS
GET  /v1/codes/key                             *
POST /v1/check-ins                             CSB
POST /v1/walk-ins                              CSB
GET  /v1/tickets                               C
GET  /v1/tickets/{ticket_id}                   CS
POST /v1/tickets/{ticket_id}/leave             CS
GET  /v1/results                               C
POST /v1/results/verify                        *
POST /v1/groups/join                           C
POST /v1/people/{person_id}/erasure            C
POST /v1/booth/state                           B
POST /v1/booth/next                            B
POST /v1/booth/sessions                        SB
POST /v1/booth/sessions/{session_id}/progress  B
POST /v1/booth/sessions/{session_id}/swab      SB
POST /v1/booth/sessions/{session_id}/record    B
POST /v1/booth/sessions/{session_id}/close     SB
GET  /v1/booth/sessions/{session_id}           SB
POST /v1/booth/faults                          B
POST /v1/booth/offline-visits                  B
POST /v1/booth/orders/{order_id}/take          B
PUT  /v1/booth/picture                         B
POST /v1/tubes/{barcode}/seal                  SB
POST /v1/booths/{booth_id}/open                S
POST /v1/booths/{booth_id}/pause               S
POST /v1/booths/{booth_id}/close               S
POST /v1/booths/{booth_id}/call                S
POST /v1/booths/{booth_id}/scans               S
POST /v1/booths/{booth_id}/orders              S
POST /v1/booths/{booth_id}/take-over           S
POST /v1/booths/{booth_id}/hand-back           S
GET  /v1/booths/{booth_id}/picture             S
GET  /v1/booths/{booth_id}/line                S
POST /v1/booths/{booth_id}/adverse-events      SB
POST /v1/sessions/{session_id}/swab/correction S
POST /v1/boxes/{box_id}/tubes/{barcode}        S
POST /v1/tickets/{ticket_id}/recall            SB
POST /v1/tickets/{ticket_id}/no-show           SB
POST /v1/tickets/{ticket_id}/hold              S
POST /v1/tickets/{ticket_id}/release           SB
POST /v1/tickets/{ticket_id}/needs             S
GET  /v1/sites/{site_id}/alarms                S
GET  /v1/sites/{site_id}/handover              S
POST /v1/alarms/{alarm_id}/acknowledge         S
POST /v1/lab/boxes/{box_id}/receive            L
POST /v1/lab/results                           L
GET  /v1/lab/tubes/{barcode}                   L
GET  /v1/grid/roster                           G
POST /v1/grid/residents                        G
POST /v1/grid/bookings                         G
POST /v1/grid/bookings/{booking_id}/cancel     G
GET  /v1/grid/home-visits                      G
POST /v1/grid/home-visits                      G
POST /v1/grid/home-visits/{visit_id}/end       G
GET  /v1/groups                                E
POST /v1/groups                                E
GET  /v1/groups/{group_id}/members             E
GET  /v1/groups/{group_id}/blocks              E
POST /v1/groups/{group_id}/blocks              E
POST /v1/blocks/{block_id}/release             E
GET  /v1/rounds                                GESD
GET  /v1/desk/coverage                         D
GET  /v1/desk/coverage.csv                     D
GET  /v1/desk/prediction-errors                D
POST /v1/incidents                             GSD
GET  /v1/desk/incidents                        D
POST /v1/desk/incidents/{incident_id}/assign   D
POST /v1/desk/incidents/{incident_id}/close    D
GET  /v1/desk/chain/{scope}                    D
POST /v1/desk/rounds/{round_id}/destruction    D
GET  /v1/desk/rounds/{round_id}/certificate    D
GET  /v1/post                                  GESLD
GET  /v1/health                                *
GET  /v1/live/{site_id}                        *
GET  /v1/live/{site_id}/events                 *
"""
ROUTES = {
    (method, path): letters
    for method, path, letters in (line.split() for line in TABLE.strip().splitlines())
}


@pytest.fixture
def one_service(sqlite_template: Template, tmp_path: Path) -> Iterator[Running]:
    """A service on SQLite alone, where the database makes no difference."""
    url, clock = sqlite_template.copy(tmp_path, "queue"), MovableClock()
    with calling(create_app(Settings(database=url), clock=clock)) as http:
        yield Running(http, clock, url, sqlite_template.seeded)


def test_every_cell_of_role_by_route(one_service: Running) -> None:
    served = one_service.http.get("/v1/openapi.json").json()["paths"]
    routes = {(method.upper(), path) for path, methods in served.items() for method in methods}
    assert routes == set(ROUTES), "a route is missing from the table, or the table from the routes"
    headers = {
        role: one_service.sign_in(role)
        for role in (Role.GRID, Role.ENTERPRISE, Role.STAFF, Role.LAB, Role.DESK)
    }
    headers[Role.CITIZEN] = one_service.citizen().headers
    headers[Role.BOOTH] = one_service.device_headers()
    keys = count()
    wrong = []
    for (method, path), letters in ROUTES.items():
        admitted = {LETTERS[letter] for letter in letters if letter != "*"}
        at = re.sub(r"\{\w+\}", "NONE", path) + ("?limit=1" if "events" in path else "")
        for role in (None, *Role):
            said = {"Idempotency-Key": f"cell-{next(keys):06d}"} | headers.get(role, {})  # type: ignore[arg-type] # None is nobody
            status = one_service.http.request(method, at, headers=said).status_code
            if letters == "*" or role in admitted:
                right = status not in {401, 403} and status < 500
            else:
                right = status == (401 if role is None else 403)
            if not right:
                wrong.append((method, path, str(role), status))
    assert wrong == []


def test_a_command_without_a_key_is_malformed(one_service: Running) -> None:
    citizen = one_service.citizen()
    answered = one_service.http.post("/v1/journeys", headers=citizen.headers, json={})
    assert answered.status_code == 422


def test_tokens_run_out_and_refresh_tokens_are_good_once(one_service: Running) -> None:
    citizen = one_service.citizen()
    one_service.clock.advance(901)
    assert citizen.client.people()  # the client has used its refresh token
    answered = one_service.http.get("/v1/me/people", headers=citizen.headers)
    assert (answered.status_code, answered.json()["code"]) == (401, "sign_in_failed")
    body = {"refresh_token": citizen.tokens.refresh_token}
    assert one_service.http.post("/v1/sign-in/refresh", json=body).status_code == 401


def test_a_token_of_another_key_or_algorithm_is_nobodys(one_service: Running) -> None:
    import jwt  # noqa: PLC0415 - to forge with

    claims = {"sub": "demo-staff", "aud": "booth_queue", "role": "staff", "exp": 2**33}
    claims |= {"site": None, "booth": None, "grid": None}
    for forged in (
        jwt.encode(claims, "x" * 32, algorithm="HS256"),
        jwt.encode(claims, None, algorithm="none"),  # type: ignore[arg-type] # that is the attack
        "nonsense",
    ):
        headers = {"Authorization": f"Bearer {forged}"}
        assert one_service.http.get("/v1/rounds", headers=headers).status_code == 401


def test_a_code_is_good_once_and_five_tries_are_all(one_service: Running) -> None:
    client = one_service.citizen().client
    code = client.request_code("13911111111").demo_code
    assert code is not None
    wrong = f"{(int(code) + 1) % 10**6:06d}"
    with refusal("sign_in_failed"):
        client.sign_in("13911111111", wrong)
    client.sign_in("13911111111", code)
    with refusal("sign_in_failed"):
        client.sign_in("13911111111", code)
    code = client.request_code("13922222222").demo_code
    assert code is not None
    wrong = f"{(int(code) + 1) % 10**6:06d}"
    for _ in range(5):
        with pytest.raises(Refused):
            client.sign_in("13922222222", wrong)
    with refusal("sign_in_failed"):
        client.sign_in("13922222222", code)


def test_a_device_is_not_staff_and_staff_is_no_device(one_service: Running) -> None:
    login = one_service.seeded.booths[0]
    as_staff = {"name": login.client_id, "password": login.secret}
    assert one_service.http.post("/v1/sign-in/staff", json=as_staff).status_code == 401
    as_device = {"client_id": "demo-staff", "secret": one_service.seeded.staff["demo-staff"]}
    assert one_service.http.post("/v1/sign-in/device", json=as_device).status_code == 401


def test_others_things_do_not_exist(one_service: Running) -> None:
    owner, stranger = one_service.citizen(), one_service.citizen()
    booking = owner.book()
    with refusal("not_found"):
        stranger.client.cancel(booking.id)
    with refusal("not_found"):
        stranger.client.code(booking.id)
    with refusal("not_found"):
        stranger.client.book("demo-a-0001", owner.person.id)
    ticket = owner.client.check_in("demo-a", booking.id)
    with refusal("not_found"):
        stranger.client.ticket(ticket.id)
    other_site = one_service.sign_in("staff", "pool")
    answered = one_service.command(other_site, "/v1/booths/demo-a/pause")
    assert answered.json()["code"] == "not_found"
    other_booth = one_service.booth(1)
    assert other_booth.take_next() is None
    assert one_service.booth(0).take_next() is not None
    with refusal("not_found"):
        other_booth.open_session(ticket.id)
