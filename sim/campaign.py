"""Campaigns: many episodes, a process a core, resumable; a change of code becomes a verdict."""

import json
import multiprocessing
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path

import numpy as np

from sim.episode import Episode, code_hash, run
from sim.errors import SimError
from sim.pilot import REFERENCE, pilot_named
from sim.scenario import Expectation, Scenario, Verdict, load, load_folder
from sim.worker import begin_worker

EPISODES = "episodes.jsonl"
MANIFEST = "campaign.json"

_POPULATIONS = {"adult": 0.7, "elderly": 0.2, "child": 0.1}
_PEOPLE_EXPECT = Expectation(verdicts=(Verdict.SAMPLED, Verdict.REFUSED), max_force=2.4)


@dataclass(frozen=True, slots=True)
class Source:
    """Where a campaign's scenarios come from: so many people by seed, or a file or folder.

    ``path`` empty takes ``count`` people; see `people`.
    """

    count: int = 50
    seed: int = 0
    path: str = ""

    def scenarios(self) -> tuple[Scenario, ...]:
        """Return the scenarios, the same ones every time."""
        if not self.path:
            return people(self.count, self.seed)
        path = Path(self.path)
        return load_folder(path) if path.is_dir() else load(path)


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


def people(count: int, seed: int) -> tuple[Scenario, ...]:
    """Return scenarios of ``count`` cooperative people, each with sensors of their own.

    Seven of ten are adults, two elderly and one a child.
    """
    if not 1 <= count <= 1_000_000:
        raise SimError(f"{count} people are outside 1 to 1000000")
    rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(99,)))
    names, shares = list(_POPULATIONS), list(_POPULATIONS.values())
    made = []
    for i in range(count):
        population = str(rng.choice(names, p=shares))
        person_seed, world_seed = (int(s) for s in rng.integers(0, 2**31, 2))
        made.append(
            Scenario(
                name=f"person/{i:05d}",
                population=population,
                person_seed=person_seed,
                seed=world_seed,
                expect=_PEOPLE_EXPECT,
            )
        )
    return tuple(made)


def launch(
    plan: Plan, folder: Path, progress: Callable[[int, int, Episode | None], None]
) -> list[Episode]:
    """Run what of ``plan`` is not yet in ``folder``; return all of its episodes in plan order.

    Every finished episode is on disk before the next is counted, so an interrupted campaign goes
    on where it stopped; episodes of other code are run again. ``progress`` is told how many of how
    many are done, and the newest.

    Raises
    ------
    SimError
        Where the folder cannot be written, holds another campaign's plan, or a worker dies.
    """
    scenarios = plan.source.scenarios()
    done = _resume(plan, scenarios, folder)
    total = len(scenarios)
    waiting = [s for s in scenarios if plan.key(s) not in done]
    progress(len(done), total, None)
    path = folder / EPISODES
    with path.open("a", encoding="utf-8") as sink:
        for key, episode in _fly(plan, waiting):
            sink.write(json.dumps({"key": key, **episode.line()}, ensure_ascii=False) + "\n")
            sink.flush()
            done[key] = episode
            progress(len(done), total, episode)
    return [done[plan.key(s)] for s in scenarios]


def read(folder: Path) -> list[Episode]:
    """Return the episodes that lie in a campaign's folder."""
    path = folder / EPISODES
    if not path.is_file():
        raise SimError(f"{path}: no campaign lies there; run `booth sim campaign` first")
    return list(_lines(path).values())


def planned(folder: Path) -> int:
    """Return how many episodes a campaign's folder is to hold in the end."""
    return _manifest(folder)[1]


def find_scenario(folder: Path, episode: Episode) -> Scenario:
    """Return the scenario that ``episode`` of a campaign's folder was flown from."""
    for scenario in _manifest(folder)[0].scenarios():
        if scenario.digest() == episode.scenario_hash:
            return scenario
    path = folder / MANIFEST
    raise SimError(f"{path}: its scenarios have changed since; run the campaign again")


def _manifest(folder: Path) -> tuple[Source, int]:
    path = folder / MANIFEST
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
        return Source(**values["source"]), int(values["episodes"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise SimError(f"{path}: cannot be read: {error}; run the campaign again") from error


def _resume(plan: Plan, scenarios: Sequence[Scenario], folder: Path) -> dict[str, Episode]:
    manifest = {
        "source": asdict(plan.source),
        "pilot": plan.pilot,
        "episodes": len(scenarios),
        "code_hash": code_hash(),
    }
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / MANIFEST).write_text(json.dumps(manifest, indent=1) + "\n", encoding="utf-8")
    except OSError as error:
        raise SimError(f"{folder}: cannot be written: {error}; choose another folder") from error
    path = folder / EPISODES
    if not path.is_file():
        return {}
    wanted = {plan.key(s) for s in scenarios}
    kept = {
        key: episode
        for key, episode in _lines(path).items()
        if key in wanted and episode.code_hash == manifest["code_hash"]
    }
    lines = (json.dumps({"key": k, **e.line()}, ensure_ascii=False) for k, e in kept.items())
    path.write_text("".join(line + "\n" for line in lines), encoding="utf-8")
    return kept


def _lines(path: Path) -> dict[str, Episode]:
    found = {}
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        try:
            values = json.loads(line)
            key = str(values.pop("key"))
        except (ValueError, KeyError, AttributeError):
            continue  # a line cut short by an interruption: its episode is run again
        try:
            found[key] = Episode.of_line(values)
        except SimError as error:
            raise SimError(f"{path}:{number}: {error}") from error
    return found


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
        finally:
            workers.shutdown(wait=False, cancel_futures=True)


def _one(scenario: Scenario, pilot: str) -> Episode:
    return run(scenario, pilot_named(pilot))
