"""One episode: a scenario flown by a pilot, judged against what was expected."""

import hashlib
import sys
import time
import traceback
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Protocol

from sim.anatomy import Part
from sim.errors import SimError
from sim.pilot import Pilot, PilotReport
from sim.scenario import Expectation, Scenario, Verdict
from sim.scene import Scene
from sim.snapshot import Snapshot
from sim.truth import Truth
from sim.world import World

_WHEELS = (
    "numpy",
    "numba",
    "scipy",
    "pybullet",
    "mujoco",
    "pin",
    "ruckig",
    "example-robot-data",
    "moderngl",
    "onnxruntime",
    "opencv-python-headless",
)


@dataclass(frozen=True, slots=True)
class SiteRecord:
    """One site of one episode; see `sim.truth.SiteOutcome`. ``target_error`` [m] where measured."""

    reachable: bool
    coverage: float
    contact_s: float
    peak_force: float
    mean_force: float
    strokes: int
    target_error: float | None


@dataclass(frozen=True, slots=True)
class Episode:
    """What came of one scenario, flat enough for a line of JSON.

    ``passed`` where nothing expected was missed; ``misses`` says what was. ``seconds`` [s] of the
    world from sitting down to the end, ``wall_s`` [s] of the machine. ``peak_part`` is the part
    that bore ``peak_force`` [N]. ``trace`` holds (time [s], force [N]), the largest of each 50 ms,
    and ``phases`` (time [s], name). ``person`` holds what subgroups are made of. ``scenario_hash``
    and ``code_hash`` name exactly what ran.
    """

    scenario: str
    arm: str
    engine: str
    seed: int
    population: str
    person_seed: int
    verdict: Verdict
    reason: str
    detail: str
    passed: bool
    misses: tuple[str, ...]
    seconds: float
    wall_s: float
    peak_force: float
    peak_part: str
    peak_collision: float
    swab: str
    tubes: int
    sites: Mapping[str, SiteRecord]
    person: Mapping[str, float | str]
    trace: tuple[tuple[float, float], ...]
    phases: tuple[tuple[float, str], ...]
    scenario_hash: str
    code_hash: str

    def line(self) -> dict[str, Any]:
        """Return the episode as plain values for JSON."""
        return asdict(self)

    @classmethod
    def of_line(cls, values: Mapping[str, Any]) -> "Episode":
        """Return the episode that `line` made these values of."""
        try:
            return cls(
                **{
                    **values,
                    "verdict": Verdict(values["verdict"]),
                    "misses": tuple(values["misses"]),
                    "sites": {k: SiteRecord(**v) for k, v in values["sites"].items()},
                    "trace": tuple((t, f) for t, f in values["trace"]),
                    "phases": tuple((t, p) for t, p in values["phases"]),
                }
            )
        except (KeyError, TypeError, ValueError) as error:
            raise SimError(f"not an episode of this version: {error}; run it again") from error


class Watcher(Protocol):
    """Somebody who is shown the world every now and then."""

    @property
    def period_s(self) -> float:
        """How often [s]."""
        ...

    def take(self, world: World, snapshot: Snapshot) -> object:
        """Look at one instant."""
        ...


def run(scenario: Scenario, pilot: Pilot, watcher: Watcher | None = None) -> Episode:
    """Fly one scenario and judge it; ``watcher`` may look on and changes nothing."""
    began = time.perf_counter()
    scene = Scene(arm_name=scenario.arm, link_jitter_s=scenario.jitter_s)
    person = scenario.person()
    with World(scene, scenario.seed, pilot.options(scenario)) as world:
        if watcher is not None:
            world.watch(watcher.take, watcher.period_s)
        world.seat(person)
        for happening in scenario.happenings:
            world.schedule(happening)
        report = _fly(pilot, world, scenario)
        truth, seconds = world.truth, world.now_s
        trace, phases = world.trace, world.phases
    sites = {
        site.value: SiteRecord(
            reachable=outcome.reachable,
            coverage=outcome.coverage,
            contact_s=outcome.contact_s,
            peak_force=outcome.peak_force,
            mean_force=outcome.mean_force,
            strokes=report.strokes.get(site, 0),
            target_error=report.target_errors.get(site),
        )
        for site, outcome in truth.sites.items()
    }
    misses = judge(scenario.expect, report.verdict, report.reason, truth, seconds, sites)
    return Episode(
        scenario=scenario.name,
        arm=scenario.arm,
        engine=scenario.engine.value,
        seed=scenario.seed,
        population=scenario.population,
        person_seed=scenario.person_seed,
        verdict=report.verdict,
        reason=report.reason,
        detail=report.detail,
        passed=not misses,
        misses=misses,
        seconds=seconds,
        wall_s=time.perf_counter() - began,
        peak_force=truth.peak_force,
        peak_part=_peak_part(truth.peak_forces),
        peak_collision=truth.peak_collision,
        swab=truth.swab.value,
        tubes=truth.tubes,
        sites=sites,
        person={
            "group": person.anatomy.group,
            "age": person.anatomy.age,
            "opening_max": person.anatomy.opening_max,
            "wall_depth": person.anatomy.wall_depth,
            "skin_tone": person.anatomy.skin_tone,
            "sway_speed": person.temperament.sway_speed,
            "stiffness": person.temperament.stiffness,
            "gag_threshold": person.temperament.gag_threshold,
        },
        trace=trace,
        phases=phases,
        scenario_hash=scenario.digest(),
        code_hash=code_hash(pilot),
    )


