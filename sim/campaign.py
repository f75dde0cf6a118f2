"""Campaigns: many episodes, a process a core, resumable; a change of code becomes a verdict."""

import multiprocessing
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from sim.episode import Episode, code_hash, run
from sim.errors import SimError
from sim.logbook import Logbook, Manifest
from sim.pilot import REFERENCE, pilot_named
from sim.scenario import Scenario
from sim.source import Source
from sim.worker import begin_worker


@dataclass(frozen=True, slots=True)
class Plan:
    """What a campaign runs: the scenarios of a source, by a pilot, with so many processes.

    ``pilot`` is ``module:callable``; see `sim.pilot.pilot_named`.
    """

    source: Source
    pilot: str = REFERENCE
    jobs: int = 1

    def __post_init__(self) -> None:
        if not 1 <= self.jobs <= 256:
            raise SimError(f"jobs {self.jobs} is outside 1 to 256")

    @staticmethod
    def key(scenario: Scenario) -> str:
        """Return what tells one episode of a campaign from another."""
        return f"{scenario.name}:{scenario.seed}:{scenario.person_seed}:{scenario.digest()[:12]}"

    def manifest(self, episodes: int) -> Manifest:
        """Return what a folder of this campaign says of itself."""
        code = code_hash(pilot_named(self.pilot))
        return Manifest(self.source, self.source.digest(), self.pilot, episodes, code)


def launch(
    plan: Plan,
    folder: Path,
    progress: Callable[[int, int, Episode | None], None],
    *,
    anew: bool = False,
) -> list[Episode]:
    """Run what of ``plan`` is not yet in ``folder``; return all of its episodes in plan order.

    Every finished episode is on disk before the next is counted, so an interrupted campaign goes
    on where it stopped. A folder of another campaign, or of other code, is refused, or with
    ``anew`` emptied. ``progress`` is told how many of how many are done, and the newest.

    Raises
    ------
    SimError
        Where the folder is refused or cannot be written, or a worker dies.
    """
    scenarios = plan.source.scenarios()
    wanted = {plan.key(s): s for s in scenarios}
    with Logbook(folder, plan.manifest(len(wanted)), anew=anew) as logbook:
        flown = logbook.episodes
        waiting = [s for key, s in wanted.items() if key not in flown]
        total = len(wanted)
        progress(total - len(waiting), total, None)
        for done, (key, episode) in enumerate(_fly(plan, waiting), total - len(waiting) + 1):
            logbook.note(key, episode)
            progress(done, total, episode)
        return [flown[key] for key in wanted]


def _fly(plan: Plan, waiting: Sequence[Scenario]) -> Iterator[tuple[str, Episode]]:
    """Yield every waiting scenario's episode as it ends."""
    if plan.jobs == 1 or len(waiting) <= 1:
        for scenario in waiting:
            yield plan.key(scenario), run(scenario, pilot_named(plan.pilot))
        return
    # fresh processes: neither physics clients nor OpenGL survive a fork
    context = multiprocessing.get_context("spawn")
    queue = iter(waiting)
    with ProcessPoolExecutor(plan.jobs, mp_context=context, initializer=begin_worker) as workers:
        flying: dict[Future[Episode], str] = {}

        def feed(scenarios: Iterable[Scenario]) -> None:
            for scenario in scenarios:
                flying[workers.submit(_one, scenario, plan.pilot)] = plan.key(scenario)

        try:
            feed(islice(queue, 2 * plan.jobs))
            while flying:
                ended, _ = wait(flying, return_when=FIRST_COMPLETED)
                for future in ended:
                    key = flying.pop(future)
                    yield key, future.result()
                    feed(islice(queue, 1))
        except BrokenProcessPool as error:
            raise SimError(
                "a process that flies episodes was killed, perhaps for want of memory; what was "
                "flown is kept, and the same command goes on, with fewer --jobs if need be"
            ) from error
        finally:
            workers.shutdown(wait=False, cancel_futures=True)


def _one(scenario: Scenario, pilot: str) -> Episode:
    return run(scenario, pilot_named(pilot))
