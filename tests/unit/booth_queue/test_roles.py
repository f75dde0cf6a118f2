"""What each kind of user does besides a citizen's own visit."""

import csv
import hashlib
import io
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest

from booth_queue.contract import Need, Outcome, TubeState

from .conftest import NOON, Citizen, Running, id_number
from .test_visit import refusal


def ok(answered: httpx.Response) -> Any:  # noqa: ANN401 - whatever the route answers
    assert answered.status_code == 200, answered.text
    return answered.json()


def refused(answered: httpx.Response, code: str) -> None:
    assert answered.json()["code"] == code, answered.text


def sample(service: Running, citizen: Citizen, barcode: str, slot: str = "demo-a-0000") -> str:
    """Take a citizen through a robot booth; returns the session."""
    index = {"demo-a": 0, "demo-b": 1, "pool-a": 2}[slot.rsplit("-", 1)[0]]
    booth = service.booth(index)
    citizen.arrive(slot)
    called = booth.take_next()
    assert called is not None
    session = booth.open_session(called.ticket_id)
    booth.bind_swab(session.id, barcode)
    booth.close_session(session.id, Outcome.SAMPLED)
    return session.id


class TestLaboratory:
    def test_a_pool_fans_out_and_who_must_come_again_is_swabbed_alone(
        self, service: Running
    ) -> None:
        staff, lab = service.sign_in("staff", "pool"), service.sign_in("lab", "pool")
        people = [service.citizen() for _ in range(3)]
        for citizen in people:
            sample(service, citizen, "POOL-1", "pool-a-0000")
        with refusal("already_sampled"):
            people[0].book("pool-a-0001")
        refused(service.command(staff, "/v1/boxes/BOX-1/tubes/POOL-1"), "wrong_state")
        ok(service.command(staff, "/v1/tubes/POOL-1/seal"))
        ok(service.command(staff, "/v1/boxes/BOX-1/tubes/POOL-1"))
        positive = {"barcode": "POOL-1", "finding": "positive"}
        refused(service.command(lab, "/v1/lab/results", positive), "wrong_state")
        scanned = {"barcodes": ["POOL-1", "POOL-9"]}
        box = ok(service.command(lab, "/v1/lab/boxes/BOX-1/receive", scanned))
        assert (box["received"], box["missing"], box["unexpected"]) == (
            ["POOL-1"],
            [],
            ["POOL-9"],
        )
        first = ok(service.command(lab, "/v1/lab/results", positive))
        seen = ok(service.http.get("/v1/lab/tubes/POOL-1", headers=lab))
        assert (seen["tube"]["state"], seen["findings"]) == ("reported", [first])
        refused(service.command(lab, "/v1/lab/results", positive), "already_reported")
        told = people[0].client.results()
        assert [one.verdict for one in told] == ["retest_singly"]
        assert Need.RETEST in people[0].client.people()[0].needs
        with refusal("single_swab_booth"):  # sampled again, but not in a pool
            people[0].book("pool-a-0001")

        correction = positive | {"finding": "negative", "corrects": first["id"]}
        refused(service.command(lab, "/v1/lab/results", correction), "reason_missing")
        correction["why"] = "exchanged two racks"
        ok(service.command(lab, "/v1/lab/results", correction))
        refused(service.command(lab, "/v1/lab/results", correction), "already_reported")
        now = people[0].client.results()
        assert [(one.verdict, one.corrects) for one in now] == [("negative", told[0].id)]
        assert Need.RETEST not in people[0].client.people()[0].needs

        verify = "/v1/results/verify"
        old = ok(service.http.post(verify, json={"proof": told[0].proof}))
        assert (old["verdict"], old["corrected"]) == ("retest_singly", True)
        assert not ok(service.http.post(verify, json={"proof": now[0].proof}))["corrected"]
        forged = now[0].proof[:-2] + ("AA" if now[0].proof[-2:] != "AA" else "BB")
        refused(service.http.post(verify, json={"proof": forged}), "code_invalid")

        desk = service.sign_in("desk", "pool")
        for scope, kinds in (
            ("pool-a", ["bound", "bound", "bound", "sealed", "packed"]),
            ("laboratory", ["received", "result", "result"]),
        ):
            chain = ok(service.http.get(f"/v1/desk/chain/{scope}", headers=desk))
            assert [entry["kind"] for entry in chain["entries"]] == kinds
            assert chain["sound"]
        assert chain["entries"][2]["corrects"] == chain["entries"][1]["id"]
        assert chain["entries"][2]["why"] == "exchanged two racks"


