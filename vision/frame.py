"""One RGB-D frame and the intrinsics it was taken with."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from spatial import Matrix, Vector, vector
from vision.errors import VisionError


@dataclass(frozen=True, slots=True)
class Intrinsics:
    """Pinhole intrinsics of a rectified picture: focal lengths and principal point [px]."""

    width: int
    height: int
    fx: float
    fy: float
    cx: float
    cy: float

    def __post_init__(self) -> None:
        if self.width < 16 or self.height < 16:
            raise VisionError(
                f"picture {self.width}x{self.height} is below 16x16 px; check the mode"
            )
        if not (self.fx > 0 and self.fy > 0):
            raise VisionError(
                f"focal lengths ({self.fx}, {self.fy}) px must be positive; calibrate"
            )
        if not (0 <= self.cx < self.width and 0 <= self.cy < self.height):
            raise VisionError(
                f"principal point ({self.cx}, {self.cy}) px lies outside the "
                f"{self.width}x{self.height} picture; calibrate"
            )

    @property
    def K(self) -> Matrix:  # noqa: N802 - the field's name for it
        """The camera matrix (3, 3) [px]."""
        return np.array([[self.fx, 0, self.cx], [0, self.fy, self.cy], [0, 0, 1.0]])

    def project(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """Map optical-frame points (n, 3) [m] with z > 0 to pixels (n, 2)."""
        p = np.asarray(points, dtype=np.float64)
        return np.stack(
            [self.fx * p[:, 0] / p[:, 2] + self.cx, self.fy * p[:, 1] / p[:, 2] + self.cy], axis=1
        )

    def deproject(self, u: float, v: float, depth: float) -> Vector:
        """Return the optical-frame point (3,) [m] at pixel (u, v) and z-depth ``depth`` [m]."""
        return vector(((u - self.cx) / self.fx * depth, (v - self.cy) / self.fy * depth, depth))


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """One RGB-D frame, depth aligned to colour.

    ``rgb`` (H, W, 3) uint8; ``depth`` (H, W) float32 [m] along the optical axis, NaN where the
    camera measured nothing; ``stamp_ns`` is mid-exposure on the machine's monotonic clock;
    ``sequence`` counts the camera's frames, so that a stuck camera is noticed.
    """

    rgb: NDArray[np.uint8]
    depth: NDArray[np.float32]
    intrinsics: Intrinsics
    stamp_ns: int
    sequence: int

    def __post_init__(self) -> None:
        size = (self.intrinsics.height, self.intrinsics.width)
        if self.rgb.shape != (*size, 3) or self.rgb.dtype != np.uint8:
            raise VisionError(
                f"colour is {self.rgb.shape} {self.rgb.dtype}, wants {(*size, 3)} uint8; "
                "check the stream's mode"
            )
        if self.depth.shape != size or self.depth.dtype != np.float32:
            raise VisionError(
                f"depth is {self.depth.shape} {self.depth.dtype}, wants {size} float32 in metres; "
                "align depth to colour first"
            )
