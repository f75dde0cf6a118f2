"""Populations: distributions of anatomy in a YAML file; a person is a seed."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from sim.anatomy.anatomy import Anatomy
from sim.anatomy.bounded import Bound, bounds_of
from sim.errors import SimError
from sim.reader import Reader

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
            raise SimError(f"population {name!r} is unknown; choose one of {known}")
        return cls.load(path)

    @classmethod
    def load(cls, path: Path) -> "Population":
        """Read and check a population file.

        Raises
        ------
        SimError
            Naming the file, the key and the bound where the file is malformed.
        """
        reader = Reader.of_file(path)
        if reader.raw("schema") != SCHEMA:
            raise reader.refuse("schema", f"wants {SCHEMA}; see docs/reference/population.md")
        reader.integer("schema", None, SCHEMA, SCHEMA)
        name = reader.text("name", path.stem)
        reader.text("about", "")
        spreads, limits = reader.section("spreads"), bounds_of(Anatomy)
        drawn = {key: _spread(spreads.section(key), limits[key]) for key in spreads.known(limits)}
        chances = [f.name for f in fields(cls) if f.name not in ("name", "spreads")]
        given = reader.section("chances").numbers(dict.fromkeys(chances, (0.0, 1.0)))
        reader.finish()
        return cls(name, drawn, **given)

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


def _spread(reader: Reader, bound: Bound) -> Spread:
    low = reader.number("low", bound.low, bound.low, bound.high)
    high = reader.number("high", bound.high, low, bound.high)
    mean = reader.number("mean", None, low, high)
    sd = reader.number("sd", None, 0.0, bound.high - bound.low)
    reader.finish()
    return Spread(mean, sd, low, high)
