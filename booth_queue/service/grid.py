"""Grid workers: the people of their units, bookings for those without a phone, home visits."""

from dataclasses import dataclass, replace

from booth_queue.domain.community import HomeVisit, Unit
from booth_queue.domain.people import Person
from booth_queue.domain.refusals import NotFound, WrongState
from booth_queue.domain.vocabulary import BookingChannel, VisitState
from booth_queue.service import booking as seats
from booth_queue.service.people import Registration, enrol
from booth_queue.service.ports import ResidentStanding
from booth_queue.service.work import Work


@dataclass(frozen=True, slots=True)
class Roster:
    """The units of a grid, and how far their residents are."""

    units: list[Unit]
    residents: list[ResidentStanding]


async def roster(work: Work, round_id: str) -> Roster:
    """List the residents of the worker's grid with their standing in a round."""
    units = await work.tx.find(Unit, grid_id=_grid(work))
    residents = await work.tx.resident_standings([unit.id for unit in units], round_id)
    return Roster(units, list(residents))


async def enrol_resident(work: Work, unit_id: str, said: Registration) -> Person:
    """Put a resident on the roster; the ID card's check digit has to be right."""
    await _own_unit(work, unit_id)
    person = await enrol(work, said, unit_id)
    if person.unit_id != unit_id:
        await work.tx.change(Person, person.id, {}, unit_id=unit_id)
    return replace(person, unit_id=unit_id)


async def book(work: Work, slot_id: str, person_id: str) -> seats.Booked:
    """Book for a resident without a phone; draws on the same quota as everybody."""
    await own_resident(work, person_id)
    return await seats.book(work, slot_id, person_id, BookingChannel.PROXY)


async def ask_home_visit(work: Work, person_id: str, note: str) -> HomeVisit:
    """Ask for a home visit."""
    await own_resident(work, person_id)
    visit = HomeVisit(
        work.new_id(), person_id, work.actor.account_id, work.now, VisitState.ASKED, note
    )
    await work.tx.add(visit)
    return visit


async def home_visits(work: Work) -> list[HomeVisit]:
    """List the home visits this worker asked for, newest first."""
    return await work.tx.find(HomeVisit, asked_by=work.actor.account_id, newest=True)


async def end_home_visit(work: Work, visit_id: str, state: VisitState) -> HomeVisit:
    """Mark a home visit as done or cancelled."""
    visit = await work.tx.get(HomeVisit, visit_id)
    await own_resident(work, visit.person_id)
    if state is VisitState.ASKED or not await work.tx.change(
        HomeVisit, visit_id, {"state": VisitState.ASKED}, state=state, done_at=work.now
    ):
        raise WrongState(state=visit.state)
    return replace(visit, state=state, done_at=work.now)


def _grid(work: Work) -> str:
    if work.actor.grid_id is None:
        raise NotFound(what="grid")
    return work.actor.grid_id


async def _own_unit(work: Work, unit_id: str) -> Unit:
    unit = await work.tx.get(Unit, unit_id)
    if unit.grid_id != _grid(work):
        raise NotFound(what="unit")
    return unit


async def own_resident(work: Work, person_id: str) -> Person:
    """Return a resident of the worker's grid; refuse anybody else."""
    person = await work.tx.get(Person, person_id)
    if person.unit_id is None:
        raise NotFound(what="person")
    await _own_unit(work, person.unit_id)
    return person
