"""Routes of the district desk, and of incidents."""

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Query, Response

from booth_queue.api import views
from booth_queue.api.calls import Call, commanding, reading
from booth_queue.contract.base import Identifier
from booth_queue.contract.work import (
    CertificateView,
    Chain,
    CoverageReport,
    CoverageView,
    IncidentAssignment,
    IncidentReport,
    IncidentResolution,
    Incidents,
    IncidentView,
    PredictionErrors,
    PredictionErrorView,
    Rounds,
    RoundView,
)
from booth_queue.domain.chain import Entry, first_fault
from booth_queue.domain.community import Certificate
from booth_queue.domain.places import Round
from booth_queue.domain.refusals import NotFound
from booth_queue.domain.vocabulary import Role
from booth_queue.service import incidents, retention
from booth_queue.service.ports import Coverage
from booth_queue.service.work import Work

router = APIRouter(prefix="/v1", tags=["desk"])
Reads = Annotated[Call, reading(Role.DESK)]
Commands = Annotated[Call, commanding(Role.DESK)]
Reports = Annotated[Call, commanding(Role.DESK, Role.STAFF, Role.GRID)]


@router.get("/rounds")
async def list_rounds(
    call: Annotated[Call, reading(Role.DESK, Role.STAFF, Role.GRID, Role.ENTERPRISE)],
) -> Rounds:
    """List the rounds with their counts by state, newest first."""

    async def do(work: Work) -> list[RoundView]:
        return [
            RoundView(
                id=one.id,
                name=one.name,
                starts_at=one.starts_at,
                ends_at=one.ends_at,
                destroyed_at=one.destroyed_at,
                counts=await work.tx.round_counts(one.id),
            )
            for one in sorted(
                await work.tx.find(Round), key=lambda one: (one.starts_at, one.id), reverse=True
            )
        ]

    return Rounds(rounds=await call.read(do))


@router.get("/desk/coverage")
async def read_coverage(call: Reads, round_id: Annotated[Identifier, Query()]) -> CoverageReport:
    """Read how many residents of every unit have booked and have been sampled."""
    rows = await _coverage(call, round_id)
    return CoverageReport(
        round_id=round_id,
        units=[
            CoverageView(
                grid_id=one.grid_id,
                unit_id=one.unit_id,
                unit_name=one.unit_name,
                residents=one.residents,
                booked=one.booked,
                sampled=one.sampled,
            )
            for one in rows
        ],
    )


@router.get(
    "/desk/coverage.csv",
    response_class=Response,
    responses={200: {"content": {"text/csv": {"schema": {"type": "string"}}}}},
)
async def export_coverage(call: Reads, round_id: Annotated[Identifier, Query()]) -> Response:
    """Export the coverage as CSV; counts alone, no person is in it."""
    rows = await _coverage(call, round_id)
    lines = ["grid,unit,residents,booked,sampled"]
    lines += [
        f"{one.grid_id},{one.unit_id},{one.residents},{one.booked},{one.sampled}" for one in rows
    ]
    return Response("\r\n".join(lines) + "\r\n", media_type="text/csv")


async def _coverage(call: Call, round_id: str) -> list[Coverage]:
    async def do(work: Work) -> list[Coverage]:
        await work.tx.get(Round, round_id)
        return list(await work.tx.coverage(round_id))

    rows: list[Coverage] = await call.read(do)
    return rows


@router.get("/desk/prediction-errors")
async def read_prediction_errors(
    call: Reads, hours: Annotated[int, Query(ge=1, le=24 * 31)] = 24
) -> PredictionErrors:
    """Read how good the predicted waits of the last hours were, booth by booth."""
    rows = await call.read(
        lambda work: work.tx.prediction_errors(work.now - timedelta(hours=hours))
    )
    return PredictionErrors(
        booths=[
            PredictionErrorView(
                booth_id=one.booth_id,
                count=one.count,
                mean_error_s=one.mean_error_s,
                mean_absolute_error_s=one.mean_absolute_error_s,
                inside_interval=one.inside_interval,
            )
            for one in rows
        ]
    )


@router.post("/incidents", response_model=IncidentView)
async def report_incident(body: IncidentReport, call: Reports) -> Response:
    """Report an incident; its deadlines run from now."""

    async def do(work: Work) -> IncidentView:
        made = await incidents.report(work, body.kind, body.text, body.site_id)
        return views.incident(made, work.now)

    return await call.answer(do)


@router.get("/desk/incidents")
async def list_incidents(call: Reads) -> Incidents:
    """List the incidents that are not closed, by their next deadline."""

    async def do(work: Work) -> list[IncidentView]:
        return [views.incident(one, work.now) for one in await incidents.list_open(work)]

    return Incidents(incidents=await call.read(do))


@router.post("/desk/incidents/{incident_id}/assign", response_model=IncidentView)
async def assign_incident(
    incident_id: Identifier, body: IncidentAssignment, call: Commands
) -> Response:
    """Assign an incident; within one day."""

    async def do(work: Work) -> IncidentView:
        return views.incident(await incidents.assign(work, incident_id, body.to), work.now)

    return await call.answer(do)


@router.post("/desk/incidents/{incident_id}/close", response_model=IncidentView)
async def close_incident(
    incident_id: Identifier, body: IncidentResolution, call: Commands
) -> Response:
    """Close an incident; a complex one after it was assigned."""

    async def do(work: Work) -> IncidentView:
        closed = await incidents.close(work, incident_id, body.resolution)
        return views.incident(closed, work.now)

    return await call.answer(do)


@router.get("/desk/chain/{scope}")
async def read_chain(scope: Identifier, call: Reads) -> Chain:
    """Read a scope of the chain of custody, a booth or ``laboratory``, and check its hashes."""

    async def do(work: Work) -> list[Entry]:
        entries = await work.tx.find(Entry, scope=scope)
        return sorted(entries, key=lambda one: one.number)

    entries: list[Entry] = await call.read(do)
    if not entries:
        raise NotFound(what="chain")
    sound = first_fault(entries) is None
    return Chain(scope=scope, sound=sound, entries=[views.entry(one) for one in entries])


@router.post("/desk/rounds/{round_id}/destruction", response_model=CertificateView)
async def destroy_round(round_id: Identifier, call: Commands) -> Response:
    """Destroy a finished round's personal data; answers with the certificate."""

    async def do(work: Work) -> CertificateView:
        return views.certificate(await retention.destroy(work, round_id))

    return await call.answer(do)


@router.get("/desk/rounds/{round_id}/certificate")
async def read_certificate(round_id: Identifier, call: Reads) -> CertificateView:
    """Read the certificate of a destruction run."""
    found = await call.read(lambda work: work.tx.first(Certificate, round_id=round_id))
    if found is None:
        raise NotFound(what="certificate")
    return views.certificate(found)
