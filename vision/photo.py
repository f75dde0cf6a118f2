"""Reads a photograph of a throat, without depth or known lens: boxes, and a wall point or refusal.

Several looks (as it is, mirrored, nearer, farther, brighter, darker) must agree before a point is
given: a network that is right keeps its opinion when the picture is shown a little differently.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from vision.confidence import PhotoEvidence, Weighs
from vision.evaluation.boxes import seen_box
from vision.evaluation.metrics import Box
from vision.person import find_rest, find_throat
from vision.pipeline import look_at_whole, make_out_mouth
from vision.preprocess import Crop, Look
from vision.segmentation import Model, Segmentation
from vision.settings import LocatorSettings
from vision.sites import Spot, find_spot
from vision.structure import BOXED, Structure
from vision.target import Refusal, RefusalReason, Site
from vision.view import View

_SMALLEST = 0.003  # share of the throat's square that a wall must fill to be one
_NO_THROAT = (RefusalReason.MASK, RefusalReason.NO_FACE)  # a wall seen then is not believed
_MARGINS = (1.0, 1.3)
_GAMMAS = (1.0, 0.7, 1.4)


@dataclass(frozen=True, slots=True, eq=False)
class Reading:
    """A photograph read.

    ``boxes`` [px] by structure, with scores; ``uvula`` the uvula's middle (u, v) [px], None where
    none is seen; ``wall`` the wall point (u, v) [px] or why there is none; ``view`` the fused look.
    """

    boxes: Mapping[Structure, tuple[Box, float]]
    uvula: tuple[float, float] | None
    wall: tuple[float, float] | Refusal
    confidence: float
    evidence: PhotoEvidence | None
    view: View | None


def read_photo(model: Model, rgb: NDArray[np.uint8], weigh: Weighs | None = None) -> Reading:
    """Read a photograph (H, W, 3); ``weigh`` stands in for the model's own confidence."""
    weigh = weigh or model.photo_confidence
    height, width = rgb.shape[:2]
    whole = Crop.whole(width, height)
    found = make_out_mouth(model, look_at_whole(model, rgb, None), rgb, None, 0)
    # a close-up may show no lips, a gloved hand or what looks like two mouths: look at all of it
    crop = whole if isinstance(found, Refusal) else _within(found, whole)
    mouth = View.look(model, rgb, None, crop, Look.MOUTH.size)
    if (wider := find_rest(mouth, width, height)) is not None:
        mouth = View.look(model, rgb, None, wider, Look.MOUTH.size)
    looks = _looks(model, rgb, find_throat(mouth))
    fused = _fused(looks)
    boxes = {s: box for s in BOXED if (box := seen_box(fused, s)) is not None}
    smallest = max(4.0 * fused.step**2, _SMALLEST * fused.crop.side**2)
    settings = LocatorSettings(min_site_pixels=smallest)
    uvula = _middle(fused, Structure.UVULA)
    if isinstance(found, Refusal) and found.reason in _NO_THROAT:
        return Reading(boxes, uvula, found, 0.0, None, fused)
    spot = find_spot(fused, Site.POSTERIOR_WALL, settings, 0)
    if isinstance(spot, Refusal):
        return Reading(boxes, uvula, spot, 0.0, None, fused)
    evidence = _evidence(fused, looks, spot)
    confidence = weigh.of(evidence)
    point = (fused.left + fused.step * spot.column, fused.top + fused.step * spot.row)
    if confidence < weigh.threshold:
        refusal = Refusal(
            RefusalReason.MODEL_UNSURE,
            0,
            f"wall believed to {confidence:.2f}, bound {weigh.threshold:.2f}",
        )
        return Reading(boxes, uvula, refusal, confidence, evidence, fused)
    return Reading(boxes, uvula, point, confidence, evidence, fused)


def _within(crop: Crop, whole: Crop) -> Crop:
    """Return the crop, or the whole picture where the crop is nearly as large."""
    return crop if crop.side < 0.95 * whole.side else whole


def _looks(model: Model, rgb: NDArray[np.uint8], crop: Crop) -> list[View]:
    """Look at the crop nearer and farther, lighter and darker, and mirrored."""
    u, v = crop.left + crop.side / 2, crop.top + crop.side / 2
    looks = []
    for margin in _MARGINS:
        side = crop.side * margin
        square = Crop(u - side / 2, v - side / 2, side)
        for gamma in _GAMMAS:
            table = (255.0 * (np.arange(256) / 255.0) ** gamma).astype(np.uint8)
            shown = table[rgb]
            looks.append(View.look(model, shown, None, square, Look.THROAT.size))
        looks.append(_mirrored_look(model, rgb, square))
    return looks


