"""Notices a camera that lies: dark, saturated, half empty, stuck, repeated, out of step."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from spatial import age_s
from vision.camera import CameraFault, NoFrame
from vision.frame import Frame
from vision.ranks import quantile_of_counts
from vision.settings import Bounded, bounded


@dataclass(frozen=True, slots=True)
class HealthSettings(Bounded):
    """When a frame is not to be believed; shares in [0, 1], grey levels in 0 to 255."""

    dark: float = bounded(12.0, 0.0, 60.0)
    """Grey level: where nine tenths of the picture lie below it, there is no light."""
    saturated_share: float = bounded(0.5, 0.1, 1.0)
    """Share of clipped pixels above which the picture says nothing."""
    min_depth_share: float = bounded(0.05, 0.0, 0.9)
    """Smallest share of pixels with depth."""
    empty_band: float = bounded(0.45, 0.1, 1.0)
    """Share of neighbouring rows without one depth pixel, above which half the frame is missing."""
    max_age_s: float = bounded(0.15, 0.01, 2.0)
    """A frame older than this when it is handed over is not handed over."""
    max_repeats: float = bounded(1, 0, 30)
    """Pictures in a row equal to the last pixel by pixel, in colour or in depth, above which the
    camera is stuck."""


def picture_fault(frame: Frame, settings: HealthSettings) -> NoFrame | None:
    """Return the fault that one frame shows by itself, or None."""
    red, green, blue = cv2.split(np.ascontiguousarray(frame.rgb[::4, ::4]))
    counts = np.bincount(cv2.max(cv2.max(red, green), blue).ravel())
    bright = quantile_of_counts(counts, 0.9)
    if bright < settings.dark:
        return NoFrame(
            CameraFault.DARK,
            f"90 % of the picture lies below {bright:.0f} of 255, bound "
            f"{settings.dark:.0f}; switch the ring light on",
        )
    clipped = float((cv2.min(cv2.min(red, green), blue) >= 254).mean())
    if clipped > settings.saturated_share:
        return NoFrame(
            CameraFault.SATURATED,
            f"{clipped:.0%} of the picture is clipped, bound "
            f"{settings.saturated_share:.0%}; lower the exposure",
        )
    depth = np.ascontiguousarray(frame.depth[::3, ::3])
    measured = (depth > 0) & (depth < np.inf)  # not a number is neither
    share = float(measured.mean())
    if share < settings.min_depth_share:
        return NoFrame(
            CameraFault.HALF_EMPTY,
            f"{share:.1%} of the pixels have depth, bound "
            f"{settings.min_depth_share:.1%}; clean the lenses",
        )
    longest = max(_longest_gap(np.asarray(measured.any(axis=k))) for k in (0, 1))
    if longest > settings.empty_band:
        return NoFrame(
            CameraFault.HALF_EMPTY,
            f"a band of {longest:.0%} of the frame has no depth, bound "
            f"{settings.empty_band:.0%}; check the cable",
        )
    return None


class FrameWatch:
    """Compares frames with those before: stuck, repeated, out of step or too old.

    One watch, one camera. Not thread-safe.
    """

    def __init__(self, settings: HealthSettings | None = None) -> None:
        self._settings = settings or HealthSettings()
        self._stamp = self._sequence = -1
        self._prints = (b"", b"")  # of colour and depth, which come from sensors of their own
        self._repeats = [0, 0]

    def check(self, frame: Frame, now_ns: int) -> NoFrame | None:
        """Return why ``frame``, handed over at ``now_ns`` [ns], is not to be used, or None."""
        fault = self._order(frame, now_ns) or picture_fault(frame, self._settings)
        # sensor noise makes two equal pictures all but impossible while the camera lives
        prints = (_fingerprint(frame.rgb), _fingerprint(frame.depth))
        for k, (new, old) in enumerate(zip(prints, self._prints, strict=True)):
            self._repeats[k] = self._repeats[k] + 1 if new == old else 0
        self._prints, self._stamp = prints, max(self._stamp, frame.stamp_ns)
        self._sequence = max(self._sequence, frame.sequence)
        if fault is None and max(self._repeats) > self._settings.max_repeats:
            what = "pictures" if self._repeats[0] == max(self._repeats) else "depth pictures"
            return NoFrame(
                CameraFault.STUCK,
                f"{max(self._repeats) + 1} equal {what} in a row, bound "
                f"{self._settings.max_repeats:.0f}; restart the camera",
            )
        return fault

    def _order(self, frame: Frame, now_ns: int) -> NoFrame | None:
        age = age_s(frame.stamp_ns, now_ns)
        if age > self._settings.max_age_s or age < -0.001:
            return NoFrame(
                CameraFault.UNSYNCHRONISED if age < 0 else CameraFault.TIMEOUT,
                f"frame is {age:.3f} s old, bounds 0 to {self._settings.max_age_s} s",
            )
        if frame.stamp_ns <= self._stamp:
            return NoFrame(
                CameraFault.UNSYNCHRONISED,
                f"stamp {frame.stamp_ns} ns is not after the last, {self._stamp} ns",
            )
        if frame.sequence <= self._sequence:
            return NoFrame(
                CameraFault.STUCK,
                f"sequence {frame.sequence} is not after the last, {self._sequence}",
            )
        return None


def _fingerprint(image: NDArray[np.uint8] | NDArray[np.float32]) -> bytes:
    return cv2.resize(image, (64, 48), interpolation=cv2.INTER_NEAREST).tobytes()


def _longest_gap(present: NDArray[np.bool_]) -> float:
    """Return the longest run of False, as a share of the whole."""
    edges = np.flatnonzero(np.concatenate([[True], present, [True]]))
    return float(np.max(np.diff(edges)) - 1) / len(present)
