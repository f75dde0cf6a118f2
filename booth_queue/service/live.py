"""What live screens show: one picture a booth, put together from what is on record."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from operator import attrgetter

from booth_queue.domain.people import Person
from booth_queue.domain.places import Booth, Live
from booth_queue.domain.sampling import Tube
from booth_queue.domain.visits import Ticket
from booth_queue.domain.vocabulary import TicketState, TubeState
from booth_queue.service.queueing import number_of
from booth_queue.service.work import Work

_INSIDE = (TicketState.CALLED, TicketState.IN_SESSION)


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

    def with_report(self, live: Live, silent: bool) -> "Picture":
        """Return the picture after a report: nothing else is changed by one."""
        return replace(self, live=live, silent=silent)


def silent(work: Work, live: Live | None) -> bool:
    """Tell whether a booth has not reported for longer than it may."""
    return live is None or (work.now - live.at).total_seconds() > work.tools.policy.heartbeat_s


async def pictures(work: Work, booth_ids: Collection[str]) -> Mapping[str, Picture]:
    """Put together what screens show of these booths, in six statements however many they are."""
    tx = work.tx
    booths = await tx.find(Booth, id=booth_ids)
    lives = {one.id: one for one in await tx.find(Live, id=booth_ids)}
    inside: dict[str, Ticket] = {}
    for ticket in await tx.find(Ticket, booth_id=booth_ids, state=_INSIDE):
        # Whoever sits inside is shown before who has just been called.
        if ticket.state is TicketState.IN_SESSION or ticket.booth_id not in inside:
            inside[ticket.booth_id] = ticket
    ids = {ticket.person_id for ticket in inside.values()}
    people = {one.id: one for one in await tx.find(Person, id=ids)} if ids else {}
    lines: dict[str, list[Ticket]] = defaultdict(list)
    for ticket in await tx.find(Ticket, booth_id=booth_ids, state=TicketState.WAITING):
        lines[ticket.booth_id].append(ticket)
    tubes: dict[str, Tube] = {}
    for tube in await tx.find(Tube, booth_id=booth_ids, state=TubeState.FILLING, newest=True):
        tubes.setdefault(tube.booth_id, tube)
    shown = {}
    for booth in booths:
        ticket_inside = inside.get(booth.id)
        person = people[ticket_inside.person_id] if ticket_inside else None
        line = in_calling_order(lines[booth.id], work.now)
        shown[booth.id] = Picture(
            booth=booth,
            live=lives.get(booth.id),
            silent=silent(work, lives.get(booth.id)),
            number=number_of(booth, ticket_inside) if ticket_inside else None,
            name_masked=person.name_masked if person else None,
            waiting=[number_of(booth, ticket) for ticket in line[:50]],
            line=len(line),
            tube=tubes.get(booth.id),
        )
    return shown


def in_calling_order(tickets: Collection[Ticket], now: datetime) -> list[Ticket]:
    """Sort waiting tickets as `Transaction.line` does: most priority first, then by number."""
    by_number = sorted(tickets, key=attrgetter("number"))
    return sorted(by_number, key=lambda one: one.rate * (now - one.joined_at), reverse=True)
