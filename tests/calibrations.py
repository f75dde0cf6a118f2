"""Calibrations of booths that are built as they were drawn."""

from datetime import UTC, datetime
from pathlib import Path

from arm_control.tool import Tool
from spatial import Pose
from vision.calibration.file import BoothCalibration


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
