"""What a booth and its staff say: sessions, tubes, live state, faults."""

from typing import Annotated

from pydantic import Field, StringConstraints

from booth_queue.contract.base import Answer, Barcode, Identifier, Note, Record, Request, Stamp
from booth_queue.contract.places import WaitView
from booth_queue.domain.vocabulary import (
    BoothMode,
    BoothState,
    Language,
    Need,
    Outcome,
    SessionState,
    TubeState,
)

Activity = Annotated[str, StringConstraints(pattern=r"^[A-Z_]{1,32}$")]
SiteName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_ -]{1,48}$")]
Force = Annotated[float, Field(ge=0, le=100, description="newton")]
Word = Annotated[str, StringConstraints(pattern=r"^[a-z0-9_.-]{1,64}$")]


class StateReport(Request):
    """A booth's heartbeat: what it does now. Sent at least every few seconds."""

    activity: Activity = Field(description="State of the sampling session, e.g. IDLE, SWABBING")
    ready: bool = Field(description="Able to take a person now")
    session_id: Identifier | None = None


class CalledPerson(Answer):
    """The person a booth has just called."""

    ticket_id: Identifier
    number: str
    person_id: Identifier
    name_masked: str
    age: int | None
    language: Language
    needs: frozenset[Need]
    single_swab: bool
    calls: int


class NextPerson(Answer):
    """Whoever was called, if anybody waits."""

    person: CalledPerson | None


class SessionOpen(Request):
    """The called person has sat down."""

    ticket_id: Identifier


class SessionView(Answer):
    """A session."""

    id: Identifier
    ticket_id: Identifier
    booth_id: Identifier
    state: SessionState
    outcome: Outcome | None
    reason: str | None
    opened_at: Stamp
    closed_at: Stamp | None
    barcode: Barcode | None
    record_sha256: str | None


class Progress(Request):
    """Where a session is: for live screens, not for the record."""

    activity: Activity
    site: SiteName | None = None
    strokes: int = Field(default=0, ge=0, le=1000)
    force_n: list[Force] = Field(
        default_factory=list, max_length=500, description="Contact force since the last report"
    )
    elapsed_s: float = Field(default=0.0, ge=0, le=36_000)
    instruction: Word | None = Field(
        default=None, description="What the booth asks of the person now, e.g. `open_wide`"
    )


class Accepted(Answer):
    """The report was taken."""

    accepted: bool = True


class SwabBinding(Request):
    """The swab of a session goes into that tube."""

    barcode: Barcode


class TubeView(Answer):
    """A tube and how full it is."""

    barcode: Barcode
    state: TubeState
    pool_size: int
    swabs: int
    box_id: Identifier | None


class RecordUpload(Request):
    """The signed sampling record, stored as it is."""

    record: Record


class StoredRecord(Answer):
    """Proof that a record is stored: the hash of its canonical JSON."""

    session_id: Identifier
    sha256: str
    stored_at: Stamp


class SessionClose(Request):
    """The person has left; how it went."""

    outcome: Outcome
    reason: Word | None = Field(default=None, description="Required unless sampled")


class FaultReport(Request):
    """The booth has a fault and takes nobody until staff reset it."""

    code: Word
    detail: Note = ""
    session_id: Identifier | None = None


class LiveBooth(Answer):
    """One booth as the live page shows it; events of the stream carry this."""

    booth_id: Identifier
    label: str
    mode: BoothMode
    state: BoothState
    activity: str
    reported_at: Stamp | None
    number: str | None
    name_masked: str | None
    site: str | None
    strokes: int
    force_n: list[float]
    elapsed_s: float
    instruction: str | None
    waiting: list[str]
    wait: WaitView = Field(description="Of somebody who joined now")
    fault: str | None
    tube: TubeView | None
