"""One site in one view: contact point, normal, wiping path, covariance, clearance, confidence."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from spatial import Matrix, Pose, Vector, matrix, unit, vector
from vision.confidence import Evidence, Weighs, log_odds
from vision.errors import VisionError
from vision.frame import Intrinsics
from vision.mouth import Mouth
from vision.ranks import median, quantile
from vision.region import REGIONS, outside_region, strangeness
from vision.segmentation import SEEN
from vision.settings import LocatorSettings
from vision.structure import Structure
from vision.surface import Plane, fit_patch, fit_plane, point_covariance, wiping_path
from vision.target import Refusal, RefusalReason, Site, Target
from vision.view import View, peak, rays
from vision.way import clearance, find_tissue, passage

SITE_STRUCTURES: dict[Site, tuple[Structure, ...]] = {
    Site.RIGHT_TONSIL: (Structure.RIGHT_TONSIL, Structure.RIGHT_ARCH),
    Site.LEFT_TONSIL: (Structure.LEFT_TONSIL, Structure.LEFT_ARCH),
    Site.POSTERIOR_WALL: (Structure.POSTERIOR_WALL,),
}
"""What may be wiped for each site: where the tonsil is gone, its bed between the arches."""

THROAT = (
    Structure.RIGHT_ARCH,
    Structure.LEFT_ARCH,
    Structure.UVULA,
    Structure.RIGHT_TONSIL,
    Structure.LEFT_TONSIL,
    Structure.POSTERIOR_WALL,
)
"""What the third look is about."""

_SURROUNDINGS: dict[Site, tuple[tuple[Structure, ...], ...]] = {
    Site.RIGHT_TONSIL: (
        (Structure.SOFT_PALATE, Structure.UVULA),
        (Structure.TONGUE,),
        (Structure.POSTERIOR_WALL,),
    ),
    Site.LEFT_TONSIL: (
        (Structure.SOFT_PALATE, Structure.UVULA),
        (Structure.TONGUE,),
        (Structure.POSTERIOR_WALL,),
    ),
    Site.POSTERIOR_WALL: (
        (Structure.SOFT_PALATE, Structure.UVULA),
        (Structure.TONGUE,),
        (Structure.RIGHT_ARCH, Structure.RIGHT_TONSIL),
        (Structure.LEFT_ARCH, Structure.LEFT_TONSIL),
    ),
}
_IN_FRONT = (Structure.SWAB, Structure.HAND, Structure.DEPRESSOR)
_DISC = 0.0025  # m around the point, over which depth is taken: the swab tip's radius
_PATCH = 0.006  # m around the point, over which the surface is fitted
_FAR = 0.010  # m around the point, from which the surface is carried on where holes are wide
_FAR_SHARE = 0.08  # of the usual share of measured pixels that will do so far out
_FAR_POINTS = 12  # measured pixels that must carry the surface from so far out
_REGION = 0.014  # m around the point, within which a site's visible tissue is counted
_STEP = 0.008  # m in depth beyond which a pixel of the patch belongs to another surface
_LEAST_OPENING = 0.035  # m, below which nobody is swabbed
_BESIDE = 0.010  # m from the uvula; more is as good as far away
_AMPLE = 0.005  # m of opening beyond it; more does not make a target likelier
_MIN_DISC_POINTS = 3
_MIN_NEIGHBOUR = 20  # pixels of the model's square from which a neighbour is fully there
_DEEPEST = 0.85  # of the wall's pixels that lie before its deepest
_HOLLOW = 0.010  # m before the deepest that the wall may reach
_RIM = 2  # px of a site's edge whose depth is not trusted
_MIN_CORE = 20  # measured pixels that must be left inside the rim


@dataclass(frozen=True, slots=True, eq=False)
class Spot:
    """Where in a view a site was seen: grid ``row`` and ``column``, and what speaks for it.

    ``spread`` is the deviation [px of the picture] of the model's own place map.
    """

    row: float
    column: float
    mask: NDArray[np.bool_]
    spread: float
    certainty: float
    agreement: float
    area: float
    neighbours: float
    seen: float


def find_spot(view: View, site: Site, settings: LocatorSettings, stamp_ns: int) -> Spot | Refusal:
    """Return where the site is seen in the picture, or why it is not; needs no depth."""
    own = SITE_STRUCTURES[site]
    mask = view.mask(own)
    area = float(mask.sum()) * view.step**2
    if area < settings.min_site_pixels:
        return _unseen(view, site, area, settings, stamp_ns)
    place = view.place(site)
    whole = float(place.sum())
    agreement = float(place[mask].sum()) / whole if whole > 0 else 0.0
    # the place map alone says where the middle is; the mask's own shape would pull it to its bulk
    shown = place if agreement > 0.0 else np.where(mask, view.probability(own), 0.0)
    (row, column), _ = peak(shown, max(2, round(view.crop.side / view.step / 10)))
    row, column = _nearest_inside(mask, row, column)
    near = np.sqrt(max(2.0, (0.02 * view.crop.side / view.step) ** 2))
    around, rows, columns = view.near(row, column, near)
    disc = _square_distance(rows, columns, row, column) <= near**2
    return Spot(
        row,
        column,
        mask,
        _spread(place, row, column) * view.step,
        float(around.probability(own)[disc].mean()),
        agreement,
        area,
        _neighbours(view, site),
        float(view.segmentation.seen[SEEN.index(site)]),
    )


def _spread(place: NDArray[np.float32], row: float, column: float) -> float:
    """Return the deviation [grid pixels] of a place map from a place: of its rows and columns."""
    down = place.sum(axis=1, dtype=np.float64)
    across = place.sum(axis=0, dtype=np.float64)
    square = down @ (np.arange(len(down)) - row) ** 2
    square += across @ (np.arange(len(across)) - column) ** 2
    return float(np.sqrt(square / max(float(down.sum()), 1e-12)))


def _square_distance(rows: slice, columns: slice, row: float, column: float) -> Matrix:
    """Return the squared distances (h, w) [grid pixels] of a part of the grid from a place."""
    down, across = np.arange(rows.start, rows.stop), np.arange(columns.start, columns.stop)
    return np.asarray((down[:, None] - row) ** 2 + (across - column) ** 2)


def measure_site(
    view: View,
    spot: Spot,
    site: Site,
    intrinsics: Intrinsics,
    mouth: Mouth,
    obstacles: Matrix,
    settings: LocatorSettings,
    confidence: Weighs,
    stamp_ns: int,
) -> Target | Refusal:
    """Turn a spot into a target in the optical frame, or refuse it.

    ``obstacles`` (n, 3) [m] are what ``find_obstacles`` saw in the same frame.
    """
    optical_mouth = mouth.optical_mouth
    mouth_optical = optical_mouth.inverse()
    pixel = np.array([[view.left + view.step * spot.column, view.top + view.step * spot.row]])
    ray = rays(pixel, intrinsics)[0]
    guess = float(np.linalg.norm(optical_mouth.translation)) + 0.08
    reach = _REGION * intrinsics.fx / (0.7 * guess)
    whole = view
    view, rows_seen, columns_seen = whole.near(spot.row, spot.column, reach / whole.step)
    mask = spot.mask[rows_seen, columns_seen]
    square = _square_distance(rows_seen, columns_seen, spot.row, spot.column)
    distance = np.sqrt(square) * view.step
    there = _within_region(view, mask, site, intrinsics, mouth_optical)
    tissue = _core(mask, there)
    nearness = distance / (intrinsics.fx / guess)
    found = _measured(tissue, there, nearness, 1.5 * view.step * guess / intrinsics.fx, settings)
    if isinstance(found, str):
        return Refusal(RefusalReason.DEPTH_INVALID, stamp_ns, f"{site}: {found}")
    radius, measured, share = found
    samples = view.depth[measured].astype(np.float64)
    depth = median(samples)
    around = tissue & (distance <= max(_PATCH, radius) * intrinsics.fx / depth)
    around &= np.abs(view.depth - depth) < _STEP
    points = view.points(around & there, intrinsics)
    try:
        plane = fit_plane(points)
    except VisionError:
        plane = Plane(ray * depth, -unit(ray), _STEP)
    met = plane.meet(ray) if radius == _FAR else None
    if met is not None and abs(float(met[2]) - depth) < _STEP:
        depth = float(met[2])  # nothing is measured at the point itself: carry the plane on to it
    stroke = _stroke(optical_mouth, site, plane.normal)
    patch = fit_patch(points, ray * depth, plane.normal, stroke)
    point = patch.at(np.zeros((1, 2)))[0]
    if np.linalg.norm(point - ray * depth) > 0.003:  # a patch that leaves its median is not one
        point = ray * depth
    mouth_point = mouth_optical.apply(point)
    if (refusal := outside_region(mouth_point, site, settings, stamp_ns)) is not None:
        return refusal
    reach = _REGION * intrinsics.fx / depth
    visible = (
        float((mask & (distance <= reach)).sum())
        * (view.step * depth) ** 2
        / (intrinsics.fx * intrinsics.fy)
    )
    if visible < settings.min_site_area:
        return Refusal(
            RefusalReason.WALL_NOT_SEEN
            if site is Site.POSTERIOR_WALL
            else RefusalReason.TONSIL_NOT_SEEN,
            stamp_ns,
            f"{1e6 * visible:.0f} mm² of {site} are seen, bound "
            f"{1e6 * settings.min_site_area:.0f} mm²",
        )
    path = wiping_path(patch, settings.path_length)
    scatter = 1.4826 * median(np.abs(samples - depth))
    along = np.hypot(0.0006 + 0.004 * depth**2, scatter / np.sqrt(len(samples) / 4 + 1))
    across = max(0.0005, 0.5 * spot.spread * depth / intrinsics.fx)
    tissue_and_obstacles = np.vstack(
        [find_tissue(whole, SITE_STRUCTURES[site], intrinsics), obstacles]
    )
    evidence = Evidence(
        log_odds(spot.seen),
        log_odds(spot.certainty),
        log_odds(spot.agreement),
        100.0 * spot.spread / view.crop.side,
        float(np.log(max(1e6 * visible, 1e-3))),
        share,
        1e3 * plane.residual,
        spot.neighbours,
        1e3 * passage(obstacles, optical_mouth.translation, point),
        1e3 * passage(tissue_and_obstacles, optical_mouth.translation, point),
        1e3 * min(max(mouth.opening - _LEAST_OPENING, 0.0), _AMPLE),
        strangeness(mouth_point, site),
        1e3 * _beside(whole, spot, depth / intrinsics.fx),
    )
    probability = confidence.of(evidence)
    bound = max(settings.min_confidence, confidence.threshold)
    if probability < bound:
        return Refusal(
            RefusalReason.MODEL_UNSURE,
            stamp_ns,
            f"{site} believed to {probability:.3f}, bound {bound:.3f}",
        )
    return Target(
        site,
        vector(point),
        plane.normal,
        matrix(path + (point - path[len(path) // 2]), (-1, 3)),
        point_covariance(ray, float(across), float(along)),
        probability,
        clearance(obstacles, path),
    )


def _beside(view: View, spot: Spot, pixel: float) -> float:
    """Return how far [m, at most 10 mm] the uvula is seen from the spot, ``pixel`` [m] wide."""
    places = np.flatnonzero(view.mask([Structure.UVULA]))
    if not len(places):
        return _BESIDE
    rows, columns = np.divmod(places, view.shape[1])
    square = float(((rows - spot.row) ** 2 + (columns - spot.column) ** 2).min())
    return min(float(np.sqrt(square)) * view.step * pixel, _BESIDE)


def _measured(
    tissue: NDArray[np.bool_],
    there: NDArray[np.bool_],
    distance: NDArray[np.float64],
    least_radius: float,
    settings: LocatorSettings,
) -> tuple[float, NDArray[np.bool_], float] | str:
    """Return the smallest radius [m] that holds enough depth, where it is measured, and its share.

    ``distance`` (h, w) [m] from the spot, ``there`` where depth is measured as deep as the site
    lies. What is missing, in words, where not even the largest radius will do.
    """
    for radius in (_DISC, _PATCH, _FAR):
        disc = tissue & (distance <= max(least_radius, radius))
        measured = disc & there
        far = radius == _FAR
        fewest = _FAR_POINTS if far else _MIN_DISC_POINTS
        least = settings.min_valid_depth * (_FAR_SHARE if far else 1.0)
        share = float(measured.sum()) / max(1, int(disc.sum()))
        if int(measured.sum()) >= fewest and share >= least:
            return radius, measured, share
    return (
        f"{int(measured.sum())} of {int(disc.sum())} pixels have depth, bounds {least:.0%} and "
        f"{fewest} pixels"
    )


def _stroke(optical_mouth: Pose, site: Site, normal: Vector) -> Vector:
    """Return which way (3,) to wipe: up and down a tonsil, across the wall, along the tissue."""
    along = optical_mouth.rotation[:, 2 if site is not Site.POSTERIOR_WALL else 1]
    if abs(float(along @ normal)) > np.sqrt(1.0 - 1e-6):  # of two unit vectors: parallel
        along = optical_mouth.rotation[:, 0]
    return vector(along)


def _within_region(
    view: View,
    mask: NDArray[np.bool_],
    site: Site,
    intrinsics: Intrinsics,
    mouth_optical: Pose,
) -> NDArray[np.bool_]:
    """Return the pixels (h, w) whose measured depth puts them as deep in the mouth as the site is.

    Beside the lips a stereo camera gives many a pixel of the throat the lips' own depth. Where
    hardly any pixel of ``mask`` is as deep, all that are measured: it lies elsewhere. The wall gets
    depth of uvula, tongue or swab along its edges, too: it stands behind all else and is all but
    flat, so the deepest of its pixels tell which are its own.
    """
    across, down = view.slopes(intrinsics)
    x, y, z = -mouth_optical.rotation[0]
    toward = x * across + (y * down + z)[:, None]
    behind = toward * view.depth - mouth_optical.translation[0]
    low, high = REGIONS[site].behind
    there = np.asarray(view.valid & (behind >= low) & (behind <= high))
    if int((there & mask).sum()) < _MIN_DISC_POINTS:
        return view.valid
    if site is Site.POSTERIOR_WALL:
        there &= behind > quantile(behind[there & mask], _DEEPEST) - _HOLLOW
    return there


def _core(mask: NDArray[np.bool_], valid: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return the mask without its rim, where stereo mixes in what stands before it.

    The rim stays where too little measured tissue would be left.
    """
    kernel = np.ones((2 * _RIM + 1, 2 * _RIM + 1), np.uint8)
    core = cv2.erode(mask.astype(np.uint8), kernel, borderValue=0) > 0
    return np.asarray(core if int((core & valid).sum()) >= _MIN_CORE else mask)


