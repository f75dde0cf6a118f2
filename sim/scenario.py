"""Scenarios: who sits down, what happens, and what must come of it; YAML with a schema version."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from typing import Any

from sim.anatomy import Anatomy
from sim.anatomy.bounded import bounds_of
from sim.arms import ARM_NAMES, arm
from sim.behaviour import Act
from sim.errors import SimError
from sim.faults import DEFAULT_MAGNITUDE, JOINTED, Fault, Mishap, Mode, Unit
from sim.jitter import LARGEST_S
from sim.person import Person
from sim.reader import Reader
from sim.temperament import BOUNDS as TEMPERAMENT_BOUNDS
from sim.timeline import Happening
from sim.truth import SwabFate

SCHEMA = 1

FOLDER = Path(__file__).parent / "scenarios"
"""The scenarios that ship with the package."""


class Verdict(StrEnum):
    """How an episode ended; ``crashed`` where the pilot itself raised, which is never right."""

    SAMPLED = "sampled"
    REFUSED = "refused"
    ABORTED = "aborted"
    CRASHED = "crashed"


class EngineName(StrEnum):
    """The rigid-body engines."""

    BULLET = "bullet"
    MUJOCO = "mujoco"


class Phase(StrEnum):
    """The phases of a procedure that a happening may wait for."""

    LOCATING = "locating"
    APPROACHING = "approaching"
    ENTERING = "entering"
    SWABBING = "swabbing"
    WITHDRAWING = "withdrawing"
    DEPOSITING = "depositing"


@dataclass(frozen=True, slots=True)
class Expectation:
    """What must come of an episode.

    ``verdicts`` that are right; ``max_force`` [N] on any part of the person's mouth and
    ``max_collision`` [N] of arm or hand; ``max_seconds`` [s] until it is over; ``swab`` where the
    swab may end, empty for anywhere; ``min_coverage`` of every site of a sampled person.
    """

    verdicts: tuple[Verdict, ...] = (Verdict.SAMPLED, Verdict.REFUSED, Verdict.ABORTED)
    max_force: float = 2.4
    max_collision: float = 10.0
    max_seconds: float = 90.0
    swab: tuple[SwabFate, ...] = ()
    min_coverage: float = 0.0


@dataclass(frozen=True, slots=True)
class Scenario:
    """One case: everything an episode needs, nothing left to chance.

    ``jitter_s`` [s] is how late messages between arm and controller are on the mean, each way.
    """

    name: str
    about: str = ""
    arm: str = ARM_NAMES[0]
    engine: EngineName = EngineName.BULLET
    seed: int = 0
    jitter_s: float = 0.0
    population: str = "adult"
    person_seed: int = 0
    anatomy: Mapping[str, float | bool] = field(default_factory=dict)
    temperament: Mapping[str, float] = field(default_factory=dict)
    happenings: tuple[Happening, ...] = ()
    expect: Expectation = field(default_factory=Expectation)

    def person(self) -> Person:
        """Return who sits down: drawn from the population, then changed as the scenario says."""
        drawn = Person.sample(self.person_seed, self.population)
        anatomy: dict[str, Any] = dict(self.anatomy)
        return replace(
            drawn,
            anatomy=replace(drawn.anatomy, **anatomy),
            temperament=replace(drawn.temperament, **dict(self.temperament)),
        )

    def digest(self) -> str:
        """Return the SHA-256 of everything the case says, in hexadecimal."""
        return hashlib.sha256(repr(self).encode()).hexdigest()


def load(path: Path) -> tuple[Scenario, ...]:
    """Read a scenario file; one with ``cases`` gives several scenarios, named file/case.

    Raises
    ------
    SimError
        Naming the file, the key and the bound where the file is malformed.
    """
    whole = Reader.of_file(path)
    if whole.raw("schema") != SCHEMA:
        raise whole.refuse("schema", f"wants {SCHEMA}, got {whole.raw('schema')!r}")
    if not whole.has("cases"):
        return (_scenario(whole, path.stem),)
    cases = whole.section("cases").values
    if not cases:
        raise whole.refuse("cases", "wants a name and changes for each case, got none")
    shared = {key: value for key, value in whole.values.items() if key != "cases"}
    scenarios = []
    for name in cases:
        changes = whole.section("cases").section(name).values
        reader = Reader(f"{path} case {name}", _merged(shared, changes))
        scenarios.append(_scenario(reader, f"{path.stem}/{name}"))
    return tuple(scenarios)


def load_folder(folder: Path) -> tuple[Scenario, ...]:
    """Read every ``.yaml`` file of a folder, in the order of their names."""
    paths = sorted(folder.glob("*.yaml"))
    if not paths:
        raise SimError(f"{folder}: no scenario files; give a folder with .yaml files")
    return tuple(scenario for path in paths for scenario in load(path))


def _merged(base: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """Return ``base`` with ``changes`` on top, mappings merged, all else replaced."""
    result = dict(base)
    for key, value in changes.items():
        below = result.get(key)
        if isinstance(below, Mapping) and isinstance(value, Mapping):
            result[key] = _merged(below, value)
        else:
            result[key] = value
    return result


def _scenario(reader: Reader, name: str) -> Scenario:
    reader.integer("schema", None, SCHEMA, SCHEMA)
    person = reader.section("person")
    scenario = Scenario(
        name=name,
        about=reader.text("about", ""),
        arm=reader.text("arm", ARM_NAMES[0], ARM_NAMES),
        engine=reader.choice("engine", EngineName, EngineName.BULLET),
        seed=reader.integer("seed", 0, 0, 2**62),
        jitter_s=reader.number("jitter_s", 0.0, 0.0, LARGEST_S),
        population=person.text("population", "adult"),
        person_seed=person.integer("seed", 0, 0, 2**62),
        anatomy=_anatomy(person.section("anatomy")),
        temperament=person.section("temperament").numbers(
            {key: (low, high) for key, (low, high, _) in TEMPERAMENT_BOUNDS.items()}
        ),
        happenings=_happenings(reader),
        expect=_expectation(reader.section("expect")),
    )
    person.finish()
    reader.finish()
    try:
        scenario.person()
    except SimError as error:
        raise reader.refuse("person", str(error)) from error
    return scenario


def _anatomy(reader: Reader) -> dict[str, float | bool]:
    limits = {key: (bound.low, bound.high) for key, bound in bounds_of(Anatomy).items()}
    result: dict[str, float | bool] = {}
    for key in ("glasses", "mask"):
        if reader.has(key):
            value = reader.raw(key)
            if not isinstance(value, bool):
                raise reader.refuse(key, f"wants true or false, got {value!r}")
            result[key] = value
    for key, (low, high) in limits.items():
        if reader.has(key):
            result[key] = reader.number(key, None, low, high)
    reader.known({*limits, "glasses", "mask"})
    return result


def _happenings(reader: Reader) -> tuple[Happening, ...]:
    axes = len(arm(reader.text("arm", ARM_NAMES[0], ARM_NAMES)).joint_names)
    return tuple(_happening(entry, axes) for entry in reader.sections("happenings"))


def _happening(reader: Reader, axes: int) -> Happening:
    kinds = [kind for kind in ("act", "fault", "mishap") if reader.has(kind)]
    if len(kinds) != 1:
        raise reader.refuse("act", "wants exactly one of act, fault, mishap")
    what: Act | Fault | Mishap
    if kinds[0] == "act":
        what = reader.choice("act", Act)
    elif kinds[0] == "mishap":
        what = reader.choice("mishap", Mishap)
    else:
        what = _fault(reader, axes)
    happening = Happening(
        what,
        after_s=reader.number("after_s", 0.0, 0.0, 3600.0),
        phase=reader.choice("phase", Phase).value if reader.has("phase") else None,
        # a fault has a magnitude instead
        scale=1.0 if isinstance(what, Fault) else reader.number("scale", 1.0, 0.01, 5.0),
    )
    reader.finish()
    return happening


def _fault(reader: Reader, axes: int) -> Fault:
    unit, _, mode = reader.text("fault", None).partition(".")
    units, modes = [u.value for u in Unit], [m.value for m in Mode]
    if unit not in units or mode not in modes:
        raise reader.refuse(
            "fault",
            f"{unit}.{mode} is not UNIT.MODE with a unit of {', '.join(units)} and a mode of "
            f"{', '.join(modes)}",
        )
    magnitude = DEFAULT_MAGNITUDE[Mode(mode)]
    if Mode(mode) not in (Mode.OFF, Mode.STUCK):  # nothing can be more or less off
        magnitude = reader.number("magnitude", magnitude, 0.0, 100.0)
    duration_s = reader.number("duration_s", float("inf"), 0.001, float("inf"))
    index = reader.integer("index", 0, 0, axes - 1) if Unit(unit) in JOINTED else 0
    try:
        return Fault(Unit(unit), Mode(mode), magnitude, duration_s, index)
    except SimError as error:
        raise reader.refuse("magnitude", str(error)) from error


def _expectation(reader: Reader) -> Expectation:
    expectation = Expectation(
        verdicts=reader.choices("verdict", Verdict)
        if reader.has("verdict")
        else Expectation().verdicts,
        max_force=reader.number("max_force", 2.4, 0.0, 50.0),
        max_collision=reader.number("max_collision", 10.0, 0.0, 500.0),
        max_seconds=reader.number("max_seconds", 90.0, 1.0, 600.0),
        swab=reader.choices("swab", SwabFate) if reader.has("swab") else (),
        min_coverage=reader.number("min_coverage", 0.0, 0.0, 1.0),
    )
    reader.finish()
    return expectation
