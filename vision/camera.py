"""The camera port: next frame, or a named fault."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from vision.frame import Frame, Intrinsics


class CameraFault(StrEnum):
    """Why a camera gave no usable frame."""

    TIMEOUT = "timeout"
    STUCK = "stuck"
    DARK = "dark"
    SATURATED = "saturated"
    UNSYNCHRONISED = "unsynchronised"
    HALF_EMPTY = "half_empty"
    DISCONNECTED = "disconnected"


@dataclass(frozen=True, slots=True)
class NoFrame:
    """No usable frame came: the fault and one sentence of detail."""

    fault: CameraFault
    detail: str


class Camera(Protocol):
    """An RGB-D camera, real, played back or simulated."""

    @property
    def name(self) -> str:
        """The camera's model and serial number, for the record."""
        ...

    @property
    def intrinsics(self) -> Intrinsics:
        """The device's own intrinsics, or the calibrated ones; never a default."""
        ...

    def next_frame(self, timeout_s: float) -> Frame | NoFrame:
        """Return the newest frame not handed out before, waiting up to ``timeout_s`` [s]."""
        ...

    def close(self) -> None:
        """Release the device."""
        ...