def _unseen(
    view: View, site: Site, area: float, settings: LocatorSettings, stamp_ns: int
) -> Refusal:
    """Say why a site is not seen: something in front, the tongue high, or it is just hidden."""
    detail = f"{site} covers {area:.0f} px, bound {settings.min_site_pixels:.0f} px"
    place = view.place(site)
    total = max(float(place.sum()), 1e-12)
    if float(place[view.mask(_IN_FRONT)].sum()) / total > 0.3:
        return Refusal(RefusalReason.OCCLUDED, stamp_ns, detail)
    if site is not Site.POSTERIOR_WALL:
        return Refusal(RefusalReason.TONSIL_NOT_SEEN, stamp_ns, detail)
    tongue = view.mask([Structure.TONGUE])
    if float(place[tongue].sum()) / total > 0.5:
        return Refusal(RefusalReason.TONGUE_HIGH, stamp_ns, detail)
    return Refusal(RefusalReason.WALL_NOT_SEEN, stamp_ns, detail)


def _neighbours(view: View, site: Site) -> float:
    """Return how surely the structures are seen that must stand around the site, in [0, 1]."""
    scores = []
    for group in _SURROUNDINGS[site]:
        total = sum(int(view.counts[s]) for s in group)
        certain = sum(float(view.counts[s] * view.certainty[s]) for s in group)
        scores.append(min(1.0, total / _MIN_NEIGHBOUR) * certain / max(total, 1))
    return sum(scores) / len(scores)


def _nearest_inside(mask: NDArray[np.bool_], row: float, column: float) -> tuple[float, float]:
    """Return the point itself where it lies well inside the mask, else the nearest that does."""
    inner = cv2.erode(mask.astype(np.uint8), np.ones((3, 3), np.uint8), borderValue=0) > 0
    if not inner.any():
        inner = mask
    r, c = round(row), round(column)
    if inner[min(max(r, 0), mask.shape[0] - 1), min(max(c, 0), mask.shape[1] - 1)]:
        return row, column
    rows, columns = np.nonzero(inner)
    best = int(np.argmin((rows - row) ** 2 + (columns - column) ** 2))
    return float(rows[best]), float(columns[best])
