"""Calibrations of booths that are built as they were drawn, and a camera to make them with."""

from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from arm_control.tool import Tool
from spatial import Pose, vector
from vision.calibration.file import BoothCalibration
from vision.frame import Frame, Intrinsics


def of_tool(tool: Tool, camera: str = "D405 1234", depth_scale: float = 1.0) -> BoothCalibration:
    """Return the calibration that a faultless measurement of ``tool`` gives, made now."""
    return BoothCalibration(
        booth="booth-1",
        camera=camera,
        made_at=datetime.now(UTC),
        flange_camera=tool.flange_camera,
        flange_tip=tool.flange_tip.translation,
        base_board=Pose(translation=(0.6, 0.0, 0.3)),
        depth_scale=depth_scale,
        reprojection_px=0.2,
        hand_eye_mm=0.1,
        hand_eye_deg=0.02,
        tip_mm=0.1,
    )


def written(folder: Path, tool: Tool) -> str:
    """Write such a calibration into ``folder`` and return its file."""
    path = folder / "booth-1.calibration.json"
    of_tool(tool).write(path)
    return str(path)


class Still:
    """A camera on an arm that stands still, with a grey wall before it."""

    name = "D405 1234"
    base_flange = Pose(translation=vector((0.5, 0.0, 0.4)))

    def __init__(self, intrinsics: Intrinsics | None = None) -> None:
        self.intrinsics = intrinsics or Intrinsics(64, 48, 43.7, 43.7, 31.5, 23.5)

    def next_frame(self, timeout_s: float) -> Frame:  # noqa: ARG002 - it never has to wait
        """Return the wall."""
        size = (self.intrinsics.height, self.intrinsics.width)
        grey = np.full((*size, 3), 128, np.uint8)
        return Frame(grey, np.ones(size, np.float32), self.intrinsics, 1, 1)

    def close(self) -> None:
        """Nothing is held."""
