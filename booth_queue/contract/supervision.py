"""What staff who watch booths read and send."""

from pydantic import Field

from booth_queue.contract.base import Answer, Identifier, Note, Request, Stamp
from booth_queue.contract.sampling import TubeView
from booth_queue.contract.visits import TicketView
from booth_queue.domain.supervision import AlarmKind, OrderKind
from booth_queue.domain.vocabulary import BoothMode, BoothState, Need, Role


class AlarmView(Answer):
    """Something staff must look at; stays until it is acknowledged."""

    id: Identifier
    booth_id: Identifier
    kind: AlarmKind
    detail: str
    raised_at: Stamp
    session_id: Identifier | None
    acknowledged_at: Stamp | None
    note: str | None


class Alarms(Answer):
    """Alarms, oldest first."""

    alarms: list[AlarmView]


class Acknowledgement(Request):
    """I have looked at it; what I found."""

    note: Note = ""


class OrderRequest(Request):
    """Order a booth; the reason stands in the record."""

    kind: OrderKind
    reason: Note = Field(min_length=1)


class OrderView(Answer):
    """An order to a booth."""

    id: Identifier
    booth_id: Identifier
    kind: OrderKind
    given_at: Stamp
    reason: str
    taken_at: Stamp | None


class BoothOrders(Answer):
    """A report was taken; these orders wait for the booth."""

    accepted: bool = True
    orders: list[OrderView] = Field(default_factory=list)


class TakeOver(Request):
    """Take a robot booth over by hand; why."""

    reason: Note = Field(min_length=1)


class QueueRow(TicketView):
    """A ticket as staff see it."""

    needs: frozenset[Need]
    confirms: bool = Field(
        description="Booked for a dependant whom nobody has seen with the account's owner yet: "
        "confirm it at `/v1/bookings/{booking_id}/dependant`"
    )


class QueueLine(Answer):
    """Who is inside, called, waiting in calling order, and held."""

    rows: list[QueueRow]


class NeedsChange(Request):
    """Why a person is called earlier."""

    needs: frozenset[Need]


class ShiftView(Answer):
    """One booth in a handover report."""

    booth_id: Identifier
    label: str
    state: BoothState
    mode: BoothMode
    fault: str | None
    activity: str | None
    sampled: int
    refused: int
    aborted: int
    reasons: dict[str, int]
    tubes_open: list[TubeView]
    tubes_sealed: int
    waiting: int
    alarms: list[AlarmView]


class PostView(Answer):
    """Who has signed in, and what they look after."""

    account_id: str
    role: Role
    site_id: Identifier | None
    grid_id: Identifier | None


class Handover(Answer):
    """What a shift leaves to the next."""

    site_id: Identifier
    since: Stamp
    until: Stamp
    booths: list[ShiftView]
