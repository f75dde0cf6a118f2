"""A mouth of flat rectangles, painted one colour a structure, and a model that reads the paint.

It stands in for camera and network, so that the geometry in between is tested against truth that
can be computed by hand.
"""

from dataclasses import dataclass, field, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from spatial import Pose
from vision.confidence import Confidence
from vision.frame import Frame, Intrinsics
from vision.segmentation import PLACES, Edge, Segmentation
from vision.structure import Structure
from vision.target import Site
from vision.view import rays

INTRINSICS = Intrinsics(640, 480, 430.0, 430.0, 322.0, 238.0)


def paint(labels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """One colour a structure: its number in threes, as dark, middle and bright of each channel.

    So it survives another exposure or gamma, as the look of a tissue does.
    """
    levels = np.array([0, 128, 255], dtype=np.uint8)
    code = labels.astype(int) + 1
    return np.stack([levels[code // 9 % 3], levels[code // 3 % 3], levels[code % 3]], axis=2)


def read_paint(rgb: NDArray[np.uint8]) -> NDArray[np.int_]:
    digits = np.digitize(rgb, [50, 205])
    code = digits[:, :, 0] * 9 + digits[:, :, 1] * 3 + digits[:, :, 2]
    labels = code - 1
    return np.where((labels >= 0) & (labels < len(Structure)), labels, 0)


@dataclass(frozen=True)
class Slab:
    """A rectangle across the mouth's axis: x [m], then the bounds of y and z [m]."""

    structure: Structure
    x: float
    y: tuple[float, float]
    z: tuple[float, float]


THROAT = (
    Slab(Structure.SKIN, 0.0, (-0.07, 0.07), (-0.09, 0.12)),
    Slab(Structure.EYES, 0.001, (-0.045, -0.02), (0.07, 0.08)),
    Slab(Structure.EYES, 0.001, (0.02, 0.045), (0.07, 0.08)),
    Slab(Structure.LIPS, 0.002, (-0.030, 0.030), (-0.032, 0.032)),
    Slab(Structure.OTHER_MUCOSA, -0.001, (-0.024, 0.024), (-0.026, 0.026)),
    Slab(Structure.TEETH, -0.012, (-0.018, 0.018), (0.022, 0.030)),
    Slab(Structure.TEETH, -0.012, (-0.018, 0.018), (-0.030, -0.022)),
    Slab(Structure.SOFT_PALATE, -0.060, (-0.030, 0.030), (0.006, 0.030)),
    Slab(Structure.UVULA, -0.060, (-0.004, 0.004), (-0.004, 0.006)),
    Slab(Structure.RIGHT_TONSIL, -0.062, (-0.024, -0.012), (-0.012, 0.006)),
    Slab(Structure.LEFT_TONSIL, -0.062, (0.012, 0.024), (-0.012, 0.006)),
    Slab(Structure.TONGUE, -0.040, (-0.024, 0.024), (-0.030, -0.012)),
    Slab(Structure.POSTERIOR_WALL, -0.085, (-0.025, 0.025), (-0.030, 0.030)),
)
"""An open throat seen from the front; the opening between the teeth is 44 mm."""

_CAVITY = 0.024  # half the side of the hole in the face


@dataclass(frozen=True)
class Scene:
    """Slabs seen by a camera; ``optical_mouth`` is the truth."""

    optical_mouth: Pose = field(
        default_factory=lambda: Pose(
            np.array([[0.0, 1.0, 0.0], [0.0, 0.0, -1.0], [-1.0, 0.0, 0.0]]), (0.01, -0.005, 0.30)
        )
    )
    slabs: tuple[Slab, ...] = THROAT

    def without(self, *structures: Structure) -> "Scene":
        return replace(self, slabs=tuple(s for s in self.slabs if s.structure not in structures))

    def plus(self, *slabs: Slab) -> "Scene":
        return replace(self, slabs=self.slabs + slabs)

    def frame(self, intrinsics: Intrinsics = INTRINSICS, stamp_ns: int = 1_000) -> Frame:
        height, width = intrinsics.height, intrinsics.width
        rows, columns = np.indices((height, width))
        pixels = np.stack([columns.ravel(), rows.ravel()], axis=1).astype(np.float64)
        directions = rays(pixels, intrinsics)
        mouth_optical = self.optical_mouth.inverse()
        start, along = mouth_optical.translation, mouth_optical.rotate(directions)
        depth = np.full(height * width, 0.9)
        label = np.zeros(height * width, dtype=np.uint8)
        for slab in self.slabs:
            reach = (slab.x - start[0]) / along[:, 0]
            y, z = start[1] + reach * along[:, 1], start[2] + reach * along[:, 2]
            hit = (reach > 0) & (y > slab.y[0]) & (y < slab.y[1]) & (z > slab.z[0])
            hit &= (z < slab.z[1]) & (reach < depth)
            if slab.structure in (Structure.SKIN, Structure.LIPS, Structure.OTHER_MUCOSA):
                hit &= ~((np.abs(y) < _CAVITY) & (np.abs(z) < _CAVITY)) | (start[0] < slab.x)
            depth[hit], label[hit] = reach[hit], slab.structure
        rgb = paint(label.reshape(height, width))
        metres = depth.reshape(height, width).astype(np.float32)
        return Frame(rgb, metres, intrinsics, stamp_ns, 1)


def edge_of(labels: NDArray[np.uint8], edge: Edge) -> tuple[float, float] | None:
    """Return row and column of where the upper or the lower row of painted teeth ends."""
    teeth = labels == Structure.TEETH
    count = teeth.sum(axis=1)
    rows = np.flatnonzero(count > count.max() / 2)  # blends of other paints read as teeth, too
    if not len(rows):
        return None
    gaps = np.flatnonzero(np.diff(rows) > 1)
    row = rows[gaps[0]] + 0.5 if edge is Edge.UPPER and len(gaps) else rows[-1]
    if edge is Edge.LOWER and len(gaps):
        row = rows[gaps[-1] + 1] - 0.5
    return float(row), float(np.nonzero(teeth)[1].mean())


class PaintReader:
    """A model that reads the paint; its pose is told, since flat paint has none."""

    digest = "paint"

    def __init__(self, optical_mouth: Pose, believed: float = 0.99) -> None:
        self.confidence = Confidence(bias=float(np.log(believed / (1 - believed))))
        self.photo_confidence = self.confidence
        self._rotation = optical_mouth.rotation

    def segment(self, rgb: NDArray[np.uint8], depth: NDArray[np.float32] | None) -> Segmentation:
        del depth
        # where two paints meet, a blend may read as a third: a median takes such lines out
        labels = cv2.medianBlur(read_paint(rgb).astype(np.uint8), 3)
        probability = np.full((len(Structure), *labels.shape), 0.002, dtype=np.float32)
        rows, columns = np.indices(labels.shape)
        probability[labels, rows, columns] = 1.0
        probability /= probability.sum(axis=0)
        wanted = {
            None: [Structure.LIPS],
            Site.RIGHT_TONSIL: [Structure.RIGHT_TONSIL],
            Site.LEFT_TONSIL: [Structure.LEFT_TONSIL],
            Site.POSTERIOR_WALL: [Structure.POSTERIOR_WALL],
        }
        quarter = labels.shape[0] // 4
        places = np.zeros((len(PLACES), quarter, quarter), dtype=np.float32)
        coarse_rows, coarse_columns = np.indices((quarter, quarter))
        for k, place in enumerate(PLACES):
            if isinstance(place, Edge):
                found = edge_of(labels, place)
            else:
                mask = np.isin(labels, wanted[place])
                found = (rows[mask].mean(), columns[mask].mean()) if mask.any() else None
            if found is None:
                places[k] = 1.0 / quarter**2
                continue
            r, c = ((float(v) - 1.5) / 4 for v in found)
            square = (coarse_rows - r) ** 2 + (coarse_columns - c) ** 2
            places[k] = np.exp(-square / (2 * 1.5**2))
            places[k] /= places[k].sum()
        return Segmentation.of_map(probability, places, self._rotation, np.ones(4))
