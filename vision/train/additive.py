"""Fits the additive model that turns evidence into a probability, and the bound it must reach."""

from collections.abc import Sequence
from dataclasses import fields, replace

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from spatial import Matrix, Vector
from vision.confidence import Confidence, Curve, Evidence, PhotoEvidence

_AGAINST = frozenset({"spread", "flatness", "scatter", "strangeness"})
"""Evidence that speaks against a target the larger it is; all other speaks for it."""

_PIECES = 8  # straight pieces of a curve, at most
_TARGETS = 200  # targets that a piece wants: fewer bend a curve to chance
_RIDGE = 1e-3  # weight of the squared rises: a piece rises where many targets want it to
_FOLDS = 10  # parts of the targets, each judged by a model fitted on the others


def fit_confidence(
    evidence: Sequence[Evidence | PhotoEvidence], right: Sequence[bool], wrong_rate: float
) -> tuple[Confidence, float]:
    """Fit an additive model, and the lowest threshold that keeps wrong targets to ``wrong_rate``.

    Returns the confidence and the share of right targets that it keeps. Every curve is straight
    between quantiles of its evidence, and none goes against its meaning: a few hundred targets fit
    such a turn to chance, and pictures unlike these would be believed for it. The threshold is
    found on targets judged by models that were not fitted on them nor, as targets stand in the
    order of their frames, on their frames' others; it holds with the rule of succession, one more
    wrong target than was seen.
    """
    names = [item.name for item in fields(evidence[0])]
    x = np.array([[float(getattr(e, n)) for n in names] for e in evidence])
    y = np.asarray(right, dtype=np.float64)
    knots = [_knots(x[:, j]) for j in range(len(names))]
    signs = [-1.0 if n in _AGAINST else 1.0 for n in names]
    # one column for every piece of every curve: how much of the piece lies below the evidence
    z = np.hstack(
        [
            sign * np.clip((x[:, j, None] - k[:-1]) / np.diff(k), 0.0, 1.0)
            for j, (sign, k) in enumerate(zip(signs, knots, strict=True))
        ]
    )
    bias, rises = _fit(z, y)
    curves, first = {}, 0
    for name, sign, k in zip(names, signs, knots, strict=True):
        worth = np.cumsum(np.concatenate([[0.0], sign * rises[first : first + len(k) - 1]]))
        curves[name] = Curve(tuple(k.tolist()), tuple(np.round(worth, 4).tolist()))
        first += len(k) - 1
    threshold, kept = _threshold(_judged_by_others(z, y), y, wrong_rate)
    return replace(Confidence(round(bias, 4), curves), threshold=threshold), kept


def _knots(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return where a curve over ``values`` (n,) may bend (k,): evenly spread quantiles."""
    pieces = min(_PIECES, max(1, len(values) // _TARGETS))
    quantiles = np.quantile(values, np.linspace(0.02, 0.98, pieces + 1))
    knots = np.unique(np.round(quantiles, 4))
    return knots if len(knots) > 1 else np.array([knots[0], knots[0] + 1.0])


def _fit(z: Matrix, y: NDArray[np.float64]) -> tuple[float, Vector]:
    """Return bias and rises (k,), none below 0, of the logistic model of ``y`` (n,) on z (n, k)."""

    def loss(theta: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        logit = z @ theta[1:] + theta[0]
        p = 1.0 / (1.0 + np.exp(-np.clip(logit, -40, 40)))
        value = float(np.mean(np.logaddexp(0.0, logit) - y * logit))
        slope = np.concatenate([[np.mean(p - y)], z.T @ (p - y) / len(y)])
        slope[1:] += 2 * _RIDGE * theta[1:]
        return value + _RIDGE * float(theta[1:] @ theta[1:]), slope

    bounds = [(None, None), *((0.0, None) for _ in range(z.shape[1]))]
    fitted = minimize(loss, np.zeros(z.shape[1] + 1), jac=True, method="L-BFGS-B", bounds=bounds)
    return float(fitted.x[0]), np.asarray(fitted.x[1:], dtype=np.float64)


def _judged_by_others(z: Matrix, y: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return for each target (n,) what a model fitted on the other folds makes of it."""
    fold = np.arange(len(y)) * _FOLDS // len(y)
    logit = np.empty(len(y))
    for k in range(_FOLDS):
        held = fold == k
        if held.any():
            bias, rises = _fit(z[~held], y[~held])
            logit[held] = z[held] @ rises + bias
    return np.asarray(1.0 / (1.0 + np.exp(-np.clip(logit, -40, 40))), dtype=np.float64)


def _threshold(
    probability: NDArray[np.float64], y: NDArray[np.float64], wrong_rate: float
) -> tuple[float, float]:
    """Return the lowest bound that keeps to ``wrong_rate``, and the share of the right it keeps.

    Where no bound does, that which the likeliest fifth reaches.
    """
    order = np.argsort(-probability)
    wrong = np.cumsum(1.0 - y[order]) + 1.0
    allowed = np.flatnonzero(wrong / (np.arange(len(y)) + 1.0) <= wrong_rate)
    last = int(allowed[-1]) if len(allowed) else int(0.2 * len(y))
    kept = float(y[order[: last + 1]].sum() / max(y.sum(), 1.0))
    return min(float(np.round(probability[order[last]], 4)), 0.999), kept
