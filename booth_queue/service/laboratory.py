"""Tubes into boxes, boxes to the laboratory, findings to people."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime

from booth_queue.domain import code as codes
from booth_queue.domain.laboratory import Box, Result, TubeResult, verdict
from booth_queue.domain.people import Link, Person
from booth_queue.domain.refusals import AlreadyReported, CodeInvalid, ReasonMissing, WrongState
from booth_queue.domain.sampling import Session, Swab, Tube
from booth_queue.domain.vocabulary import Finding, Need, TubeState, Verdict
from booth_queue.service import ledger
from booth_queue.service.ports import Duplicate, Event
from booth_queue.service.queueing import require_booth
from booth_queue.service.sampling import effective
from booth_queue.service.work import Work

SCOPE = "laboratory"


@dataclass(frozen=True, slots=True)
class Received:
    """What came with a box, what was missing from it, and what should not have been there."""

    box: Box
    received: list[str]
    missing: list[str]
    unexpected: list[str]


@dataclass(frozen=True, slots=True)
class Told:
    """A person's result, with the name as it is shown."""

    result: Result
    name_masked: str
    proof: str


async def pack(work: Work, box_id: str, barcode: str) -> Tube:
    """Put a sealed tube into a box; the first one opens the box.

    Raises
    ------
    WrongState
        The tube is not sealed, is in another box, or the box has been received.
    """
    tube = await work.tx.get(Tube, barcode)
    await require_booth(work, tube.booth_id)
    box = await work.tx.first(Box, id=box_id)
    if box is None:
        box = Box(box_id, tube.round_id, work.now)
        await work.tx.add(box)
    if box.received_at is not None:
        raise WrongState(state="received")
    expect = {"state": TubeState.SEALED, "box_id": None}
    if not await work.tx.change(Tube, barcode, expect, box_id=box_id):
        raise WrongState(state=tube.state)
    await ledger.append(work, tube.booth_id, "packed", barcode, {"box": box_id})
    return replace(tube, box_id=box_id)


async def receive(work: Work, box_id: str, barcodes: Collection[str]) -> Received:
    """Receive a box: what was scanned is compared with what was packed.

    Raises
    ------
    WrongState
        The box has been received already.
    """
    box = await work.tx.get(Box, box_id)
    if not await work.tx.change(
        Box, box_id, {"received_at": None}, received_at=work.now, received_by=work.actor.account_id
    ):
        raise WrongState(state="received")
    packed = {tube.id: tube for tube in await work.tx.find(Tube, box_id=box_id)}
    here = sorted(set(barcodes) & packed.keys())
    for barcode in here:
        await work.tx.change(
            Tube,
            barcode,
            {"state": TubeState.SEALED},
            state=TubeState.RECEIVED,
            received_at=work.now,
        )
    missing = sorted(packed.keys() - set(barcodes))
    unexpected = sorted(set(barcodes) - packed.keys())
    body = {"received": here, "missing": missing, "unexpected": unexpected}
    await ledger.append(work, SCOPE, "received", box_id, body)
    arrived = replace(box, received_at=work.now, received_by=work.actor.account_id)
    return Received(arrived, here, missing, unexpected)


async def report(
    work: Work, barcode: str, finding: Finding, corrects: str | None, why: str | None
) -> TubeResult:
    """Record a finding and fan it out to everybody in the tube.

    Parameters
    ----------
    corrects, why
        The finding this one replaces, which has to be the latest, and the reason.

    Raises
    ------
    WrongState
        The tube has not been received.
    AlreadyReported
        There is a finding already, or the one named is not the latest.
    ReasonMissing
        A correction without a reason.
    """
    tube = await work.tx.get(Tube, barcode)
    if corrects is not None and not why:
        raise ReasonMissing
    if tube.state not in {TubeState.RECEIVED, TubeState.REPORTED}:
        raise WrongState(state=tube.state)
    if corrects is not None:
        earlier = await work.tx.get(TubeResult, corrects)
        if earlier.tube_id != barcode:
            raise AlreadyReported(barcode=barcode)
    said = TubeResult(
        work.new_id(), barcode, finding, work.now, work.actor.account_id, corrects, why
    )
    try:
        await work.tx.add(said)
    except Duplicate as second:
        raise AlreadyReported(barcode=barcode) from second
    await work.tx.change(Tube, barcode, {}, state=TubeState.REPORTED)
    swabs = effective(await work.tx.find(Swab, tube_id=barcode))
    for swab in swabs:
        await _tell(work, tube, said, swab)
    body = {"finding": finding, "people": len(swabs)}
    entry = await _earlier_entry(work, corrects)
    await ledger.append(
        work, SCOPE, "result", said.id, body | {"tube": barcode}, corrects=entry, why=why
    )
    return said


