"""What of a frame reaches the vision when colour, depth or the camera's link fails."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from sim.faults import Corruptor, Fault, Mode, Unit
from vision.camera import CameraFault, NoFrame
from vision.frame import Frame

UNITS = (Unit.CAMERA, Unit.CAMERA_COLOUR, Unit.CAMERA_DEPTH)

_DEPTH_SCALE = 0.05  # of a wrong depth unit, at magnitude 1
_DEPTH_SPAN = 0.5  # [m] of garbage depth


class BrokenEye:
    """Corrupts frames on their way from the device.

    Parameters
    ----------
    rng
        Generator of bursts and garbage.
    """

    def __init__(self, rng: np.random.Generator) -> None:
        self._rng = rng
        children = rng.spawn(3)
        self._link: Corruptor[Frame] = Corruptor(children[0])
        self._colour: Corruptor[NDArray[np.uint8]] = Corruptor(children[1])
        self._depth: Corruptor[NDArray[np.float32]] = Corruptor(children[2])

    def fail(self, fault: Fault, now_s: float) -> None:
        """Let ``fault`` of the camera begin."""
        if fault.unit is Unit.CAMERA:
            self._link.begin(fault, now_s)
        elif fault.unit is Unit.CAMERA_COLOUR:
            self._colour.begin(fault, now_s)
        else:
            self._depth.begin(fault, now_s)

    def pass_on(self, frame: Frame, now_s: float) -> Frame | NoFrame:
        """Return what gets through of ``frame``."""
        frame = replace(
            frame,
            rgb=self._spoil_colour(frame.rgb, now_s),
            depth=self._spoil_depth(frame.depth, now_s),
        )
        seen = self._link.pass_on(frame, now_s)
        fault = self._link.fault
        if seen is None:
            return NoFrame(CameraFault.TIMEOUT, "the camera's link is silent")
        if fault is not None and fault.mode is Mode.GARBAGE:
            # packets lost within a picture: rows of it are missing
            rows = self._rng.random(frame.rgb.shape[0]) < min(0.5 * fault.magnitude, 1.0)
            rgb, depth = seen.rgb.copy(), seen.depth.copy()
            rgb[rows], depth[rows] = 0, np.nan
            return replace(seen, rgb=rgb, depth=depth)
        if fault is not None and fault.mode is Mode.WRONG:
            return replace(seen, stamp_ns=seen.stamp_ns - round(2e8 * fault.magnitude))
        return seen

    def _spoil_colour(self, rgb: NDArray[np.uint8], now_s: float) -> NDArray[np.uint8]:
        seen = self._colour.pass_on(rgb, now_s)
        fault = self._colour.fault
        if seen is None:
            return np.zeros_like(rgb)
        if fault is not None and fault.mode is Mode.GARBAGE:
            return self._rng.integers(0, 256, rgb.shape, dtype=np.uint8)
        if fault is not None and fault.mode is Mode.WRONG:
            bright = seen.astype(np.float32) * (1.0 + 3.0 * fault.magnitude)
            return np.asarray(np.clip(bright, 0, 255), dtype=np.uint8)
        return seen

    def _spoil_depth(self, depth: NDArray[np.float32], now_s: float) -> NDArray[np.float32]:
        seen = self._depth.pass_on(depth, now_s)
        fault = self._depth.fault
        if seen is None:
            return np.full_like(depth, np.nan)
        if fault is not None and fault.mode is Mode.GARBAGE:
            return (_DEPTH_SPAN * self._rng.random(depth.shape)).astype(np.float32)
        if fault is not None and fault.mode is Mode.WRONG:
            return (seen * np.float32(1.0 + _DEPTH_SCALE * fault.magnitude)).astype(np.float32)
        return seen
