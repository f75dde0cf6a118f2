"""The segmentation network, run by ONNX Runtime on the CPU."""

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from spatial import Matrix
from vision.errors import VisionError
from vision.structure import Structure

DEFAULT_MODEL = Path(__file__).parent / "models" / "throat.onnx"


@dataclass(frozen=True, slots=True, eq=False)
class Segmentation:
    """What the network says of one square picture.

    ``probability`` (classes, S, S) float32 sums to 1 over the classes; ``rotation`` (3, 3) is the
    mouth's rotation as seen along the ray through the picture's centre (x right, y down, z away).
    """

    probability: NDArray[np.float32]
    rotation: Matrix

    def __post_init__(self) -> None:
        if self.probability.ndim != 3 or self.probability.shape[0] != len(Structure):
            raise VisionError(
                f"the network gave {self.probability.shape}, wants ({len(Structure)}, S, S); "
                "the model file does not belong to this version"
            )


class Model(Protocol):
    """A segmentation model; the real one is a network, a test's may be a painter."""

    @property
    def digest(self) -> str:
        """What names the weights in the record (SHA-256, hexadecimal)."""
        ...

    @property
    def size(self) -> int:
        """The side S of the square input [px]."""
        ...

    def segment(
        self, rgb: NDArray[np.uint8], depth: NDArray[np.float32] | None, centre_depth: float | None
    ) -> Segmentation:
        """Segment a square picture (S, S, 3) with depth (S, S) [m], NaN where unknown, or none.

        ``centre_depth`` [m] is the depth of the lips, from which depth is counted.
        """
        ...
