"""Takes the face out of a picture before it is kept or leaves the booth; the mouth stays."""

import cv2
import numpy as np
from numpy.typing import NDArray

from vision.frame import Frame
from vision.target import Refusal, Sighting

MOUTH_RADIUS = 0.035
"""Radius [m] about the mouth's origin that stays sharp: lips and what is between them."""

_BLOCKS = 20  # blocks across the picture; eyes of a face that fills it are 3 blocks apart


def hide_face(frame: Frame, seen: Sighting | Refusal) -> NDArray[np.uint8]:
    """Return the frame's colours (H, W, 3) with all but the mouth in coarse, blurred blocks.

    Where no mouth was found nothing stays sharp: what cannot be told from a face is one.
    """
    height, width = frame.rgb.shape[:2]
    rows = max(1, round(_BLOCKS * height / width))
    blocks = cv2.resize(frame.rgb, (_BLOCKS, rows), interpolation=cv2.INTER_AREA)
    hidden = np.asarray(
        cv2.resize(blocks, (width, height), interpolation=cv2.INTER_LINEAR), dtype=np.uint8
    )
    if isinstance(seen, Refusal) or seen.optical_mouth.translation[2] <= 0.02:
        return hidden
    origin = seen.optical_mouth.translation
    u, v = frame.intrinsics.project(origin[None])[0]
    radius = MOUTH_RADIUS * frame.intrinsics.fx / float(origin[2])
    y, x = np.ogrid[:height, :width]
    mouth = (x - u) ** 2 + (y - v) ** 2 <= radius**2
    hidden[mouth] = frame.rgb[mouth]
    return hidden
