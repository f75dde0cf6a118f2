"""Boxes of uvula, tonsils and wall: as the model sees them, and as they truly are."""

import cv2
import numpy as np
from numpy.typing import NDArray

from vision.evaluation.metrics import Box, box_of
from vision.structure import Structure
from vision.view import View

BOXED: dict[Structure, str] = {
    Structure.UVULA: "uvula",
    Structure.RIGHT_TONSIL: "tonsil",
    Structure.LEFT_TONSIL: "tonsil",
    Structure.POSTERIOR_WALL: "wall",
}
"""What is boxed, and the name its figures go by; a right and a left tonsil are one kind."""

SMALLEST = 12
"""Fewest pixels of a structure that count as seen, and so as something to find."""

_NOTHING = 0.01  # probability below which a pixel is no part of a region
_RIM = 0.8  # of the probability that bounds the region of greatest expected overlap
_SPECK = 0.15  # share of the largest piece below which another piece is a speck


def true_box(labels: NDArray[np.uint8], structure: Structure) -> Box | None:
    """Return the box of a structure in true labels (H, W), specks left out."""
    return box_of(_without_specks(labels == structure), SMALLEST)


def seen_box(view: View, structure: Structure) -> tuple[Box, float] | None:
    """Return the box [px of the picture] the model sees, with its score, or None.

    The score is the intersection over union to be expected of what the box holds.
    """
    region, score = _likeliest_region(view.segmentation.probability_of([structure]))
    mask = _without_specks(region)
    scale = view.crop.side / mask.shape[0]
    box = box_of(mask, max(4, round(SMALLEST / scale**2)))
    if box is None:
        return None
    left, top = view.crop.left, view.crop.top
    x0, y0, x1, y1 = (scale * v for v in box)
    return (left + x0, top + y0, left + x1, top + y1), score


def _likeliest_region(probability: NDArray[np.float32]) -> tuple[NDArray[np.bool_], float]:
    """Return the pixels (S, S) of greatest expected IoU with a structure, and that IoU.

    Pixels are taken from the surest on for as long as what is taken, over it and all that is left
    out, grows (Nowozin 2014, doi 10.1109/CVPR.2014.77). The likeliest class of each pixel alone
    gives too small a region where the model doubts the edge. That overlap is of pixels: a box ends
    at the outermost of them, so those a little less sure belong to it as well.
    """
    surest = np.sort(probability[probability > _NOTHING].astype(np.float64))[::-1]
    if not len(surest):
        return np.zeros(probability.shape, dtype=bool), 0.0
    taken = np.cumsum(surest)
    overlap = taken / (np.arange(1, len(surest) + 1) + taken[-1] - taken)
    best = int(np.argmax(overlap))
    return np.asarray(probability >= _RIM * surest[best]), float(overlap[best])


def _without_specks(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    count, parts, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8))
    if count <= 2:
        return mask
    areas = np.asarray(stats)[:, cv2.CC_STAT_AREA].copy()
    areas[0] = 0
    keep = areas >= _SPECK * areas.max()
    return np.asarray(keep[parts])
