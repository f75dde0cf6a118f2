"""How a person moves and reacts: sway, tremor, gag sensitivity, patience."""

from dataclasses import dataclass

import numpy as np

from sim.errors import SimError

BOUNDS: dict[str, tuple[float, float, str]] = {
    "sway_speed": (0.0, 0.05, "m/s"),
    "sway_frequency": (0.05, 2.0, "Hz"),
    "tremor": (0.0, 0.003, "m"),
    "tremor_frequency": (3.0, 14.0, "Hz"),
    "drift": (0.0, 0.01, "m/min"),
    "reaction_s": (0.05, 3.0, "s"),
    "opening_s": (0.2, 3.0, "s"),
    "willingness": (0.0, 1.0, "share"),
    "fatigue_s": (3.0, 600.0, "s"),
    "gag_threshold": (0.02, 10.0, "N"),
    "stiffness": (7.0, 500.0, "N/m"),
}
"""The bounds of every field, and its unit for messages."""


@dataclass(frozen=True, slots=True)
class Temperament:
    """The moving half of a person.

    ``sway_speed`` [m/s, mean absolute] at ``sway_frequency`` [Hz], ``tremor`` amplitude [m] at
    ``tremor_frequency`` [Hz], ``drift`` [m/min]; ``reaction_s`` [s] between a cue and the first
    motion and ``opening_s`` [s] to open; ``willingness`` is the share of the largest opening that
    is given on cue; after ``fatigue_s`` [s] the jaw begins to close. A force above
    ``gag_threshold`` [N] on wall, uvula or tongue makes the person gag. ``stiffness`` [N/m] is of
    the posterior wall; other parts follow it.
    """

    sway_speed: float = 0.006
    sway_frequency: float = 0.35
    tremor: float = 0.0001
    tremor_frequency: float = 8.0
    drift: float = 0.002
    reaction_s: float = 0.4
    opening_s: float = 0.8
    willingness: float = 0.97
    fatigue_s: float = 60.0
    gag_threshold: float = 1.2
    stiffness: float = 120.0

    def __post_init__(self) -> None:
        for name, (low, high, unit) in BOUNDS.items():
            value = getattr(self, name)
            if not low <= value <= high:
                raise SimError(
                    f"Temperament.{name} = {value} is outside {low} to {high} {unit}; "
                    "choose a value inside"
                )

    @classmethod
    def sample(cls, population: str, rng: np.random.Generator) -> "Temperament":
        """Draw a temperament; children sway more, gag earlier and tire sooner.

        The spreads are assumptions to be swept (sway and gag of the design's table of numbers).
        """
        restless = {"child": 1.8, "elderly": 1.3}.get(population, 1.0)

        def spread(mean: float, sigma: float, name: str) -> float:
            low, high, _ = BOUNDS[name]
            return float(np.clip(mean * np.exp(rng.normal(0.0, sigma)), low, high))

        return cls(
            sway_speed=spread(0.004 * restless, 0.35, "sway_speed"),
            sway_frequency=spread(0.30, 0.2, "sway_frequency"),
            tremor=spread(0.00008 * restless, 0.4, "tremor"),
            tremor_frequency=spread(8.0, 0.1, "tremor_frequency"),
            drift=spread(0.0015 * restless, 0.5, "drift"),
            reaction_s=spread(0.4, 0.3, "reaction_s"),
            opening_s=spread(0.8, 0.2, "opening_s"),
            willingness=float(np.clip(rng.normal(0.96, 0.03), 0.7, 1.0)),
            fatigue_s=spread(70.0 / restless, 0.3, "fatigue_s"),
            gag_threshold=spread(1.5 / restless, 0.3, "gag_threshold"),
            stiffness=spread(100.0, 0.5, "stiffness"),
        )
