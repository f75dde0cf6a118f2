"""The mouth in one view: its pose, and its opening in millimetres from picture and depth."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from spatial import Matrix, Pose, Vector
from vision.frame import Intrinsics
from vision.incisors import opening_between
from vision.kernels import huber_fit
from vision.ranks import median, medians, quantile
from vision.segmentation import Edge
from vision.settings import LocatorSettings
from vision.structure import ORAL, Structure
from vision.surface import point_covariance
from vision.target import Refusal, RefusalReason
from vision.view import View, peak, rays

_TEETH_BEHIND = 0.012  # m from the lips' front to the incisal edges, mean of upper and lower
_LIPS_BEHIND = 0.001  # m behind the lips' front from which tissue counts as inside
_LIP_TO_EDGE = 0.0034  # m from the inner edge of an open lip to the incisal edge, up or down
_STRIP = 0.001  # m wide
_BAND = 0.014  # m on either side of the middle in which the opening is measured
_QUANTILE = 0.85  # of strips: outer ones are narrower, a missing tooth widens one
_STRIPS = round(2 * _BAND / _STRIP)
_WIDEST = 0.1  # m; nobody opens wider
_TOOLS = (Structure.SWAB, Structure.DEPRESSOR)
_WITHIN = (*ORAL, *_TOOLS)
_MIN_LIP_POINTS = 12
_MIN_LIPS_ACROSS = 40  # of them that tell which way a mouth looks
_MIN_LIPS_WIDE = 0.020  # m from side to side over which they must be measured for it
_LIPS_DEEP = 0.015  # m before or behind their middle beyond which they are something else
_LIPS_ROUGH = 0.0015  # m from their plane beyond which they count less
_LIPS_SHARE = 0.75  # of their word against the network's, which errs independently
_MAX_TURN = 0.26  # rad from the network's word
_MIN_INSIDE_POINTS = 20
_MIN_HOLLOW = 0.015  # m from the lips back to the tenth of the inside that lies deepest


@dataclass(frozen=True, slots=True, eq=False)
class Mouth:
    """A mouth seen: ``optical_mouth``, its ``covariance`` (6, 6) [m², rad²], ``opening`` [m].

    The opening is the mean of what the labels and what the incisors' edges say (decision 0107).
    """

    optical_mouth: Pose
    covariance: Matrix
    opening: float


def measure_mouth(
    view: View, intrinsics: Intrinsics, settings: LocatorSettings, stamp_ns: int
) -> Mouth | Refusal:
    """Return the mouth's pose and opening, or why the person has to do something first."""
    lips = view.points(view.mask([Structure.LIPS]), intrinsics)
    if len(lips) < _MIN_LIP_POINTS:
        return Refusal(
            RefusalReason.DEPTH_INVALID,
            stamp_ns,
            f"{len(lips)} depth pixels on the lips, bound {_MIN_LIP_POINTS}",
        )
    rotation = _squared_up(view.rotation(intrinsics), lips)
    x_axis = rotation[:, 0]
    (row, column), _ = peak(view.place(None), radius=max(2, view.shape[0] // 5))
    pixel = np.array([[view.left + view.step * column, view.top + view.step * row]])
    ray = rays(pixel, intrinsics)[0]
    # the origin is air: its ray is cut off where the lips stand along the mouth's own axis
    offset = lips @ x_axis
    toward = float(ray @ x_axis)
    if toward > -np.cos(settings.max_head_turn) * float(np.linalg.norm(ray)):
        return Refusal(
            RefusalReason.OUT_OF_REACH,
            stamp_ns,
            f"face is turned {np.degrees(np.arccos(np.clip(-toward, -1, 1))):.0f} deg from the "
            f"camera, bound {np.degrees(settings.max_head_turn):.0f} deg",
        )
    front = median(offset)
    origin = ray * (front / toward)
    distance = float(origin[2])
    if not settings.min_range <= distance <= settings.max_range:
        return Refusal(
            RefusalReason.OUT_OF_REACH,
            stamp_ns,
            f"mouth is {distance:.3f} m away, bounds {settings.min_range} to "
            f"{settings.max_range} m",
        )
    optical_mouth = Pose(rotation, origin)
    shown = measure_opening(view, intrinsics, optical_mouth)
    opening = (shown + _between_edges(view, intrinsics, optical_mouth)) / 2
    spread = 1.4826 * median(np.abs(offset - front))
    covariance = np.zeros((6, 6))
    across = max(0.001, 1.5 * view.crop.side / 96.0 * distance / intrinsics.fx)
    covariance[:3, :3] = point_covariance(ray, across, max(0.0015, 0.5 * spread))
    covariance[3:, 3:] = 0.06**2 * np.eye(3)
    return _judge(Mouth(optical_mouth, covariance, opening), view, intrinsics, settings, stamp_ns)


def _squared_up(rotation: Matrix, lips: Matrix) -> Matrix:
    """Return the mouth's rotation (3, 3), turned about its own z so that lips lie across its x.

    Both corners of a mouth lie as far back: measured lips (n, 3) [m] tell which way it looks to the
    sides, half as far off as the network. Up and down they lie as the jaw does, which tells less.
    Where too little of them is measured, or they stand far askew, the network's word stands.
    """
    local = (lips - medians(lips)) @ rotation
    local = local[np.abs(local[:, 0]) < _LIPS_DEEP]
    if len(local) < _MIN_LIPS_ACROSS:
        return rotation
    if quantile(local[:, 1], 0.95) - quantile(local[:, 1], 0.05) < _MIN_LIPS_WIDE:
        return rotation
    basis = np.ones((len(local), 3))
    basis[:, 1:] = local[:, 1:]
    across = huber_fit(basis, local[:, 0], _LIPS_ROUGH, 4, 1e-6)
    turn = -float(np.arctan(across[1]))
    if abs(turn) > _MAX_TURN:
        return rotation
    cos, sin = np.cos(_LIPS_SHARE * turn), np.sin(_LIPS_SHARE * turn)
    return np.asarray(rotation @ [[cos, -sin, 0.0], [sin, cos, 0.0], [0.0, 0.0, 1.0]])


def _between_edges(view: View, intrinsics: Intrinsics, optical_mouth: Pose) -> float:
    """Return the opening [m] between where the model puts the incisors' edges, hidden or not."""
    upper, lower = rays(np.stack([view.pixel_of(edge) for edge in Edge]), intrinsics)
    return min(max(opening_between(optical_mouth, upper, lower), 0.0), _WIDEST)


def measure_opening(view: View, intrinsics: Intrinsics, optical_mouth: Pose) -> float:
    """Return the opening [m] between the incisors, as the labels show it.

    The gap between teeth is measured in strips of 1 mm across the middle of the mouth, those with
    swab or depressor left out, and their upper quartile taken: the dental arch narrows the outer
    ones, a missing tooth widens one. An edge is cut off
    at the incisors' plane where teeth bound it, else at the lips' plane, with the lips' mean
    distance to the incisal edge taken off: so an oblique look neither shortens nor widens the gap.
    A tongue put out over the lip is not part of it.
    """
    hollow = [structure for structure in ORAL if structure is not Structure.TEETH]
    middle = _Middle.of(view, intrinsics, optical_mouth.inverse())
    inside = middle.of_mask(view.mask(hollow))
    inside &= ~(middle.ahead > -_LIPS_BEHIND)  # unknown depth counts as inside
    teeth = middle.of_mask(view.mask([Structure.TEETH]))
    low, high = middle.ends(middle.at_incisors, inside)
    lips_low, lips_high = middle.ends(middle.at_lips, inside)
    teeth_low, teeth_high = middle.ends(middle.at_incisors, teeth)
    shown, free = high > low, np.ones(_STRIPS, dtype=bool)
    free[middle.strips[middle.of_mask(view.mask(_TOOLS))]] = False
    chosen = shown & free if (shown & free).any() else shown
    if not chosen.any():
        return 0.0
    top = np.where(teeth_high > high, high, lips_high - _LIP_TO_EDGE)
    bottom = np.where(teeth_low < low, low, lips_low + _LIP_TO_EDGE)
    return min(max(quantile((top - bottom)[chosen], _QUANTILE), 0.0), _WIDEST)


@dataclass(frozen=True, slots=True, eq=False)
class _Middle:
    """The pixels that show the middle of a mouth, lips left out: arrays (n,), one entry each.

    Their ``places`` in the view, row by row; the ``strips`` they lie in; all others [m] in the
    mouth frame: how far ``ahead`` of the lips they are measured (NaN where unknown), and at what
    height their rays meet the plane of the incisors (``at_incisors``) and of the lips
    (``at_lips``).
    """

    places: NDArray[np.intp]
    strips: NDArray[np.intp]
    ahead: Vector
    at_incisors: Vector
    at_lips: Vector

    @classmethod
    def of(cls, view: View, intrinsics: Intrinsics, mouth_optical: Pose) -> "_Middle":
        places = np.flatnonzero(view.mask(_WITHIN))
        rows, columns = np.divmod(places, view.shape[1])
        start, turn = mouth_optical.translation, mouth_optical.rotation
        across, down = view.slopes(intrinsics)
        x, y = across[columns], down[rows]
        forward = turn[0, 0] * x + turn[0, 1] * y + turn[0, 2]
        toward = np.minimum(forward, -1e-6)
        reach = (-_TEETH_BEHIND - start[0]) / toward
        aside = start[1] + reach * (turn[1, 0] * x + turn[1, 1] * y + turn[1, 2])
        near = np.abs(aside) < _BAND
        rise = turn[2, 0] * x[near] + turn[2, 1] * y[near] + turn[2, 2]
        return cls(
            places[near],
            np.minimum((aside[near] + _BAND) / _STRIP, _STRIPS - 1).astype(np.intp),
            start[0] + forward[near] * view.depth[rows[near], columns[near]],
            start[2] + reach[near] * rise,
            start[2] - start[0] / toward[near] * rise,
        )

    def of_mask(self, mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Return which of the pixels (n,) lie in a mask (h, w) of the view."""
        return np.asarray(mask.ravel()[self.places])

    def ends(self, heights: Vector, chosen: NDArray[np.bool_]) -> tuple[Vector, Vector]:
        """Return the lowest and highest of ``heights`` (strips,) [m] of every strip.

        Infinite and the wrong way round where none is ``chosen``.
        """
        low, high = np.full(_STRIPS, np.inf), np.full(_STRIPS, -np.inf)
        np.minimum.at(low, self.strips[chosen], heights[chosen])
        np.maximum.at(high, self.strips[chosen], heights[chosen])
        return low, high


def _judge(
    mouth: Mouth, view: View, intrinsics: Intrinsics, settings: LocatorSettings, stamp_ns: int
) -> Mouth | Refusal:
    if mouth.opening < settings.closed_opening:
        return Refusal(
            RefusalReason.MOUTH_CLOSED,
            stamp_ns,
            f"opening {1e3 * mouth.opening:.0f} mm, closed below "
            f"{1e3 * settings.closed_opening:.0f} mm",
        )
    inside = view.points(view.mask(ORAL), intrinsics)
    if len(inside) < _MIN_INSIDE_POINTS:
        return Refusal(
            RefusalReason.DEPTH_INVALID,
            stamp_ns,
            f"{len(inside)} depth pixels inside the mouth, bound {_MIN_INSIDE_POINTS}",
        )
    forward = mouth.optical_mouth.rotation[:, 0]
    lips = float(forward @ mouth.optical_mouth.translation)
    hollow = lips - quantile(inside @ forward, 0.1)
    if hollow < _MIN_HOLLOW:  # a picture of an open mouth, or one that only looks open
        return Refusal(
            RefusalReason.MOUTH_CLOSED,
            stamp_ns,
            f"mouth is {1e3 * hollow:.0f} mm deep, open from {1e3 * _MIN_HOLLOW:.0f} mm",
        )
    wanted = settings.min_opening + settings.opening_margin
    if mouth.opening < wanted:
        return Refusal(
            RefusalReason.TOO_NARROW,
            stamp_ns,
            f"opening {1e3 * mouth.opening:.1f} mm, wants {1e3 * wanted:.1f} mm",
        )
    return mouth
