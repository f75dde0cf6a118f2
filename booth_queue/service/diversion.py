"""Recommending a booth, and the ledger of people on the way."""

from dataclasses import dataclass
from datetime import timedelta

from booth_queue.domain.diversion import Option, rank, walk_s
from booth_queue.domain.people import Person
from booth_queue.domain.places import Booth, Journey, Site
from booth_queue.domain.priority import single_swab
from booth_queue.domain.refusals import BoothNotOpen, SingleSwabBooth
from booth_queue.domain.vocabulary import BoothState
from booth_queue.service.people import require_link
from booth_queue.service.ports import QueueLoad
from booth_queue.service.queueing import end_journey, pace_of
from booth_queue.service.work import Work


@dataclass(frozen=True, slots=True)
class Advice:
    """Booths from the best on, with the walk to the best."""

    loads: list[QueueLoad]
    walk_s: float | None


def ahead_of(load: QueueLoad) -> float:
    """Return how many people somebody who set out now would have before them.

    Whoever is being served has on average half of their time to go.
    """
    return load.waiting + load.under_way + 0.5 * load.in_service


async def recommend(work: Work, person_id: str, latitude: float, longitude: float) -> Advice:
    """Rank the open booths that may take this person, for somebody at this position."""
    await require_link(work, person_id)
    person = await work.tx.get(Person, person_id)
    alone = single_swab(person.needs)
    sites = {site.id: site for site in await work.tx.find(Site)}
    loads = {
        load.booth.id: load
        for load in await work.tx.loads(work.now)
        if load.booth.state is BoothState.OPEN and (load.booth.single_swab or not alone)
    }
    options = []
    for load in loads.values():
        site = sites[load.booth.site_id]
        walk = walk_s((latitude, longitude), (site.latitude, site.longitude))
        options.append(Option(load.booth.id, ahead_of(load), pace_of(load.booth), walk))
    ranked = rank(options)
    best_walk = ranked[0].walk_s if ranked else None
    return Advice([loads[option.booth_id] for option in ranked], best_walk)


async def set_out(work: Work, person_id: str, booth_id: str) -> Journey:
    """Enter somebody into the ledger; whoever changes their mind is moved, not counted twice.

    Raises
    ------
    BoothNotOpen, SingleSwabBooth
        The booth cannot take them.
    """
    await require_link(work, person_id)
    booth = await work.tx.get(Booth, booth_id)
    person = await work.tx.get(Person, person_id)
    if booth.state is not BoothState.OPEN:
        raise BoothNotOpen(state=booth.state)
    if single_swab(person.needs) and not booth.single_swab:
        raise SingleSwabBooth
    await end_journey(work, person_id)
    expires_at = work.now + timedelta(seconds=work.tools.policy.journey_s)
    journey = Journey(work.new_id(), person_id, booth_id, work.now, expires_at)
    await work.tx.add(journey)
    return journey
