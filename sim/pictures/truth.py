"""What a picture truly shows: for each site whether it may be swabbed, and if not, why."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.anatomy import SITE_PARTS, OralCavity, Part, SiteTruth
from sim.anatomy.compiled import compiled
from sim.anatomy.profile import Array
from sim.pictures.view import Picture, SceneView
from vision.target import RefusalReason, Site

SMALLEST_OPENING = 0.035
"""Below this opening [m] nobody is swabbed (design table)."""

CLOSED_OPENING = 0.012
_SMALLEST_AREA = {
    Site.RIGHT_TONSIL: 20e-6,
    Site.LEFT_TONSIL: 20e-6,
    Site.POSTERIOR_WALL: 30e-6,
}
_SITE_RADIUS = 0.010
_IS_SITE = {
    site: np.isin(np.arange(256), [int(p) for p in parts]) for site, parts in SITE_PARTS.items()
}


@dataclass(frozen=True, slots=True, eq=False)
class SeenSite:
    """One site as seen: ``truth`` in the mouth frame, its visible area [m²], safe or why not."""

    truth: SiteTruth
    visible: float
    reason: RefusalReason | None

    @property
    def safe(self) -> bool:
        """Whether a swab may be sent there on the strength of this picture."""
        return self.reason is None


def seen_sites(cavity: OralCavity, view: SceneView, picture: Picture) -> dict[Site, SeenSite]:
    """Return what ``picture`` of ``view`` shows of every site of ``cavity``."""
    general = _general_reason(cavity, picture)
    result = {}
    for site in Site:
        truth = cavity.exposed_site(site)
        area = visible_area(view, picture, truth)
        reason = general
        if reason is None and (area < _SMALLEST_AREA[site] or not truth.reachable):
            reason = _hidden_reason(view, picture, truth)
        result[site] = SeenSite(truth, area, reason)
    return result


def visible_area(view: SceneView, picture: Picture, truth: SiteTruth) -> float:
    """Return the area [m²], as seen from the camera, of the site's tissue near its middle."""
    k = picture.intrinsics
    middle = np.asarray(view.optical_mouth.apply(truth.point))
    lens = np.array([k.fx, k.fy, k.cx, k.cy])
    return _area(picture.labels, picture.depth, _IS_SITE[truth.site], middle, lens)


@compiled
def _area(
    labels: NDArray[np.uint8],
    depth: NDArray[np.float32],
    wanted: NDArray[np.bool_],
    middle: Array,
    lens: Array,
) -> float:
    """Sum the areas of the pixels of ``wanted`` parts that lie near ``middle`` (3,) [m]."""
    fx, fy, cx, cy = lens
    area = 0.0
    for v in range(labels.shape[0]):
        for u in range(labels.shape[1]):
            if not wanted[labels[v, u]]:
                continue
            z = float(depth[v, u])
            x, y = (u - cx) / fx * z - middle[0], (v - cy) / fy * z - middle[1]
            if x * x + y * y + (z - middle[2]) ** 2 < _SITE_RADIUS * _SITE_RADIUS:
                area += z * z / (fx * fy)
    return area


def _general_reason(cavity: OralCavity, picture: Picture) -> RefusalReason | None:
    counts = np.bincount(picture.labels.ravel(), minlength=32)
    if cavity.anatomy.mask and counts[Part.MASK]:
        return RefusalReason.MASK
    inner = counts[Part.TEETH : Part.PHARYNX + 1].sum() + counts[Part.LIPS]
    if counts[Part.HAND] > inner:
        return RefusalReason.OCCLUDED
    if inner == 0:
        return RefusalReason.NO_FACE
    if cavity.opening < CLOSED_OPENING:
        return RefusalReason.MOUTH_CLOSED
    if cavity.opening < SMALLEST_OPENING:
        return RefusalReason.TOO_NARROW
    return None


def _hidden_reason(view: SceneView, picture: Picture, truth: SiteTruth) -> RefusalReason:
    """Say what stands before a site: whatever is labelled where its middle should be seen."""
    k = picture.intrinsics
    middle = np.asarray(view.optical_mouth.apply(truth.point)).reshape(1, 3)
    u, v = np.round(k.project(middle)[0]).astype(int)
    missing = (
        RefusalReason.WALL_NOT_SEEN
        if truth.site is Site.POSTERIOR_WALL
        else RefusalReason.TONSIL_NOT_SEEN
    )
    if not (0 <= u < k.width and 0 <= v < k.height):
        return missing
    before = Part(int(picture.labels[v, u]))
    if before in (Part.HAND, Part.SWAB, Part.GRIPPER, Part.DEPRESSOR):
        return RefusalReason.OCCLUDED
    if before is Part.TONGUE:
        return RefusalReason.TONGUE_HIGH
    return missing
