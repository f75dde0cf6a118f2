"""Turns what was measured of a target into the probability that it lies on its site."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields

import numpy as np

from vision.errors import VisionError


@dataclass(frozen=True, slots=True)
class Evidence:
    """What speaks for a target, each in units in which about 0 to 1 is usual.

    ``seen``: the model's probability that the site is seen and can be reached.
    ``certainty``: mean probability of the site's classes around the point. ``agreement``: share of
    the place map that lies on the site. ``spread``: standard deviation of the place map about its
    peak, in hundredths of the crop. ``area``: logarithm of the site's area in thousandths of the
    crop. ``depth``: share of measured pixels around the point. ``flatness``: residual of the local
    plane [mm]. ``neighbours``: mean certainty of the structures that must stand around the site.
    """

    seen: float
    certainty: float
    agreement: float
    spread: float
    area: float
    depth: float
    flatness: float
    neighbours: float

    def values(self) -> tuple[float, ...]:
        """Return the numbers in the order of the fields."""
        return tuple(float(getattr(self, item.name)) for item in fields(self))


FEATURES = tuple(item.name for item in fields(Evidence))


@dataclass(frozen=True, slots=True)
class Confidence:
    """A logistic model over the evidence, fitted on held-out pictures (Platt 1999).

    ``weights`` by name of the evidence and ``bias`` are in logits.
    """

    bias: float = 0.0
    weights: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if unknown := set(self.weights) - set(FEATURES):
            raise VisionError(
                f"confidence weights name {sorted(unknown)}, known are {FEATURES}; "
                "the model card is of another version"
            )

    def of(self, evidence: Evidence) -> float:
        """Return the probability in [0, 1] that the target lies on its site."""
        logit = self.bias + sum(
            weight * float(getattr(evidence, name)) for name, weight in self.weights.items()
        )
        return float(1.0 / (1.0 + np.exp(-np.clip(logit, -40.0, 40.0))))
