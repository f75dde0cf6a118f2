"""Records of the domain as messages of the contract."""

from datetime import datetime

from booth_queue.contract import (
    BookingView,
    BoothView,
    JourneyView,
    LiveBooth,
    PersonView,
    Recommendation,
    ResultView,
    SessionView,
    SiteView,
    SlotView,
    StoredRecord,
    TicketView,
    Tokens,
    TubeView,
    WaitView,
)
from booth_queue.contract.sampling import CalledPerson
from booth_queue.contract.work import (
    BlockView,
    BoxView,
    CertificateView,
    EntryView,
    FindingView,
    HomeVisitView,
    IncidentView,
)
from booth_queue.domain import idcard, priority
from booth_queue.domain.chain import Entry
from booth_queue.domain.community import Certificate, HomeVisit, Incident
from booth_queue.domain.laboratory import TubeResult
from booth_queue.domain.places import Journey, Site, Slot
from booth_queue.domain.sampling import Session, Tube
from booth_queue.domain.vocabulary import IncidentState
from booth_queue.domain.wait import Wait, predict
from booth_queue.service.access import SignedIn
from booth_queue.service.booking import Booked
from booth_queue.service.diversion import Advice, ahead_of
from booth_queue.service.groups import Held
from booth_queue.service.incidents import due
from booth_queue.service.laboratory import Received, Told
from booth_queue.service.live import Picture
from booth_queue.service.people import Known, home_date
from booth_queue.service.ports import QueueLoad
from booth_queue.service.queueing import Place, pace_of
from booth_queue.service.sampling import Called, Sitting
from booth_queue.texts import tell


def tokens(signed_in: SignedIn) -> Tokens:
    """Return tokens."""
    return Tokens(
        access_token=signed_in.access_token,
        refresh_token=signed_in.refresh_token,
        expires_in_s=signed_in.expires_in_s,
        role=signed_in.account.role,
    )


def person(known: Known) -> PersonView:
    """Return a person, masked."""
    one = known.person
    return PersonView(
        id=one.id,
        name_masked=one.name_masked,
        id_number_masked=one.id_masked,
        phone_masked=one.phone_masked,
        birth_date=one.birth_date,
        language=one.language,
        needs=one.needs,
        relation=known.relation,
        consent_at=one.consent_at,
        confirmed=known.confirmed,
    )


def site(one: Site) -> SiteView:
    """Return a site."""
    return SiteView(
        id=one.id,
        name=one.name,
        name_en=one.name_en,
        latitude=one.latitude,
        longitude=one.longitude,
        time_zone=one.time_zone,
    )


def wait(predicted: Wait, waiting: int, under_way: int) -> WaitView:
    """Return a predicted wait."""
    return WaitView(
        median_s=round(predicted.median_s, 1),
        low_s=round(predicted.low_s, 1),
        high_s=round(predicted.high_s, 1),
        waiting=waiting,
        under_way=under_way,
        level=predicted.level,
    )


def booth(load: QueueLoad) -> BoothView:
    """Return a booth with the wait of somebody who joined now."""
    one = load.booth
    return BoothView(
        id=one.id,
        site_id=one.site_id,
        label=one.label,
        mode=one.mode,
        state=one.state,
        single_swab=one.single_swab,
        pool_size=one.pool_size,
        wait=wait(predict(ahead_of(load), pace_of(one)), load.waiting, load.under_way),
    )


def slot(one: Slot) -> SlotView:
    """Return a slot."""
    return SlotView(
        id=one.id,
        booth_id=one.booth_id,
        round_id=one.round_id,
        starts_at=one.starts_at,
        ends_at=one.ends_at,
        capacity=one.capacity,
        left=one.capacity - one.taken,
    )


def booking(made: Booked) -> BookingView:
    """Return a booking."""
    one = made.booking
    return BookingView(
        id=one.id,
        slot_id=one.slot_id,
        booth_id=one.booth_id,
        person_id=one.person_id,
        name_masked=made.name_masked,
        channel=one.channel,
        state=one.state,
        starts_at=made.slot.starts_at,
        ends_at=made.slot.ends_at,
    )


def ticket(place: Place) -> TicketView:
    """Return a ticket."""
    one = place.ticket
    return TicketView(
        id=one.id,
        number=place.number,
        booth_id=one.booth_id,
        booking_id=one.booking_id,
        person_id=one.person_id,
        name_masked=place.name_masked,
        state=one.state,
        position=place.position,
        wait=wait(place.wait, place.waiting, 0) if place.wait else None,
        joined_at=one.joined_at,
        called_at=one.called_at,
        calls=one.calls,
    )


def called(one: Called) -> CalledPerson:
    """Return the person called; the age is that on the day of the call."""
    day = home_date(one.ticket.called_at or one.ticket.joined_at)
    born = one.person.birth_date
    return CalledPerson(
        ticket_id=one.ticket.id,
        number=one.number,
        person_id=one.person.id,
        name_masked=one.person.name_masked,
        age=idcard.age_on(born, day) if born else None,
        language=one.person.language,
        needs=one.ticket.needs,
        single_swab=priority.single_swab(one.ticket.needs),
        calls=one.ticket.calls,
    )


