"""Evidence of one site, gathered cycle by cycle from what the controller measured."""

import numpy as np

from arm_control.procedure import SiteStep
from arm_control.report import CycleReport, Phase
from arm_control.target import SiteTarget
from spatial import Matrix, Pose, Vector, seconds
from station.corridor import Way
from station.record import ForceStatistics, SiteEvidence, TargetEvidence
from vision.swab import TipSighting
from vision.target import Site

_BIN = 0.001  # m; the path's length is counted off in these
_TIP_WIDTH = 0.005  # m, the bud of common swabs
_FELT = 0.03  # N in any direction; 95 % of what is read in free air lies below
_AT_SITE = 0.02  # m from the path: as far, 14 mm deep and 12 aside, tissue is looked for
_BAND = (0.15, 0.5)  # N: below it a wipe collects little, above it the arm yields


class SiteLog:
    """Accumulates one site over all its attempts.

    Force is the component along the site's normal, as reported while the controller is in contact.
    What presses from any side is contact too, for time and coverage. Coverage counts the
    millimetres of the wiping path that the tip passed in contact; its place is the controller's
    estimate carried into the mouth frame by the tracked mouth. A tip further than `_AT_SITE` from
    the path is elsewhere, and nothing of it counts. A path found by another look is counted from
    nothing; ``attempts_here`` are those at the newest one.
    """

    def __init__(self, site: str) -> None:
        self.site = site
        self.attempts = 0
        self.attempts_here = 0
        self.strokes_now = 0
        self._strokes_before = 0
        self._contact_s = self._contact_here_s = 0.0
        self._forces: list[float] = []
        self._covered: np.ndarray[tuple[int], np.dtype[np.bool_]] = np.zeros(1, dtype=np.bool_)
        self._path: Matrix | None = None
        self._target: SiteTarget | None = None
        self._chosen: TargetEvidence | None = None
        self._last_bin: int | None = None
        self._last_ns: int | None = None
        self._pictures = self._confirmed = 0

    @property
    def strokes(self) -> int:
        """Strokes finished so far, over all attempts."""
        return self._strokes_before + self.strokes_now

    @property
    def coverage(self) -> float:
        """Share of the newest wiping path that was passed in contact, 0 to 1."""
        return float(self._covered.mean())

    def lacks(self, step: SiteStep) -> str:
        """Return what this attempt lacks of what ``step`` asks for, in words; empty for nothing."""
        site, coverage = self.site, self.coverage
        if self.strokes_now < step.strokes:
            return f"{self.strokes_now} of {step.strokes} strokes at {site}"
        if coverage < step.least_coverage:
            return f"{coverage:.0%} of {site} wiped in contact, wants {step.least_coverage:.0%}"
        if self._contact_here_s < step.least_contact_s:
            touched, least = self._contact_here_s, step.least_contact_s
            return f"{site} touched for {touched:.1f} s, wants {least:.1f} s"
        return ""

    def begin(self, way: Way) -> None:
        """Start an attempt at the target of ``way``."""
        target = way.target
        self.attempts += 1
        bins = max(1, round(_length(target.path) / _BIN))
        if self._path is None or not np.array_equal(self._path, target.path):
            self._covered = np.zeros(bins, dtype=np.bool_)
            self._contact_here_s, self.attempts_here = 0.0, 0
        self.attempts_here += 1
        self._path, self._target = target.path, target
        self._chosen = TargetEvidence(
            _triple(target.point),
            _triple(target.normal),
            _triple(np.sqrt(np.maximum(np.diag(target.covariance), 0.0))),
            float(way.confidence),
            way.sightings,
        )
        self._last_bin = None
        self._last_ns = None

    def take(self, report: CycleReport, base_mouth: Pose | None) -> None:
        """Count one cycle of this attempt; ``base_mouth`` None where the mouth is not known."""
        self.strokes_now = report.strokes
        pressed = np.linalg.norm(report.wrench.force) > _FELT
        in_contact = (report.contact or pressed) and report.phase in (Phase.TOUCHING, Phase.WIPING)
        here: int | None = None
        if in_contact and base_mouth is not None and self._target is not None:
            mouth_tip = base_mouth.inverse().apply(report.base_tip.translation)
            here = self._bin_of(mouth_tip, self._target.path)
            in_contact = here is not None
        if in_contact:
            if report.contact:
                self._forces.append(report.normal_force)
            if self._last_ns is not None:
                passed_s = seconds(report.stamp_ns - self._last_ns)
                self._contact_s += passed_s
                self._contact_here_s += passed_s
        self._last_ns = report.stamp_ns if in_contact else None
        if here is not None:
            first = here if self._last_bin is None else self._last_bin
            self._covered[min(first, here) : max(first, here) + 1] = True
        self._last_bin = here

    def see(self, tip: TipSighting | None) -> None:
        """Count a picture taken in contact; ``tip`` as it shows the swab's, None where hidden."""
        self._pictures += 1
        self._confirmed += tip is not None and tip.confirms(Site(self.site))

    def close(self) -> None:
        """End the attempt; its strokes stay counted."""
        self._strokes_before, self.strokes_now = self.strokes, 0
        self._target = None

    def finish(self, skipped: str = "") -> SiteEvidence:
        """Return the evidence; ``skipped`` says why the site was left out, if it was."""
        forces = np.asarray(self._forces)
        force = ForceStatistics()
        if len(forces):
            force = ForceStatistics(
                float(forces.mean()),
                float(forces.std()),
                float(forces.max()),
                float(np.mean((forces >= _BAND[0]) & (forces <= _BAND[1]))),
            )
        covered = int(self._covered.sum())
        return SiteEvidence(
            self.site,
            self.strokes,
            self._contact_s,
            force,
            self.coverage,
            covered * _BIN * _TIP_WIDTH,
            self.attempts,
            self._chosen,
            skipped,
            self._pictures,
            self._confirmed,
        )

    def _bin_of(self, mouth_tip: Vector, path: Matrix) -> int | None:
        """Return which millimetre of ``path`` (k, 3) the tip is at, None where at none."""
        fraction, distance = _along(path, mouth_tip)
        if distance > _AT_SITE:
            return None
        return min(int(fraction * len(self._covered)), len(self._covered) - 1)


def _along(path: Matrix, point: Vector) -> tuple[float, float]:
    """Return how far along ``path`` (k, 3) [m] ``point`` (3,) [m] lies, 0 to 1.

    That is where the path comes nearest to it; the second value is how near [m].
    """
    steps = np.diff(path, axis=0)
    lengths = np.linalg.norm(steps, axis=1)
    best, best_distance, before = 0.0, np.inf, 0.0
    for start, step, length in zip(path[:-1], steps, lengths, strict=True):
        if length > 0.0:
            part = float(np.clip((point - start) @ step / length**2, 0.0, 1.0))
            distance = float(np.linalg.norm(start + part * step - point))
            if distance < best_distance:
                best, best_distance = before + part * float(length), distance
        before += float(length)
    return best / before, best_distance


def _length(path: Vector) -> float:
    return float(np.linalg.norm(np.diff(path, axis=0), axis=1).sum())


def _triple(values: Vector) -> tuple[float, float, float]:
    x, y, z = (float(value) for value in values)
    return x, y, z
