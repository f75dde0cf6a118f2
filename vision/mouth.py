"""The mouth in one view: its pose, and its opening in millimetres from picture and depth."""

from dataclasses import dataclass

import numpy as np

from spatial import Matrix, Pose
from vision.frame import Intrinsics
from vision.settings import LocatorSettings
from vision.structure import ORAL, Structure
from vision.surface import point_covariance
from vision.target import Refusal, RefusalReason
from vision.view import View, peak, rays

_TEETH_BEHIND = 0.012  # m from the lips' front to the incisal edges, mean of upper and lower
_LIPS_BEHIND = 0.004  # m from the lips' front to where they are narrowest
_BAND = 0.010  # m on either side of the middle in which the opening is measured
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
    (row, column), _ = peak(view.place(None), radius=max(2, view.shape[0] // 16))
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
    """Return the opening [m] between the incisors, or between the lips where none are seen.

    The edges' rays are cut off at the teeth's (or lips') own plane in the mouth frame, so that an
    oblique look does not shorten the opening.
    """
    inside = view.mask([*ORAL, Structure.SWAB, Structure.DEPRESSOR])
    teeth = view.mask([Structure.TEETH])
    on_lips = _in_plane(view, intrinsics, optical_mouth, -_LIPS_BEHIND)
    on_teeth = _in_plane(view, intrinsics, optical_mouth, -_TEETH_BEHIND)
    within = np.abs(on_teeth[..., 0]) < _BAND
    gap = inside & (np.abs(on_lips[..., 0]) < _BAND)
    if int(gap.sum()) < 4:
        return 0.0
    height = on_lips[..., 1][gap]
    top, bottom = (float(v) for v in np.percentile(height, (98, 2)))
    for upper in (True, False):
        side = on_teeth[..., 1] > 0 if upper else on_teeth[..., 1] < 0
        edge = on_teeth[..., 1][teeth & within & side]
        if len(edge) >= 4:
            if upper:
                top = min(top, float(np.percentile(edge, 5)))
            else:
                bottom = max(bottom, float(np.percentile(edge, 95)))
    return float(np.clip(top - bottom, 0.0, 0.1))


def _in_plane(view: View, intrinsics: Intrinsics, optical_mouth: Pose, x: float) -> Matrix:
    """Return where every grid pixel's ray meets the plane ``x`` [m] of the mouth: (h, w, 2) y, z.

    Pixels whose ray runs along the plane give infinity.
    """
    rows, columns = np.indices(view.shape)
    flat = rays(view.pixels(rows.ravel(), columns.ravel()), intrinsics)
    mouth_optical = optical_mouth.inverse()
    directions = mouth_optical.rotate(flat)
    start = mouth_optical.translation
    with np.errstate(divide="ignore", invalid="ignore"):
        reach = (x - start[0]) / directions[:, 0]
    met = start[1:] + reach[:, None] * directions[:, 1:]
    met[~np.isfinite(met)] = np.inf
    return np.asarray(met.reshape(*view.shape, 2))


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
    if mouth.opening < settings.min_opening:
        return Refusal(
            RefusalReason.TOO_NARROW,
            stamp_ns,
            f"opening {1e3 * mouth.opening:.0f} mm, wants {1e3 * settings.min_opening:.0f} mm",
        )
    return mouth
