"""Rendered frames as training samples: of every frame, what each look needs of it."""

from collections.abc import Iterable, Mapping, Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from vision.data import LabelledFrame
from vision.evaluation.boxes import SMALLEST
from vision.incisors import incisal_edges
from vision.preprocess import Crop, Look, cut
from vision.sites import SITE_STRUCTURES, THROAT
from vision.structure import ORAL, Structure
from vision.target import RefusalReason, Site
from vision.train.augment import Sample

_MIN_MOUTH = 30  # px of lips and mouth from which a picture shows one
_MIN_THROAT = 12  # px of the throat from which there is something to look at
_ABOUT = {Look.MOUTH: (*ORAL, Structure.LIPS), Look.THROAT: THROAT}
_MOST = {Look.WHOLE: 176, Look.MOUTH: 208, Look.THROAT: 288}
"""Largest side [px] at which a window is kept; a larger one is shrunk to it."""
_MARGIN = 2.1  # side of a window, in extents of what it is about

_DOUBTFUL = (0.027, 0.043)  # m of opening about the least that a swab may pass
_OFTEN = 2.0  # times as often as others: mouths so wide open, and depressors
_TONSIL = 1.5  # times as often as others: throats with a tonsil to be seen
_SELDOM = 0.5  # as often as others: mouths that show no throat


class RenderedSamples:
    """All frames of some data sets: read once, and of each only what the looks need is kept."""

    def __init__(self, sets: Sequence[Iterable[LabelledFrame]]) -> None:
        self._samples, interest = [], []
        for each in sets:
            for labelled in each:
                self._samples.append(windows(labelled))
                interest.append([_interest(labelled, look, self._samples[-1]) for look in Look])
        self._shares = np.array(interest).reshape(-1, len(Look))
        self._shares /= self._shares.sum(axis=0)

    def drawn(self, look: Look, count: int, rng: np.random.Generator) -> NDArray[np.intp]:
        """Return ``count`` frames drawn for one look, more often those it can learn much from."""
        shares = self._shares[:, list(Look).index(look)]
        return rng.choice(len(self._samples), count, p=shares)

    def __len__(self) -> int:
        return len(self._samples)

    def of(self, index: int, look: Look) -> Sample:
        """Return a frame's sample for one look."""
        return self._samples[index][look]


def windows(labelled: LabelledFrame) -> dict[Look, Sample]:
    """Return the samples of a rendered frame, one a look."""
    places, visible = _places(labelled)
    height, width = labelled.labels.shape
    whole = Crop.whole(width, height)
    samples = {}
    for look in Look:
        about = whole if look is Look.WHOLE else _extent(labelled.labels, _ABOUT[look])
        window, extent = whole, about
        if look is not Look.WHOLE:
            # where the throat is hidden the mouth is looked at, as the locator does
            basis = about or _extent(labelled.labels, _ABOUT[Look.MOUTH]) or whole
            margin = _MARGIN if about is not None else 1.0
            window = _about(basis, margin)
        size = min(round(window.side), _MOST[look])
        scale = size / window.side
        to_window = window.to_square(size)
        if extent is not None:
            u, v = to_window[:, :2] @ (extent.centre) + to_window[:, 2]
            side = extent.side * scale
            extent = Crop(u + 0.5 - side / 2, v + 0.5 - side / 2, side)
        rgb, depth = cut(labelled.frame.rgb, labelled.frame.depth, window, size)
        labels = cv2.warpAffine(labelled.labels, to_window, (size, size), flags=cv2.INTER_NEAREST)
        samples[look] = Sample(
            look,
            rgb,
            np.asarray(depth, dtype=np.float16),
            np.asarray(labels, dtype=np.uint8),
            labelled.frame.intrinsics,
            window,
            labelled.optical_mouth.rotation,
            places @ to_window[:, :2].T + to_window[:, 2],
            visible,
            extent,
        )
    return samples


def _places(labelled: LabelledFrame) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Return where ``Sample.places`` are seen (6, 2) [px], and which of them really are (6,).

    A site counts as visible where it is safe, or would be but for the opening, which is measured
    and not guessed by the network.
    """
    k = labelled.frame.intrinsics
    places, visible = np.zeros((6, 2)), np.zeros(6, dtype=bool)
    mouth = int(np.isin(labelled.labels, [*ORAL, Structure.LIPS]).sum())
    edges = labelled.optical_mouth.apply(incisal_edges(labelled.opening))
    sites = [labelled.sites[s].point for s in Site]
    points = [labelled.optical_mouth.translation, *sites, *edges]
    for number, point in enumerate(points):
        if point[2] < 0.02:
            continue
        place = k.project(point[None])[0]
        inside = bool((place >= 0).all() and place[0] < k.width - 1 and place[1] < k.height - 1)
        places[number] = place
        if not 1 <= number <= len(sites):
            visible[number] = inside and mouth >= _MIN_MOUTH
            continue
        site = list(Site)[number - 1]
        truth = labelled.sites[site]
        if inside and (truth.safe or truth.reason is RefusalReason.TOO_NARROW):
            column, row = np.round(place).astype(int)
            own = labelled.labels[row, column] in SITE_STRUCTURES[site]
            visible[number] = truth.safe or own
    return places, visible


def _interest(labelled: LabelledFrame, look: Look, samples: Mapping[Look, Sample]) -> float:
    """Return how often a frame is shown for a look, in times of an ordinary one."""
    often = 1.0
    if look is Look.WHOLE:
        return often
    if float(labelled.attributes["depressor"]) > 0.0:
        often *= _OFTEN
    if look is Look.MOUTH:
        return often * (_OFTEN if _DOUBTFUL[0] <= labelled.opening <= _DOUBTFUL[1] else 1.0)
    if samples[look].extent is None:
        return often * _SELDOM
    tonsils = np.isin(labelled.labels, (Structure.RIGHT_TONSIL, Structure.LEFT_TONSIL))
    return often * (_TONSIL if int(tonsils.sum()) >= SMALLEST else 1.0)


def _extent(labels: NDArray[np.uint8], structures: Sequence[Structure]) -> Crop | None:
    """Return the square about the inner 98 % of some structures' pixels, None of too few."""
    rows, columns = np.nonzero(np.isin(labels, structures))
    if len(rows) < _MIN_THROAT:
        return None
    left, right = np.percentile(columns, (1, 99))
    top, bottom = np.percentile(rows, (1, 99))
    side = max(right - left, bottom - top, 15.0) + 1.0
    return Crop((left + right + 1 - side) / 2, (top + bottom + 1 - side) / 2, side)


def _about(square: Crop, margin: float) -> Crop:
    side = square.side * margin
    return Crop(square.left + (square.side - side) / 2, square.top + (square.side - side) / 2, side)
