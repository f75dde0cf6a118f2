import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spatial import Pose, vector
from vision.calibration.board import Board, BoardView, see_board
from vision.calibration.errors import CalibrationError
from vision.calibration.file import BoothCalibration
from vision.calibration.hand_eye import SOLVERS, solve_hand_eye
from vision.calibration.intrinsics import check_intrinsics
from vision.calibration.rehearsal import Booth
from vision.calibration.start import StartGate, check_start
from vision.calibration.tip import solve_depth_scale, solve_tip
from vision.frame import Frame, Intrinsics

INTRINSICS = Intrinsics(640, 480, 437.0, 437.0, 319.5, 239.5)
BOOTH = Booth(
    flange_camera=Pose.from_rotation_vector((0.1, -0.2, 1.5), (0.01, -0.06, 0.03)),
    flange_tip=vector((0.002, -0.001, 0.31)),
    base_board=Pose.from_rotation_vector((2.2, 0.3, 0.2), (0.6, 0.1, 0.2)),
    intrinsics=INTRINSICS,
    board=Board(),
    depth_scale=1.012,
)


@pytest.mark.parametrize("name", sorted(SOLVERS))
@given(
    st.lists(st.floats(-2.5, 2.5), min_size=3, max_size=3),
    st.lists(st.floats(-0.3, 0.3), min_size=3, max_size=3),
    st.integers(0, 1000),
)
@settings(max_examples=15, deadline=None)
def test_every_closed_form_is_exact_without_noise(
    name: str, turn: list[float], place: list[float], seed: int
) -> None:
    truth, rng = Pose.from_rotation_vector(turn, place), np.random.default_rng(seed)
    hands = [Pose.exp(rng.normal(0.0, 0.5, 6)) for _ in range(8)]
    pairs = [(hand, truth.inverse() @ hand @ truth) for hand in hands]
    distance, angle = SOLVERS[name](pairs).distance_to(truth)
    assert distance < 1e-6
    assert angle < 1e-6


def test_hand_eye_tip_and_scale_are_found_in_rehearsal() -> None:
    rng = np.random.default_rng(2)
    poses = BOOTH.looking_poses(14, rng)
    frames = [BOOTH.view(pose, rng, k) for k, pose in enumerate(poses)]
    seen = [see_board(frame.rgb, BOOTH.board, INTRINSICS) for frame in frames]
    kept = [(p, f, v) for p, f, v in zip(poses, frames, seen, strict=True) if v is not None]
    assert len(kept) >= 12
    views = [v for *_, v in kept]
    found = solve_hand_eye([BOOTH.told(p, rng) for p, *_ in kept], views, INTRINSICS)
    distance, angle = found.flange_camera.distance_to(BOOTH.flange_camera)
    assert distance < 0.0005
    assert angle < np.radians(0.2)
    assert found.residual < 0.5
    assert 0.0 < found.position_95 < 0.0005
    assert found.base_board.distance_to(BOOTH.base_board)[0] < 0.0005
    for pose in found.closed_forms.values():
        assert pose.distance_to(BOOTH.flange_camera)[0] < 0.005
    scale = solve_depth_scale([f for _, f, _ in kept], views)
    assert scale.scale == pytest.approx(1.012, abs=0.003)
    tip = solve_tip([BOOTH.told(p, rng) for p in BOOTH.pivot_poses(12, rng)])
    assert np.linalg.norm(tip.flange_tip - BOOTH.flange_tip) < 0.0005


def test_stated_confidence_of_the_tip_holds() -> None:
    rng, inside = np.random.default_rng(7), 0
    rough = replace(BOOTH, arm_error=2e-4)
    for _ in range(60):
        tip = solve_tip([rough.told(p, rng) for p in rough.pivot_poses(10, rng)])
        inside += np.linalg.norm(tip.flange_tip - rough.flange_tip) < tip.position_95
    assert inside >= 50  # 95 % of 60 is 57


