"""A booth serving one person: order of events at the service, and what survives a failure."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from arm_control.motion import Wipe
from arm_control.report import Fault, FaultKind
from booth_queue.client import BoothClient, Retry, Unreachable
from booth_queue.contract import CalledPerson
from station.attendance import Attendance, Idle
from station.booth import Booth
from station.errors import StationError
from station.reasons import Reason
from station.record import Outcome, Provenance, SamplingRecord
from station.session import SamplingSession
from station.signing import BoothKey, verify_chain
from station.store import RecordStore
from tests.unit.station.rig import PERIOD_NS, PERSON, Rig
from vision.target import RefusalReason, Site

NOW = "2026-01-01T08:00:00Z"
ORIGIN = Provenance("0", "c", "p", "m", simulated=True)


@dataclass
class Service:
    """The service's side of the wire: notes every command, fails where told to."""

    calls: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    orders: list[dict[str, Any]] = field(default_factory=list)
    refusing: dict[str, str] = field(default_factory=dict)
    keys: set[str] = field(default_factory=set)
    waiting: list[CalledPerson] = field(default_factory=list)
    dead: bool = False
    dies_after: str = ""

    def answer(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path
        if path == "/v1/sign-in/device":
            tokens = {"access_token": "a", "refresh_token": "r", "expires_in_s": 900}
            return httpx.Response(200, json=tokens | {"role": "booth"})
        if self.dead:
            raise httpx.ConnectError("no route")
        body = {}
        if request.headers.get("content-type") == "application/json":
            body = json.loads(request.content)
        name = path.rsplit("/", 1)[-1]
        key = request.headers.get("idempotency-key", "")
        if key and key in self.keys:
            return httpx.Response(200, json=self._body(name))  # done before
        self.keys.add(key)
        if name in self.refusing:
            problem = {"code": self.refusing[name], "message": "不行", "message_en": "no"}
            return httpx.Response(409, json=problem)
        if name != "picture":
            self.calls.append((name, body))
        if name == self.dies_after:
            self.dead = True
        return httpx.Response(200, json=self._body(name))

    def _body(self, name: str) -> dict[str, Any]:
        session = {
            "id": "s1",
            "ticket_id": "t1",
            "booth_id": "b",
            "state": "open",
            "outcome": None,
            "reason": None,
            "opened_at": NOW,
            "closed_at": None,
            "barcode": None,
            "record_sha256": None,
        }
        tube = {"barcode": "T-01", "state": "filling", "pool_size": 1, "swabs": 1, "box_id": None}
        order = {"id": "o1", "booth_id": "b", "kind": "stop", "given_at": NOW, "reason": "x"}
        told = name in ("progress", "state")
        orders, self.orders = (self.orders, []) if told else ([], self.orders)
        person = self.waiting.pop(0) if name == "next" and self.waiting else None
        return {
            "sessions": session,
            "close": session | {"state": "closed"},
            "swab": tube,
            "record": {"session_id": "s1", "sha256": "0" * 64, "stored_at": NOW},
            "progress": {"accepted": True, "orders": orders},
            "state": {"accepted": True, "orders": orders},
            "next": {"person": None if person is None else person.model_dump(mode="json")},
            "take": order | {"taken_at": NOW},
        }.get(name, {"accepted": True})

    def names(self) -> list[str]:
        return [name for name, _ in self.calls if name not in ("progress", "state")]

    def body(self, name: str) -> dict[str, Any]:
        return next(body for called, body in self.calls if called == name)


class Clock:
    def __init__(self, rig: Rig) -> None:
        self._rig = rig

    def now_ns(self) -> int:
        return self._rig.arm.now

    def sleep_until(self, deadline_ns: int) -> None:
        assert deadline_ns - self._rig.arm.now <= PERIOD_NS


class Tubes:
    def scan(self) -> str:
        return "T-01"


@dataclass
class Machine:
    latched: bool = False
    done: list[str] = field(default_factory=list)
    broken: str = ""

    def reset(self, by: str) -> None:
        self.done.append(f"reset by {by}")
        self.latched = False

    def tidy(self) -> None:
        if self.broken:
            raise StationError(self.broken)
        self.done.append("tidy")


@dataclass
class World:
    folder: Path
    rig: Rig = field(default_factory=Rig)
    service: Service = field(default_factory=Service)
    chair: list[str] = field(default_factory=list)

    def client(self) -> BoothClient:
        http = httpx.Client(
            base_url="http://booth", transport=httpx.MockTransport(self.service.answer)
        )
        return BoothClient("http://booth", "b", "s", http=http, retry=Retry(patience_s=0.0))

    def store(self) -> RecordStore:
        return RecordStore(
            self.folder / "records", BoothKey.load_or_create(self.folder / "booth.key")
        )

    def booth(self) -> Booth:
        rate_hz = 1e9 / PERIOD_NS
        return Booth(
            "b",
            self.client(),
            Clock(self.rig),
            rate_hz,
            self.rig.session,
            self.store(),
            Tubes(),
            ORIGIN,
        )

    @contextmanager
    def seat(self, person: CalledPerson) -> Iterator[Callable[[], bool]]:
        self.chair.append(f"{person.number} sits")
        yield lambda: True
        self.chair.append(f"{person.number} leaves")


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def test_a_sample_is_bound_recorded_and_closed_in_this_order(world: World) -> None:
    served = world.booth().serve(PERSON, world.seat)
    assert world.service.names() == ["sessions", "swab", "record", "close"]
    assert world.service.body("swab") == {"barcode": "T-01"}
    assert world.service.body("close") == {"outcome": "sampled", "reason": None}
    assert world.service.body("record")["record"] == served.signed.document()
    assert world.chair == ["A001 sits", "A001 leaves"]
    record = served.signed.record
    assert (record["ticket"], record["session"], record["tube"]) == ("A001", "s1", "T-01")


def test_a_refusal_binds_no_tube(world: World) -> None:
    world.rig.sight.hidden = {Site.POSTERIOR_WALL: RefusalReason.TONGUE_HIGH}
    served = world.booth().serve(PERSON, world.seat)
    assert world.service.names() == ["sessions", "record", "close"]
    assert world.service.body("close") == {"outcome": "refused", "reason": "tongue_high"}
    assert served.tube == ""


def test_live_screens_hear_of_site_force_and_instruction(world: World) -> None:
    world.booth().serve(PERSON, world.seat)
    told = [body for name, body in world.service.calls if name == "progress"]
    assert told
    assert told[-1]["activity"] == "DONE"
    assert told[-1]["instruction"] == "thank_you"
    assert max(max(body["force_n"], default=0.0) for body in told) == pytest.approx(0.3)


@pytest.mark.parametrize("dies_after", ["sessions", "swab", "record"])
def test_a_service_that_goes_away_is_told_everything_later(world: World, dies_after: str) -> None:
    world.service.dies_after = dies_after
    booth = world.booth()
    served = booth.serve(PERSON, world.seat)
    assert world.chair[-1] == "A001 leaves"
    key = BoothKey.load_or_create(world.folder / "booth.key")
    assert verify_chain(world.store(), key.public) == 1
    assert booth.outbox.flush() is False
    world.service.dead, world.service.dies_after = False, ""
    assert booth.outbox.flush() is True
    assert world.service.names() == ["sessions", "swab", "record", "close"]
    assert world.service.body("record")["record"] == served.signed.document()
    assert booth.outbox.flush() is True
    assert world.service.names().count("close") == 1, "told once"


def test_a_restarted_booth_sends_what_was_left(world: World) -> None:
    world.service.dies_after = "sessions"
    world.booth().serve(PERSON, world.seat)
    world.service.dead = False
    again = world.booth()
    assert again.recover() is None
    assert again.outbox.flush()
    assert world.service.names() == ["sessions", "swab", "record", "close"]


@pytest.mark.parametrize("known", [True, False], ids=["answer came", "answer lost"])
def test_a_booth_killed_in_the_middle_ends_the_session_after_its_restart(
    world: World, known: bool
) -> None:
    world.service.dies_after = "" if known else "sessions"
    if known:
        world.booth().outbox.begin(PERSON)  # and nothing after it: the process was killed
    else:
        lost = world.booth().outbox
        world.service.dead = True
        with pytest.raises(Unreachable):
            lost.begin(PERSON)
        with pytest.raises(Unreachable):
            world.booth().recover()
    world.service.dead, world.service.dies_after = False, ""
    signed = world.booth().recover()
    assert signed is not None
    record = signed.record
    assert (record["outcome"], record["reason"], record["ticket"]) == ("aborted", "cut_off", "A001")
    assert world.service.names() == ["sessions", "record", "close"]
    assert world.service.body("close") == {"outcome": "aborted", "reason": "cut_off"}
    assert world.booth().recover() is None, "once"


def test_a_booth_killed_after_its_record_makes_no_second(world: World) -> None:
    booth = world.booth()
    session = booth.outbox.begin(PERSON)
    begun = (world.folder / "records" / "begun.json").read_bytes()
    record = SamplingRecord("b", session, "A001", Outcome.REFUSED, "mask", NOW, 1.0, (), (), ORIGIN)
    booth.outbox.finish(record)
    (world.folder / "records" / "begun.json").write_bytes(begun)
    assert world.booth().recover() is None
    assert len(list(world.store())) == 1


def test_a_tube_code_the_contract_does_not_know_bars_nothing_behind_it(world: World) -> None:
    booth = world.booth()
    session = booth.outbox.begin(PERSON)
    booth.outbox.finish(
        SamplingRecord(
            "b", session, "A001", Outcome.SAMPLED, "", NOW, 1.0, (), (), ORIGIN, "no such code"
        )
    )
    assert "barcode" in booth.outbox.refused["1"][0]
    assert world.service.names() == ["sessions", "record", "close"]
    assert booth.outbox.flush()


def test_what_the_service_will_not_take_is_kept_and_told(world: World) -> None:
    world.service.refusing = {"swab": "tube_used"}
    booth = world.booth()
    booth.serve(PERSON, world.seat)
    assert world.service.names() == ["sessions", "record", "close"]
    (said,) = booth.outbox.refused["1"]
    assert said.startswith("swab: 409 tube_used")


def test_a_full_disk_calls_nobody_to_the_chair(world: World) -> None:
    (world.folder / "records").write_text("in the way")
    with pytest.raises(StationError, match="cannot write records"):
        world.booth().serve(PERSON, world.seat)
    assert world.service.calls == []
    assert world.chair == []


def test_a_latched_fault_is_reported_so_that_nobody_is_called(world: World) -> None:
    world.rig.arm.faults[Wipe] = Fault(FaultKind.FORCE, "1.2 N, bound 1.0 N", latched=True)
    booth = world.booth()
    served = booth.serve(PERSON, world.seat)
    assert served.result.outcome is Outcome.ABORTED
    machine = Machine(latched=True)
    attendance = Attendance(world.client(), machine, booth.outbox)
    attendance.after(served.result)
    world.service.waiting = [PERSON]
    assert attendance.next() is Idle.LATCHED
    assert world.service.body("faults")["code"] == "force"
    assert "next" not in world.service.names()
    order = {"id": "o2", "booth_id": "b", "kind": "reset", "given_at": NOW, "reason": "looked"}
    world.service.orders = [order | {"taken_at": None}]
    assert attendance.next() == PERSON
    assert machine.done == ["reset by order o2: looked"]
    assert world.service.names().count("faults") == 1
    assert "take" in world.service.names()


def test_a_fault_is_reported_when_the_service_is_back(world: World) -> None:
    world.rig.arm.faults[Wipe] = Fault(FaultKind.FORCE, "1.2 N, bound 1.0 N", latched=True)
    booth = world.booth()
    attendance = Attendance(world.client(), Machine(latched=True), booth.outbox)
    attendance.after(booth.serve(PERSON, world.seat).result)
    world.service.dead = True
    assert attendance.next() is Idle.SERVICE_AWAY
    world.service.dead = False
    assert attendance.next() is Idle.LATCHED
    assert world.service.names()[-1] == "faults"


def test_after_a_session_broken_off_the_arm_tidies_up_before_anybody_is_called(
    world: World,
) -> None:
    world.rig.arm.stuck = True
    booth, machine = world.booth(), Machine()
    served = booth.serve(PERSON, world.seat)
    assert served.result.outcome is Outcome.ABORTED
    Attendance(world.client(), machine, booth.outbox).after(served.result)
    assert machine.done == ["tidy"]


def test_an_arm_that_cannot_tidy_up_calls_staff(world: World) -> None:
    world.rig.arm.stuck = True
    booth, machine = world.booth(), Machine(broken="it met something")
    served = booth.serve(PERSON, world.seat)
    attendance = Attendance(world.client(), machine, booth.outbox)
    attendance.after(served.result)
    attendance.beat()
    assert world.service.body("faults") == {
        "code": "arm",
        "detail": "it met something",
        "session_id": None,
    }


def test_nobody_is_called_to_an_arm_that_could_not_tidy_up_and_a_reset_tries_again(
    world: World,
) -> None:
    world.rig.arm.stuck = True
    booth, machine = world.booth(), Machine(broken="it met something")
    attendance = Attendance(world.client(), machine, booth.outbox)
    attendance.after(booth.serve(PERSON, world.seat).result)
    world.service.waiting = [PERSON]
    order = {"id": "o3", "booth_id": "b", "kind": "reset", "given_at": NOW, "reason": "looked"}
    order["taken_at"] = None
    world.service.orders = [order]
    assert attendance.next() is Idle.UNTIDY, "staff reset it, and it met something again"
    states = [body for name, body in world.service.calls if name == "state"]
    assert (states[-1]["activity"], states[-1]["ready"]) == ("FAULT", False)
    assert attendance.next() is Idle.UNTIDY
    assert world.service.names().count("faults") == 2, "each failure is told once"
    machine.broken = ""
    world.service.orders = [order]
    assert attendance.next() == PERSON
    assert machine.done == ["tidy"]


def test_a_booth_paused_by_staff_calls_nobody_until_it_is_opened(world: World) -> None:
    attendance = Attendance(world.client(), Machine(), world.booth().outbox)
    world.service.waiting = [PERSON]
    world.service.refusing = {"next": "booth_not_open"}
    assert attendance.next() is Idle.CLOSED
    world.service.refusing = {}
    assert attendance.next() == PERSON
    assert attendance.next() is Idle.NOBODY_WAITS


def test_a_reset_ordered_while_a_session_ends_is_left_for_afterwards(world: World) -> None:
    order = {"id": "o1", "booth_id": "b", "kind": "reset", "given_at": NOW, "reason": "x"}
    world.service.orders = [order | {"taken_at": None}]
    world.booth().serve(PERSON, world.seat)
    assert "take" not in world.service.names()


def test_staff_can_stop_a_session_from_their_console(world: World) -> None:
    booth = world.booth()
    order = {"id": "o1", "booth_id": "b", "kind": "stop", "given_at": NOW, "reason": "x"}
    world.service.orders = [order | {"taken_at": None}]
    world.rig.sight.opening = 0.0  # nothing to see: the session waits for its patience

    class Slow(Clock):
        def sleep_until(self, _: int) -> None:
            deadline = 2000
            while world.service.orders and deadline:
                deadline -= 1
                time.sleep(0.005)

    booth._clock = Slow(world.rig)
    served = booth.serve(PERSON, world.seat)
    assert served.result.reason == "staff_stop"
    assert "take" in world.service.names()


def test_a_session_can_be_cancelled_from_outside(world: World) -> None:
    booth = world.booth()

    def observers(session: SamplingSession) -> tuple[()]:
        booth.cancel(Reason.OPERATOR)
        session.cancel(Reason.OPERATOR)
        return ()

    served = booth.serve(PERSON, world.seat, observers)
    assert (served.result.outcome, served.result.reason) == (Outcome.ABORTED, "operator")
