"""Where a campaign's scenarios come from: people drawn by seed, or scenario files."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from sim.errors import SimError
from sim.scenario import Expectation, Scenario, Verdict, load, load_folder

CROWD = "person"
"""What scenarios of people drawn by seed are named after, as others are after their file."""

_POPULATIONS = {"adult": 0.7, "elderly": 0.2, "child": 0.1}
_EXPECT = Expectation(verdicts=(Verdict.SAMPLED, Verdict.REFUSED), max_force=2.4)


@dataclass(frozen=True, slots=True)
class Source:
    """So many people by seed, or a file or folder of scenarios.

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

    def digest(self) -> str:
        """Return what tells this source from others, in hexadecimal.

        More people of one seed are the same source: the crowd only grows.
        """
        digest = hashlib.sha256(f"people {self.seed}".encode())
        if self.path:
            digest = hashlib.sha256("".join(s.digest() for s in self.scenarios()).encode())
        return digest.hexdigest()


def people(count: int, seed: int) -> tuple[Scenario, ...]:
    """Return scenarios of ``count`` cooperative people, each with sensors of their own.

    Seven of ten are adults, two elderly and one a child. A larger crowd begins with the smaller.
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
                name=f"{CROWD}/{i:05d}",
                population=population,
                person_seed=person_seed,
                seed=world_seed,
                expect=_EXPECT,
            )
        )
    return tuple(made)
