"""Routes of laboratories."""

from typing import Annotated

from fastapi import APIRouter, Response

from booth_queue.api import views
from booth_queue.api.calls import Call, commanding, reading
from booth_queue.contract.base import Barcode, Identifier
from booth_queue.contract.work import BoxReceipt, BoxView, FindingReport, FindingView, TubeFindings
from booth_queue.domain.vocabulary import Role
from booth_queue.service import laboratory
from booth_queue.service.work import Work

router = APIRouter(prefix="/v1/lab", tags=["laboratory"])
Reads = Annotated[Call, reading(Role.LAB)]
Commands = Annotated[Call, commanding(Role.LAB)]


@router.post("/boxes/{box_id}/receive", response_model=BoxView)
async def receive(box_id: Identifier, body: BoxReceipt, call: Commands) -> Response:
    """Receive a box; what was scanned is compared with what was packed."""

    async def do(work: Work) -> BoxView:
        return views.box(await laboratory.receive(work, box_id, body.barcodes))

    return await call.answer(do)


@router.post("/results", response_model=FindingView)
async def report(body: FindingReport, call: Commands) -> Response:
    """Report a finding; it fans out to everybody in the tube."""

    async def do(work: Work) -> FindingView:
        said = await laboratory.report(work, body.barcode, body.finding, body.corrects, body.why)
        return views.finding(said)

    return await call.answer(do)


@router.get("/tubes/{barcode}")
async def read_tube(barcode: Barcode, call: Reads) -> TubeFindings:
    """Read how far a tube is, and what was found in it."""
    tube, findings = await call.read(lambda work: laboratory.findings_of(work, barcode))
    return TubeFindings(tube=views.tube(tube), findings=[views.finding(one) for one in findings])