class TestStaffAtTheBooth:
    def test_scans_in_either_order_bind_and_the_wrong_ones_stop(self, service: Running) -> None:
        staff = service.sign_in("staff")
        right, wrong = service.citizen(), service.citizen()
        codes = []
        for citizen in (right, wrong):
            booking = citizen.book("demo-a-0000")
            codes.append(citizen.client.code(booking.id).code)
            body = {"booth_id": "demo-a", "code": codes[-1]}
            assert ok(service.command(staff, "/v1/check-ins", body))["number"]
        ok(service.command(staff, "/v1/booths/demo-a/call"))
        scans = "/v1/booths/demo-a/scans"
        refused(service.command(staff, scans, {"text": codes[1]}), "wrong_person")
        refused(service.command(staff, scans, {"text": "TUBE-1"}), "wrong_state")
        refused(service.command(staff, scans, {"text": "not.a.code"}), "code_invalid")
        seen = ok(service.command(staff, scans, {"text": codes[0]}))
        assert (seen["person_confirmed"], seen["tube"]) == (True, None)
        refused(service.command(staff, scans, {"text": codes[1]}), "wrong_person")
        bound = ok(service.command(staff, scans, {"text": "TUBE-1"}))
        assert bound["tube"]["swabs"] == 1
        close = f"/v1/booth/sessions/{seen['session_id']}/close"
        ok(service.command(staff, close, {"outcome": "sampled"}))

        ok(service.command(staff, "/v1/booths/demo-a/call"))
        seen = ok(service.command(staff, scans, {"text": codes[1]}))
        refused(service.command(staff, scans, {"text": "TUBE-1"}), "tube_used")
        assert ok(service.command(staff, scans, {"text": "TUBE-2"}))["tube"]["swabs"] == 1

    def test_the_tube_may_be_scanned_first(self, service: Running) -> None:
        staff = service.sign_in("staff")
        citizen = service.citizen()
        booking = citizen.book("demo-a-0000")
        citizen.client.check_in("demo-a", booking.id)
        called = service.booth().take_next()
        assert called is not None
        service.booth().open_session(called.ticket_id)
        scans = "/v1/booths/demo-a/scans"
        first = ok(service.command(staff, scans, {"text": "TUBE-1"}))
        assert (first["person_confirmed"], first["tube"]) == (False, None)
        code = citizen.client.code(booking.id).code
        assert ok(service.command(staff, scans, {"text": code}))["tube"]["barcode"] == "TUBE-1"

    def test_a_pool_takes_no_single_swab_and_not_one_too_many(self, service: Running) -> None:
        for _ in range(10):
            sample(service, service.citizen(), "POOL-1", "pool-a-0000")
        booth = service.booth(2)
        service.citizen().arrive("pool-a-0000")
        called = booth.take_next()
        assert called is not None
        session = booth.open_session(called.ticket_id)
        with refusal("tube_full"):
            booth.bind_swab(session.id, "POOL-1")
        with refusal("swab_missing"):
            booth.close_session(session.id, Outcome.SAMPLED)
        with refusal("reason_missing"):
            booth.close_session(session.id, Outcome.REFUSED)
        booth.close_session(session.id, Outcome.REFUSED, reason="mouth_too_narrow")

    def test_a_binding_is_corrected_by_a_new_record(self, service: Running) -> None:
        staff, desk = service.sign_in("staff", "pool"), service.sign_in("desk", "pool")
        session = sample(service, service.citizen(), "POOL-1", "pool-a-0000")
        sample(service, service.citizen(), "POOL-2", "pool-a-0000")
        path = f"/v1/sessions/{session}/swab/correction"
        body = {"barcode": "POOL-2", "why": "scanned the empty tube"}
        assert ok(service.command(staff, path, body))["swabs"] == 2
        refused(service.command(staff, path, body), "tube_used")  # it is there already
        chain = ok(service.http.get("/v1/desk/chain/pool-a", headers=desk))
        last = chain["entries"][-1]
        assert (last["kind"], last["why"]) == ("rebound", "scanned the empty tube")
        assert last["corrects"] == chain["entries"][0]["id"]
        assert chain["sound"]

    def test_a_record_is_stored_once(self, service: Running) -> None:
        booth = service.booth()
        service.citizen().arrive()
        called = booth.take_next()
        assert called is not None
        session = booth.open_session(called.ticket_id)
        stored = booth.store_record(session.id, {"strokes": 3, "site": "扁桃体"})
        assert booth.store_record(session.id, {"site": "扁桃体", "strokes": 3}) == stored
        with refusal("record_fixed"):
            booth.store_record(session.id, {"strokes": 4})

    def test_no_show_after_the_calls_the_rules_ask_for(self, service: Running) -> None:
        staff = service.sign_in("staff")
        citizen = service.citizen()
        ticket = citizen.arrive()
        assert service.booth().take_next() is not None
        path = f"/v1/tickets/{ticket.id}"
        refused(service.command(staff, f"{path}/no-show"), "wrong_state")
        for calls in (2, 3):
            assert ok(service.command(staff, f"{path}/recall"))["calls"] == calls
        assert ok(service.command(staff, f"{path}/no-show"))["state"] == "no_show"
        assert {slot.left for slot in citizen.client.slots("demo-a")} == {3}
        # Came after all: walks in again, and one who is held is passed over.
        again = citizen.client.walk_in("demo-a", citizen.person.id)
        ok(service.command(staff, f"/v1/tickets/{again.id}/hold"))
        assert service.booth().take_next() is None
        ok(service.command(staff, f"/v1/tickets/{again.id}/release"))
        assert service.booth().take_next() is not None