def _mirrored_look(model: Model, rgb: NDArray[np.uint8], crop: Crop) -> View:
    width = rgb.shape[1]
    flipped = np.ascontiguousarray(rgb[:, ::-1])
    there = Crop(width - crop.left - crop.side, crop.top, crop.side)
    back = View.look(model, flipped, None, there, Look.THROAT.size).segmentation.mirrored()
    return View.of_photo(back, rgb.shape[:2], crop, Look.THROAT.size)


def _fused(looks: list[View]) -> View:
    """Average all looks on the first one's crop."""
    first = looks[0]
    probability = np.zeros_like(first.segmentation.probability)
    places = np.zeros_like(first.segmentation.places)
    for view in looks:
        probability += _resampled(view.segmentation.probability, first.crop, view.crop)
        places += _resampled(view.segmentation.places, first.crop, view.crop)
    probability /= probability.sum(axis=0, keepdims=True)
    places /= np.maximum(places.sum(axis=(1, 2), keepdims=True), 1e-12)
    seen = np.mean([view.segmentation.seen for view in looks], axis=0)
    fused = Segmentation.of_map(probability, places, first.segmentation.rotation, seen)
    return View(first.crop, fused, first.left, first.top, first.step, first.depth)


def _resampled(maps: NDArray[np.float32], first: Crop, crop: Crop) -> NDArray[np.float32]:
    """Return maps (n, s, s) of ``crop`` as they lie on the cells of the ``first`` crop."""
    cells = maps.shape[1]
    scale = first.side / crop.side
    shift_x = (first.left - crop.left) * cells / crop.side + 0.5 * (scale - 1)
    shift_y = (first.top - crop.top) * cells / crop.side + 0.5 * (scale - 1)
    onto = np.array([[scale, 0.0, shift_x], [0.0, scale, shift_y]])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return np.stack(
        [
            cv2.warpAffine(m, onto, (cells, cells), flags=flags, borderMode=cv2.BORDER_REPLICATE)
            for m in maps
        ]
    ).astype(np.float32)


def _middle(view: View, structure: Structure) -> tuple[float, float] | None:
    """Return where (u, v) [px of the picture] the likeliest piece of a structure is, on that piece.

    The mean of all its cells may lie between two pieces, or in the hollow of one.
    """
    if seen_box(view, structure) is None:
        return None
    probability = view.segmentation.probability_of([structure])
    mask = view.cells == structure
    _, pieces = cv2.connectedComponents(mask.astype(np.uint8))
    mass = np.bincount(np.asarray(pieces)[mask], probability[mask], minlength=2)
    if not mass.any():  # likely enough for a box, but nowhere the likeliest
        return None
    rows, columns = np.nonzero(np.asarray(pieces) == int(np.argmax(mass)))
    weight = probability[rows, columns]
    away = np.hypot(
        rows - np.average(rows, weights=weight), columns - np.average(columns, weights=weight)
    )
    nearest, scale = int(np.argmin(away)), view.crop.side / mask.shape[0]
    return (
        view.crop.left + scale * (float(columns[nearest]) + 0.5) - 0.5,
        view.crop.top + scale * (float(rows[nearest]) + 0.5) - 0.5,
    )


def _evidence(fused: View, looks: list[View], spot: Spot) -> PhotoEvidence:
    u, v = fused.left + fused.step * spot.column, fused.top + fused.step * spot.row
    held, points = [], []
    for view in looks:
        row, column = round((v - view.top) / view.step), round((u - view.left) / view.step)
        inside = 0 <= row < view.shape[0] and 0 <= column < view.shape[1]
        held.append(inside and view.labels[row, column] == Structure.POSTERIOR_WALL)
        mask = view.mask([Structure.POSTERIOR_WALL])
        if mask.any():
            rows, columns = np.nonzero(mask)
            points.append(
                (view.left + view.step * columns.mean(), view.top + view.step * rows.mean())
            )
    scatter = float(np.linalg.norm(np.std(points, axis=0))) if len(points) > 1 else fused.crop.side
    return PhotoEvidence(
        spot.certainty,
        float(np.mean(held)),
        min(1.0, scatter / fused.crop.side),
        spot.neighbours,
        spot.seen,
        float(np.log(max(1e3 * spot.area / fused.crop.side**2, 1e-3))),
    )
