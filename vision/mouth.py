"""The mouth in one view: its pose, and its opening in millimetres from picture and depth."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from spatial import Matrix, Pose
from vision.frame import Intrinsics
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
_QUANTILE = 85.0  # percent of strips: outer ones are narrower, a missing tooth widens one
_STRIPS = round(2 * _BAND / _STRIP)
_TOOLS = (Structure.SWAB, Structure.DEPRESSOR)
_MIN_LIP_POINTS = 12
_MIN_INSIDE_POINTS = 20
_MIN_HOLLOW = 0.015  # m from the lips back to the tenth of the inside that lies deepest


@dataclass(frozen=True, slots=True, eq=False)
class Mouth:
    """A mouth seen: ``optical_mouth``, its ``covariance`` (6, 6) [m², rad²], ``opening`` [m]."""

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
    rotation = view.rotation(intrinsics)
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
    origin = ray * (float(np.median(offset)) / toward)
    distance = float(origin[2])
    if not settings.min_range <= distance <= settings.max_range:
        return Refusal(
            RefusalReason.OUT_OF_REACH,
            stamp_ns,
            f"mouth is {distance:.3f} m away, bounds {settings.min_range} to "
            f"{settings.max_range} m",
        )
    optical_mouth = Pose(rotation, origin)
    opening = measure_opening(view, intrinsics, optical_mouth)
    spread = 1.4826 * float(np.median(np.abs(offset - np.median(offset))))
    covariance = np.zeros((6, 6))
    across = max(0.001, 1.5 * view.crop.side / 96.0 * distance / intrinsics.fx)
    covariance[:3, :3] = point_covariance(ray, across, max(0.0015, 0.5 * spread))
    covariance[3:, 3:] = 0.06**2 * np.eye(3)
    return _judge(Mouth(optical_mouth, covariance, opening), view, intrinsics, settings, stamp_ns)


def measure_opening(view: View, intrinsics: Intrinsics, optical_mouth: Pose) -> float:
    """Return the opening [m] between the incisors.

    The gap between teeth is measured in strips of 1 mm across the middle of the mouth, those with
    swab or depressor left out, and their upper quartile taken: the dental arch narrows the outer
    ones, a missing tooth widens one. An edge is cut off
    at the incisors' plane where teeth bound it, else at the lips' plane, with the lips' mean
    distance to the incisal edge taken off: so an oblique look neither shortens nor widens the gap.
    A tongue put out over the lip is not part of it.
    """
    hollow = [structure for structure in ORAL if structure is not Structure.TEETH]
    inside = _in_mouth(view, view.mask(hollow), intrinsics, optical_mouth)
    inside = inside[~(inside[:, 0] > -_LIPS_BEHIND)]  # unknown depth counts as inside
    teeth = _in_mouth(view, view.mask([Structure.TEETH]), intrinsics, optical_mouth)
    tools = _in_mouth(view, view.mask(_TOOLS), intrinsics, optical_mouth)
    low, high = _strip_ends(inside)
    teeth_low, teeth_high = _strip_ends(teeth)
    shown, free = high[:, 0] > low[:, 0], np.ones(_STRIPS, dtype=bool)
    free[_strips(tools)] = False
    chosen = shown & free if (shown & free).any() else shown
    if not chosen.any():
        return 0.0
    top = np.where(teeth_high[:, 0] > high[:, 0], high[:, 0], high[:, 1] - _LIP_TO_EDGE)
    bottom = np.where(teeth_low[:, 0] < low[:, 0], low[:, 0], low[:, 1] + _LIP_TO_EDGE)
    return float(np.clip(np.percentile((top - bottom)[chosen], _QUANTILE), 0.0, 0.1))


def _strips(found: Matrix) -> NDArray[np.intp]:
    """Return the strip (n,) that each of ``_in_mouth``'s rows (n, 4) lies in."""
    return np.clip((found[:, 1] + _BAND) / _STRIP, 0, _STRIPS - 1).astype(np.intp)


def _strip_ends(found: Matrix) -> tuple[Matrix, Matrix]:
    """Return the lowest and highest z (strips, 2) [m] of every strip, at incisors and at lips.

    Infinite and the wrong way round where a strip is empty.
    """
    low, high = np.full((_STRIPS, 2), np.inf), np.full((_STRIPS, 2), -np.inf)
    strips = _strips(found)
    np.minimum.at(low, strips, found[:, 2:])
    np.maximum.at(high, strips, found[:, 2:])
    return low, high


def _in_mouth(
    view: View, mask: NDArray[np.bool_], intrinsics: Intrinsics, optical_mouth: Pose
) -> Matrix:
    """Return for the middle pixels of ``mask`` (n, 4), all [m] in the mouth frame.

    The columns: measured x (NaN where unknown), then y and z where the ray meets the incisors'
    plane, and z where it meets the lips'.
    """
    rows, columns = np.nonzero(mask)
    directions = rays(view.pixels(rows, columns), intrinsics)
    depth = view.depth[rows, columns].astype(np.float64)
    mouth_optical = optical_mouth.inverse()
    ahead = mouth_optical.apply(directions * depth[:, None])[:, 0]
    start, along = mouth_optical.translation, mouth_optical.rotate(directions)
    toward = np.minimum(along[:, 0], -1e-6)
    teeth, lips = ((plane - start[0]) / toward for plane in (-_TEETH_BEHIND, 0.0))
    y = start[1] + teeth * along[:, 1]
    found = np.stack(
        [ahead, y, start[2] + teeth * along[:, 2], start[2] + lips * along[:, 2]], axis=1
    )
    return np.asarray(found[np.abs(y) < _BAND])


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
    hollow = -float(np.percentile(mouth.optical_mouth.inverse().apply(inside)[:, 0], 10))
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