class TestGridWorker:
    def test_roster_proxy_booking_card_and_home_visit(self, service: Running) -> None:
        grid, desk = service.sign_in("grid"), service.sign_in("desk")
        resident = {
            "name": "李奶奶",
            "id_number": id_number("19400505", 7),
            "consent": True,
            "unit_id": "demo-grid-unit-0",
        }
        wrong = resident | {"id_number": resident["id_number"][:-1] + "5"}
        if wrong["id_number"] == resident["id_number"]:
            wrong["id_number"] = resident["id_number"][:-1] + "6"
        refused(service.command(grid, "/v1/grid/residents", wrong), "id_number_wrong")
        other = resident | {"unit_id": "pool-grid-unit-0"}
        refused(service.command(grid, "/v1/grid/residents", other), "not_found")
        person = ok(service.command(grid, "/v1/grid/residents", resident))
        assert person["needs"] == ["elderly"]
        body = {"slot_id": "demo-a-0000", "person_id": person["id"]}
        booking = ok(service.command(grid, "/v1/grid/bookings", body))
        assert booking["channel"] == "proxy"
        code = ok(service.http.get(f"/v1/bookings/{booking['id']}/code", headers=grid))["code"]
        check_in = {"booth_id": "demo-a", "code": code}
        staff = service.sign_in("staff")
        assert ok(service.command(staff, "/v1/check-ins", check_in))["number"] == "A001"
        params = {"round_id": "demo-1"}
        roster = ok(service.http.get("/v1/grid/roster", headers=grid, params=params))
        assert [(one["name_masked"], one["booked"]) for one in roster["residents"]] == [
            ("李**", True)
        ]
        covered = ok(service.http.get("/v1/desk/coverage", headers=desk, params=params))
        rows = {one["unit_id"]: (one["residents"], one["booked"]) for one in covered["units"]}
        assert (rows["demo-grid-unit-0"], rows["demo-grid-unit-1"]) == ((1, 1), (0, 0))
        exported = service.http.get("/v1/desk/coverage.csv", headers=desk, params=params)
        table = list(csv.DictReader(io.StringIO(exported.text)))
        assert [row["residents"] for row in table if row["unit"] == "demo-grid-unit-0"] == ["1"]

        visit = {"person_id": person["id"], "note": "cannot climb stairs"}
        asked = ok(service.command(grid, "/v1/grid/home-visits", visit))
        end = f"/v1/grid/home-visits/{asked['id']}/end"
        assert ok(service.command(grid, end, {"state": "done"}))["done_at"]
        refused(service.command(grid, end, {"state": "done"}), "wrong_state")
        stranger = service.citizen()
        theirs = {"slot_id": "demo-a-0000", "person_id": stranger.person.id}
        refused(service.command(grid, "/v1/grid/bookings", theirs), "not_found")


