"""Figures of merit: average precision of boxes, calibration error, percentiles."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Box = tuple[float, float, float, float]
"""Left, top, right, bottom [px]; right and bottom lie beyond the last pixel."""

IOU_THRESHOLDS = tuple(np.round(np.arange(0.5, 0.96, 0.05), 2).tolist())
_RECALLS = np.linspace(0.0, 1.0, 101)


@dataclass(frozen=True, slots=True)
class Detection:
    """One predicted box of one picture, with its score in [0, 1]."""

    picture: int
    box: Box
    score: float


def iou(a: Box, b: Box) -> float:
    """Return intersection over union of two boxes."""
    width = min(a[2], b[2]) - max(a[0], b[0])
    height = min(a[3], b[3]) - max(a[1], b[1])
    if width <= 0 or height <= 0:
        return 0.0
    shared = width * height
    area = (a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - shared
    return shared / area


def average_precision(
    detections: Sequence[Detection], truths: Sequence[tuple[int, Box]], threshold: float
) -> float:
    """Return AP at one IoU threshold: precision at 101 recalls (COCO, Lin et al. 2014).

    NaN where there is nothing to find.
    """
    if not truths:
        return float("nan")
    left: dict[int, list[Box]] = {}
    for picture, box in truths:
        left.setdefault(picture, []).append(box)
    hits = []
    for found in sorted(detections, key=lambda d: -d.score):
        candidates = left.get(found.picture, [])
        overlaps = [iou(found.box, box) for box in candidates]
        best = int(np.argmax(overlaps)) if overlaps else -1
        hit = best >= 0 and overlaps[best] >= threshold
        if hit:
            candidates.pop(best)
        hits.append(hit)
    if not hits:
        return 0.0
    true = np.cumsum(hits)
    recall = true / len(truths)
    precision = true / np.arange(1, len(hits) + 1)
    precision = np.maximum.accumulate(precision[::-1])[::-1]
    at = np.searchsorted(recall, _RECALLS, side="left")
    return float(np.where(at < len(precision), precision[np.minimum(at, len(hits) - 1)], 0).mean())


def mean_average_precision(
    detections: Sequence[Detection], truths: Sequence[tuple[int, Box]]
) -> float:
    """Return AP@.5:.95, the mean over ten IoU thresholds."""
    return float(
        np.mean([average_precision(detections, truths, threshold) for threshold in IOU_THRESHOLDS])
    )


def calibration_error(
    confidence: NDArray[np.float64], right: NDArray[np.bool_], bins: int = 10
) -> float:
    """Return the expected calibration error with equally filled bins (Naeini et al. 2015)."""
    if not len(confidence):
        return float("nan")
    order = np.argsort(confidence)
    parts = np.array_split(order, min(bins, len(order)))
    gaps = [abs(float(confidence[p].mean()) - float(right[p].mean())) * len(p) for p in parts]
    return float(sum(gaps) / len(order))


def percentile(values: Sequence[float], share: float) -> float:
    """Return a percentile, NaN of nothing."""
    return float(np.percentile(values, share)) if len(values) else float("nan")


def box_of(mask: NDArray[np.bool_], smallest: int) -> Box | None:
    """Return the box of a mask (h, w) in its own pixels, None with fewer than ``smallest``."""
    if int(mask.sum()) < smallest:
        return None
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    return float(columns[0]), float(rows[0]), float(columns[-1] + 1), float(rows[-1] + 1)
