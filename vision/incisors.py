"""Where the incisors end, lips before them or not, and how far apart that is."""

import numpy as np

from spatial import Matrix, Pose, Vector
from vision.errors import VisionError

_UPPER_BEHIND = 0.008  # m from the lips' front to the edge of the upper incisors
_LOWER_BEHIND = 0.010  # m to that of the lower ones in a mouth about to open
_JAW_BACK = 0.16  # m further back for every metre of opening, as the jaw turns


def incisal_edges(opening: float) -> Matrix:
    """Return the upper and the lower incisors' edge (2, 3) [m, mouth frame].

    As the anatomical model has them (docs/reference/dataset.md), for lips of the usual thickness.
    """
    return np.array(
        [
            [-_UPPER_BEHIND, 0.0, opening / 2],
            [-(_LOWER_BEHIND + _JAW_BACK * opening), 0.0, -opening / 2],
        ]
    )


def opening_between(optical_mouth: Pose, upper: Vector, lower: Vector) -> float:
    """Return the opening [m] whose edges are seen along two rays (3,) from the optical origin.

    The depth at which each ray is cut off follows from ``incisal_edges``. Raises VisionError for a
    ray along the incisors' plane, which it never meets.
    """
    mouth_optical = optical_mouth.inverse()
    start = mouth_optical.translation
    rises = []
    for ray in (upper, lower):
        along = mouth_optical.rotate(ray)
        if abs(along[0]) < 1e-3 * float(np.linalg.norm(along)):
            raise VisionError("a ray lies in the incisors' plane; look at the mouth from its front")
        rises.append(float(along[2] / along[0]))
    top = start[2] - (_UPPER_BEHIND + start[0]) * rises[0]
    # the lower edge's depth depends on the opening itself: one linear equation
    bottom = start[2] - (_LOWER_BEHIND + start[0]) * rises[1]
    return float((top - bottom) / (1.0 - _JAW_BACK * rises[1]))