def test_views_that_hardly_turn_are_refused() -> None:
    rng = np.random.default_rng(0)
    poses = BOOTH.looking_poses(1, rng) * 8
    view = see_board(BOOTH.view(poses[0], rng, 0).rgb, BOOTH.board, INTRINSICS)
    assert view is not None
    with pytest.raises(CalibrationError, match="tilt the camera more"):
        solve_hand_eye(poses, [view] * 8, INTRINSICS)
    with pytest.raises(CalibrationError, match="6 or more"):
        solve_hand_eye(poses[:3], [view] * 3, INTRINSICS)
    with pytest.raises(CalibrationError, match="tilt"):
        solve_tip(poses)
    with pytest.raises(CalibrationError, match="6 or more"):
        solve_tip(poses[:2])


@cache
def board_frames() -> list[Frame]:
    rng = np.random.default_rng(5)
    return [BOOTH.view(pose, rng, k) for k, pose in enumerate(BOOTH.looking_poses(12, rng))]


def board_views(told: Intrinsics) -> list[BoardView]:
    """Views of the true camera, read by one who believes ``told``."""
    seen = [see_board(frame.rgb, BOOTH.board, told) for frame in board_frames()]
    return [view for view in seen if view is not None]


def test_true_intrinsics_are_confirmed() -> None:
    check = check_intrinsics(board_views(INTRINSICS), INTRINSICS)
    assert abs(check.focal_error) < 0.005
    assert abs(check.focal_error) < 3 * check.focal_95
    assert check.centre_error < 3.0
    assert check.residual < 0.5


@pytest.mark.parametrize(
    ("told", "message"),
    [
        (replace(INTRINSICS, fx=437.0 * 1.03, fy=437.0 * 1.03), "focal length"),
        (replace(INTRINSICS, fy=437.0 * 0.96), "focal length"),
        (replace(INTRINSICS, cx=319.5 + 15.0), "principal point"),
    ],
)
def test_wrong_intrinsics_are_found_out(told: Intrinsics, message: str) -> None:
    with pytest.raises(CalibrationError, match=message):
        check_intrinsics(board_views(told), told)


def test_views_that_cannot_tell_intrinsics_are_refused() -> None:
    rng = np.random.default_rng(0)
    with pytest.raises(CalibrationError, match="6; take more"):
        check_intrinsics(board_views(INTRINSICS)[:5], INTRINSICS)
    flat = Pose(np.diag([1.0, -1.0, -1.0]), (-0.05, 0.03, 0.2))
    points = np.asarray(BOOTH.board.pattern().getChessboardCorners(), dtype=np.float64)
    pixels = INTRINSICS.project(flat.apply(points))
    frontal = [
        BoardView(points, pixels + rng.normal(0, 0.2, pixels.shape), flat, 0.2) for _ in range(8)
    ]
    with pytest.raises(CalibrationError, match="tilt the camera more"):
        check_intrinsics(frontal, INTRINSICS)


def test_no_board_is_no_view() -> None:
    blank = np.full((480, 640, 3), 128, dtype=np.uint8)
    assert see_board(blank, BOOTH.board, INTRINSICS) is None


def calibration(**changes: object) -> BoothCalibration:
    made = BoothCalibration(
        "booth-1",
        "D405 1234",
        datetime(2026, 11, 1, tzinfo=UTC),
        BOOTH.flange_camera,
        BOOTH.flange_tip,
        BOOTH.base_board,
        1.01,
        0.3,
        0.2,
        0.05,
        0.1,
    )
    return replace(made, **changes)  # type: ignore[arg-type]  # each test names a real field


NOW = datetime(2026, 11, 10, tzinfo=UTC)


