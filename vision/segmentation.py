"""The port of the segmentation model, and what it says of a picture."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from spatial import Matrix, Vector, matrix, vector
from vision.confidence import Weighs
from vision.errors import VisionError
from vision.structure import Structure
from vision.target import Site

PLACES: tuple[Site | None, ...] = (None, *Site)
"""What the place maps show, in order: the mouth's origin (None), then the middle of each site."""


@dataclass(frozen=True, slots=True, eq=False)
class Segmentation:
    """What the model says of one square picture.

    ``probability`` (classes, S, S) float32 sums to 1 over the classes. ``places`` (4, S/4, S/4)
    float32, in the order of ``PLACES``, each sums to 1 over the picture.
    ``rotation`` (3, 3) is the mouth's rotation in the view frame of the crop. ``seen`` (4,), same
    order, is the probability that the mouth, or a site that can be reached, is in the picture.
    """

    probability: NDArray[np.float32]
    places: NDArray[np.float32]
    rotation: Matrix
    seen: Vector

    def __post_init__(self) -> None:
        side = self.probability.shape[-1]
        quarter = side // 4
        if self.probability.shape != (len(Structure), side, side) or self.places.shape != (
            len(PLACES),
            quarter,
            quarter,
        ):
            raise VisionError(
                f"the model gave {self.probability.shape} and {self.places.shape}, wants "
                f"({len(Structure)}, S, S) and ({len(PLACES)}, S/4, S/4); it is of another version"
            )
        object.__setattr__(self, "rotation", matrix(self.rotation, (3, 3), "mouth rotation"))
        object.__setattr__(self, "seen", vector(self.seen, len(PLACES), "what is seen"))


class Model(Protocol):
    """A segmentation model; the real one is a network, a test's may be a painter."""

    @property
    def digest(self) -> str:
        """What names the weights in the record (SHA-256, hexadecimal)."""
        ...

    @property
    def confidence(self) -> Weighs:
        """How far this model's targets in frames with depth can be trusted."""
        ...

    @property
    def photo_confidence(self) -> Weighs:
        """How far this model's wall points in photographs can be trusted."""
        ...

    def segment(self, rgb: NDArray[np.uint8], depth: NDArray[np.float32] | None) -> Segmentation:
        """Segment a square picture (S, S, 3) with depth (S, S) [m], NaN where unknown, or none.

        S is a multiple of 32 from 64 to 640.
        """
        ...
