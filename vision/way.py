"""The straight way into the mouth to a site, and what stands beside it."""

import numpy as np

from spatial import Matrix, Vector
from vision.frame import Intrinsics
from vision.kernels import nearest_to_path, nearest_to_way
from vision.structure import ORAL, Structure
from vision.view import View

_MUST_NOT_TOUCH = (Structure.UVULA, Structure.TONGUE, Structure.TEETH, Structure.DEPRESSOR)
_ENOUGH = 800  # obstacle pixels; more cost time and tell no more
_ACROSS = 64  # pixels of tissue looked at across a view
_MAX_CLEARANCE = 0.05  # m; more is as good as no obstacle
_WIDE = 0.010  # m beside the way in; more is as good as free
_BEFORE = 0.003  # m in front of the point, where the way ends


def find_obstacles(view: View, intrinsics: Intrinsics) -> Matrix:
    """Return measured uvula, tongue, teeth and depressor (n, 3) [m] of a look at the mouth.

    Thinned. A depressor held where the swab should enter bars the way as tissue does.
    """
    return view.points(view.mask(_MUST_NOT_TOUCH), intrinsics, _ENOUGH)


def find_tissue(view: View, own: tuple[Structure, ...], intrinsics: Intrinsics) -> Matrix:
    """Return measured tissue (n, 3) [m] of a look at the throat but a site's ``own``, thinned."""
    others = view.mask(structure for structure in ORAL if structure not in own)
    every = max(1, round(max(view.shape) / _ACROSS))
    if every == 1:
        return view.points(others, intrinsics)
    thinned = np.zeros_like(others)
    thinned[::every, ::every] = others[::every, ::every]
    return view.points(thinned, intrinsics)


def passage(obstacles: Matrix, start: Vector, point: Vector) -> float:
    """Return how far [m] obstacles (n, 3) keep from the straight way in, at most 10 mm.

    The way runs from ``start``, between the lips, to 3 mm in front of the point; what lies in
    front of the lips or 10 mm behind the point is in nobody's way. The fourth nearest pixel
    counts: fewer alone are specks.
    """
    way = point - start
    length = float(np.linalg.norm(way))
    if length < 0.01:
        return _WIDE
    gap = nearest_to_way(obstacles, start, way / length, length - _BEFORE, length + _WIDE)
    return min(gap, _WIDE)


def clearance(obstacles: Matrix, path: Matrix) -> float:
    """Return the distance [m] from a wiping path (n, 3) to obstacles (m, 3), at most 50 mm.

    That of the third nearest pixel: one or two alone are specks.
    """
    return min(nearest_to_path(obstacles, path), _MAX_CLEARANCE)
