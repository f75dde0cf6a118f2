"""A camera whose depth is put right by the scale that calibration found."""

from dataclasses import replace

import numpy as np

from vision.camera import Camera, NoFrame
from vision.errors import VisionError
from vision.frame import Frame, Intrinsics


class ScaledCamera:
    """``camera`` with every depth times ``scale``, true over measured."""

    def __init__(self, camera: Camera, scale: float) -> None:
        if not 0.5 < scale < 2.0:
            raise VisionError(f"depth scale {scale} is outside 0.5 to 2; calibrate the booth")
        self._camera, self._scale = camera, np.float32(scale)

    @property
    def name(self) -> str:
        """The camera's model and serial number, for the record."""
        return self._camera.name

    @property
    def intrinsics(self) -> Intrinsics:
        """The camera's own intrinsics."""
        return self._camera.intrinsics

    def next_frame(self, timeout_s: float) -> Frame | NoFrame:
        """Return the newest frame not handed out before, waiting up to ``timeout_s`` [s]."""
        frame = self._camera.next_frame(timeout_s)
        if isinstance(frame, NoFrame):
            return frame
        return replace(frame, depth=frame.depth * self._scale)

    def close(self) -> None:
        """Release the device."""
        self._camera.close()
