"""Errors of calibration."""

from vision.errors import VisionError


class CalibrationError(VisionError):
    """A calibration cannot be made, read or trusted; the message says why and what to do."""
