"""Turns what was measured of a target into the probability that it lies on its site."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Protocol

import numpy as np

from vision.errors import VisionError


def log_odds(share: float) -> float:
    """Return the log odds of a share or probability, which a thousandth bounds on either side."""
    p = min(max(share, 1e-3), 1.0 - 1e-3)
    return float(np.log(p / (1.0 - p)))


@dataclass(frozen=True, slots=True)
class Evidence:
    """What speaks for a target in a frame with depth.

    The first three as log odds. ``seen``: the model's probability that the site is seen and can be
    reached. ``certainty``: mean probability of the site's classes around the point. ``agreement``:
    share of the place map that lies on the site. ``spread``: standard deviation of the place map
    about its peak, in hundredths of the crop. ``area``: logarithm of the site's visible area [mm²].
    ``depth``: share of measured pixels around the point. ``flatness``: residual of the local plane
    [mm]. ``neighbours``: mean certainty of the structures that must stand around the site.
    ``passage``: how far [mm, at most 10] uvula, tongue and teeth keep from the straight way in.
    ``gap``: how far [mm, at most 10] any tissue but the site's own keeps from it. ``opening``: by
    how much [mm, 0 to 5] the mouth is wider open than the least a swab may pass.
    """

    seen: float
    certainty: float
    agreement: float
    spread: float
    area: float
    depth: float
    flatness: float
    neighbours: float
    passage: float
    gap: float
    opening: float


@dataclass(frozen=True, slots=True)
class PhotoEvidence:
    """What speaks for a wall point in a photograph.

    ``certainty``, ``neighbours`` and ``seen`` as in ``Evidence``. ``agreement``: share of the
    single looks whose own wall holds the point. ``scatter``: deviation of their own points, as a
    share of the mouth. ``area``: logarithm of the wall's area in thousandths of the mouth's.
    """

    certainty: float
    agreement: float
    scatter: float
    neighbours: float
    seen: float
    area: float


class Weighs(Protocol):
    """Whatever weighs evidence: a fitted model, or one that takes notes while fitting."""

    @property
    def threshold(self) -> float:
        """The probability below which no target is given."""
        ...

    def of(self, evidence: Evidence | PhotoEvidence) -> float:
        """Return the probability in [0, 1] that the target lies on its site."""
        ...


@dataclass(frozen=True, slots=True)
class Confidence:
    """A logistic model over the evidence, fitted on held-out pictures (Platt 1999).

    ``weights`` by name of the evidence, and ``bias``, are in logits. ``threshold`` was set from a
    stated rate of wrong targets on held-out pictures.
    """

    bias: float = 0.0
    weights: Mapping[str, float] = field(default_factory=dict)
    threshold: float = 0.5

    def __post_init__(self) -> None:
        known = {item.name for kind in (Evidence, PhotoEvidence) for item in fields(kind)}
        if unknown := set(self.weights) - known:
            raise VisionError(
                f"confidence weights name {sorted(unknown)}, known are {sorted(known)}; "
                "the model card is of another version"
            )
        if not 0.0 <= self.threshold <= 1.0:
            raise VisionError(
                f"confidence threshold {self.threshold} is outside 0 to 1; calibrate the model"
            )

    def of(self, evidence: Evidence | PhotoEvidence) -> float:
        """Return the probability in [0, 1] that the target lies on its site."""
        logit = self.bias + sum(
            weight * float(getattr(evidence, name)) for name, weight in self.weights.items()
        )
        return float(1.0 / (1.0 + np.exp(-np.clip(logit, -40.0, 40.0))))
