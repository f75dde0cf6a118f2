"""Two campaigns against each other: what got worse, with confidence intervals."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from sim.episode import Episode
from sim.errors import SimError
from sim.scenario import Verdict

_DRAWS = 4000
_SEED = 20200202
_WIPED = 0.1  # least share of a site's area that counts as wiped

Measure = Callable[[Episode], float | None]


def _mean_coverage(episode: Episode) -> float | None:
    if episode.verdict is not Verdict.SAMPLED:
        return None
    return float(np.mean([site.coverage for site in episode.sites.values()]))


def _mean_error(episode: Episode) -> float | None:
    errors = [s.target_error for s in episode.sites.values() if s.target_error is not None]
    return float(np.mean(errors)) * 1e3 if errors else None


def _every_site_wiped(episode: Episode) -> bool:
    return all(site.coverage >= _WIPED for site in episode.sites.values())


def _when_sampled(measure: Callable[[Episode], float]) -> Measure:
    return lambda e: measure(e) if e.verdict is Verdict.SAMPLED else None


MEASURES: Mapping[str, tuple[Measure, str]] = {
    "passed [share]": (lambda e: e.passed, "higher"),
    "sampled [share]": (lambda e: e.verdict is Verdict.SAMPLED, "higher"),
    "aborted [share]": (lambda e: e.verdict is Verdict.ABORTED, "lower"),
    "every site wiped, sampled [share]": (_when_sampled(_every_site_wiped), "higher"),
    "peak force [N]": (lambda e: e.peak_force, "lower"),
    "collision [N]": (lambda e: e.peak_collision, "lower"),
    "seconds, sampled [s]": (_when_sampled(lambda e: e.seconds), "lower"),
    "coverage, sampled [share]": (_mean_coverage, "higher"),
    "target error [mm]": (_mean_error, "lower"),
}
"""What is compared: a value of an episode (None: not of this one), and which way is better."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean with its 95 % confidence interval, and how many episodes it is of."""

    mean: float
    low: float
    high: float
    count: int

    @classmethod
    def of(cls, values: Sequence[float]) -> "Estimate":
        """Estimate from values: Wilson's interval for truth values, the bootstrap's for numbers."""
        x = np.asarray(values)
        if len(x) == 0:
            return cls(float("nan"), float("nan"), float("nan"), 0)
        if x.dtype == np.bool_:
            interval = stats.binomtest(int(x.sum()), len(x)).proportion_ci(method="wilson")
            return cls(float(x.mean()), float(interval.low), float(interval.high), len(x))
        low, high = _bootstrap(x)
        return cls(float(x.mean()), low, high, len(x))


@dataclass(frozen=True, slots=True)
class Difference:
    """One measure in two campaigns: B minus A with its 95 % interval, over paired episodes.

    ``verdict`` is better, worse or same: same while the interval holds zero.
    """

    measure: str
    a: Estimate
    b: Estimate
    delta: float
    low: float
    high: float
    verdict: str


def compare(a: Sequence[Episode], b: Sequence[Episode]) -> list[Difference]:
    """Compare two campaigns over the episodes they share (same scenario and seeds).

    Pairing removes what differs from person to person (Efron and Tibshirani 1993, ch. 8).

    Raises
    ------
    SimError
        Where they share none.
    """
    left, right = ({_key(e): e for e in episodes} for episodes in (a, b))
    shared = [key for key in left if key in right]
    if not shared:
        raise SimError("the campaigns share no episode; run B with the plan of A")
    result = []
    for name, (measure, better) in MEASURES.items():
        pairs = [(measure(left[k]), measure(right[k])) for k in shared]
        both = [(x, y) for x, y in pairs if x is not None and y is not None]
        if not both:
            continue
        x, y = np.array(both).T
        delta = np.subtract(y, x, dtype=np.float64)
        low, high = _bootstrap(delta) if np.ptp(delta) > 0 else (delta[0], delta[0])
        verdict = "same"
        if low > 0.0 or high < 0.0:
            verdict = "better" if (low > 0.0) == (better == "higher") else "worse"
        result.append(
            Difference(
                name,
                Estimate.of(x),
                Estimate.of(y),
                float(delta.mean()),
                float(low),
                float(high),
                verdict,
            )
        )
    return result


def changed(a: Sequence[Episode], b: Sequence[Episode]) -> list[tuple[Episode, Episode]]:
    """Return the shared episodes that passed in A and do not in B."""
    right = {_key(e): e for e in b}
    pairs = [(e, right[_key(e)]) for e in a if _key(e) in right]
    return [(x, y) for x, y in pairs if x.passed and not y.passed]


def _key(episode: Episode) -> tuple[str, str, int, int]:
    return episode.scenario, episode.scenario_hash, episode.seed, episode.person_seed


def _bootstrap(values: np.ndarray) -> tuple[float, float]:
    """Return the 95 % percentile interval of the mean (Efron 1979)."""
    if len(values) < 2:
        return float(values[0]), float(values[0])
    rng = np.random.default_rng(_SEED)
    means = np.array(
        [values[rng.integers(0, len(values), len(values))].mean() for _ in range(_DRAWS)]
    )
    low, high = np.percentile(means, [2.5, 97.5])
    return float(low), float(high)
