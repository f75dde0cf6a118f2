"""The port of the segmentation model, and what it says of a picture."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from spatial import Matrix, Vector, matrix, vector
from vision.confidence import Weighs
from vision.errors import VisionError
from vision.kernels import likeliest_of
from vision.structure import BOXED, MIRRORED, Structure
from vision.target import Site

_Number = TypeVar("_Number", np.uint8, np.float32)


class Edge(StrEnum):
    """Where the incisors end; the opening lies between."""

    UPPER = "upper_incisors"
    LOWER = "lower_incisors"


Place = Site | Edge | None
"""What a place map shows: the middle of a site, an edge, or (None) the mouth's origin."""

PLACES: tuple[Place, ...] = (None, *Site, *Edge)
"""What the place maps show, in order."""

SEEN: tuple[Site | None, ...] = (None, *Site)
"""Of what the model says whether it is to be seen, in order: the mouth, then the sites."""

_MIRRORED_SEEN = [0, 2, 1, 3]  # right and left tonsil change places
_MIRRORED_PLACES = [*_MIRRORED_SEEN, 4, 5]


@dataclass(frozen=True, eq=False)
class Segmentation:
    """What the model says of one square picture.

    ``weights`` (classes, 4, S/2, S/2) float32 are in proportion to the probabilities of a pixel's
    classes, as the network computes them: part 2 a + b holds rows a, a + 2, ... and columns b,
    b + 2, .... To divide them all and put them together costs more than a tenth of the network, so
    only what is asked for is. ``places`` (6, S/4, S/4) float32, in the order of ``PLACES``, each
    sums to 1 over the picture. ``rotation`` (3, 3) is the mouth's rotation in the view frame of the
    crop. ``seen`` (4,), in the order of ``SEEN``, is the probability that the mouth, or a site that
    can be reached, is in the picture. ``boxes`` (n, 5) [px], of ``BOXED`` in its order, are left,
    top, right, bottom and the IoU to be expected with the structure's true box; None from a model
    that reads none.
    """

    weights: NDArray[np.float32]
    places: NDArray[np.float32]
    rotation: Matrix
    seen: Vector
    boxes: NDArray[np.float32] | None = None

    def __post_init__(self) -> None:
        half = self.weights.shape[-1]
        quarter = half // 2
        if self.weights.shape != (len(Structure), 4, half, half) or self.places.shape != (
            len(PLACES),
            quarter,
            quarter,
        ):
            raise VisionError(
                f"the model gave {self.weights.shape} and {self.places.shape}, wants "
                f"({len(Structure)}, 4, S/2, S/2) and ({len(PLACES)}, S/4, S/4); it is of another "
                "version"
            )
        if self.boxes is not None and self.boxes.shape != (len(BOXED), 5):
            raise VisionError(
                f"the model gave boxes {self.boxes.shape}, wants ({len(BOXED)}, 5); it is of "
                "another version"
            )
        object.__setattr__(self, "rotation", matrix(self.rotation, (3, 3), "mouth rotation"))
        object.__setattr__(self, "seen", vector(self.seen, len(SEEN), "what is seen"))

    @classmethod
    def of_map(
        cls,
        probability: NDArray[np.float32],
        places: NDArray[np.float32],
        rotation: Matrix,
        seen: Vector,
    ) -> "Segmentation":
        """Return the segmentation with the class probabilities (classes, S, S)."""
        parts = np.stack([probability[:, a::2, b::2] for a in (0, 1) for b in (0, 1)], axis=1)
        return cls(parts, places, rotation, seen)

    @cached_property
    def probability(self) -> NDArray[np.float32]:
        """Probability (classes, S, S) of every class."""
        return np.asarray(_together(self.weights) / self._read[2])

    @cached_property
    def likeliest(self) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
        """The likeliest structure of every pixel (S, S), and its probability."""
        return self._read[:2]

    def probability_of(
        self,
        structures: Iterable[Structure],
        rows: slice | None = None,
        columns: slice | None = None,
    ) -> NDArray[np.float32]:
        """Return the probability (S, S) that a pixel shows one of ``structures``.

        Of some ``rows`` and ``columns`` only where these are given; they begin and end evenly.
        """
        part = (slice(None), _halved(rows), _halved(columns))
        weight = np.sum([self.weights[int(s)][part] for s in structures], axis=0)
        total = self._read[2][rows or slice(None), columns or slice(None)]
        return np.asarray(_together(weight) / total)

    @cached_property
    def _read(self) -> tuple[NDArray[np.uint8], NDArray[np.float32], NDArray[np.float32]]:
        """What is likeliest, its probability, and the sum of every pixel's weights (S, S)."""
        return likeliest_of(np.ascontiguousarray(self.weights, dtype=np.float32))

    def mirrored(self) -> "Segmentation":
        """Return what is said of the mirrored picture; of a mirrored one, what it says of this."""
        classes = [int(MIRRORED.get(s, s)) for s in Structure]
        boxes = self.boxes
        if boxes is not None:
            boxes = boxes[[BOXED.index(MIRRORED.get(s, s)) for s in BOXED]]
            boxes[:, [0, 2]] = 2 * self.weights.shape[-1] - boxes[:, [2, 0]]
        across = np.diag([-1.0, 1.0, 1.0])
        return Segmentation(
            np.ascontiguousarray(self.weights[classes][:, [1, 0, 3, 2], :, ::-1]),
            np.ascontiguousarray(self.places[_MIRRORED_PLACES][:, :, ::-1]),
            across @ self.rotation @ np.diag([1.0, -1.0, 1.0]),
            self.seen[_MIRRORED_SEEN],
            boxes,
        )


def _halved(pixels: slice | None) -> slice:
    """Return which of every part's rows, or columns, hold those of the picture."""
    return slice(None) if pixels is None else slice(pixels.start // 2, pixels.stop // 2)


def _together(parts: NDArray[_Number]) -> NDArray[_Number]:
    """Return the picture (..., 2 h, 2 w) whose four interleaved parts (..., 4, h, w) are given."""
    height, width = parts.shape[-2:]
    whole = np.empty((*parts.shape[:-3], 2 * height, 2 * width), dtype=parts.dtype)
    for a in (0, 1):
        for b in (0, 1):
            whole[..., a::2, b::2] = parts[..., 2 * a + b, :, :]
    return whole


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
