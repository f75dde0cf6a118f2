"""Sight without pictures: a camera whose frames are blank and a locator that knows the truth.

For campaigns that test arm and control by the thousand: errors, delay, refusals and faults are
those of a vision, the pictures are not painted. Colour and depth of a frame each say which
exposure they show, so that a colour picture that comes late, or depth of another instant or in a
wrong unit, misleads this sight as it would mislead a real one. Where the vision itself is the
question, use the painter and the real locator.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.anatomy import OralCavity
from sim.errors import SimError
from sim.snapshot import Snapshot
from spatial import Matrix, Pose, Vector, vector
from vision.frame import Frame, Intrinsics
from vision.target import Refusal, RefusalReason, Sighting, Site, Target

_GREY = 128
_DEPTH = np.float32(0.3)
_INTRINSICS = Intrinsics(16, 16, 16.0, 16.0, 8.0, 8.0)
_KEPT = 64
_HALF_STROKE = 0.006  # [m]
_NOT_SEEN = {
    Site.RIGHT_TONSIL: RefusalReason.TONSIL_NOT_SEEN,
    Site.LEFT_TONSIL: RefusalReason.TONSIL_NOT_SEEN,
    Site.POSTERIOR_WALL: RefusalReason.WALL_NOT_SEEN,
}


@dataclass(frozen=True, slots=True)
class SightErrors:
    """How wrong this sight is.

    ``site_sigma`` [m] of a site's point, drawn anew in every frame in each axis, ``site_bias`` [m]
    drawn once a person; ``mouth_sigma`` [m] and ``turn_sigma`` [rad] of the mouth's pose;
    ``min_opening`` [m] below which the mouth counts as closed.
    """

    site_sigma: float = 0.0015
    site_bias: float = 0.0015
    mouth_sigma: float = 0.0003
    turn_sigma: float = 0.003
    min_opening: float = 0.012

    def __post_init__(self) -> None:
        for name in ("site_sigma", "site_bias", "mouth_sigma", "turn_sigma", "min_opening"):
            if not 0.0 <= getattr(self, name) <= 0.1:
                raise SimError(f"sight error {name} {getattr(self, name)} is outside 0 to 0.1")


class TruthEye:
    """Painter and locator in one: remembers the truth of each exposure, tells it with errors.

    Parameters
    ----------
    errors
        How wrong it is.
    seed
        Seed of its errors.
    """

    def __init__(self, errors: SightErrors, seed: int) -> None:
        self._errors = errors
        self._rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(7,)))
        self._taken: dict[int, Snapshot] = {}  # by number of exposure
        self._number = 0
        self._cavity: OralCavity | None = None
        self._sites: dict[Site, tuple[Vector, Vector, Matrix] | None] = {}
        self._bias = {site: self._rng.normal(0.0, errors.site_bias, 3) for site in Site}

    @property
    def intrinsics(self) -> Intrinsics:
        """Intrinsics of the blank pictures."""
        return _INTRINSICS

    def paint(
        self, snapshot: Snapshot, rng: np.random.Generator
    ) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
        """Return a grey picture at one depth, and remember what it would have shown.

        The first pixel of either is the exposure's number.
        """
        self._number += 1
        self._taken[self._number] = snapshot
        while len(self._taken) > _KEPT:
            self._taken.pop(next(iter(self._taken)))
        grey = rng.integers(_GREY - 2, _GREY + 3, (16, 16, 3), dtype=np.uint8)
        depth = np.full((16, 16), _DEPTH)
        grey[0, 0] = list(self._number.to_bytes(3, "big"))
        depth[0, 0] = self._number
        return grey, depth

    def close(self) -> None:
        """Nothing is held beyond memory."""

    def locate(self, frame: Frame) -> Sighting | Refusal:
        """Return the truth at the exposure shown, with errors; refuse as a vision would."""
        ill = self._ill(frame)
        if ill is not None:
            return ill
        shown = self._taken.get(int.from_bytes(frame.rgb[0, 0].tobytes(), "big"))
        if shown is None:
            return Refusal(RefusalReason.CAMERA, frame.stamp_ns, "nothing was exposed")
        cavity, base_mouth = shown.cavity, shown.base_mouth
        if cavity is None or base_mouth is None:
            return Refusal(RefusalReason.NO_FACE, frame.stamp_ns, "nobody sits in the chair")
        hidden = self._hidden(frame.stamp_ns, cavity)
        if hidden is not None:
            return hidden
        optical_mouth = shown.base_camera.inverse() @ base_mouth
        farther = self._farther(frame.depth, float(optical_mouth.translation[2]))
        optical_mouth = Pose(optical_mouth.rotation, farther * optical_mouth.translation)
        e = self._errors
        seen = optical_mouth @ Pose.from_rotation_vector(
            self._rng.normal(0.0, e.turn_sigma, 3), self._rng.normal(0.0, e.mouth_sigma, 3)
        )
        spread = [max(e.mouth_sigma, 1e-5) ** 2] * 3 + [max(e.turn_sigma, 1e-4) ** 2] * 3
        targets = {s: self._target(s, cavity, optical_mouth, frame.stamp_ns) for s in Site}
        return Sighting(frame.stamp_ns, seen, np.diag(spread), cavity.opening, targets)

    def _farther(self, depth: NDArray[np.float32], shown_m: float) -> float:
        """Return how many times too far the mouth is measured that is ``shown_m`` [m] away.

        Depth may be in a wrong unit, and of another exposure than the colour.
        """
        unit = float(np.nanmedian(depth)) / float(_DEPTH)
        number = depth[0, 0] / unit
        measured = self._taken.get(round(float(number))) if np.isfinite(number) else None
        if measured is None or measured.base_mouth is None:
            return unit
        optical_mouth = measured.base_camera.inverse() @ measured.base_mouth
        return unit * (float(optical_mouth.translation[2]) / shown_m)

    def _hidden(self, stamp: int, cavity: OralCavity) -> Refusal | None:
        """Return a refusal where the mouth cannot be looked into."""
        if cavity.anatomy.mask:
            return Refusal(RefusalReason.MASK, stamp, "a mask covers the mouth")
        if cavity.articulation.hand > 0.3:
            return Refusal(RefusalReason.OCCLUDED, stamp, "a hand is in front of the mouth")
        if cavity.opening < self._errors.min_opening:
            detail = f"opening {cavity.opening:.3f} m, bound {self._errors.min_opening} m"
            return Refusal(RefusalReason.MOUTH_CLOSED, stamp, detail)
        return None

    def _ill(self, frame: Frame) -> Refusal | None:
        """Return a refusal where the picture is not the one that was painted."""
        if abs(float(frame.rgb.mean()) - _GREY) > 20 or float(frame.rgb.std()) > 20:
            return Refusal(RefusalReason.LIGHT, frame.stamp_ns, "the picture is dark or garbled")
        if not (np.abs(frame.depth - _DEPTH) < 0.2 * _DEPTH).mean() > 0.7:
            return Refusal(RefusalReason.DEPTH_INVALID, frame.stamp_ns, "the depth is invalid")
        return None

    def _target(
        self, site: Site, cavity: OralCavity, optical_mouth: Pose, stamp: int
    ) -> Target | Refusal:
        if self._cavity is not cavity:
            self._cavity, self._sites = cavity, {}
        if site not in self._sites:
            self._sites[site] = _site(site, cavity)
        found = self._sites[site]
        if found is None:
            return Refusal(_NOT_SEEN[site], stamp, f"{site} is hidden in this mouth")
        point, normal, path = found
        offset = self._bias[site] + self._rng.normal(0.0, self._errors.site_sigma, 3)
        variance = self._errors.site_sigma**2 + self._errors.site_bias**2
        return Target(
            site=site,
            point=optical_mouth.apply(point + offset),
            normal=optical_mouth.rotate(normal),
            path=optical_mouth.apply(path + offset),
            covariance=np.eye(3) * max(variance, 1e-10),
            confidence=0.99,
            clearance=0.008,
        )


def _site(site: Site, cavity: OralCavity) -> tuple[Vector, Vector, Matrix] | None:
    """Return point, normal and wiping path (5, 3) of a site in the mouth frame, None if hidden."""
    where = cavity.site(site)
    if not where.reachable:
        return None
    along = np.array([0.0, 1.0, 0.0] if site is Site.POSTERIOR_WALL else [0.0, 0.0, 1.0])
    along = along - (along @ where.normal) * where.normal
    along /= np.linalg.norm(along)
    steps = np.linspace(-_HALF_STROKE, _HALF_STROKE, 5)[:, None]
    path = np.asarray(where.point + steps * along)
    for _ in range(6):
        distance, normals, _ = cavity.signed_distance(path)
        path = path - distance[:, None] * normals
    return vector(where.point), vector(where.normal), path
