"""A booth's calibration put to use: the arm's tool as it was measured, not as it was drawn."""

from dataclasses import replace
from datetime import datetime
from pathlib import Path

import numpy as np

from arm_control.model import ArmModel
from arm_control.tool import Tool
from sim.scene import Scene
from spatial import Pose
from station.errors import StationError
from vision.calibration.file import BoothCalibration

MAX_CAMERA_SHIFT = 0.03
MAX_CAMERA_TURN = float(np.radians(15.0))
MAX_TIP_SHIFT = 0.02
"""How far [m], [rad] a measured tool may be from the booth's description; farther is another tool,
or another unit."""


def calibrated_arm(scene: Scene, file: str, now: datetime) -> ArmModel:
    """Return the arm of ``scene`` with its tool as the calibration ``file`` has it.

    A real arm is not driven without: raises StationError where no file is named or the measured
    tool is not the one described, CalibrationError where the file is broken or too old at ``now``.
    """
    if not file:
        raise StationError(
            "no calibration is named; run `booth calibrate take` and give its file as the "
            "parameter `calibration`"
        )
    found = BoothCalibration.read(Path(file), None, now)
    return scene.arm_model(calibrated_tool(scene.tool, found))


def calibrated_tool(tool: Tool, found: BoothCalibration) -> Tool:
    """Return ``tool`` with its camera and the swab's tip where calibration found them.

    The direction of the shaft stays as described: pivoting says where a tip is, not where it
    points. Mass and centre of mass are those that were weighed, if they were. Raises StationError
    where a place is implausibly far from the description.
    """
    shift, turn = tool.flange_camera.distance_to(found.flange_camera)
    tip = float(np.linalg.norm(found.flange_tip - tool.flange_tip.translation))
    for what, value, bound, unit, scale in (
        ("camera", shift, MAX_CAMERA_SHIFT, "mm", 1e3),
        ("camera's axes", turn, MAX_CAMERA_TURN, "deg", float(np.degrees(1.0))),
        ("swab's tip", tip, MAX_TIP_SHIFT, "mm", 1e3),
    ):
        if value > bound:
            raise StationError(
                f"calibration of {found.booth} has the {what} {scale * value:.1f} {unit} from "
                f"where the booth's description has it, bound {scale * bound:.0f} {unit}; is it "
                "of this arm and tool, in metres?"
            )
    measured = replace(
        tool,
        flange_camera=found.flange_camera,
        flange_tip=Pose(tool.flange_tip.rotation, found.flange_tip),
    )
    if found.tool_mass is None or found.tool_center is None:
        return measured
    return replace(measured, mass=found.tool_mass, center_of_mass=found.tool_center)
