"""Incidents with their deadlines, and adverse events."""

from dataclasses import replace
from datetime import datetime

from booth_queue.domain.community import AdverseEvent, Incident
from booth_queue.domain.deadlines import assign_by, close_by
from booth_queue.domain.refusals import WrongState
from booth_queue.domain.sampling import Session
from booth_queue.domain.vocabulary import IncidentKind, IncidentState
from booth_queue.service.ports import Event
from booth_queue.service.queueing import require_booth
from booth_queue.service.work import Work


async def report(work: Work, kind: IncidentKind, text: str, site_id: str | None) -> Incident:
    """Report an incident; its deadlines run from now."""
    incident = Incident(
        id=work.new_id(),
        kind=kind,
        state=IncidentState.REPORTED,
        text=text,
        reported_by=work.actor.account_id,
        reported_at=work.now,
        assign_by=assign_by(work.now),
        close_by=close_by(kind, work.now, work.tools.holidays),
        site_id=site_id,
    )
    await work.tx.add(incident)
    return incident


async def assign(work: Work, incident_id: str, to: str) -> Incident:
    """Assign a reported incident, or one assigned before, to somebody."""
    incident = await work.tx.get(Incident, incident_id)
    values = {"state": IncidentState.ASSIGNED, "assigned_to": to, "assigned_at": work.now}
    open_states = (IncidentState.REPORTED, IncidentState.ASSIGNED)
    if not await work.tx.change(Incident, incident_id, {"state": open_states}, **values):
        raise WrongState(state=incident.state)
    return replace(incident, **values)  # type: ignore[arg-type] # columns by name


async def close(work: Work, incident_id: str, resolution: str) -> Incident:
    """Close an incident: a simple one at once, a complex one only after it was assigned."""
    incident = await work.tx.get(Incident, incident_id)
    simple = incident.kind is IncidentKind.SIMPLE
    states = (IncidentState.ASSIGNED, *((IncidentState.REPORTED,) if simple else ()))
    values = {
        "state": IncidentState.CLOSED,
        "resolution": resolution,
        "closed_at": work.now,
    }
    if not await work.tx.change(Incident, incident_id, {"state": states}, **values):
        raise WrongState(state=incident.state)
    return replace(incident, **values)  # type: ignore[arg-type] # columns by name


async def list_open(work: Work) -> list[Incident]:
    """List the incidents that are not closed, by their next deadline."""
    found = await work.tx.find(Incident, state=(IncidentState.REPORTED, IncidentState.ASSIGNED))
    return sorted(found, key=lambda incident: (due(incident), incident.id))


def due(incident: Incident) -> datetime:
    """Return the next deadline of an incident: to assign it, then to close it."""
    reported = incident.state is IncidentState.REPORTED
    return incident.assign_by if reported else incident.close_by


async def report_adverse_event(
    work: Work, booth_id: str, session_id: str | None, text: str
) -> AdverseEvent:
    """Record harm to a person at a booth."""
    await require_booth(work, booth_id)
    if session_id is not None:
        session = await work.tx.get(Session, session_id)
        if session.booth_id != booth_id:
            raise WrongState(state=session.state)
    event = AdverseEvent(work.new_id(), booth_id, session_id, text, work.actor.account_id, work.now)
    await work.tx.add(event)
    await work.tx.publish(Event(booth_id, "adverse_event.reported", {"id": event.id}))
    return event
