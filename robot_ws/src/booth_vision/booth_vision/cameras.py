"""Where the vision node's pictures come from."""

import time

from booth_common.shared import Block, SharedError, picture_from

from vision.camera import Camera, CameraFault, NoFrame
from vision.errors import VisionError
from vision.frame import Frame, Intrinsics

_LOOK_S = 0.002


class SharedCamera:
    """A camera whose pictures another process puts into shared memory; here, the simulator.

    It survives the death of that process: pictures end with a fault, and come again as soon as a
    new process has made the block again.
    """

    def __init__(self, block_name: str) -> None:
        self._name = block_name
        self._block: Block | None = None
        self._sequence = -1
        self._intrinsics: Intrinsics | None = None

    @property
    def name(self) -> str:
        """The block's name."""
        return f"shared:{self._name}"

    @property
    def intrinsics(self) -> Intrinsics:
        """The intrinsics that came with the last picture; VisionError before the first."""
        if self._intrinsics is None:
            raise VisionError("the shared camera gave no picture yet; start what fills it")
        return self._intrinsics

    def next_frame(self, timeout_s: float) -> Frame | NoFrame:
        """Return the newest picture not handed out before, waiting up to ``timeout_s`` [s]."""
        end = time.monotonic() + timeout_s
        while True:
            frame = self._newest()
            if isinstance(frame, Frame) or time.monotonic() >= end:
                return frame
            time.sleep(_LOOK_S)

    def close(self) -> None:
        """Let go of the shared memory."""
        if self._block is not None:
            self._block.close()
            self._block = None

    def _newest(self) -> Frame | NoFrame:
        if self._block is None or not self._block.owner_alive:
            self.close()
            try:
                self._block = Block.attach(self._name)
            except SharedError as error:
                return NoFrame(CameraFault.DISCONNECTED, str(error))
            self._sequence = -1
        if self._block.sequence == self._sequence:
            return NoFrame(CameraFault.TIMEOUT, f"no new picture in shared memory {self._name}")
        sequence = self._block.sequence
        value = self._block.read()
        if value is None:
            return NoFrame(CameraFault.TIMEOUT, "the picture is being written")
        self._sequence = sequence
        frame = picture_from(value)
        self._intrinsics = frame.intrinsics
        return frame


def open_camera(source: str, block_name: str, serial: str = "") -> Camera:
    """Open the camera called ``source``; an empty ``serial`` means the only RealSense there is.

    Raises VisionError where it is not there.
    """
    if source == "shared":
        return SharedCamera(block_name)
    if source == "realsense":
        # the simulator's machine need not have librealsense's libraries
        from vision.sources.realsense import RealSenseCamera  # noqa: PLC0415

        return RealSenseCamera.live(serial=serial or None)
    raise VisionError(f"camera source {source!r} is unknown; choose shared or realsense")
