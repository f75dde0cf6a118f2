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
from booth_queue.client import BoothClient, Retry
from booth_queue.contract import CalledPerson, Language
from station.booth import Booth
from station.errors import StationError
from station.record import Outcome, Provenance
from station.session import SamplingSession
from station.signing import BoothKey, verify_chain
from station.store import RecordStore
from tests.unit.station.rig import PERIOD_NS, Rig
from vision.target import RefusalReason, Site

NOW = "2026-01-01T08:00:00Z"
PERSON = CalledPerson(
    ticket_id="t1",
    number="A001",
    person_id="p1",
    name_masked="王*",
    age=40,
    language=Language.ZH,
    needs=frozenset(),
    single_swab=True,
    calls=1,
)


@dataclass
class Service:
    """The service's side of the wire: notes every command, fails where told to."""

    calls: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    orders: list[dict[str, Any]] = field(default_factory=list)
    dead: bool = False

    def answer(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path
        if path == "/v1/sign-in/device":
            tokens = {"access_token": "a", "refresh_token": "r", "expires_in_s": 900}
            return httpx.Response(200, json=tokens | {"role": "booth"})
        if self.dead and not path.endswith("/sessions"):
            raise httpx.ConnectError("no route")
        body = {}
        if request.headers.get("content-type") == "application/json":
            body = json.loads(request.content)
        name = path.rsplit("/", 1)[-1]
        if name != "picture":
            self.calls.append((name, body))
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
        orders, self.orders = (self.orders, []) if name == "progress" else ([], self.orders)
        return {
            "sessions": session,
            "close": session | {"state": "closed"},
            "swab": tube,
            "record": {"session_id": "s1", "sha256": "0" * 64, "stored_at": NOW},
            "progress": {"accepted": True, "orders": orders},
            "take": order | {"taken_at": NOW},
        }.get(name, {"accepted": True})

    def names(self) -> list[str]:
        return [name for name, _ in self.calls if name != "progress"]

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
class World:
    folder: Path
    rig: Rig = field(default_factory=Rig)
    service: Service = field(default_factory=Service)
    chair: list[str] = field(default_factory=list)

    def booth(self) -> Booth:
        http = httpx.Client(
            base_url="http://booth", transport=httpx.MockTransport(self.service.answer)
        )
        client = BoothClient("http://booth", "b", "s", http=http, retry=Retry(patience_s=0.0))
        key = BoothKey.load_or_create(self.folder / "booth.key")
        store = RecordStore(self.folder / "records", key)
        origin = Provenance("0", "c", "p", "m", simulated=True)
        rate_hz = 1e9 / PERIOD_NS
        return Booth(
            "b", client, Clock(self.rig), rate_hz, self.rig.session, store, Tubes(), origin
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


def test_a_dead_service_costs_nobody_their_record(world: World) -> None:
    booth = world.booth()
    world.service.dead = True
    with pytest.raises(StationError, match="is kept as record 1"):
        booth.serve(PERSON, world.seat)
    key = BoothKey.load_or_create(world.folder / "booth.key")
    store = RecordStore(world.folder / "records", key)
    assert verify_chain(store, key.public) == 1
    assert world.chair[-1] == "A001 leaves"


def test_a_full_disk_calls_nobody_to_the_chair(world: World) -> None:
    (world.folder / "records").write_text("in the way")
    with pytest.raises(StationError, match="cannot write records"):
        world.booth().serve(PERSON, world.seat)
    assert world.service.calls == []
    assert world.chair == []


def test_a_latched_fault_is_reported_so_that_nobody_is_called(world: World) -> None:
    world.rig.arm.faults[Wipe] = Fault(FaultKind.FORCE, "1.2 N, bound 1.0 N", latched=True)
    served = world.booth().serve(PERSON, world.seat)
    assert served.result.outcome is Outcome.ABORTED
    assert world.service.names()[-1] == "faults"
    assert world.service.body("faults")["code"] == "force"


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
        booth.cancel("nobody runs yet")
        session.cancel("operator")
        return ()

    served = booth.serve(PERSON, world.seat, observers)
    assert (served.result.outcome, served.result.reason) == (Outcome.ABORTED, "operator")
