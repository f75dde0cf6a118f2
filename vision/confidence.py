"""Turns what was measured of a target into the probability that it lies on its site."""

import math
from bisect import bisect_right
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
    ``passage``: how far [mm, at most 10] uvula, tongue, teeth and depressor keep from the straight
    way in. ``gap``: how far [mm, at most 10] any tissue but the site's own keeps from it.
    ``opening``: by how much [mm, 0 to 5] the mouth is wider open than the least a swab may pass.
    ``strangeness``: how far the point lies from where such sites usually do, in standard deviations
    of people. ``beside``: how far [mm, at most 10] it is seen from the uvula, for the middle of a
    site may lie behind it.
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
    strangeness: float
    beside: float


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
class Curve:
    """What one kind of evidence is worth: straight between ``knots``, level beyond them.

    ``knots`` (n,) rise strictly, in the evidence's unit; ``logits`` (n,) is what each is worth.
    """

    knots: tuple[float, ...]
    logits: tuple[float, ...]

    def __post_init__(self) -> None:
        if len(self.knots) != len(self.logits) or not self.knots:
            raise VisionError(
                f"a curve of {len(self.knots)} knots and {len(self.logits)} logits; wants as many "
                "of both; calibrate the model"
            )
        if not all(np.diff(self.knots) > 0.0) or not np.isfinite(self.logits).all():
            raise VisionError(f"knots {self.knots} do not rise, or {self.logits} are no numbers")

    def at(self, value: float) -> float:
        """Return the logits that ``value`` is worth; what is no number is worth the least."""
        if math.isnan(value):
            return min(self.logits)
        after = bisect_right(self.knots, value)
        if after in (0, len(self.knots)):
            return self.logits[max(after - 1, 0)]
        (x, beyond), (y, to) = self.knots[after - 1 : after + 1], self.logits[after - 1 : after + 1]
        return y + (to - y) / (beyond - x) * (value - x)


@dataclass(frozen=True, slots=True)
class Confidence:
    """An additive logistic model over the evidence (Hastie and Tibshirani 1986).

    Fitted on held-out pictures: ``bias`` [logits], and by name of the evidence its curve, which
    rises or falls throughout. ``threshold`` was set from a stated rate of wrong targets on held-out
    pictures.
    """

    bias: float = 0.0
    curves: Mapping[str, Curve] = field(default_factory=dict)
    threshold: float = 0.5

    def __post_init__(self) -> None:
        known = {item.name for kind in (Evidence, PhotoEvidence) for item in fields(kind)}
        if unknown := set(self.curves) - known:
            raise VisionError(
                f"confidence curves name {sorted(unknown)}, known are {sorted(known)}; "
                "the model card is of another version"
            )
        if not 0.0 <= self.threshold <= 1.0:
            raise VisionError(
                f"confidence threshold {self.threshold} is outside 0 to 1; calibrate the model"
            )

    def of(self, evidence: Evidence | PhotoEvidence) -> float:
        """Return the probability in [0, 1] that the target lies on its site."""
        logit = self.bias + sum(
            curve.at(float(getattr(evidence, name))) for name, curve in self.curves.items()
        )
        return 1.0 / (1.0 + math.exp(-min(max(logit, -40.0), 40.0)))
