from dataclasses import replace
from pathlib import Path

import pytest

from station.commands.calibrate import opened_session
from tests.calibrations import Still
from vision.calibration.errors import CalibrationError


def test_a_folder_goes_on_with_its_own_booth_and_camera_only(tmp_path: Path) -> None:
    camera = Still()
    session = opened_session(tmp_path, "east", camera)
    frame = camera.next_frame(1.0)
    session.add_view(camera.base_flange, frame)
    assert len(opened_session(tmp_path, "east", camera).views) == 1
    with pytest.raises(CalibrationError, match="views of booth east, not west"):
        opened_session(tmp_path, "west", camera)
    with pytest.raises(CalibrationError, match="another folder"):
        opened_session(tmp_path, "east", Still(replace(camera.intrinsics, fx=500.0)))