class TestEnterprise:
    def test_a_block_draws_on_the_one_quota_and_names_need_consent(self, service: Running) -> None:
        firm = service.sign_in("enterprise")
        group = ok(service.command(firm, "/v1/groups", {"name": "示范公司"}))
        blocks = f"/v1/groups/{group['id']}/blocks"
        too_many = {"slot_id": "demo-a-0000", "seats": 4}
        refused(service.command(firm, blocks, too_many), "slot_full")
        block = ok(service.command(firm, blocks, too_many | {"seats": 2}))
        open_, shy, stranger = (service.citizen() for _ in range(3))
        for member, shows in ((open_, True), (shy, False)):
            body = {"code": group["code"], "person_id": member.person.id, "shows_name": shows}
            ok(service.command(member.headers, "/v1/groups/join", body))
            refused(service.command(member.headers, "/v1/groups/join", body), "already_registered")

        def book(citizen: Citizen) -> httpx.Response:
            body = {
                "slot_id": "demo-a-0000",
                "person_id": citizen.person.id,
                "block_id": block["id"],
            }
            return service.command(citizen.headers, "/v1/bookings", body)

        refused(book(stranger), "not_found")
        booked = ok(book(open_))
        assert booked["channel"] == "group"
        assert stranger.book("demo-a-0000").id  # the last seat that nobody set aside
        with refusal("slot_full"):
            service.citizen().book("demo-a-0000")
        members = f"/v1/groups/{group['id']}/members"
        seen = ok(service.http.get(members, headers=firm, params={"round_id": "demo-1"}))
        assert {(one["name"], one["booked"]) for one in seen["members"]} == {
            (open_.name, True),
            (None, False),
        }
        assert ok(service.command(firm, f"/v1/blocks/{block['id']}/release"))["seats"] == 1
        refused(book(shy), "slot_full")  # of the block, which has no seat left
        assert open_.client.slots("demo-a")[0].left == 1
        open_.client.cancel(booked["id"])
        ok(book(shy))  # the seat went back to the block
        assert open_.client.slots("demo-a")[0].left == 1


