"""The swab in one picture: whether one is seen, where its tip is, and what lies around that."""

from collections.abc import Mapping
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from spatial import Vector
from vision.frame import Frame
from vision.sites import SITE_STRUCTURES
from vision.structure import ORAL, Structure
from vision.target import Site
from vision.view import View

_SEARCH = 0.018  # m from where the tip should be, up to which it is looked for: the shaft bends
_NEAR = 0.012  # m from the tip, up to which tissue lies at it: what it touches is hidden by it
_CELLS = 1.5  # of the model's picture, on either side of the swab, whose names are not trusted
_FEW = 5  # measured pixels of a structure below which they may be noise


@dataclass(frozen=True, slots=True, eq=False)
class TipSighting:
    """The swab's tip in the picture, ``pixel`` (u, v) [px], and the tissue around it.

    ``offset`` [m] is how far it is seen from where it should be, across the line of sight;
    ``distances`` [m] are those of the structures seen near it, in space.
    """

    pixel: Vector
    offset: float
    distances: Mapping[Structure, float]

    def confirms(self, site: Site) -> bool:
        """Whether the tissue nearest to the tip may be wiped for ``site``."""
        nearest = min(self.distances, key=self.distances.__getitem__, default=None)
        return nearest in SITE_STRUCTURES[site]


@dataclass(frozen=True, slots=True, eq=False)
class SwabSighting:
    """What one picture shows of a swab at work.

    ``optical_tip`` (3,) [m] is where the arm had its tip, bending included; ``area`` [m²] that of
    what looks like a swab, as if as far away as the tip; ``covered`` the share of the picture that
    is hand or mask; ``tip`` is None where the tip is hidden.
    """

    optical_tip: Vector
    area: float
    covered: float
    tip: TipSighting | None


def see_swab(whole: View, mouth: View, frame: Frame, optical_tip: Vector) -> SwabSighting:
    """Return what the looks at the ``whole`` picture and at the ``mouth`` show of the swab."""
    across = float(optical_tip[2]) / frame.intrinsics.fx
    area = float(mouth.mask([Structure.SWAB]).sum()) * (mouth.step * across) ** 2
    covered = float(whole.mask([Structure.HAND, Structure.MASK]).mean())
    return SwabSighting(optical_tip, area, covered, find_tip(mouth, frame, optical_tip))


def find_tip(view: View, frame: Frame, optical_tip: Vector) -> TipSighting | None:
    """Return the swab's tip as seen: the swab pixel nearest to where the tip should be.

    It must be seen within 18 mm of there. The tissue around it is measured in space, up to 12 mm
    from ``optical_tip`` (3,) [m], the arm's own word.
    """
    if optical_tip[2] <= 0.0:
        return None
    expected = frame.intrinsics.project(np.asarray(optical_tip)[None])[0]
    scale = frame.intrinsics.fx / float(optical_tip[2]) / view.step  # grid pixels a metre
    row, column = (expected[1] - view.top) / view.step, (expected[0] - view.left) / view.step
    rows, columns = np.nonzero(view.mask([Structure.SWAB]))
    if not len(rows):
        return None
    square = (rows - row) ** 2 + (columns - column) ** 2
    best = int(np.argmin(square))
    offset = float(np.sqrt(square[best])) / scale
    if offset > _SEARCH:
        return None
    pixel = view.pixels(rows[best : best + 1], columns[best : best + 1])[0]
    disc = _disc(view, row, column, _NEAR * scale)
    return TipSighting(pixel, offset, _distances(view, frame, disc, optical_tip))


def _disc(view: View, row: float, column: float, reach: float) -> NDArray[np.bool_]:
    """Return which grid pixels (h, w) near a place have depth and a name of their own.

    The model's cells are coarser than the depth: right beside the swab they bear another's name.
    """
    rows, columns = np.ogrid[: view.shape[0], : view.shape[1]]
    around = np.asarray((rows - row) ** 2 + (columns - column) ** 2 <= reach**2)
    cell = int(np.ceil(_CELLS * view.crop.side / view.cells.shape[0] / view.step))
    swab = view.mask([Structure.SWAB]).astype(np.uint8)
    beside = cv2.dilate(swab, np.ones((2 * cell + 1, 2 * cell + 1), np.uint8)) > 0
    return np.asarray(around & ~beside & view.valid)


def _distances(
    view: View, frame: Frame, disc: NDArray[np.bool_], optical_tip: Vector
) -> Mapping[Structure, float]:
    """Return how far the structures near the tip are from it [m]."""
    gaps = np.linalg.norm(view.points(disc, frame.intrinsics) - optical_tip, axis=1)
    labels, found = view.labels[disc], {}
    for structure in (*ORAL, Structure.LIPS):
        own = np.sort(gaps[labels == structure])
        if len(own) >= _FEW and own[_FEW - 1] <= _NEAR:
            found[structure] = float(own[_FEW - 1])
    return found
