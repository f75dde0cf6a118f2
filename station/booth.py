"""One booth serving people: opens, runs, records and closes one session after the other."""

from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime

from arm_control.ports import Clock
from booth_queue.client import BoothClient, Unreachable
from booth_queue.contract import CalledPerson
from booth_queue.contract import Outcome as ServiceOutcome
from spatial import stamp_ns
from station.errors import StationError
from station.live import LiveReporter
from station.ports import Observer, TubeReader
from station.record import Outcome, Provenance, SamplingRecord
from station.result import SessionResult
from station.session import SamplingSession
from station.signing import SignedRecord
from station.states import State
from station.store import RecordStore

_STOP = "stop"  # the kind of order by which staff end a session

Seat = Callable[[CalledPerson], AbstractContextManager[Callable[[], bool]]]
"""Expects the called person for the time of the session: says whether they sit, empties the chair.
"""


@dataclass(frozen=True, slots=True)
class Served:
    """One person served: the session's result, its signed record and the tube's code."""

    person: CalledPerson
    session_id: str
    result: SessionResult
    signed: SignedRecord
    tube: str


class Booth:
    """Serves called persons; ``station`` runs it, in simulation and beside real hardware.

    Order of events: session opened with the service, person seated, session run, record signed
    and written here, swab bound to its tube, record sent, session closed. What was written here
    is kept when the service does not answer.
    """

    def __init__(
        self,
        name: str,
        client: BoothClient,
        clock: Clock,
        rate_hz: float,
        new_session: Callable[[], SamplingSession],
        store: RecordStore,
        tubes: TubeReader,
        origin: Provenance,
    ) -> None:
        self._name = name
        self._client = client
        self._clock = clock
        self._period_ns = stamp_ns(1.0 / rate_hz)
        self._new_session = new_session
        self._store = store
        self._tubes = tubes
        self._origin = origin
        self._running: SamplingSession | None = None

    def cancel(self, reason: str) -> None:
        """End the running session, if any, by a safe withdrawal; any thread may call."""
        session = self._running
        if session is not None:
            session.cancel(reason)

    def _obey(self, order: str) -> None:
        """Carry out an order that came while a session runs: nothing but stopping makes sense."""
        if order == _STOP:
            self.cancel("staff_stop")

    def serve(
        self,
        person: CalledPerson,
        seat: Seat,
        observers: Callable[[SamplingSession], Iterable[Observer]] = lambda _: (),
    ) -> Served:
        """Run one person's session from the call to the closed session.

        Raises StationError where the record can not be kept; nobody is called then.
        """
        self._store.check()
        opened = self._client.open_session(person.ticket_id)
        started = datetime.now(UTC)
        session = self._new_session()
        with LiveReporter(self._client, opened.id, session, self._obey) as live:
            for observer in (live, *observers(session)):
                session.observe(observer)
            self._running = session
            try:
                self._run(session, person, seat)
            finally:
                self._running = None
        result = session.result()
        tube = self._tubes.scan() if result.outcome is Outcome.SAMPLED else ""
        record = SamplingRecord(
            booth=self._name,
            session=opened.id,
            ticket=person.number,
            outcome=result.outcome,
            reason=result.reason,
            started_at=started.isoformat(timespec="milliseconds"),
            duration_s=result.duration_s,
            sites=result.sites,
            trail=result.trail,
            provenance=self._origin,
            tube=tube,
        )
        signed = self._store.append(record)
        self._report(opened.id, result, signed, tube)
        if result.latched:
            self._client.report_fault(result.reason, result.detail[:500])
        return Served(person, opened.id, result, signed, tube)

    def _run(self, session: SamplingSession, person: CalledPerson, seat: Seat) -> None:
        session.call(self._clock.now_ns())
        with seat(person) as sits:
            due_ns = self._clock.now_ns()
            while not session.finished:
                if session.state is State.CALLED and sits():
                    session.sit(self._clock.now_ns())
                session.tick()
                due_ns += self._period_ns
                self._clock.sleep_until(due_ns)

    def _report(
        self, session_id: str, result: SessionResult, signed: SignedRecord, tube: str
    ) -> None:
        """Tell the service, in the order that leaves no sample without its person."""
        try:
            if tube:
                self._client.bind_swab(session_id, tube)
            self._client.store_record(session_id, signed.document())
            self._client.close_session(
                session_id, ServiceOutcome(result.outcome.value), reason=result.reason or None
            )
        except Unreachable as error:
            raise StationError(
                f"the queue service does not answer; session {session_id} is kept as record "
                f"{signed.sequence} in {self._store.folder}: {error}"
            ) from error