async def findings_of(work: Work, barcode: str) -> tuple[Tube, list[TubeResult]]:
    """Return a tube and what was reported of it, the latest last."""
    tube = await work.tx.get(Tube, barcode)
    return tube, await work.tx.find(TubeResult, tube_id=barcode)


async def _earlier_entry(work: Work, corrects: str | None) -> str | None:
    if corrects is None:
        return None
    entry = await work.tx.entry_about(SCOPE, corrects)
    return entry.id if entry else None


async def _tell(work: Work, tube: Tube, said: TubeResult, swab: Swab) -> None:
    earlier = None
    if said.corrects is not None:
        earlier = await work.tx.first(
            Result, tube_result_id=said.corrects, session_id=swab.session_id
        )
    told = Result(
        id=work.new_id(),
        round_id=tube.round_id,
        person_id=swab.person_id,
        session_id=swab.session_id,
        tube_result_id=said.id,
        verdict=verdict(said.finding, tube.pool_size),
        reported_at=work.now,
        corrects=earlier.id if earlier else None,
    )
    await work.tx.add(told)
    person = await work.tx.get(Person, swab.person_id)
    # Who has to be tested again is swabbed alone; a clear answer ends that.
    retest = frozenset({Need.RETEST})
    again = told.verdict is Verdict.RETEST_SINGLY
    needs = person.needs | retest if again else person.needs - retest
    if needs != person.needs:
        await work.tx.change(Person, person.id, {}, needs=needs)
    session = await work.tx.get(Session, swab.session_id)
    await work.tx.publish(Event(session.booth_id, "result.reported", {"result_id": told.id}))


async def results_of(work: Work) -> list[Told]:
    """List the results of the account's people, newest first; corrected ones are left out.

    Those of a dependant are told once somebody on duty has confirmed the dependant.
    """
    links = await work.tx.find(Link, account_id=work.actor.account_id)
    told: list[Told] = []
    for link in links:
        if not link.confirmed:
            continue
        person = await work.tx.get(Person, link.person_id)
        results = await work.tx.find(Result, person_id=person.id, newest=True)
        replaced = {result.corrects for result in results}
        told += [
            Told(result, person.name_masked, _proof(work, result, person.name_masked))
            for result in results
            if result.id not in replaced
        ]
    return sorted(told, key=lambda one: one.result.id, reverse=True)


def _proof(work: Work, result: Result, name_masked: str) -> str:
    payload = {
        "r": result.id,
        "n": name_masked,
        "v": result.verdict,
        "t": int(result.reported_at.timestamp()),
    }
    return codes.sign(work.tools.signer, codes.RESULT, payload)


@dataclass(frozen=True, slots=True)
class Checked:
    """What a proof says, and whether it still holds."""

    name_masked: str
    verdict: Verdict
    reported_at: datetime
    corrected: bool


async def check_proof(work: Work, proof: str) -> Checked:
    """Check a proof of a result that somebody shows.

    Raises
    ------
    CodeInvalid
        Not one of ours.
    """
    try:
        payload = codes.verify(work.tools.signer.public_key(), codes.RESULT, proof, work.now)
        result = await work.tx.get(Result, str(payload["r"]))
    except (codes.CodeError, KeyError) as error:
        raise CodeInvalid from error
    corrected = await work.tx.first(Result, corrects=result.id) is not None
    return Checked(str(payload["n"]), result.verdict, result.reported_at, corrected)
