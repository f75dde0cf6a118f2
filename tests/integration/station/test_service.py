"""A booth and the real queue service: orders of the console, and a service that is killed."""

import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from arm_control.motion import Wipe
from arm_control.report import Fault, FaultKind
from booth_queue.client import BoothClient, Retry, Transport
from booth_queue.contract import Accepted, CalledPerson, SessionView, StaffSignIn
from booth_queue.contract.supervision import OrderRequest, OrderView, TakeOver
from station.attendance import Attendance, Idle
from station.booth import Booth, Served
from station.child import choose_port
from station.demo.citizens import check_in, seed_book
from station.demo.folder import DemoFolder
from station.demo.service import Service, running, seed
from station.demo.staff import StaffMember
from station.record import Outcome, Provenance
from station.session import SamplingSession
from station.signing import BoothKey
from station.states import State
from station.store import RecordStore
from tests.unit.station.rig import PERIOD_NS, Rig

CITIZENS = iter(seed_book(40, 11))
ORIGIN = Provenance("0", "c", "p", "m", simulated=True)
LONG_S = 60.0


@dataclass
class Clock:
    """The rig's time; ``hold`` keeps the session where it is until it says that it may go on."""

    rig: Rig
    hold: Callable[[], bool] = lambda: False

    def now_ns(self) -> int:
        return self.rig.arm.now

    def sleep_until(self, _: int) -> None:
        deadline = time.monotonic() + LONG_S
        while self.hold():
            assert time.monotonic() < deadline
            time.sleep(0.01)


@dataclass
class Machine:
    """The part of a booth that staff reset."""

    latched: bool = False
    done: list[str] = field(default_factory=list)

    def reset(self, by: str) -> None:
        self.done.append(by)
        self.latched = False

    def tidy(self) -> None:
        self.done.append("tidy")


class Tubes:
    def scan(self) -> str:
        return f"T-{uuid.uuid4().hex[:12].upper()}"


class Bench:
    """A booth of fakes at the real service, with a member of staff."""

    def __init__(self, service: Service, folder: Path) -> None:
        self.service = service
        self.rig = Rig()
        self.clock = Clock(self.rig)
        self.machine = Machine()
        retry = Retry(patience_s=0.5)
        self.client = BoothClient(service.url, service.client_id, service.secret, retry=retry)
        self.store = RecordStore(folder / "records", BoothKey.load_or_create(folder / "booth.key"))
        self.sessions: list[SamplingSession] = []
        self.booth = Booth(
            service.booth_id,
            self.client,
            self.clock,
            1e9 / PERIOD_NS,
            self.new_session,
            self.store,
            Tubes(),
            ORIGIN,
        )
        self.attendance = Attendance(self.client, self.machine, self.booth.outbox)
        self.staff = StaffMember(service.url, service.staff, service.password, service.site_id)
        credentials = StaffSignIn(name=service.staff, password=service.password)
        self.console = Transport(service.url, sign_in=("/v1/sign-in/staff", credentials))

    def new_session(self) -> SamplingSession:
        self.sessions.append(self.rig.session())
        return self.sessions[-1]

    def arrive(self) -> None:
        check_in(self.service.url, self.service.booth_id, next(CITIZENS))

    def called(self) -> CalledPerson:
        found = self.attendance.next()
        assert isinstance(found, CalledPerson), found
        return found

    def serve(self) -> Served:
        self.arrive()
        served = self.booth.serve(self.called(), self.seat)
        self.attendance.after(served.result)
        return served

    def order(self, kind: str) -> OrderView:
        body = OrderRequest.model_validate({"kind": kind, "reason": "I have looked"})
        path = f"/v1/booths/{self.service.booth_id}/orders"
        return self.console.post(path, OrderView, body)

    def say(self, path: str, body: TakeOver | None = None) -> None:
        self.console.post(f"/v1/booths/{self.service.booth_id}/{path}", Accepted, body)

    @contextmanager
    def seat(self, _: CalledPerson) -> Iterator[Callable[[], bool]]:
        yield lambda: True

    def close(self) -> None:
        for one in (self.client, self.console, self.staff._transport):
            one.close()


