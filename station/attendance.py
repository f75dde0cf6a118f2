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

    Staff reset a latched fault by an order of their console; the booth is opened again by them.
    """

    def __init__(self, client: BoothClient, machine: Machine, outbox: Outbox) -> None:
        self._client = client
        self._machine = machine
        self._outbox = outbox
        self._fault: tuple[str, str] | None = None

    def after(self, result: SessionResult) -> None:
        """Take in how a session ended: report a latched fault, else tidy up what was broken off."""
        if result.latched:
            self._fault = result.reason, result.detail
        elif result.outcome is Outcome.ABORTED:
            self._try(self._machine.tidy)

    def next(self) -> CalledPerson | Idle:
        """Return who was called, or why nobody is served now. Never waits for people."""
        try:
            self.beat()
            if not self._outbox.flush():
                return Idle.SERVICE_AWAY
            if self._machine.latched:
                return Idle.LATCHED
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
        latched = self._machine.latched
        orders = self._client.report_state("FAULT" if latched else "IDLE", ready=not latched)
        for order in orders:
            self._obey(order)

    def _obey(self, order: OrderView) -> None:
        if order.kind == _RESET and self._machine.latched:
            self._try(lambda: self._machine.reset(f"order {order.id}: {order.reason}"))
        elif order.kind not in (_STOP, _RESET):
            raise StationError(f"order {order.kind!r} is not known here; update the booth")
        self._client.take_order(order.id)

    def _try(self, do: Callable[[], None]) -> None:
        """Do what moves the arm; where it fails, staff are called once more."""
        try:
            do()
        except StationError as error:
            self._fault = "arm", str(error)
