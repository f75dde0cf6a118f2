"""What staff, laboratories, grid workers, enterprises and the desk send and are sent."""

from typing import Annotated

from pydantic import Field, JsonValue, StringConstraints

from booth_queue.contract.access import Name, PersonRegistration
from booth_queue.contract.base import (
    Answer,
    Barcode,
    Identifier,
    Note,
    Record,
    Request,
    Seats,
    SignedCode,
    Stamp,
)
from booth_queue.contract.sampling import TubeView, Word
from booth_queue.domain.vocabulary import (
    Finding,
    IncidentKind,
    IncidentState,
    Outcome,
    Verdict,
    VisitState,
)

Text = Annotated[str, StringConstraints(min_length=1, max_length=1000, pattern=r"^[^\x00]*$")]
Why = Annotated[str, StringConstraints(min_length=1, max_length=500, pattern=r"^[^\x00]*$")]


class ScanRequest(Request):
    """What the scanner read: a person's code or a tube's barcode, in either order."""

    text: SignedCode


class ScanView(Answer):
    """What is known of the session so far; ``tube`` is filled once both are bound."""

    session_id: Identifier
    number: str
    name_masked: str
    person_confirmed: bool
    barcode: Barcode | None
    tube: TubeView | None


class BindingCorrection(Request):
    """The swab is in another tube than the one on record."""

    barcode: Barcode
    why: Why


class AdverseEventReport(Request):
    """Harm to a person at a booth."""

    text: Text
    session_id: Identifier | None = None


class Recorded(Answer):
    """Something was put on record under this key."""

    id: Identifier


class BoxReceipt(Request):
    """The barcodes scanned when a box arrived."""

    barcodes: list[Barcode] = Field(max_length=1000)


class BoxView(Answer):
    """What came with a box, what was missing, and what should not have been there."""

    id: Identifier
    received_at: Stamp | None
    received: list[Barcode]
    missing: list[Barcode]
    unexpected: list[Barcode]


class FindingReport(Request):
    """What the laboratory says of a tube; a correction names the latest finding, and why."""

    barcode: Barcode
    finding: Finding
    corrects: Identifier | None = None
    why: Why | None = None


class FindingView(Answer):
    """A finding on record."""

    id: Identifier
    barcode: Barcode
    finding: Finding
    reported_at: Stamp
    corrects: Identifier | None


class TubeFindings(Answer):
    """A tube and what was found in it, the latest last."""

    tube: TubeView
    findings: list[FindingView]


class ProofCheck(Request):
    """A proof of a result that somebody shows."""

    proof: SignedCode


class ProofView(Answer):
    """What a proof says; ``corrected`` means that a later result replaces it."""

    name_masked: str
    verdict: Verdict
    reported_at: Stamp
    corrected: bool


class KeyView(Answer):
    """The public key that booking codes and proofs are signed with (Ed25519, base64url)."""

    public_key: str


class ResidentRegistration(PersonRegistration):
    """A resident whose ID card the grid worker has checked."""

    unit_id: Identifier


class ResidentView(Answer):
    """How far a resident is.

    ``claim`` is a booking by somebody who says the resident is their dependant: confirm it with
    ``POST /v1/bookings/{booking_id}/dependant`` once both are known.
    """

    person_id: Identifier
    unit_id: Identifier
    name_masked: str
    booked: bool
    sampled: bool
    claim: Identifier | None


class UnitView(Answer):
    """A minimal unit."""

    id: Identifier
    grid_id: Identifier
    name: str


class RosterView(Answer):
    """The units and residents a grid worker looks after."""

    units: list[UnitView]
    residents: list[ResidentView]


class ProxyBooking(Request):
    """Book for a resident without a phone."""

    slot_id: Identifier
    person_id: Identifier


class HomeVisitRequest(Request):
    """Somebody cannot come."""

    person_id: Identifier
    note: Note = ""


class HomeVisitEnd(Request):
    """How a home visit ended."""

    state: VisitState


class HomeVisitView(Answer):
    """A home visit."""

    id: Identifier
    person_id: Identifier
    state: VisitState
    note: str
    asked_at: Stamp
    done_at: Stamp | None


class HomeVisits(Answer):
    """Home visits, newest first."""

    visits: list[HomeVisitView]


class GroupRequest(Request):
    """Create a group."""

    name: Name


class GroupView(Answer):
    """A group and the code its members join with."""

    id: Identifier
    name: str
    code: str


