"""One booth serving people: opens, runs, records and closes one session after the other."""

from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime

from arm_control.ports import Clock
from booth_queue.client import BoothClient
from booth_queue.contract import CalledPerson
from spatial import stamp_ns
from station.live import LiveReporter
from station.outbox import Outbox
from station.ports import Observer, TubeReader
from station.reasons import Reason
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
    is sent later when the service does not answer.
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
        self.outbox = Outbox(store, client)

    def recover(self) -> SignedRecord | None:
        """End and send what a crash has left behind; returns the record it made, if any.

        Raises Unreachable while the service is away.
        """
        return self.outbox.recover(self._name, self._origin)

    def cancel(self, reason: Reason) -> None:
        """End the running session, if any, by a safe withdrawal; any thread may call."""
        session = self._running
        if session is not None:
            session.cancel(reason)

    def _obey(self, order: str) -> bool:
        """Carry out an order that came while a session runs: nothing but stopping makes sense."""
        if order == _STOP:
            self.cancel(Reason.STAFF_STOP)
        return order == _STOP

    def serve(
        self,
        person: CalledPerson,
        seat: Seat,
        observers: Callable[[SamplingSession], Iterable[Observer]] = lambda _: (),
    ) -> Served:
        """Run one person's session from the call to the closed session.

        Raises StationError where the record can not be kept; nobody is called to the chair then.
        """
        self._store.check()
        session_id = self.outbox.begin(person)
        started = datetime.now(UTC)
        session = self._new_session()
        with LiveReporter(self._client, session_id, session, self._obey) as live:
            for observer in (live, *observers(session)):
                session.observe(observer)
            self._running = session
            try:
                self._run(session, person, seat)
            finally:
                self._running = None
        result = session.result()
        tube = self._tubes.scan() if result.outcome is Outcome.SAMPLED else ""
        signed = self.outbox.finish(
            SamplingRecord(
                booth=self._name,
                session=session_id,
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
        )
        return Served(person, session_id, result, signed, tube)

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
