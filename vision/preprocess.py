"""From a picture to the network's input: one definition, used in training and in the booth."""

from dataclasses import dataclass
from enum import StrEnum

import cv2
import numpy as np
from numpy.typing import NDArray

from spatial import Matrix, unit
from vision.errors import VisionError
from vision.frame import Intrinsics
from vision.ranks import median

DEPTH_SPAN = 0.06
"""Depth [m] from the middle of the crop that is one unit of the network's depth channel."""

CHANNELS = 5
"""Channels of the network's input: red, green, blue, relative depth, depth known."""

_FARTHEST = 1.5  # units of ``DEPTH_SPAN``: what is nearer or farther is near or far enough

_MIN_VALID = 16  # fewer measured pixels than this say nothing about the depth of the crop


class Look(StrEnum):
    """What a look is at: the whole picture, the mouth in it, the throat in the mouth."""

    WHOLE = "whole"
    MOUTH = "mouth"
    THROAT = "throat"

    @property
    def size(self) -> int:
        """Side [px] of the square the network is shown."""
        return _SIZES[self]


_SIZES = {Look.WHOLE: 160, Look.MOUTH: 128, Look.THROAT: 192}


@dataclass(frozen=True, slots=True)
class Crop:
    """A square of a picture: left and top edge and side, all [px], fractions allowed.

    It may reach beyond the picture; what lies outside is black and without depth.
    """

    left: float
    top: float
    side: float

    def __post_init__(self) -> None:
        if not self.side >= 2.0:
            raise VisionError(f"crop side {self.side} px is below 2 px; widen the crop")

    @classmethod
    def whole(cls, width: int, height: int) -> "Crop":
        """Return the smallest square that holds a whole picture, centred on it."""
        side = max(width, height)
        return cls((width - side) / 2, (height - side) / 2, side)

    @property
    def centre(self) -> tuple[float, float]:
        """The centre (u, v) [px]; pixel centres lie at whole numbers."""
        return self.left + self.side / 2 - 0.5, self.top + self.side / 2 - 0.5

    def to_square(self, size: int) -> NDArray[np.float64]:
        """Return the affine map (2, 3) from picture pixels to a ``size``-pixel square."""
        scale = size / self.side
        shift = 0.5 * scale - 0.5
        return np.array(
            [
                [scale, 0.0, shift - self.left * scale],
                [0.0, scale, shift - self.top * scale],
            ]
        )


def cut(
    rgb: NDArray[np.uint8], depth: NDArray[np.float32] | None, crop: Crop, size: int
) -> tuple[NDArray[np.uint8], NDArray[np.float32] | None]:
    """Return the crop as a square of ``size`` pixels: colour, and depth [m] (NaN unknown) if any.

    Colour is averaged where the crop shrinks, so that thin things do not flicker; depth is picked,
    never averaged, because the mean of two surfaces lies on neither.
    """
    to_square = crop.to_square(size)
    if crop.side > 1.5 * size:
        reduced, to_square = _reduce(rgb, to_square, crop.side / size)
    else:
        reduced = rgb
    square = cv2.warpAffine(reduced, to_square, (size, size), flags=cv2.INTER_LINEAR)
    if depth is None:
        return np.asarray(square, dtype=np.uint8), None
    picked = cv2.warpAffine(
        depth,
        crop.to_square(size),
        (size, size),
        flags=cv2.INTER_NEAREST,
        borderValue=float("nan"),
    )
    return np.asarray(square, dtype=np.uint8), np.asarray(picked, dtype=np.float32)


def network_input(rgb: NDArray[np.uint8], depth: NDArray[np.float32] | None) -> NDArray[np.float32]:
    """Return the input (5, S, S) of a square picture (S, S, 3) and its depth (S, S) [m] or None.

    Colour lies in [-1, 1]. The fourth channel is depth from the crop's median in units of
    ``DEPTH_SPAN``, within 1.5 of it; the fifth is 1 where depth is known. Both are 0 elsewhere.
    """
    size = rgb.shape[0]
    tensor = np.zeros((CHANNELS, size, size), dtype=np.float32)
    for channel, plane in enumerate(cv2.split(rgb)):
        np.multiply(plane, np.float32(2.0 / 255.0), out=tensor[channel])
    tensor[:3] -= 1.0
    if depth is not None:
        valid = (depth > 0) & (depth < np.inf)  # not a number is neither
        known = depth[valid]
        if len(known) >= _MIN_VALID:
            relative = (depth - median(known)) / DEPTH_SPAN
            np.clip(relative, -_FARTHEST, _FARTHEST, out=tensor[3], where=valid)
            tensor[4] = valid
    return tensor


def view_optical(intrinsics: Intrinsics, crop: Crop) -> Matrix:
    """Return the smallest rotation (3, 3) that turns the ray through the crop's centre onto +z.

    What a crop looks like depends on the angle to the line of sight, not to the optical axis, so
    the network speaks of rotations in this view frame.
    """
    u, v = crop.centre
    ray = unit(
        ((u - intrinsics.cx) / intrinsics.fx, (v - intrinsics.cy) / intrinsics.fy, 1.0),
        "line of sight",
    )
    x, y, _ = ray  # its cross product with +z is the axis (y, -x, 0)
    K = np.array([[0.0, 0.0, -x], [0.0, 0.0, -y], [x, y, 0.0]])
    # Rodrigues with sin and cos taken from the two unit vectors; never singular as ray z > 0
    return np.asarray(np.eye(3) + K + K @ K / (1.0 + ray[2]), dtype=np.float64)


def _reduce(
    rgb: NDArray[np.uint8], to_square: NDArray[np.float64], ratio: float
) -> tuple[NDArray[np.uint8], NDArray[np.float64]]:
    """Average the picture down by a whole factor; return it with the map from its pixels."""
    factor = max(1, int(ratio))
    height, width = rgb.shape[0] // factor * factor, rgb.shape[1] // factor * factor
    small = cv2.resize(
        rgb[:height, :width], (width // factor, height // factor), interpolation=cv2.INTER_AREA
    )
    mapped = to_square.copy()
    mapped[:, :2] *= factor
    mapped[:, 2] += to_square[:, :2].sum(axis=1) * (factor - 1) / 2
    return np.asarray(small, dtype=np.uint8), mapped
