"""The first look at a whole picture: whether one unmasked person is there, and the mouth."""

import cv2
import numpy as np
from numpy.typing import NDArray

from vision.preprocess import Crop
from vision.structure import ORAL, Structure
from vision.target import Refusal, RefusalReason
from vision.view import View

CROP_MARGIN = 1.25
"""Side of the second look, in extents of lips and mouth."""

_MIN_MOUTH = 8  # cells of lips and mouth below which there is no mouth
_MIN_FACE = 0.01  # share of the picture that is skin, below which there is nobody
_RIVAL = 0.3  # share of the largest mouth's area from which a second mouth is another person
_HAND = 3.0  # a hand this many times the mouth's size is before it, or raised to stop
_CROP_MIN = 48.0  # px; a smaller mouth is too far away to be judged


def find_mouth(view: View, stamp_ns: int) -> Crop | Refusal:
    """Return the square about the only mouth of the picture, or why there is none.

    ``view`` is a look at the whole picture. Lips and what is inside the mouth count together, so a
    throat that fills the picture is found as well.
    """
    labels = np.argmax(view.segmentation.probability, axis=0).astype(np.uint8)
    mouth = np.isin(labels, [*ORAL, Structure.LIPS])
    shares = {s: float((labels == s).mean()) for s in Structure}
    if int(mouth.sum()) < _MIN_MOUTH:
        return _no_mouth(shares, stamp_ns)
    if shares[Structure.MASK] > float(mouth.mean()):
        return Refusal(
            RefusalReason.MASK,
            stamp_ns,
            f"mask covers {shares[Structure.MASK]:.1%} of the picture, mouth {mouth.mean():.1%}",
        )
    if shares[Structure.HAND] > _HAND * float(mouth.mean()):
        return Refusal(
            RefusalReason.OCCLUDED,
            stamp_ns,
            f"hand covers {shares[Structure.HAND]:.1%} of the picture, mouth {mouth.mean():.1%}",
        )
    areas, boxes, parts = _components(mouth)
    order = np.argsort(areas)[::-1]
    first = int(order[0])
    if len(order) > 1 and areas[order[1]] > max(_MIN_MOUTH, _RIVAL * areas[first]):
        second = boxes[order[1]]
        if _apart(boxes[first], second):
            return Refusal(
                RefusalReason.TWO_FACES,
                stamp_ns,
                f"two mouths, of {areas[first]} and {areas[order[1]]} cells",
            )
    if _covered(labels, boxes[first]):
        return Refusal(
            RefusalReason.OCCLUDED, stamp_ns, "a hand covers the mouth in the whole picture"
        )
    return _square(parts == first + 1, view.crop, labels.shape[0])


def _no_mouth(shares: dict[Structure, float], stamp_ns: int) -> Refusal:
    if shares[Structure.MASK] > 0.01:
        return Refusal(
            RefusalReason.MASK, stamp_ns, f"mask covers {shares[Structure.MASK]:.1%}, no mouth"
        )
    if shares[Structure.HAND] > 0.02:
        return Refusal(
            RefusalReason.OCCLUDED, stamp_ns, f"hand covers {shares[Structure.HAND]:.1%}, no mouth"
        )
    face = shares[Structure.SKIN] + shares[Structure.EYES]
    if face < _MIN_FACE:
        return Refusal(
            RefusalReason.NO_FACE, stamp_ns, f"skin covers {face:.1%}, bound {_MIN_FACE:.0%}"
        )
    return Refusal(RefusalReason.NO_FACE, stamp_ns, f"skin covers {face:.1%}, but no mouth")


def _components(
    mouth: NDArray[np.bool_],
) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.int32]]:
    """Return areas (n,), boxes (n, 4: left, top, width, height) and the labelled picture."""
    closed = cv2.morphologyEx(mouth.astype(np.uint8), cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8))
    _, parts, stats, _ = cv2.connectedComponentsWithStats(closed)
    numbers = np.asarray(stats, dtype=np.int32)[1:]
    return (
        numbers[:, cv2.CC_STAT_AREA],
        numbers[:, : cv2.CC_STAT_HEIGHT + 1],
        np.asarray(parts, dtype=np.int32),
    )


def _apart(first: NDArray[np.int32], second: NDArray[np.int32]) -> bool:
    """Whether two boxes are farther apart than half a mouth: lips broken in two are not."""
    gap_x = max(first[0], second[0]) - min(first[0] + first[2], second[0] + second[2])
    gap_y = max(first[1], second[1]) - min(first[1] + first[3], second[1] + second[3])
    return bool(max(gap_x, gap_y) > 0.5 * max(first[2], first[3]))


def _covered(labels: NDArray[np.uint8], box: NDArray[np.int32]) -> bool:
    left, top, width, height = (int(v) for v in box)
    inside = labels[top : top + height, left : left + width]
    return bool((inside == Structure.HAND).mean() > 0.35)


def _square(part: NDArray[np.bool_], whole: Crop, cells: int) -> Crop:
    rows, columns = np.nonzero(part)
    left, right = np.percentile(columns, (1, 99))
    top, bottom = np.percentile(rows, (1, 99))
    scale = whole.side / cells
    extent = max(right - left, bottom - top) + 1.0
    side = max(CROP_MARGIN * extent * scale, _CROP_MIN)
    u = whole.left + (0.5 * (left + right) + 0.5) * scale
    v = whole.top + (0.5 * (top + bottom) + 0.5) * scale
    return Crop(u - side / 2, v - side / 2, side)
