"""Populations: distributions of anatomy in a YAML file; a person is a seed."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from sim.anatomy.anatomy import Anatomy
from sim.anatomy.bounded import Bound, bounds_of
from sim.errors import SimError

SCHEMA = 1
_FOLDER = Path(__file__).parent / "populations"
_TEETH = 28


@dataclass(frozen=True, slots=True)
class Spread:
    """A normal distribution cut to an interval, in the unit of the field."""

    mean: float
    sd: float
    low: float
    high: float

    def draw(self, rng: np.random.Generator) -> float:
        """Return one value, redrawn until it lies in the interval (clipped after 100 tries)."""
        for _ in range(100):
            value = float(rng.normal(self.mean, self.sd))
            if self.low <= value <= self.high:
                return value
        return float(np.clip(self.mean, self.low, self.high))


@dataclass(frozen=True, slots=True)
class Population:
    """A named population: a spread per numeric field, a probability per yes-or-no field.

    ``tooth_missing`` and ``tooth_metal`` are probabilities for each single tooth.
    """

    name: str
    spreads: Mapping[str, Spread]
    glasses: float = 0.0
    mask: float = 0.0
    bearded: float = 0.0
    exuding: float = 0.0
    tooth_missing: float = 0.0
    tooth_metal: float = 0.0

    @classmethod
    @cache
    def named(cls, name: str) -> "Population":
        """Return a population that ships with the package: adult, child or elderly."""
        path = _FOLDER / f"{name}.yaml"
        if not path.is_file():
            known = ", ".join(sorted(p.stem for p in _FOLDER.glob("*.yaml")))
            raise SimError(f"population {name!r} is unknown; choose one of {known} or give a file")
        return cls.load(path)

    @classmethod
    def load(cls, path: Path) -> "Population":
        """Read and check a population file.

        Raises
        ------
        SimError
            Naming the file, the key and the bound where the file is malformed.
        """
        try:
            raw = yaml.safe_load(path.read_text(encoding="utf-8"))
        except (OSError, yaml.YAMLError) as error:
            raise SimError(f"{path}: cannot be read as YAML: {error}") from error
        if not isinstance(raw, dict) or raw.get("schema") != SCHEMA:
            raise SimError(f"{path}: schema: wants {SCHEMA}; see docs/reference/population.md")
        unknown = set(raw) - {"schema", "name", "about", "spreads", "chances"}
        if unknown:
            raise SimError(f"{path}: {min(unknown)}: unknown key; remove it")
        limits = bounds_of(Anatomy)
        spreads = {
            key: _spread(path, key, entry, limits) for key, entry in (raw["spreads"] or {}).items()
        }
        chances = dict(raw.get("chances") or {})
        known = {f.name for f in fields(cls)} - {"name", "spreads"}
        for key, chance in chances.items():
            if key not in known:
                raise SimError(f"{path}: chances.{key}: unknown key; known: {sorted(known)}")
            if not isinstance(chance, int | float) or not 0.0 <= chance <= 1.0:
                raise SimError(f"{path}: chances.{key}: {chance} is outside 0 to 1")
        return cls(str(raw.get("name", path.stem)), spreads, **chances)

    def sample(self, rng: np.random.Generator) -> Anatomy:
        """Draw one person's anatomy; fields without a spread keep their default."""
        drawn: dict[str, Any] = {key: s.draw(rng) for key, s in sorted(self.spreads.items())}
        missing = rng.random(_TEETH) < self.tooth_missing
        metal = rng.random(_TEETH) < self.tooth_metal
        if rng.random() >= self.bearded:
            drawn["beard"] = 0.0
        if rng.random() >= self.exuding:
            drawn["exudate"] = 0.0
        return Anatomy(
            **drawn,
            glasses=bool(rng.random() < self.glasses),
            mask=bool(rng.random() < self.mask),
            teeth_missing=_bits(missing),
            teeth_metal=_bits(metal & ~missing),
            group=self.name,
            texture_seed=int(rng.integers(2**31)),
        )


def _bits(flags: np.ndarray) -> int:
    return sum(1 << i for i, flag in enumerate(flags) if flag)


def _spread(path: Path, key: str, entry: object, limits: Mapping[str, Bound]) -> Spread:
    if key not in limits:
        raise SimError(f"{path}: spreads.{key}: unknown key; known: {sorted(limits)}")
    if not isinstance(entry, dict) or not {"mean", "sd"} <= set(entry) <= set(
        Spread.__dataclass_fields__
    ):
        raise SimError(f"{path}: spreads.{key}: wants mean, sd and optionally low, high")
    bound = limits[key]
    spread = Spread(
        float(entry["mean"]),
        float(entry["sd"]),
        float(entry.get("low", bound.low)),
        float(entry.get("high", bound.high)),
    )
    if spread.sd < 0 or not (bound.low <= spread.low <= spread.mean <= spread.high <= bound.high):
        raise SimError(
            f"{path}: spreads.{key}: wants sd >= 0 and {bound.low} <= low <= mean <= high <= "
            f"{bound.high} {bound.unit}, got {spread}"
        )
    return spread
