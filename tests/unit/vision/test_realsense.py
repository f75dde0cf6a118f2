from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.unit.vision.painted import PaintReader, Scene
from vision.camera import CameraFault, NoFrame
from vision.errors import VisionError
from vision.frame import Frame
from vision.pipeline import ThroatLocator
from vision.sources.realsense import RealSenseCamera, SoftwareCamera, record
from vision.target import Sighting, Site, Target

SCENE = Scene()


@pytest.fixture(scope="module")
def frame() -> Frame:
    painted = SCENE.frame()
    holed = painted.depth.copy()
    holed[100:130, 200:260] = np.nan
    return replace(painted, depth=holed)


@pytest.mark.parametrize("unit", [1e-4, 1e-3])
def test_depth_comes_back_in_metres_whatever_the_unit(frame: Frame, unit: float) -> None:
    camera = SoftwareCamera(frame.intrinsics, unit)
    try:
        for k in range(3):
            camera.feed(frame.rgb, frame.depth, k / 30, k)
        got = camera.next_frame(2.0)
    finally:
        camera.close()
    assert isinstance(got, Frame)
    assert (got.rgb == frame.rgb).all()
    measured = np.isfinite(got.depth)
    error = np.abs(got.depth - frame.depth)[measured]
    assert float(np.median(error)) < unit
    assert got.intrinsics.fx == pytest.approx(frame.intrinsics.fx)


def test_no_filter_invents_depth(frame: Frame) -> None:
    camera = SoftwareCamera(frame.intrinsics)
    try:
        for k in range(6):  # the temporal filter would by now remember depth where there was some
            depth = SCENE.frame().depth if k < 3 else frame.depth
            camera.feed(frame.rgb, depth, k / 30, k)
            got = camera.next_frame(2.0)
    finally:
        camera.close()
    assert isinstance(got, Frame)
    assert np.isnan(got.depth[105:125, 205:255]).all()


def test_skewed_streams_are_noticed(frame: Frame) -> None:
    camera = SoftwareCamera(frame.intrinsics)
    try:
        for k in range(4):
            camera.feed(frame.rgb, frame.depth, k / 30, k, skew_s=0.012)
        got = camera.next_frame(2.0)
    finally:
        camera.close()
    assert isinstance(got, NoFrame)
    assert got.fault is CameraFault.UNSYNCHRONISED


def test_a_silent_camera_times_out(frame: Frame) -> None:
    camera = SoftwareCamera(frame.intrinsics)
    try:
        got = camera.next_frame(0.05)
    finally:
        camera.close()
    assert isinstance(got, NoFrame)
    assert got.fault is CameraFault.TIMEOUT


def test_a_recording_is_played_back_into_the_same_target(frame: Frame, tmp_path: Path) -> None:
    path = tmp_path / "throat.db3"
    camera = SoftwareCamera(frame.intrinsics, record=path)
    frames = [replace(frame, stamp_ns=k * 33_333_333, sequence=k) for k in range(12)]
    assert record(camera, frames) == 12
    camera.close()
    playback = RealSenseCamera.recording(path)
    locator = ThroatLocator(PaintReader(SCENE.optical_mouth))
    seen, stamps = [], []
    try:
        while isinstance(got := playback.next_frame(1.0), Frame):
            stamps.append(got.stamp_ns)
            seen.append(locator.locate(got))
    finally:
        playback.close()
    assert len(seen) >= 10
    assert stamps == sorted(stamps)
    last = seen[-1]
    assert isinstance(last, Sighting)
    wall = last.targets[Site.POSTERIOR_WALL]
    assert isinstance(wall, Target)
    assert SCENE.optical_mouth.inverse().apply(wall.point)[0] == pytest.approx(-0.085, abs=2e-3)


def test_a_missing_recording_is_named(tmp_path: Path) -> None:
    with pytest.raises(VisionError, match="does not exist"):
        RealSenseCamera.recording(tmp_path / "none.db3")


def test_no_device_is_told_in_one_line() -> None:
    with pytest.raises(VisionError, match="connected: none"):
        RealSenseCamera.live()
    with pytest.raises(VisionError, match="with serial number 000000000000 is connected"):
        RealSenseCamera.live(serial="000000000000")
