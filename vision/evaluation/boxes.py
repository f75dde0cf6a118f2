"""Boxes of uvula, tonsils and wall: as the model sees them, and as they truly are."""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from vision.evaluation.metrics import Box, box_of
from vision.structure import BOXED, Structure
from vision.view import View

KINDS: dict[Structure, str] = dict(zip(BOXED, ("uvula", "tonsil", "tonsil", "wall"), strict=True))
"""The name the figures of what is boxed go by; a right and a left tonsil are one kind."""

SMALLEST = 12
"""Fewest pixels of a structure that count as seen, and so as something to find."""

_WORTHLESS = 0.02  # expected IoU below which a box is none
_NOTHING = 0.01  # probability below which a pixel is no part of a region
_RIM = 0.8  # of the probability that bounds the region of greatest expected overlap
_SPECK = 0.15  # share of the largest piece below which another piece is a speck


def true_box(
    labels: NDArray[np.uint8], structure: Structure, smallest: int = SMALLEST
) -> Box | None:
    """Return the box of a structure in true labels (H, W), specks left out.

    None of fewer than ``smallest`` pixels.
    """
    return box_of(_without_specks(labels == structure), smallest)


def seen_box(view: View, structure: Structure) -> tuple[Box, float] | None:
    """Return the box [px of the picture] the model sees, with its score, or None.

    The score is the intersection over union to be expected with the true box. Of a model that reads
    no boxes they are drawn about what it segments, and scored by what they hold.
    """
    read, size = view.segmentation.boxes, 2 * view.segmentation.weights.shape[-1]
    if read is not None:
        *edges, score = read[BOXED.index(structure)].tolist()
        return (_in_picture(view, edges, size), score) if score >= _WORTHLESS else None
    region, score = _likeliest_region(view.segmentation.probability_of([structure]))
    box = box_of(_without_specks(region), max(4, round(SMALLEST * (size / view.crop.side) ** 2)))
    return None if box is None else (_in_picture(view, box, size), score)


def _in_picture(view: View, edges: Sequence[float], size: int) -> Box:
    """Return the box in the picture whose edges [px] lie in the model's square of ``size``."""
    scale = view.crop.side / size
    left, top, right, bottom = (scale * v for v in edges)
    return (
        view.crop.left + left,
        view.crop.top + top,
        view.crop.left + right,
        view.crop.top + bottom,
    )


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
    if not mask.any():
        return mask
    count, parts, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8))
    if count <= 2:
        return mask
    areas = np.asarray(stats)[:, cv2.CC_STAT_AREA].copy()
    areas[0] = 0
    keep = areas >= _SPECK * areas.max()
    return np.asarray(keep[parts])
