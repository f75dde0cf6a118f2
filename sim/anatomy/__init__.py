"""People's mouths and throats: one set of parametric surfaces for pictures, contact and truth.

A person is a population and a seed: ``Population.named("adult").sample(rng)`` draws an `Anatomy`,
which with an `Articulation` makes an `OralCavity` in the mouth frame.
"""

from sim.anatomy.anatomy import Anatomy
from sim.anatomy.articulation import Articulation
from sim.anatomy.cavity import OralCavity, SiteTruth
from sim.anatomy.mesh import Mesh
from sim.anatomy.parts import SITE_PARTS, Part
from sim.anatomy.population import Population, Spread

__all__ = [
    "SITE_PARTS",
    "Anatomy",
    "Articulation",
    "Mesh",
    "OralCavity",
    "Part",
    "Population",
    "SiteTruth",
    "Spread",
]