class TestDesk:
    def test_incidents_have_deadlines(self, service: Running) -> None:
        grid, desk = service.sign_in("grid"), service.sign_in("desk")
        report = {"kind": "complex", "text": "The queue blocks the road", "site_id": "demo"}
        incident = ok(service.command(grid, "/v1/incidents", report))
        assign_by = datetime.fromisoformat(incident["assign_by"])
        assert assign_by == NOON + timedelta(days=1)
        # Reported on a Monday: 15 working days are three weeks, to the end of that Monday.
        close_by = datetime.fromisoformat(incident["close_by"])
        assert close_by == datetime.fromisoformat("2026-03-24T00:00:00+08:00")
        path = f"/v1/desk/incidents/{incident['id']}"
        solved = {"resolution": "moved the barrier"}
        refused(service.command(desk, f"{path}/close", solved), "wrong_state")
        service.clock.advance(86_401)
        desk = service.sign_in("desk")
        listed = ok(service.http.get("/v1/desk/incidents", headers=desk))["incidents"]
        assert [one["overdue"] for one in listed] == [True]
        assert not ok(service.command(desk, f"{path}/assign", {"to": "王工"}))["overdue"]
        assert ok(service.command(desk, f"{path}/close", solved))["state"] == "closed"
        simple = ok(service.command(desk, "/v1/incidents", report | {"kind": "simple"}))
        path = f"/v1/desk/incidents/{simple['id']}"
        assert ok(service.command(desk, f"{path}/close", solved))["state"] == "closed"

    def test_the_service_records_its_own_prediction_error(self, service: Running) -> None:
        desk, booth = service.sign_in("desk"), service.booth()
        for _ in range(3):
            service.citizen().arrive()
        for _ in range(3):
            called = booth.take_next()
            assert called is not None
            session = booth.open_session(called.ticket_id)
            service.clock.advance(60)
            booth.close_session(session.id, Outcome.REFUSED, reason="not_cooperative")
        errors = ok(service.http.get("/v1/desk/prediction-errors", headers=desk))["booths"]
        assert [one["count"] for one in errors] == [3]
        assert errors[0]["mean_absolute_error_s"] < 15
        assert errors[0]["inside_interval"] == 1.0

    @pytest.mark.parametrize(("later", "inside"), [(50, 1.0), (70, 0.0)])
    def test_a_wait_is_inside_to_the_minute_it_is_told_in(
        self, service: Running, later: float, inside: float
    ) -> None:
        service.citizen().arrive()  # nobody before them: told "no wait"
        service.clock.advance(later)
        called = service.booth().take_next()
        assert called is not None
        service.booth().open_session(called.ticket_id)
        desk = service.sign_in("desk")
        errors = ok(service.http.get("/v1/desk/prediction-errors", headers=desk))["booths"]
        assert errors[0]["inside_interval"] == inside

    def test_destruction_removes_people_keeps_counts_and_certifies(self, service: Running) -> None:
        citizen = service.citizen()
        sample(service, citizen, "TUBE-1")
        desk = service.sign_in("desk")
        path = "/v1/desk/rounds/demo-1"
        refused(service.command(desk, f"{path}/destruction"), "round_running")
        service.clock.advance(5 * 3600)
        desk = service.sign_in("desk")
        before = ok(service.http.get("/v1/rounds", headers=desk))["rounds"]
        made = ok(service.command(desk, f"{path}/destruction", key="destroy-once"))
        listed = hashlib.sha256(citizen.person.id.encode()).hexdigest()
        assert (made["people"], made["list_sha256"], made["by"]) == (1, listed, "demo-desk")
        assert made["counts"] == {
            "bookings.done": 1,
            "sessions.sampled": 1,
            "tubes.sealed": 1,
        }
        refused(service.command(desk, f"{path}/destruction"), "wrong_state")
        assert ok(service.http.get(f"{path}/certificate", headers=desk)) == made
        after = ok(service.http.get("/v1/rounds", headers=desk))["rounds"]
        assert [one["counts"] for one in after] == [one["counts"] for one in before]
        from .test_database import run  # noqa: PLC0415 - one look behind the service

        left = run(service.url, "SELECT sealed, id_hash, name_masked, birth_date FROM person")
        assert [tuple(row) for row in left] == [(None, None, "*", None)]  # type: ignore[call-overload]
        for emptied in ("link", "one_time_code"):
            assert run(service.url, f"SELECT 1 FROM {emptied}") == []  # noqa: S608 - names of ours
        assert not run(service.url, "SELECT 1 FROM account WHERE phone_hash IS NOT NULL")
        chain = ok(service.http.get("/v1/desk/chain/demo-a", headers=desk))
        assert chain["sound"]


class TestConsent:
    def test_withdrawing_erases_and_frees_the_seat(self, service: Running) -> None:
        citizen = service.citizen()
        citizen.book()
        path = f"/v1/people/{citizen.person.id}/erasure"
        assert ok(service.command(citizen.headers, path))["cancelled_bookings"] == 1
        assert citizen.client.people() == []
        assert citizen.client.slots("demo-a")[0].left == 3
        refused(service.command(citizen.headers, path), "not_found")

    def test_nobody_is_withdrawn_from_inside_a_booth(self, service: Running) -> None:
        citizen, booth = service.citizen(), service.booth()
        citizen.arrive()
        called = booth.take_next()
        assert called is not None
        booth.open_session(called.ticket_id)
        path = f"/v1/people/{citizen.person.id}/erasure"
        refused(service.command(citizen.headers, path), "wrong_state")
        assert citizen.client.people()

    def test_children_need_their_guardian_and_dependants_an_age(self, service: Running) -> None:
        parent = service.citizen()
        child = id_number("20200101", 901)
        with refusal("consent_missing"):
            parent.client.register("小明", child, dependant=True, consent=True)
        person = parent.client.register(
            "小明", child, dependant=True, consent=True, guardian_consent=True
        )
        assert (person.relation, person.needs) == ("dependant", {Need.SMALL_CHILD})
        with refusal("not_a_dependant"):
            parent.client.register("大明", id_number("19900101", 902), dependant=True, consent=True)
        with refusal("id_number_wrong"):  # the number is known, but the name is another
            service.citizen().client.register(
                "别人", child, dependant=True, consent=True, guardian_consent=True
            )


