"""Routes of laboratories."""

from typing import Annotated

from fastapi import APIRouter, Response

from booth_queue.api import views
from booth_queue.api.calls import Call, commanding
from booth_queue.contract.base import Identifier
from booth_queue.contract.work import BoxReceipt, BoxView, FindingReport, FindingView
from booth_queue.domain.vocabulary import Role
from booth_queue.service import laboratory
from booth_queue.service.work import Work

router = APIRouter(prefix="/v1/lab", tags=["laboratory"])
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
