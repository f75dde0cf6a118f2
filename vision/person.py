"""Where to look next: from a whole picture to its only mouth, from the mouth to the throat."""

import cv2
import numpy as np
from numpy.typing import NDArray

from vision.preprocess import Crop
from vision.ranks import quantile_of_counts
from vision.segmentation import SEEN
from vision.sites import THROAT
from vision.structure import ORAL, Structure
from vision.target import Refusal, RefusalReason
from vision.view import View

CROP_MARGIN = 1.25
"""Side of the second look, in extents of lips and mouth."""

THROAT_MARGIN = 1.15
"""Side of the third look, in extents of the throat."""

_MOUTH = (*ORAL, Structure.LIPS)
_GAP = 0.045  # share of the picture by which two parts of one mouth may seem apart
_CUT_OFF = 0.08  # share of a look's edge that is mouth, above which the mouth goes on beyond it
_WIDER = 1.6  # side of the look that is taken then, in extents of what was seen
_THROAT_CUT_OFF = 0.02  # share of a look's edge that is throat, above which it goes on beyond it
_THROAT_WIDER = 1.3  # side of the look that is taken then, in extents of what was seen
_INNER = 0.6  # side of the third look where no throat was seen, in extents of the mouth
_MIN_THROAT = 12  # cells of the throat below which none was seen
_THROAT_MIN = 32.0  # px; what is smaller is looked at with its surroundings

_MIN_MOUTH = 8  # cells of lips and mouth below which there is no mouth
_SURE = 0.5  # probability of a mouth in the picture from which one is looked for closer
_CLOSER = 0.5  # side of that look, in sides of the picture
_MIN_FACE = 0.01  # share of the picture that is skin, below which there is nobody
_RIVAL = 0.3  # share of the largest mouth's area from which a second mouth is another person
_HAND = 0.3  # a hand this many times the mouth's size is before it, or raised to stop
_MIN_HAND = 0.01  # share of the picture; less is a speck beside a mouth that is small itself
_CROP_MIN = 48.0  # px; a smaller mouth is too far away to be judged


def find_mouth(view: View, stamp_ns: int) -> Crop | Refusal:
    """Return the square about the only mouth of the picture, or why there is none.

    ``view`` is a look at the whole picture. Lips and what is inside the mouth count together, so a
    throat that fills the picture is found as well.
    """
    labels = view.cells
    mouth = view.cells_of(_MOUTH)
    shares = {s: float(view.counts[s]) / labels.size for s in Structure}
    if int(mouth.sum()) < _MIN_MOUTH:
        return _no_mouth(shares, stamp_ns)
    if shares[Structure.MASK] > float(mouth.mean()):
        return Refusal(
            RefusalReason.MASK,
            stamp_ns,
            f"mask covers {shares[Structure.MASK]:.1%} of the picture, mouth {mouth.mean():.1%}",
        )
    if shares[Structure.HAND] > max(_MIN_HAND, _HAND * float(mouth.mean())):
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
    return _square(parts == first + 1, view, CROP_MARGIN, _CROP_MIN)


def find_small_mouth(view: View) -> Crop | None:
    """Return the square in which to look for a mouth too small to be made out in a whole picture.

    The model may be sure that a mouth is to be seen, and where, though no cell is likelier lips or
    mouth than face. None where it is not sure.
    """
    if view.segmentation.seen[SEEN.index(None)] < _SURE:
        return None
    u, v = view.pixel_of(None) + 0.5
    side = _CLOSER * view.crop.side
    return Crop(u - side / 2, v - side / 2, side)


def find_rest(view: View, width: int, height: int) -> Crop | None:
    """Return a wider square where a look at the mouth cut it off, None where all of it is seen.

    ``width`` and ``height`` are the picture's: what lies beyond its edges is not to be had. Of a
    small mouth, far away, the first look may have seen a part alone.
    """
    mouth = view.cells_of(_MOUTH)
    if not _cut_off(mouth, view.crop, width, height, _CUT_OFF):
        return None
    return _square(mouth, view, _WIDER, _CROP_MIN)


def find_rest_of_throat(view: View, width: int, height: int) -> Crop | None:
    """Return a square about all of the throat where a look at it cut it off, None where not.

    What the look at the mouth took for the throat may have been a part of it, or beside it.
    """
    throat = view.cells_of(THROAT)
    if not _cut_off(throat, view.crop, width, height, _THROAT_CUT_OFF):
        return None
    return _square(throat, view, _THROAT_WIDER, _THROAT_MIN)


def _cut_off(part: NDArray[np.bool_], crop: Crop, width: int, height: int, share: float) -> bool:
    """Whether more than ``share`` of an edge of a look is ``part``, and the picture goes on."""
    edges = (
        (part[0], crop.top > 0.0),
        (part[-1], crop.top + crop.side < height),
        (part[:, 0], crop.left > 0.0),
        (part[:, -1], crop.left + crop.side < width),
    )
    return any(more and float(edge.mean()) > share for edge, more in edges)


def find_throat(view: View) -> Crop:
    """Return the square about the throat, as seen in a look at the mouth.

    Where none is seen it is the middle of the mouth, so that the third look can say so too.
    """
    throat = view.cells_of(THROAT)
    if int(throat.sum()) >= _MIN_THROAT:
        return _square(throat, view, THROAT_MARGIN, _THROAT_MIN)
    mouth = view.cells_of(_MOUTH)
    if int(mouth.sum()) >= _MIN_THROAT:
        return _square(mouth, view, _INNER, _THROAT_MIN)
    return view.crop


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
    size = int(_GAP * mouth.shape[0]) | 1
    kernel = np.ones((size, size), np.uint8)
    closed = cv2.morphologyEx(mouth.astype(np.uint8), cv2.MORPH_CLOSE, kernel)
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


def _square(part: NDArray[np.bool_], view: View, margin: float, least: float) -> Crop:
    """Return the square of ``margin`` extents about the inner 98 % of some cells."""
    across, down = np.count_nonzero(part, axis=0), np.count_nonzero(part, axis=1)
    left, right = quantile_of_counts(across, 0.01), quantile_of_counts(across, 0.99)
    top, bottom = quantile_of_counts(down, 0.01), quantile_of_counts(down, 0.99)
    whole, scale = view.crop, view.crop.side / part.shape[0]
    extent = max(right - left, bottom - top) + 1.0
    side = max(margin * extent * scale, least)
    u = whole.left + (0.5 * (left + right) + 0.5) * scale
    v = whole.top + (0.5 * (top + bottom) + 0.5) * scale
    return Crop(u - side / 2, v - side / 2, side)