class TestDiversion:
    def test_people_on_the_way_count_and_arriving_ends_it(self, service: Running) -> None:
        walkers = [service.citizen() for _ in range(6)]

        def best(citizen: Citizen) -> str:
            advice = citizen.client.recommend(citizen.person.id, 22.5431, 114.0579)
            assert advice.best is not None
            assert advice.reason
            return advice.best.id

        sent = []
        for citizen in walkers:
            sent.append(best(citizen))
            citizen.client.set_out(citizen.person.id, sent[-1])
        assert {booth: sent.count(booth) for booth in set(sent)} == {
            "demo-a": 2,
            "demo-b": 2,
            "pool-a": 2,
        }
        under_way = {one.id: one.wait.under_way for one in walkers[0].client.booths()}
        assert under_way == {"demo-a": 2, "demo-b": 2, "pool-a": 2}
        walkers[0].client.walk_in(sent[0], walkers[0].person.id)
        arrived = {one.id: one.wait for one in walkers[0].client.booths()}[sent[0]]
        assert (arrived.waiting, arrived.under_way) == (1, 1)
        service.clock.advance(1801)  # the others never came
        left = [one.wait.under_way for one in service.citizen().client.booths()]
        assert left == [0, 0, 0]


class TestOffline:
    def test_visits_are_merged_once_and_conflicts_are_told(self, service: Running) -> None:
        booth = service.booth()
        visitor, cancelled = service.citizen(), service.citizen()
        codes = [one.client.code(one.book().id).code for one in (visitor, cancelled)]
        cancelled.client.cancel(cancelled.client.bookings()[0].id)
        opened = NOON + timedelta(minutes=10)
        service.clock.advance(1800)

        def visit(code: str, barcode: str) -> dict[str, Any]:
            return {
                "code": code,
                "opened_at": opened.isoformat(),
                "closed_at": (opened + timedelta(seconds=30)).isoformat(),
                "outcome": "sampled",
                "barcode": barcode,
                "record": {"strokes": 3},
            }

        device = service.device_headers()
        forged = visit(codes[0][:-3] + "AAA", "TUBE-3")
        visits = [visit(codes[0], "TUBE-1"), visit(codes[1], "TUBE-2"), forged]
        path = "/v1/booth/offline-visits"
        first = ok(service.command(device, path, {"visits": visits}))["visits"]
        assert [(one["merge"], one["reason"]) for one in first] == [
            ("merged", None),
            ("conflict", "booking_cancelled"),
            ("conflict", "code_invalid"),
        ]
        again = ok(service.command(device, path, {"visits": visits}))["visits"]
        assert [one["merge"] for one in again] == ["known", "conflict", "conflict"]
        with refusal("already_sampled"):
            visitor.book("demo-a-0003")
        assert booth.take_next() is None
        sealed = ok(service.command(service.sign_in("staff"), "/v1/boxes/BOX-1/tubes/TUBE-1"))
        assert sealed["state"] == TubeState.SEALED


@pytest.mark.parametrize("limit", ["codes", "bookings"])
def test_hoarding_is_limited(service: Running, limit: str) -> None:
    citizen = service.citizen()
    if limit == "codes":
        for _ in range(4):
            citizen.client.request_code("13999999999")
        citizen.client.request_code("13999999999")
        with refusal("too_many"):
            citizen.client.request_code("13999999999")
        service.clock.advance(3601)
        citizen.client.request_code("13999999999")
        return
    for _ in range(20):
        citizen.client.cancel(citizen.book().id)
    with refusal("too_many"):
        citizen.book()
