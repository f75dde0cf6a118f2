"""Rendered frames as training samples."""

from collections.abc import Sequence
from typing import overload

import numpy as np

from vision.data import LabelledFrame, RenderedSet
from vision.sites import SITE_STRUCTURES
from vision.structure import ORAL, Structure
from vision.target import RefusalReason, Site
from vision.train.augment import Sample

_MIN_MOUTH = 30  # px of lips and mouth from which a picture shows one


class RenderedSamples(Sequence[Sample]):
    """All frames of some data sets, read when drawn and then kept."""

    def __init__(self, sets: Sequence[RenderedSet]) -> None:
        self._sets = sets
        for each in sets:
            each.keep()
        self._ends = np.cumsum([len(each) for each in sets])

    def __len__(self) -> int:
        return int(self._ends[-1])

    @overload
    def __getitem__(self, index: int) -> Sample: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Sample]: ...
    def __getitem__(self, index: int | slice) -> Sample | Sequence[Sample]:
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(len(self)))]
        which = int(np.searchsorted(self._ends, index, side="right"))
        first = 0 if which == 0 else int(self._ends[which - 1])
        return sample_of(self._sets[which][index - first])


def sample_of(labelled: LabelledFrame) -> Sample:
    """Return the sample of a rendered frame.

    A site counts as visible where it is safe, or would be but for the opening, which is measured
    and not guessed by the network.
    """
    frame = labelled.frame
    k = frame.intrinsics
    places, visible = np.zeros((4, 2)), np.zeros(4, dtype=bool)
    mouth = int(np.isin(labelled.labels, [*ORAL, Structure.LIPS]).sum())
    points = [labelled.optical_mouth.translation, *(labelled.sites[s].point for s in Site)]
    for number, point in enumerate(points):
        if point[2] < 0.02:
            continue
        place = k.project(point[None])[0]
        inside = bool((place >= 0).all() and place[0] < k.width - 1 and place[1] < k.height - 1)
        places[number] = place
        if number == 0:
            visible[0] = inside and mouth >= _MIN_MOUTH
            continue
        site = list(Site)[number - 1]
        truth = labelled.sites[site]
        if inside and (truth.safe or truth.reason is RefusalReason.TOO_NARROW):
            column, row = np.round(place).astype(int)
            own = labelled.labels[row, column] in SITE_STRUCTURES[site]
            visible[number] = truth.safe or own
    return Sample(
        frame.rgb,
        frame.depth,
        labelled.labels,
        k,
        labelled.optical_mouth.rotation,
        places,
        visible,
    )
