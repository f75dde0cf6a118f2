"""A citizen's visit: booking, arrival, place in the queue, result."""

from pydantic import Field

from booth_queue.contract.base import Answer, Identifier, Request, SignedCode, Stamp
from booth_queue.contract.places import WaitView
from booth_queue.domain.vocabulary import (
    BookingChannel,
    BookingState,
    Need,
    TicketState,
    Verdict,
)


class BookingRequest(Request):
    """Take a seat of a slot for a person of one's own account."""

    slot_id: Identifier
    person_id: Identifier
    block_id: Identifier | None = Field(default=None, description="A group's block of seats")


class BookingChange(Request):
    """Move a booking to another slot; the old seat is freed in the same step."""

    slot_id: Identifier


class BookingView(Answer):
    """A booking."""

    id: Identifier
    slot_id: Identifier
    booth_id: Identifier
    person_id: Identifier
    name_masked: str
    channel: BookingChannel
    state: BookingState
    starts_at: Stamp
    ends_at: Stamp


class Bookings(Answer):
    """An account's bookings, newest first."""

    bookings: list[BookingView]


class CodeView(Answer):
    """A signed code to show as QR; it can be verified without the service."""

    code: str
    valid_until: Stamp
    modules: list[str] = Field(
        default_factory=list,
        description="The QR symbol, a string of 0 and 1 a row: a face draws it without a library",
    )


class CheckInRequest(Request):
    """Arrive at a booth, by the code shown (scanned there) or by one's own booking."""

    booth_id: Identifier
    code: SignedCode | None = None
    booking_id: Identifier | None = None


class WalkInRequest(Request):
    """Join the queue without a booking; takes a seat of the running slot."""

    booth_id: Identifier
    person_id: Identifier
    needs: frozenset[Need] = frozenset()


class TicketView(Answer):
    """A place in a booth's queue."""

    id: Identifier
    number: str = Field(description="Sequential per booth and round, as called out")
    booth_id: Identifier
    booking_id: Identifier
    person_id: Identifier
    name_masked: str
    state: TicketState
    position: int | None = Field(description="1 = next; null when not waiting")
    wait: WaitView | None
    joined_at: Stamp
    called_at: Stamp | None
    calls: int


class Tickets(Answer):
    """Places in queues."""

    tickets: list[TicketView]


class ResultView(Answer):
    """A person's result; ``proof`` can be checked by anyone with the verify route."""

    id: Identifier
    person_id: Identifier
    name_masked: str
    verdict: Verdict
    reported_at: Stamp
    corrects: Identifier | None
    proof: str


class Results(Answer):
    """Results of the people of an account, newest first."""

    results: list[ResultView]