def test_a_file_comes_back_as_it_was_written(tmp_path: Path) -> None:
    path = tmp_path / "booth-1.json"
    calibration().write(path)
    calibration(depth_scale=1.02).write(path)
    back = BoothCalibration.read(path, "D405 1234", NOW)
    assert back.depth_scale == 1.02
    assert back.flange_camera.almost_equals(BOOTH.flange_camera)
    assert len(list(tmp_path.iterdir())) == 2  # the first is kept
    assert back.tool_mass is None
    replace(back, tool_mass=0.6, tool_center=(0.0, 0.01, 0.1)).write(path)
    weighed = BoothCalibration.read(path, None, NOW)
    assert weighed.tool_mass == 0.6
    assert weighed.tool_center == pytest.approx((0.0, 0.01, 0.1))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"camera": "D435 9"}, "calibrate this one"),
        ({"made_at": "2026-08-01T00:00:00+00:00"}, "days old"),
        ({"made_at": "2027-08-01T00:00:00+00:00"}, "days old"),
        ({"made_at": "2026-11-01T00:00:00"}, "time zone"),
        ({"depth_scale": 1.4}, "depth_scale"),
        ({"hand_eye_mm": 2.0}, "hand_eye_mm"),
        ({"extra": 1}, "unknown"),
        ({"tool_mass": 0.6}, "go together"),
        ({"tool_mass": 60.0, "tool_center": [0.0, 0.0, 0.1]}, "tool_mass"),
        ({"schema": 9}, "schema"),
    ],
)
def test_a_file_out_of_bounds_is_refused(
    tmp_path: Path, change: dict[str, object], message: str
) -> None:
    path = tmp_path / "booth.json"
    calibration().write(path)
    path.write_text(json.dumps({**json.loads(path.read_text()), **change}))
    with pytest.raises(CalibrationError, match=message):
        BoothCalibration.read(path, "D405 1234", NOW, timedelta(days=30))


def test_a_knocked_camera_is_noticed_at_the_start() -> None:
    rng = np.random.default_rng(1)
    base_camera = BOOTH.looking_poses(1, rng)[0] @ BOOTH.flange_camera
    optical_board = base_camera.inverse() @ BOOTH.base_board
    check = check_start(calibration(), base_camera, optical_board)
    assert check.distance < 1e-9
    knocked = Pose(translation=(0.003, 0.0, 0.0)) @ optical_board
    with pytest.raises(CalibrationError, match="check board"):
        check_start(calibration(), base_camera, knocked)


class Start:
    """A booth at its start: the gate, and a camera that looks at the board from rest."""

    def __init__(self, booth: Booth = BOOTH) -> None:
        self.gate = StartGate(calibration())
        self._rng, self._booth = np.random.default_rng(3), booth
        board = booth.board
        middle = np.array([board.columns, board.rows, 0]) * board.square / 2
        optical_board = Pose.from_rotation_vector((0.2, 0.1, 0.0), (0.0, 0.0, 0.25))
        base_camera = booth.base_board @ (optical_board @ Pose(translation=-middle)).inverse()
        self._rest = base_camera @ booth.flange_camera.inverse()

    def look(self, scale: float = 1.012, *, board: bool = True) -> str:
        """Take one picture, its depth times ``scale``, and return what the gate says."""
        frame = self._booth.view(self._rest, self._rng, 0)
        rgb = frame.rgb if board else np.full_like(frame.rgb, 128)
        shown = replace(frame, rgb=rgb, depth=frame.depth * np.float32(scale))
        # the arm believes its calibration, whatever became of the camera since
        self.gate.look(shown, self._rest @ BOOTH.flange_camera)
        return self.gate.problem


def test_a_booth_looks_at_nobody_before_its_board_was_seen_in_place() -> None:
    start = Start()
    assert "not seen since the start" in start.gate.problem
    assert "not seen since the start" in start.look(board=False)
    assert start.look()
    assert start.look()
    assert start.look(board=False)  # three in a row, or from the beginning
    assert [bool(start.look()) for _ in range(3)] == [True, True, False]
    assert not start.look(board=False)  # a person before it later changes nothing


def test_a_camera_knocked_or_out_of_scale_bars_the_booth_until_put_right() -> None:
    turned = replace(
        BOOTH, flange_camera=BOOTH.flange_camera @ Pose.from_rotation_vector((0.0, 0.03, 0.0))
    )
    knocked = Start(turned)
    for _ in range(5):
        assert "check board is" in knocked.look()
    start = Start()
    for _ in range(5):
        assert "depth at the check board is off" in start.look(scale=1.06)
    start.look()
    start.look()
    assert not start.look()
