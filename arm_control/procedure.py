"""The procedure as data: sites, strokes, force, order, and what to do when the person moves."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from enum import StrEnum
from importlib import resources
from pathlib import Path
from typing import Any, Self

import yaml

from arm_control.errors import ProcedureError

SCHEMA = 1


class Event(StrEnum):
    """What may come between that the procedure must answer.

    WIPED_TOO_LITTLE: the strokes were made, but the site has less than its step asks for. The last
    four are what the camera sees of a swab at work: none where one should be, its tip on tongue,
    teeth or lips, a hand or a mouth gone back as the person's sign to stop.
    """

    HEAD_MOVED = "head_moved"
    GAGGED = "gagged"
    MOUTH_CLOSING = "mouth_closing"
    LOST_CONTACT = "lost_contact"
    SOFT_FORCE = "soft_force"
    WIPED_TOO_LITTLE = "wiped_too_little"
    ASKED_TO_STOP = "asked_to_stop"
    SWAB_LOST = "swab_lost"
    CONTAMINATED = "contaminated"
    HAND_RAISED = "hand_raised"
    LEANED_BACK = "leaned_back"


class Reaction(StrEnum):
    """The answers: each leaves the mouth, or keeps still, before anything else.

    FRESH_SWAB: the swab is thrown away and every site swabbed anew with another.
    """

    PAUSE = "pause"
    RETRY = "retry"
    WITHDRAW_AND_RETRY = "withdraw_and_retry"
    SKIP_SITE = "skip_site"
    FRESH_SWAB = "fresh_swab"
    ABORT = "abort"


@dataclass(frozen=True, slots=True)
class SiteStep:
    """One site: strokes (>= 3), contact force [N], dwell [s], path length [m], wiping speed [m/s].

    A site counts only where at least ``least_coverage`` (0 to 1) of the path was wiped in contact,
    for ``least_contact_s`` [s] in all. ``required``: a session without this site is no sample.
    """

    site: str
    strokes: int = 3
    force: float = 0.3
    dwell: float = 0.2
    stroke_length: float = 0.012
    speed: float = 0.020
    least_coverage: float = 0.6
    least_contact_s: float = 0.8
    required: bool = True


@dataclass(frozen=True, slots=True)
class Procedure:
    """A swabbing procedure; ``sites`` are visited in their order.

    ``retries`` is how often one site may be tried again; ``minimum_opening`` [m] between the
    incisors, below which the procedure is refused; ``entry_speed`` [m/s] into the mouth;
    ``clearance`` [m] of the tip before the lips where the arm waits.
    """

    name: str
    description: str
    sites: tuple[SiteStep, ...]
    reactions: Mapping[Event, Reaction]
    retries: int = 1
    minimum_opening: float = 0.035
    entry_speed: float = 0.025
    clearance: float = 0.08
    time_limit_s: float = 60.0

    @classmethod
    def from_yaml(cls, path: Path | str) -> Self:
        """Read a procedure file. Raises ProcedureError with the file, the key and the bound."""
        file = Path(path)
        try:
            text = file.read_text(encoding="utf-8")
        except OSError as error:
            raise ProcedureError(f"{file}: cannot be read ({error.strerror}); check it") from error
        return cls._parse(text, str(file))

    @classmethod
    def shipped(cls, name: str) -> Self:
        """Return a procedure that ships with the package, such as ``oropharyngeal_adult``."""
        if name not in shipped_procedures():
            raise ProcedureError(f"no procedure {name!r}; choose of {shipped_procedures()}")
        text = (_folder() / f"{name}.yaml").read_text(encoding="utf-8")
        return cls._parse(text, f"{name}.yaml")

    @classmethod
    def _parse(cls, text: str, file: str) -> Self:
        try:
            raw = yaml.safe_load(text)
        except yaml.YAMLError as error:
            raise ProcedureError(f"{file}: is not YAML ({error}); mend its form") from error
        if not isinstance(raw, dict):
            raise ProcedureError(f"{file}: holds no mapping; give keys such as name and sites")
        schema = raw.pop("schema", None)
        if schema != SCHEMA:
            raise ProcedureError(f"{file}: schema is {schema!r}, this software reads {SCHEMA}")
        known = {field.name for field in fields(cls)}
        _refuse_unknown(raw, known, file, "")
        values = dict(raw)
        values["name"] = _text(raw, "name", file)
        values["description"] = _text(raw, "description", file)
        values["sites"] = _sites(raw.get("sites"), file)
        values["reactions"] = _reactions(raw.get("reactions"), file)
        for key, (low, high) in _BOUNDS.items():
            if key in raw:
                values[key] = _number(raw[key], low, high, file, key)
        values["retries"] = int(values.get("retries", 1))
        return cls(**values)


_BOUNDS = {
    "retries": (0, 5),
    "minimum_opening": (0.025, 0.07),
    "entry_speed": (0.002, 0.025),
    "clearance": (0.03, 0.3),
    "time_limit_s": (5.0, 180.0),
}
_SITE_BOUNDS = {
    "strokes": (3, 20),
    "force": (0.05, 0.5),
    "dwell": (0.0, 3.0),
    "stroke_length": (0.002, 0.03),
    "speed": (0.002, 0.025),
    "least_coverage": (0.0, 1.0),
    "least_contact_s": (0.0, 10.0),
}


def shipped_procedures() -> tuple[str, ...]:
    """Return the names of the procedures that ship with the package."""
    names = (Path(entry.name) for entry in _folder().iterdir())
    return tuple(sorted(name.stem for name in names if name.suffix == ".yaml"))


def _folder() -> resources.abc.Traversable:
    return resources.files("arm_control") / "procedures"


def _sites(raw: object, file: str) -> tuple[SiteStep, ...]:
    if not isinstance(raw, list) or not 1 <= len(raw) <= 8:
        raise ProcedureError(f"{file}: sites must list 1 to 8 sites in their order")
    steps = []
    known = {field.name for field in fields(SiteStep)}
    for index, entry in enumerate(raw):
        where = f"sites[{index}]."
        if not isinstance(entry, dict):
            raise ProcedureError(f"{file}: {where[:-1]} is no mapping; give at least site: NAME")
        _refuse_unknown(entry, known, file, where)
        values: dict[str, Any] = {"site": _text(entry, "site", file, where)}
        for key, (low, high) in _SITE_BOUNDS.items():
            if key in entry:
                values[key] = _number(entry[key], low, high, file, where + key)
        if "strokes" in values:
            values["strokes"] = int(values["strokes"])
        if not isinstance(entry.get("required", True), bool):
            raise ProcedureError(f"{file}: {where}required must be true or false")
        values["required"] = entry.get("required", True)
        steps.append(SiteStep(**values))
    names = [step.site for step in steps]
    if len(set(names)) != len(names):
        raise ProcedureError(f"{file}: sites {names} name one twice; raise its strokes instead")
    return tuple(steps)


def _reactions(raw: object, file: str) -> dict[Event, Reaction]:
    if not isinstance(raw, dict):
        raise ProcedureError(f"{file}: reactions must map each of {[e.value for e in Event]}")
    _refuse_unknown(raw, {event.value for event in Event}, file, "reactions.")
    missing = [event.value for event in Event if event.value not in raw]
    if missing:
        raise ProcedureError(f"{file}: reactions lacks {missing}; every event needs an answer")
    known = {reaction.value for reaction in Reaction}
    for event, reaction in raw.items():
        if reaction not in known:
            raise ProcedureError(
                f"{file}: reactions.{event} is {reaction!r}; choose of {sorted(known)}"
            )
    return {Event(event): Reaction(reaction) for event, reaction in raw.items()}


def _refuse_unknown(raw: Mapping[str, Any], known: set[str], file: str, where: str) -> None:
    unknown = sorted(str(key) for key in raw if key not in known)
    if unknown:
        raise ProcedureError(f"{file}: unknown key {where}{unknown[0]}; known are {sorted(known)}")


def _text(raw: Mapping[str, Any], key: str, file: str, where: str = "") -> str:
    value = raw.get(key)
    if not isinstance(value, str) or not value.strip():
        raise ProcedureError(f"{file}: {where}{key} is {value!r}; give a text")
    return value.strip()


def _number(value: object, low: float, high: float, file: str, key: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        raise ProcedureError(f"{file}: {key} is {value!r}, outside {low} to {high}")
    if isinstance(low, int) and not isinstance(value, int):
        raise ProcedureError(f"{file}: {key} is {value!r}; give a whole number")
    return float(value)
