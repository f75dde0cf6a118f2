"""The guide through a calibration, led by a simulated hand."""

from itertools import count
from pathlib import Path

import numpy as np
import pytest

from spatial import Pose, vector
from vision.calibration.board import Board
from vision.calibration.errors import CalibrationError
from vision.calibration.guide import PIVOTS, VIEWS, Guide
from vision.calibration.rehearsal import Booth, LedArm
from vision.calibration.session import CalibrationSession
from vision.camera import CameraFault, NoFrame
from vision.frame import Frame, Intrinsics

BOOTH = Booth(
    flange_camera=Pose.from_rotation_vector((0.1, -0.05, 0.02), (0.002, -0.056, 0.051)),
    flange_tip=vector((0.002, -0.001, 0.26)),
    base_board=Pose.from_rotation_vector((np.pi, 0.0, 0.3), (0.55, -0.05, 0.1)),
    intrinsics=Intrinsics(640, 480, 437.0, 437.0, 319.5, 239.5),
    board=Board(),
    depth_scale=0.99,
)


class Taking:
    """A session in a folder, the simulated arm and what the person was told."""

    def __init__(self, folder: Path, seed: int = 4) -> None:
        self.arm = LedArm(BOOTH, np.random.default_rng(seed))
        self.session = CalibrationSession(
            folder, "east", self.arm.name, BOOTH.intrinsics, BOOTH.board
        )
        self.told: list[str] = []

    def guide(self) -> Guide:
        return Guide(self.session, self.arm.base_flange, self.arm.now, self.told.append)


def test_whoever_follows_it_is_calibrated(tmp_path: Path) -> None:
    taking = Taking(tmp_path)
    guide = taking.guide()
    guide.take_views(taking.arm)
    assert "point the camera at it" in taking.told[0]  # the hand began by looking away
    assert len(taking.session.views) >= VIEWS
    assert not guide.lacking()
    assert "more, tilted" in guide.lacking_pivots()
    taking.arm.lead_to_cone()
    guide.take_pivots()
    assert len(taking.session.pivots) >= PIVOTS
    found, _ = taking.session.solve()
    distance, angle = found.flange_camera.distance_to(BOOTH.flange_camera)
    assert distance < 5e-4
    assert angle < np.radians(0.2)
    assert np.linalg.norm(found.flange_tip - BOOTH.flange_tip) < 5e-4
    assert found.depth_scale == pytest.approx(0.99, abs=0.003)
    # what the folder holds is the same calibration
    again, _ = CalibrationSession.read(tmp_path).solve()
    assert again.flange_camera.almost_equals(found.flange_camera, 1e-6)
    assert again.flange_tip == pytest.approx(found.flange_tip, abs=1e-9)


_SEEDS = count()


class Stopping(LedArm):
    """Somebody who is called away after a while."""

    def __init__(self, reads: int) -> None:
        super().__init__(BOOTH, np.random.default_rng(reads + next(_SEEDS)))
        self._left = reads

    def base_flange(self) -> Pose:
        self._left -= 1
        if self._left < 0:
            raise KeyboardInterrupt
        return super().base_flange()


def test_a_session_broken_off_goes_on_where_it_was(tmp_path: Path) -> None:
    first = Taking(tmp_path)
    first.arm = Stopping(60)
    with pytest.raises(KeyboardInterrupt):
        first.guide().take_views(first.arm)
    before = len(first.session.views)
    assert 2 <= before < VIEWS
    second = Taking(tmp_path, seed=9)
    second.arm = Stopping(60)
    second.session = CalibrationSession.read(tmp_path)
    assert len(second.session.views) == before
    with pytest.raises(KeyboardInterrupt):
        second.guide().take_views(second.arm)
    assert len(second.session.views) > before
    assert len(list(tmp_path.glob("*.png"))) == len(second.session.views)


class Standing(LedArm):
    """An arm that nobody leads, and a camera that sees the board, or what ``shown`` says."""

    def __init__(self, pose: Pose, shown: NoFrame | None = None, reads: int = 25) -> None:
        super().__init__(BOOTH, np.random.default_rng(1), poses=1)
        self._pose, self._silent, self._left = pose, shown, reads
        self._frame = BOOTH.view(pose, np.random.default_rng(1), 0)

    def base_flange(self) -> Pose:
        self._time += 0.15
        return self._pose

    def next_frame(self, timeout_s: float) -> Frame | NoFrame:  # type: ignore[override]  # noqa: ARG002 - may be silent, never waits
        self._left -= 1
        if self._left < 0:
            raise KeyboardInterrupt
        return self._silent or self._frame


def told_to_who_stands(folder: Path, arm: Standing) -> list[str]:
    taking = Taking(folder)
    taking.arm = arm
    with pytest.raises(KeyboardInterrupt):
        taking.guide().take_views(arm)
    return taking.told


def looking_from(distance: float) -> Pose:
    middle = np.array([BOOTH.board.columns, BOOTH.board.rows, 0]) * BOOTH.board.square / 2
    optical_board = Pose(translation=np.array([0.0, 0.0, distance]) - middle)
    base_camera = BOOTH.base_board @ optical_board.inverse()
    return base_camera @ BOOTH.flange_camera.inverse()


def test_one_place_is_taken_once(tmp_path: Path) -> None:
    told = told_to_who_stands(tmp_path, Standing(looking_from(0.2)))
    assert len(told) == 1
    assert told[0].startswith("view 1 taken; 13 more")


@pytest.mark.parametrize(("distance", "advice"), [(0.30, "come closer"), (0.12, "go back")])
def test_who_stands_wrong_is_told_where_to_go(tmp_path: Path, distance: float, advice: str) -> None:
    (told,) = told_to_who_stands(tmp_path, Standing(looking_from(distance)))
    assert advice in told
    assert f"{100 * distance:.0f} cm" in told


def test_a_silent_camera_is_told_of(tmp_path: Path) -> None:
    silent = NoFrame(CameraFault.DISCONNECTED, "gone; check the cable")
    (told,) = told_to_who_stands(tmp_path, Standing(looking_from(0.2), silent))
    assert "disconnected" in told
    assert "check the cable" in told


def test_a_broken_folder_says_what_is_wrong(tmp_path: Path) -> None:
    with pytest.raises(CalibrationError, match=r"views\.json cannot be used"):
        CalibrationSession.read(tmp_path)
    taking = Taking(tmp_path)
    taking.session.add_view(looking_from(0.2), Standing(looking_from(0.2))._frame)
    (tmp_path / "00.png").write_bytes(b"no picture")
    with pytest.raises(CalibrationError, match="take the view again"):
        CalibrationSession.read(tmp_path)


def test_an_empty_depth_file_is_told(tmp_path: Path) -> None:
    """What a loss of power leaves; it once ended in an EOFError."""
    taking = Taking(tmp_path)
    taking.session.add_view(looking_from(0.2), Standing(looking_from(0.2))._frame)
    (tmp_path / "00.npy").write_bytes(b"")
    with pytest.raises(CalibrationError, match=r"views\.json cannot be used"):
        CalibrationSession.read(tmp_path)


def test_a_disk_that_takes_nothing_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    taking = Taking(tmp_path / "file" / "folder")
    with pytest.raises(CalibrationError, match="make room on the disk"):
        taking.session.add_view(looking_from(0.2), Standing(looking_from(0.2))._frame)
    with pytest.raises(CalibrationError, match="make room on the disk"):
        taking.session.add_pivot(Pose())
