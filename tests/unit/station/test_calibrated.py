from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from sim.scene import Scene
from spatial import Pose, vector
from station.calibrated import calibrated_arm, calibrated_tool
from station.errors import StationError
from tests.calibrations import of_tool, written
from vision.calibration.errors import CalibrationError

SCENE = Scene(arm_name="ur5")
MODEL = SCENE.arm_model()
POSTURE = np.array([0.3, -1.6, 1.9, -1.87, -1.57, 0.0])


def test_a_measured_camera_and_tip_move_what_the_arm_believes() -> None:
    moved = Pose.from_rotation_vector((0.0, 0.02, 0.0), (0.004, 0.0, -0.003))
    found = replace(
        of_tool(MODEL.tool),
        flange_camera=MODEL.tool.flange_camera @ moved,
        flange_tip=MODEL.tool.flange_tip.translation + vector((0.002, -0.001, 0.003)),
    )
    arm = SCENE.arm_model(calibrated_tool(MODEL.tool, found))
    step = MODEL.base_camera(POSTURE).inverse() @ arm.base_camera(POSTURE)
    assert step.almost_equals(moved)
    flange = MODEL.base_flange(POSTURE)
    assert arm.base_tip(POSTURE).translation == pytest.approx(flange.apply(found.flange_tip))
    assert arm.base_tip(POSTURE).rotation == pytest.approx(MODEL.base_tip(POSTURE).rotation)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"flange_tip": (0.0, 0.0, 0.0)}, "swab's tip .* mm"),
        ({"flange_camera": Pose(translation=(0.1, 0.1, 0.1))}, "camera .* mm"),
        (
            {
                "flange_camera": MODEL.tool.flange_camera
                @ Pose.from_rotation_vector((0.0, 0.0, np.pi / 2))
            },
            "axes .* deg",
        ),
    ],
)
def test_another_arms_calibration_is_refused(change: dict[str, object], message: str) -> None:
    found = replace(of_tool(MODEL.tool), **change)  # type: ignore[arg-type]  # real fields' names
    with pytest.raises(StationError, match=message):
        calibrated_tool(MODEL.tool, found)


def test_no_real_arm_without_a_young_calibration(tmp_path: Path) -> None:
    now = datetime.now(UTC)
    file = written(tmp_path, MODEL.tool)
    arm = calibrated_arm(SCENE, file, now + timedelta(seconds=1))
    assert arm.tool.flange_camera.almost_equals(MODEL.tool.flange_camera)
    with pytest.raises(StationError, match="no calibration is named"):
        calibrated_arm(SCENE, "", now)
    with pytest.raises(CalibrationError, match="days old"):
        calibrated_arm(SCENE, file, now + timedelta(days=31))
    with pytest.raises(CalibrationError, match="cannot be read"):
        calibrated_arm(SCENE, str(tmp_path / "nowhere.json"), now)


def test_a_weighed_tool_is_the_weight_the_arm_carries() -> None:
    found = replace(of_tool(MODEL.tool), tool_mass=0.9, tool_center=(0.01, 0.0, 0.08))
    arm = SCENE.arm_model(calibrated_tool(MODEL.tool, found))
    assert arm.tool_weight(POSTURE).force == pytest.approx(
        MODEL.tool_weight(POSTURE).force * 0.9 / MODEL.tool.mass
    )
    gained = arm.chain.mass[-1] - MODEL.chain.mass[-1]
    assert gained == pytest.approx(0.9 - MODEL.tool.mass)  # the joints carry it, too
