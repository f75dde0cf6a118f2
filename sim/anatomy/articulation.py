"""What of a mouth moves: opening, tongue, velum, swallowing, a hand in front."""

from dataclasses import dataclass

from sim.anatomy.bounded import bounded, check_bounds


@dataclass(frozen=True, slots=True)
class Articulation:
    """The state of the moving parts of a head at one instant.

    ``opening`` [m] lies between the incisal edges. ``tongue_height`` goes from 0, flat on the
    floor, to 1, touching the velum. ``velum`` is how far the soft palate is raised, as in saying
    "ah". ``swallow`` closes the isthmus at 1. ``depressor`` presses the tongue down with a spatula.
    ``hand`` is a hand before the mouth, 0 away and 1 over it.
    """

    opening: float = bounded(0.048, 0.0, 0.075, "m")
    tongue_height: float = bounded(0.1, 0.0, 1.0, "share")
    tongue_protrusion: float = bounded(0.0, -0.010, 0.040, "m")
    tongue_sideways: float = bounded(0.0, -0.015, 0.015, "m to the person's left")
    velum: float = bounded(0.3, 0.0, 1.0, "share")
    swallow: float = bounded(0.0, 0.0, 1.0, "share")
    depressor: float = bounded(0.0, 0.0, 1.0, "share")
    hand: float = bounded(0.0, 0.0, 1.0, "share")

    def __post_init__(self) -> None:
        check_bounds(self)