def session(sitting: Sitting) -> SessionView:
    """Return a session."""
    one = sitting.session
    return SessionView(
        id=one.id,
        ticket_id=one.ticket_id,
        booth_id=one.booth_id,
        state=one.state,
        outcome=one.outcome,
        reason=one.reason,
        opened_at=one.opened_at,
        closed_at=one.closed_at,
        barcode=sitting.barcode,
        record_sha256=one.record_sha256,
    )


def stored_record(one: Session) -> StoredRecord:
    """Return the proof of a stored record.

    Raises
    ------
    ValueError
        The session has none.
    """
    if one.record_sha256 is None or one.recorded_at is None:
        raise ValueError(f"session {one.id} has no record")
    return StoredRecord(session_id=one.id, sha256=one.record_sha256, stored_at=one.recorded_at)


def tube(one: Tube) -> TubeView:
    """Return a tube."""
    return TubeView(
        barcode=one.id,
        state=one.state,
        pool_size=one.pool_size,
        swabs=one.swabs,
        box_id=one.box_id,
    )


def live(one: Picture) -> LiveBooth:
    """Return what a live screen shows of a booth."""
    report = one.live
    ahead = one.line + (0.5 if one.number else 0.0)
    return LiveBooth(
        booth_id=one.booth.id,
        label=one.booth.label,
        mode=one.booth.mode,
        state=one.booth.state,
        activity=report.activity if report and not one.silent else "SILENT",
        reported_at=report.at if report else None,
        number=one.number,
        name_masked=one.name_masked,
        site=report.site if report else None,
        strokes=report.strokes if report else 0,
        force_n=report.force_n if report else [],
        elapsed_s=report.elapsed_s if report else 0.0,
        instruction=report.instruction if report else None,
        waiting=one.waiting,
        wait=wait(predict(ahead, pace_of(one.booth)), one.line, 0),
        fault=one.booth.fault,
        tube=tube(one.tube) if one.tube else None,
    )


def recommendation(advice: Advice) -> Recommendation:
    """Return booths from the best on, with the reason in both languages."""
    booths = [booth(load) for load in advice.loads]
    if not booths:
        none = "recommendation.none"
        return Recommendation(
            best=None, walk_s=None, others=[], reason=tell("zh", none), reason_en=tell("en", none)
        )
    values = {
        "booth": booths[0].label,
        "walk": round((advice.walk_s or 0) / 60),
        "wait": round(booths[0].wait.median_s / 60),
    }
    return Recommendation(
        best=booths[0],
        walk_s=advice.walk_s,
        others=booths[1:],
        reason=tell("zh", "recommendation.best", values),
        reason_en=tell("en", "recommendation.best", values),
    )


def journey(one: Journey) -> JourneyView:
    """Return an entry of the ledger of people under way."""
    return JourneyView(id=one.id, booth_id=one.booth_id, expires_at=one.expires_at)


def result(told: Told) -> ResultView:
    """Return a person's result."""
    one = told.result
    return ResultView(
        id=one.id,
        person_id=one.person_id,
        name_masked=told.name_masked,
        verdict=one.verdict,
        reported_at=one.reported_at,
        corrects=one.corrects,
        proof=told.proof,
    )


def box(one: Received) -> BoxView:
    """Return what came with a box."""
    return BoxView(
        id=one.box.id,
        received_at=one.box.received_at,
        received=one.received,
        missing=one.missing,
        unexpected=one.unexpected,
    )


def finding(one: TubeResult) -> FindingView:
    """Return a finding."""
    return FindingView(
        id=one.id,
        barcode=one.tube_id,
        finding=one.finding,
        reported_at=one.reported_at,
        corrects=one.corrects,
    )


def block(held: Held) -> BlockView:
    """Return seats set aside, and when."""
    one, slot = held.block, held.slot
    return BlockView(
        id=one.id,
        group_id=one.group_id,
        slot_id=one.slot_id,
        booth_id=slot.booth_id,
        starts_at=slot.starts_at,
        ends_at=slot.ends_at,
        seats=one.seats,
        used=one.used,
    )


def home_visit(one: HomeVisit) -> HomeVisitView:
    """Return a home visit."""
    return HomeVisitView(
        id=one.id,
        person_id=one.person_id,
        state=one.state,
        note=one.note,
        asked_at=one.asked_at,
        done_at=one.done_at,
    )


def incident(one: Incident, now: datetime) -> IncidentView:
    """Return an incident; overdue if its next deadline has passed."""
    return IncidentView(
        id=one.id,
        kind=one.kind,
        state=one.state,
        text=one.text,
        site_id=one.site_id,
        reported_at=one.reported_at,
        assign_by=one.assign_by,
        close_by=one.close_by,
        assigned_to=one.assigned_to,
        closed_at=one.closed_at,
        overdue=one.state is not IncidentState.CLOSED and due(one) < now,
    )


def certificate(one: Certificate) -> CertificateView:
    """Return the certificate of a destruction run."""
    return CertificateView(
        id=one.id,
        round_id=one.round_id,
        at=one.at,
        by=one.by,
        people=one.people,
        list_sha256=one.list_sha256,
        removed=one.removed,
        counts=one.counts,
    )


def entry(one: Entry) -> EntryView:
    """Return an entry of the chain."""
    return EntryView(
        id=one.id,
        scope=one.scope,
        number=one.number,
        at=one.at,
        kind=one.kind,
        subject=one.subject,
        body=one.body,
        by=one.by,
        previous=one.previous,
        sha256=one.sha256,
        corrects=one.corrects,
        why=one.why,
    )
