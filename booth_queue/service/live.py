"""What live screens show: one picture a booth, put together from what is on record."""

from dataclasses import dataclass

from booth_queue.domain.people import Person
from booth_queue.domain.places import Booth, Live
from booth_queue.domain.sampling import Tube
from booth_queue.domain.visits import Ticket
from booth_queue.domain.vocabulary import TicketState, TubeState
from booth_queue.service.ports import Transaction
from booth_queue.service.queueing import number_of
from booth_queue.service.work import Work


@dataclass(frozen=True, slots=True)
class Picture:
    """One booth: its state, its latest report, who is inside, who waits, its tube.

    ``waiting`` are the next numbers in line, ``line`` counts all of them.
    """

    booth: Booth
    live: Live | None
    silent: bool
    number: str | None
    name_masked: str | None
    waiting: list[str]
    line: int
    tube: Tube | None


async def picture(work: Work, booth_id: str) -> Picture:
    """Put together what a screen shows of a booth."""
    tx = work.tx
    booth = await tx.get(Booth, booth_id)
    live = await tx.first(Live, id=booth_id)
    inside = await _inside(tx, booth_id)
    person = await tx.get(Person, inside.person_id) if inside else None
    line = await tx.line(booth_id, work.now)
    tubes = await tx.find(Tube, booth_id=booth_id, state=TubeState.FILLING, newest=True, limit=1)
    age_s = (work.now - live.at).total_seconds() if live else None
    return Picture(
        booth=booth,
        live=live,
        silent=age_s is None or age_s > work.tools.policy.heartbeat_s,
        number=number_of(booth, inside) if inside else None,
        name_masked=person.name_masked if person else None,
        waiting=[number_of(booth, ticket) for ticket in line[:50]],
        line=len(line),
        tube=tubes[0] if tubes else None,
    )


async def _inside(tx: Transaction, booth_id: str) -> Ticket | None:
    for state in (TicketState.IN_SESSION, TicketState.CALLED):
        ticket = await tx.first(Ticket, booth_id=booth_id, state=state)
        if ticket is not None:
            return ticket
    return None
