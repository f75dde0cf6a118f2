"""A person is a seed: an anatomy and a temperament drawn from one population."""

from dataclasses import dataclass

import numpy as np

from sim.anatomy import Anatomy, Population
from sim.errors import SimError
from sim.temperament import Temperament

_ANATOMY_STREAM, _TEMPERAMENT_STREAM, _MOTION_STREAM = range(3)


@dataclass(frozen=True, slots=True)
class Person:
    """Who sits in the booth: how they are built, how they move and react.

    The same seed and population always give the same person; every further random choice of the
    person (when they swallow, how they sway) comes from generators split off the same seed.
    """

    seed: int
    anatomy: Anatomy
    temperament: Temperament

    @classmethod
    def sample(cls, seed: int, population: str = "adult") -> "Person":
        """Draw the person with this seed from a named population.

        Raises SimError for an unknown population or a negative seed.
        """
        if seed < 0:
            raise SimError(f"person seed {seed} is negative; choose 0 or more")
        anatomy = Population.named(population).sample(cls.stream(seed, _ANATOMY_STREAM))
        temperament = Temperament.sample(population, cls.stream(seed, _TEMPERAMENT_STREAM))
        return cls(seed, anatomy, temperament)

    @staticmethod
    def stream(seed: int, index: int) -> np.random.Generator:
        """Return the person's generator for one subsystem; streams never overlap."""
        return np.random.default_rng(np.random.SeedSequence(entropy=seed, spawn_key=(index,)))

    @property
    def motion(self) -> np.random.Generator:
        """A fresh generator for the person's involuntary motion."""
        return self.stream(self.seed, _MOTION_STREAM)
