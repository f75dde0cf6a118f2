"""Between two people: heartbeats, staff's orders, what was not sent, and who is next."""

from collections.abc import Callable
from enum import StrEnum
from typing import Protocol

from booth_queue.client import BoothClient, Refused, Unreachable
from booth_queue.contract import CalledPerson
from booth_queue.contract.supervision import OrderView
from station.errors import StationError
from station.outbox import Outbox
from station.record import Outcome
from station.result import SessionResult

_STOP, _RESET = "stop", "reset"  # the kinds of orders staff give
_CLOSED = frozenset({"booth_not_open"})


class Idle(StrEnum):
    """Why nobody is served now."""

    NOBODY_WAITS = "nobody_waits"
    CLOSED = "closed"
    LATCHED = "latched"
    UNTIDY = "untidy"
    SERVICE_AWAY = "service_away"


class Machine(Protocol):
    """What staff may reset: the arm with its safety monitor."""

    @property
    def latched(self) -> bool:
        """Whether the safety monitor has tripped and nobody has reset it."""
        ...

    def reset(self, by: str) -> None:
        """Clear the trip after a person, named in ``by``, has looked; the arm then tidies up."""
        ...

    def tidy(self) -> None:
        """Bring the arm to rest, a fresh swab in hand, while nobody sits in the chair."""
        ...


class Attendance:
    """Asks the service what is to be done; one thread, between sessions.

    Staff reset a latched fault, or an arm that could not tidy up, by an order of their console;
    the booth is opened again by them. Nobody is called before the arm has come to rest.
    """

    def __init__(self, client: BoothClient, machine: Machine, outbox: Outbox) -> None:
        self._client = client
        self._machine = machine
        self._outbox = outbox
        self._fault: tuple[str, str] | None = None
        self._untidy = False

    def after(self, result: SessionResult) -> None:
        """Take in how a session ended: report a latched fault, else tidy up what was broken off."""
        if result.latched:
            self._fault = result.reason, result.detail
        elif result.outcome is Outcome.ABORTED:
            self._tidy(self._machine.tidy)

    def next(self) -> CalledPerson | Idle:
        """Return who was called, or why nobody is served now. Never waits for people."""
        try:
            self.beat()
            if not self._outbox.flush():
                return Idle.SERVICE_AWAY
            if self._machine.latched:
                return Idle.LATCHED
            if self._untidy:
                return Idle.UNTIDY
            person = self._client.take_next()
        except Unreachable:
            return Idle.SERVICE_AWAY
        except Refused as refusal:
            if refusal.problem.code in _CLOSED:
                return Idle.CLOSED
            raise
        return Idle.NOBODY_WAITS if person is None else person

    def beat(self) -> None:
        """Report that the booth lives, or its fault, and do what staff have ordered meanwhile."""
        if self._fault is not None:
            code, detail = self._fault
            self._client.report_fault(code, detail[:500])
            self._fault = None
        ready = not (self._machine.latched or self._untidy)
        for order in self._client.report_state("IDLE" if ready else "FAULT", ready=ready):
            self._obey(order)

    def _obey(self, order: OrderView) -> None:
        if order.kind == _RESET and self._machine.latched:
            self._tidy(lambda: self._machine.reset(f"order {order.id}: {order.reason}"))
        elif order.kind == _RESET and self._untidy:
            self._tidy(self._machine.tidy)
        elif order.kind not in (_STOP, _RESET):
            raise StationError(f"order {order.kind!r} is not known here; update the booth")
        self._client.take_order(order.id)

    def _tidy(self, do: Callable[[], None]) -> None:
        """Do what brings the arm to rest; where it fails, staff are called once more."""
        try:
            do()
        except StationError as error:
            self._fault = "arm", str(error)
            self._untidy = True
        else:
            self._untidy = False