class Groups(Answer):
    """An enterprise's groups."""

    groups: list[GroupView]


class GroupJoin(Request):
    """Join a group; the name is shown to it only if one says so."""

    code: Annotated[str, StringConstraints(pattern=r"^[A-Z0-9]{8}$")]
    person_id: Identifier
    shows_name: bool


class BlockRequest(Request):
    """Set seats of a slot aside."""

    slot_id: Identifier
    seats: Seats


class BlockView(Answer):
    """Seats set aside for a group."""

    id: Identifier
    group_id: Identifier
    slot_id: Identifier
    booth_id: Identifier
    starts_at: Stamp
    ends_at: Stamp
    seats: int
    used: int


class Blocks(Answer):
    """Blocks of a group, newest first."""

    blocks: list[BlockView]


class MemberView(Answer):
    """How far a member is; ``name`` is null without consent."""

    name: str | None
    booked: bool
    sampled: bool
    negative: bool


class Members(Answer):
    """The members of a group."""

    members: list[MemberView]


class IncidentReport(Request):
    """Something went wrong."""

    kind: IncidentKind
    text: Text
    site_id: Identifier | None = None


class IncidentAssignment(Request):
    """Who takes care of an incident."""

    to: Name


class IncidentResolution(Request):
    """How an incident was solved."""

    resolution: Text


class IncidentView(Answer):
    """An incident and its deadlines."""

    id: Identifier
    kind: IncidentKind
    state: IncidentState
    text: str
    site_id: Identifier | None
    reported_at: Stamp
    assign_by: Stamp
    close_by: Stamp
    assigned_to: str | None
    closed_at: Stamp | None
    overdue: bool


class Incidents(Answer):
    """Incidents that are not closed, by their next deadline."""

    incidents: list[IncidentView]


class CoverageView(Answer):
    """Coverage of a minimal unit."""

    grid_id: Identifier
    unit_id: Identifier
    unit_name: str
    residents: int
    booked: int
    sampled: int


class CoverageReport(Answer):
    """Coverage of every minimal unit in a round."""

    round_id: Identifier
    units: list[CoverageView]


class PredictionErrorView(Answer):
    """How good a booth's predicted waits were: predicted minus actual, in seconds."""

    booth_id: Identifier
    count: int
    mean_error_s: float
    mean_absolute_error_s: float
    inside_interval: float = Field(description="Share inside the 80 % interval, to the minute")


class PredictionErrors(Answer):
    """How good the predicted waits were, booth by booth."""

    booths: list[PredictionErrorView]


class RoundView(Answer):
    """A testing round and its counts by state; no name is among them."""

    id: Identifier
    name: str
    starts_at: Stamp
    ends_at: Stamp
    destroyed_at: Stamp | None
    counts: dict[str, int]


class Rounds(Answer):
    """All rounds, newest first."""

    rounds: list[RoundView]


class CertificateView(Answer):
    """What a destruction run removed: what, how many, hash of the list, when, by whom."""

    id: Identifier
    round_id: Identifier
    at: Stamp
    by: str
    people: int
    list_sha256: str
    removed: dict[str, int]
    counts: dict[str, int]


class OfflineVisit(Request):
    """A visit a booth took while the service was away."""

    code: SignedCode
    opened_at: Stamp
    closed_at: Stamp
    outcome: Outcome
    reason: Word | None = None
    barcode: Barcode | None = None
    record: Record | None = None


class OfflineVisits(Request):
    """Visits to merge; the same ones may be sent again."""

    visits: list[OfflineVisit] = Field(max_length=500)


class MergeView(Answer):
    """``merged``, ``known`` from before, or ``conflict`` for a person to look at."""

    booking_id: Identifier | None
    merge: str
    reason: str | None


class Merges(Answer):
    """What became of each visit, in order."""

    visits: list[MergeView]


class Erasure(Answer):
    """Consent is withdrawn and the data erased."""

    person_id: Identifier
    cancelled_bookings: int


class EntryView(Answer):
    """An entry of the chain of custody."""

    id: Identifier
    scope: str
    number: int
    at: Stamp
    kind: str
    subject: str
    body: dict[str, JsonValue]
    by: str
    previous: str
    sha256: str
    corrects: str | None
    why: str | None


class Chain(Answer):
    """A scope of the chain; ``sound`` tells whether every hash follows from the one before."""

    scope: str
    sound: bool
    entries: list[EntryView]