def _fly(pilot: Pilot, world: World, scenario: Scenario) -> PilotReport:
    try:
        return pilot.fly(world, scenario)
    except Exception as error:  # noqa: BLE001 - what the software under test does is the result
        frame = traceback.extract_tb(error.__traceback__)[-1]
        where = f"{Path(frame.filename).name}:{frame.lineno}"
        return PilotReport(Verdict.CRASHED, type(error).__name__, f"{where}: {error}")


def judge(
    expect: Expectation,
    verdict: Verdict,
    reason: str,
    truth: Truth,
    seconds: float,
    sites: Mapping[str, SiteRecord],
) -> tuple[str, ...]:
    """Return what was expected and did not come true, one sentence each."""
    misses = []
    if verdict not in expect.verdicts:
        wanted = " or ".join(expect.verdicts)
        misses.append(f"verdict {verdict} ({reason or 'no reason'}), wants {wanted}")
    if truth.peak_force > expect.max_force:
        part = _peak_part(truth.peak_forces)
        misses.append(f"{truth.peak_force:.2f} N on {part}, bound {expect.max_force} N")
    if truth.peak_collision > expect.max_collision:
        misses.append(f"collision {truth.peak_collision:.1f} N, bound {expect.max_collision} N")
    if seconds > expect.max_seconds:
        misses.append(f"{seconds:.1f} s, bound {expect.max_seconds} s")
    if expect.swab and truth.swab not in expect.swab:
        misses.append(f"swab {truth.swab}, wants {' or '.join(expect.swab)}")
    if verdict is Verdict.SAMPLED:
        misses += [
            f"coverage of {name} {site.coverage:.2f}, bound {expect.min_coverage}"
            for name, site in sites.items()
            if site.coverage < expect.min_coverage
        ]
    return tuple(misses)


def _peak_part(peaks: Mapping[Part, float]) -> str:
    return max(peaks, key=lambda part: peaks[part]).name.lower() if peaks else ""


def code_hash(pilot: Pilot) -> str:
    """Return the SHA-256 of all sources that fly with ``pilot`` and of the wheels' versions.

    The sources are the simulator's, the controller's and those of the pilot's package. Two
    episodes with equal scenario and code hashes on one machine are equal bit by bit.
    """
    return _code_hash(type(pilot).__module__)


@cache
def _code_hash(pilot_module: str) -> str:
    digest = hashlib.sha256()
    sources: dict[str, Path] = {}
    for module in ("arm_control", "sim", "spatial", "vision", pilot_module):
        sources |= _sources(module)
    for name, path in sorted(sources.items()):
        digest.update(name.encode())
        digest.update(path.read_bytes())
    for wheel in _WHEELS:
        try:
            digest.update(f"{wheel}=={version(wheel)}".encode())
        except PackageNotFoundError:
            digest.update(f"{wheel} absent".encode())
    return digest.hexdigest()


def _sources(module: str) -> dict[str, Path]:
    """Return by name the sources of the package that holds a loaded module, or of it alone."""
    file = Path(sys.modules[module].__file__ or module)
    depth = module.count(".") + (file.name == "__init__.py")
    if depth == 0:
        return {module: file}
    folder = file.parents[depth - 1]
    return {
        path.relative_to(folder.parent).as_posix(): path
        for path in folder.rglob("*")
        if path.suffix in (".py", ".yaml", ".onnx")
    }