class Host:
    """The queue service, which may be killed and started again where it was."""

    def __init__(self, folder: Path) -> None:
        self._folder = DemoFolder.create(folder)
        self.service = seed(self._folder, choose_port(0))
        self._running = ExitStack()
        self.start()

    def start(self) -> None:
        self._process = self._running.enter_context(running(self.service, self._folder))

    def kill(self) -> None:
        self._process.kill()

    def close(self) -> None:
        self._running.close()


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    made = Host(tmp_path_factory.mktemp("service") / "out")
    yield made
    made.close()


@pytest.fixture
def service(host: Host) -> Service:
    return host.service


@pytest.fixture
def bench(service: Service, tmp_path: Path) -> Iterator[Bench]:
    made = Bench(service, tmp_path)
    made.say("open")
    made.staff.look(service.booth_id)
    yield made
    made.close()


def test_a_person_is_sampled_and_the_line_is_empty(bench: Bench) -> None:
    assert bench.serve().result.outcome is Outcome.SAMPLED
    assert bench.attendance.next() is Idle.NOBODY_WAITS
    assert bench.booth.outbox.refused == {}


def test_stopped_from_the_console_the_session_ends_and_nobody_is_called_until_it_is_opened(
    bench: Bench,
) -> None:
    given: list[OrderView] = []

    def hold() -> bool:
        session = bench.sessions[-1]
        if session.state is not State.SWABBING or session._cancelled:
            return False
        if not given:
            given.append(bench.order("stop"))
        return True

    bench.clock.hold = hold
    served = bench.serve()
    assert (served.result.outcome, served.result.reason) == (Outcome.ABORTED, "staff_stop")
    assert [decision.state for decision in served.result.trail][-2:] == ["withdrawing", "aborted"]
    assert bench.machine.done == ["tidy"]
    bench.clock.hold = lambda: False
    bench.arrive()
    assert bench.attendance.next() is Idle.CLOSED
    bench.say("open")
    assert bench.booth.serve(bench.called(), bench.seat).result.outcome is Outcome.SAMPLED


def test_paused_and_resumed_from_the_console(bench: Bench) -> None:
    bench.arrive()
    bench.say("pause")
    assert bench.attendance.next() is Idle.CLOSED
    bench.say("open")
    assert bench.booth.serve(bench.called(), bench.seat).result.outcome is Outcome.SAMPLED


def test_taken_over_by_hand_the_machine_calls_nobody_until_it_is_handed_back(bench: Bench) -> None:
    bench.arrive()
    bench.say("take-over", TakeOver(reason="a child is afraid"))
    assert bench.attendance.next() is Idle.CLOSED
    bench.say("hand-back")
    assert bench.booth.serve(bench.called(), bench.seat).result.outcome is Outcome.SAMPLED


def test_a_latched_fault_waits_for_staff_whose_reset_reaches_the_machine(bench: Bench) -> None:
    fault = Fault(FaultKind.FORCE, "1.2 N, bound 1.0 N", latched=True)
    bench.rig.arm.faults[Wipe] = fault
    assert bench.serve().result.latched
    bench.rig.arm.faults.clear()
    bench.machine.latched = True
    bench.arrive()
    assert bench.attendance.next() is Idle.LATCHED
    reason = bench.staff.look(bench.service.booth_id)
    assert "force: 1.2 N" in reason
    assert bench.attendance.next() is Idle.CLOSED, "reset, and not opened yet"
    (by,) = bench.machine.done
    assert by.endswith(reason)
    bench.staff.open(bench.service.booth_id)
    assert bench.booth.serve(bench.called(), bench.seat).result.outcome is Outcome.SAMPLED


def test_a_service_killed_during_a_session_is_told_when_it_is_back(
    bench: Bench, host: Host
) -> None:
    def hold() -> bool:
        if bench.sessions[-1].state is State.SWABBING:
            host.kill()
        return False

    bench.clock.hold = hold
    try:
        served = bench.serve()
        assert served.result.outcome is Outcome.SAMPLED
        assert bench.attendance.next() is Idle.SERVICE_AWAY
    finally:
        host.start()
    assert bench.attendance.next() is Idle.NOBODY_WAITS
    assert bench.booth.outbox.refused == {}
    told = bench.client._transport.get(f"/v1/booth/sessions/{served.session_id}", SessionView)
    assert (told.outcome, told.barcode) == ("sampled", served.tube)
