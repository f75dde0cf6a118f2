"""Measures simulated people as a survey measures real ones, on their surfaces, to compare."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from sim.anatomy.articulation import Articulation
from sim.anatomy.cavity import OralCavity
from sim.anatomy.distance import first_hit
from sim.anatomy.parts import Part
from sim.anatomy.population import Population
from sim.anatomy.profile import Array
from sim.errors import SimError
from vision.target import Site


@dataclass(frozen=True, slots=True)
class Finding:
    """One quantity of a population: simulated mean and SD against published ones, all in ``unit``.

    ``values`` (n,) are the single people's. ``published_sd`` is None where a source gives a range
    or nothing.
    """

    name: str
    unit: str
    values: Array
    published_mean: float
    published_sd: float | None
    source: str

    @property
    def mean(self) -> float:
        """The simulated mean."""
        return float(self.values.mean())

    @property
    def sd(self) -> float:
        """The simulated standard deviation."""
        return float(self.values.std(ddof=1))


def survey_adults(people: int, seed: int) -> list[Finding]:
    """Measure ``people`` adults; each length is taken from the surfaces, not from the parameters.

    Raises
    ------
    SimError
        With fewer than 10 people, of whom no spread can be told.
    """
    if people < 10:
        raise SimError(f"a survey of {people} people is below 10; ask for more")
    population = Population.named("adult")
    cavities = []
    for i in range(people):
        anatomy = population.sample(np.random.default_rng([seed, i]))
        # as in the sources: mouth open as far as it goes, palate at rest, no tonsils in the way
        bare = replace(anatomy, tonsil_right=0.0, tonsil_left=0.0, teeth_missing=0)
        cavities.append(OralCavity(bare, Articulation(opening=0.075, tongue_height=0.0, velum=0.0)))

    def measured(how: Callable[[OralCavity], float], scale: float) -> Array:
        return scale * np.array([how(cavity) for cavity in cavities])

    ct = "Pandey 2017, CT, n = 100"
    return [
        Finding(
            "mouth opening",
            "mm",
            measured(opening, 1e3),
            52.0,
            5.1,
            "young Chinese adults, n = 452",
        ),
        Finding("hard palate", "mm", measured(hard_palate, 1e3), 44.9, 3.8, ct),
        Finding("soft palate with uvula", "mm", measured(soft_palate, 1e3), 34.4, 6.1, ct),
        Finding("palate angle", "°", measured(palate_angle, 180 / np.pi), 130.0, 10.0, ct),
        Finding("incisor to posterior wall", "mm", measured(depth, 1e3), 85.0, None, "derived"),
        Finding("isthmus width", "mm", measured(isthmus, 1e3), 27.5, None, "assumed, 20 to 35"),
    ]


def opening(cavity: OralCavity) -> float:
    """Return the gap [m] between the edges of the upper and lower middle incisors."""
    rows = cavity.shape.surfaces.blobs
    middle = rows[(rows[:, 0] == Part.TEETH) & (np.abs(rows[:, 2]) < 0.006)]
    edges = middle[:, 3] - np.sign(middle[:, 3]) * middle[:, 15]
    return float(edges[middle[:, 3] > 0].mean() - edges[middle[:, 3] < 0].mean())


def hard_palate(cavity: OralCavity) -> float:
    """Return the length [m] from the incisors' front to the end of the hard palate, along x."""
    return float(cavity.shape.surfaces.marks[0]) - _incisor(cavity)


def soft_palate(cavity: OralCavity) -> float:
    """Return the length [m] from the end of the hard palate over the margin to the uvula's tip."""
    end, margin = _roof(cavity, 0), _roof(cavity, 1)
    uvula = cavity.shape.surfaces.cones[0]
    tip = uvula[4:7] + uvula[8] * (uvula[4:7] - uvula[1:4]) / np.linalg.norm(
        uvula[4:7] - uvula[1:4]
    )
    return float(np.linalg.norm(margin - end) + np.linalg.norm(tip - margin))


def palate_angle(cavity: OralCavity) -> float:
    """Return the angle [rad] between hard palate (along -x) and the line to the velum's margin."""
    fall = _roof(cavity, 1) - _roof(cavity, 0)
    return float(np.pi - np.arctan2(-fall[2], -fall[0]))


def depth(cavity: OralCavity) -> float:
    """Return the distance [m] from the incisors to the posterior wall, at the wall site."""
    z = float(cavity.site(Site.POSTERIOR_WALL).point[2])
    behind_the_arches = 0.5 * (cavity.shape.surfaces.marks[2] + cavity.shape.surfaces.marks[3])
    start = np.array([-behind_the_arches, 0.0, z])
    reach = first_hit(cavity.shape.surfaces, start, np.array([-1.0, 0.0, 0.0]), 0.2)
    return float(reach - start[0] - _incisor(cavity))


def isthmus(cavity: OralCavity) -> float:
    """Return the free width [m] between the anterior arches, where they are furthest apart."""
    velum, velum_z, tongue_z = cavity.shape.surfaces.marks[[1, 4, 5]]
    widths = []
    for z in np.linspace(tongue_z + 0.002, velum_z - 0.004, 7):
        start = np.array([-velum, 0.0, z])
        sides = [
            first_hit(cavity.shape.surfaces, start, np.array([0.0, side, 0.0]), 0.06)
            for side in (-1.0, 1.0)
        ]
        widths.append(sum(sides))
    return float(max(widths))


def _incisor(cavity: OralCavity) -> float:
    rows = cavity.shape.surfaces.blobs
    upper = rows[(rows[:, 0] == Part.TEETH) & (np.abs(rows[:, 2]) < 0.006) & (rows[:, 3] > 0)]
    return float(-(upper[:, 1] + upper[:, 13]).mean())


def _roof(cavity: OralCavity, mark: int) -> Array:
    """Return the roof's midline point (3,) [m] at a landmark of `Surfaces.marks`."""
    s = cavity.shape.surfaces.marks[mark]
    return np.array([-s, 0.0, cavity.shape.cavity.at(np.array([s]))[0, 1]])
