"""A rehearsal of the whole calibration: a known booth, board pictures drawn by homography.

It shows a person what to do, tests guide and solvers against truth, and gives the error they reach.
"""

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from spatial import Pose, Vector, vector
from vision.calibration.board import Board
from vision.frame import Frame, Intrinsics


@dataclass(frozen=True, slots=True, eq=False)
class Booth:
    """The truth of a rehearsed booth, and its imperfections.

    ``noise`` is in grey levels; ``depth_scale`` true over measured; ``arm_error`` [m] and
    ``arm_turn`` [rad] are the arm's own repeatability, one standard deviation.
    """

    flange_camera: Pose
    flange_tip: Vector
    base_board: Pose
    intrinsics: Intrinsics
    board: Board
    depth_scale: float = 1.0
    noise: float = 3.0
    arm_error: float = 2e-5
    arm_turn: float = 5e-5

    def view(self, base_flange: Pose, rng: np.random.Generator, number: int) -> Frame:
        """Return the frame the camera takes of the board from a flange pose."""
        optical_board = (base_flange @ self.flange_camera).inverse() @ self.base_board
        return draw_board(
            self.board, self.intrinsics, optical_board, self.depth_scale, self.noise, rng, number
        )

    def told(self, base_flange: Pose, rng: np.random.Generator) -> Pose:
        """Return the flange pose as the arm reports it."""
        step = np.concatenate(
            [rng.normal(0.0, self.arm_error, 3), rng.normal(0.0, self.arm_turn, 3)]
        )
        return base_flange @ Pose.exp(step)

    def looking_poses(self, count: int, rng: np.random.Generator) -> list[Pose]:
        """Return flange poses (base_flange) from which the board is well seen."""
        board = self.board
        middle = np.array([board.columns, board.rows, 0]) * board.square / 2
        poses = []
        for _ in range(count):
            tilt = rng.normal(0.0, 0.35, 3) * (1.0, 1.0, 1.2)
            turned = Pose.from_rotation_vector(tilt)
            distance = rng.uniform(0.16, 0.24)
            optical_board = Pose(
                turned.rotation,
                np.array([*rng.normal(0.0, 0.008, 2), distance]) - turned.rotate(middle),
            )
            base_camera = self.base_board @ optical_board.inverse()
            poses.append(base_camera @ self.flange_camera.inverse())
        return poses

    def pivot_poses(self, count: int, rng: np.random.Generator) -> list[Pose]:
        """Return flange poses that hold the tip in one place, tilted every way."""
        pivot = np.array([0.5, 0.0, 0.3])
        turns = [Pose.from_rotation_vector(rng.normal(0.0, 0.4, 3)) for _ in range(count)]
        return [Pose(t.rotation, pivot - t.rotate(self.flange_tip)) for t in turns]


class LedArm:
    """An arm led from pose to pose by somebody, with its camera and a clock of its own.

    Reading its flange takes 150 ms of that clock. It stands in each pose for 1.5 s, and takes 0.5 s
    to the next; the first poses show no board, and one that is too far away.
    """

    def __init__(self, booth: Booth, rng: np.random.Generator, poses: int = 60) -> None:
        self._booth, self._rng = booth, rng
        looking = booth.looking_poses(poses, rng)
        away = looking[0] @ Pose.from_rotation_vector((np.pi, 0.0, 0.0))
        back = booth.flange_camera @ Pose(translation=vector((0.0, 0.0, -0.2)))
        far = looking[0] @ back @ booth.flange_camera.inverse()
        self._poses = [away, far, *looking]
        self._start = self._time = 0.0
        self._shown: tuple[int, Frame] | None = None
        self._frames = 0

    @property
    def name(self) -> str:
        """The camera's name."""
        return "simulated camera"

    @property
    def intrinsics(self) -> Intrinsics:
        """The camera's own intrinsics."""
        return self._booth.intrinsics

    def lead_to_cone(self, poses: int = 30) -> None:
        """Go on with poses that hold the tip in the cone."""
        self._poses, self._start = self._booth.pivot_poses(poses, self._rng), self._time

    def now(self) -> float:
        """Return the time [s]."""
        return self._time

    def base_flange(self) -> Pose:
        """Return the flange's pose as the arm tells it."""
        self._time += 0.15
        place, gone = self._place()
        here = self._poses[place]
        if place + 1 < len(self._poses):
            here = here.interpolate(self._poses[place + 1], gone)
        return self._booth.told(here, self._rng)

    def next_frame(self, timeout_s: float) -> Frame:  # noqa: ARG002 - it never has to wait
        """Return what the camera sees; while the arm moves, still the last pose."""
        place, _ = self._place()
        self._frames += 1
        if self._shown is None or self._shown[0] != place:
            self._shown = place, self._booth.view(self._poses[place], self._rng, 0)
        frame = self._shown[1]
        return replace(frame, stamp_ns=round(1e9 * self._time) + 1, sequence=self._frames)

    def close(self) -> None:
        """Nothing is held."""

    def _place(self) -> tuple[int, float]:
        """Return the pose it is in, and how much of the way to the next it has gone."""
        place, since = divmod(self._time - self._start, 2.0)
        gone = max(since - 1.5, 0.0) / 0.5
        return min(int(place), len(self._poses) - 1), gone


def draw_board(
    board: Board,
    intrinsics: Intrinsics,
    optical_board: Pose,
    depth_scale: float,
    noise: float,
    rng: np.random.Generator,
    number: int = 0,
) -> Frame:
    """Return a frame of the board alone, on grey; depth is the board's plane over its scale."""
    per_square = 40
    texture = board.picture(per_square)
    scale = board.square / per_square
    # texture pixel centres: board coordinate (i + 0.5) * scale
    board_texture = np.array([[scale, 0, scale / 2], [0, scale, scale / 2], [0, 0, 1]])
    flat = np.column_stack(
        [optical_board.rotation[:, 0], optical_board.rotation[:, 1], optical_board.translation]
    )
    size = (4 * intrinsics.width, 4 * intrinsics.height)
    finer = np.array([[4.0, 0, 1.5], [0, 4.0, 1.5], [0, 0, 1]])  # drawn 4 times as fine
    homography = finer @ intrinsics.K @ flat @ board_texture
    sharp = cv2.warpPerspective(
        texture, homography, size, flags=cv2.INTER_LINEAR, borderValue=150.0
    )
    grey = cv2.resize(
        sharp, (intrinsics.width, intrinsics.height), interpolation=cv2.INTER_AREA
    ).astype(np.float64)
    grey = 20.0 + 0.8 * grey + rng.normal(0.0, noise, grey.shape)
    rgb = np.repeat(np.clip(grey, 0, 255).astype(np.uint8)[:, :, None], 3, axis=2)
    depth = _plane_depth(intrinsics, optical_board) / depth_scale
    return Frame(rgb, depth.astype(np.float32), intrinsics, number + 1, number)


def _plane_depth(intrinsics: Intrinsics, optical_board: Pose) -> NDArray[np.float64]:
    rows, columns = np.indices((intrinsics.height, intrinsics.width))
    normal = optical_board.rotation[:, 2]
    slope = (
        normal[0] * (columns - intrinsics.cx) / intrinsics.fx
        + normal[1] * (rows - intrinsics.cy) / intrinsics.fy
        + normal[2]
    )
    with np.errstate(divide="ignore"):
        depth = float(normal @ optical_board.translation) / slope
    return np.where((depth > 0.05) & (depth < 2.0), depth, np.nan)
