"""The ChArUco board: what it looks like, where it is seen, where it stands."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from spatial import Pose
from vision.calibration.errors import CalibrationError
from vision.frame import Intrinsics

_MIN_CORNERS = 6


@dataclass(frozen=True, slots=True)
class Board:
    """A printed board of ``columns`` x ``rows`` squares; ``square`` and ``marker`` sides [m]."""

    columns: int = 9
    rows: int = 6
    square: float = 0.012
    marker: float = 0.009

    def __post_init__(self) -> None:
        if self.columns < 4 or self.rows < 4:
            raise CalibrationError(
                f"board {self.columns}x{self.rows} is below 4x4 squares; print a larger one"
            )
        if not 0.002 <= self.marker < self.square <= 0.2:
            raise CalibrationError(
                f"marker {self.marker} m and square {self.square} m want 0.002 <= marker < "
                "square <= 0.2; measure the print"
            )

    def pattern(self) -> cv2.aruco.CharucoBoard:
        """Return OpenCV's description of the board (5x5 markers)."""
        dictionary = cv2.aruco.getPredefinedDictionary(cv2.aruco.DICT_5X5_250)
        return cv2.aruco.CharucoBoard(
            (self.columns, self.rows), self.square, self.marker, dictionary
        )

    def picture(self, pixels_per_square: int = 60) -> NDArray[np.uint8]:
        """Return the board as a grey picture to print, without margin."""
        size = (self.columns * pixels_per_square, self.rows * pixels_per_square)
        return np.asarray(self.pattern().generateImage(size), dtype=np.uint8)


@dataclass(frozen=True, slots=True, eq=False)
class BoardView:
    """The board in one picture.

    ``points`` (n, 3) [m] are corners in board coordinates, ``pixels`` (n, 2) where they are seen;
    ``optical_board`` maps board to optical coordinates, off by ``residual`` [px] root mean square.
    """

    points: NDArray[np.float64]
    pixels: NDArray[np.float64]
    optical_board: Pose
    residual: float


def see_board(rgb: NDArray[np.uint8], board: Board, intrinsics: Intrinsics) -> BoardView | None:
    """Return where the board stands in a picture (H, W, 3), None where it is not seen well enough.

    At least 6 corners are wanted. Pose by reprojection (Levenberg-Marquardt).
    """
    pattern = board.pattern()
    grey = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY)
    corners, ids, _, _ = cv2.aruco.CharucoDetector(pattern).detectBoard(grey)
    if ids is None or len(ids) < _MIN_CORNERS:
        return None
    points = np.asarray(pattern.getChessboardCorners(), dtype=np.float64)[np.ravel(ids)]
    pixels = np.asarray(corners, dtype=np.float64).reshape(-1, 2)
    found, turn, shift = cv2.solvePnP(points, pixels, intrinsics.K, np.zeros(5))
    if not found:
        return None
    pose = Pose.from_rotation_vector(np.ravel(turn), np.ravel(shift))
    if pose.translation[2] <= 0:
        return None
    error = intrinsics.project(pose.apply(points)) - pixels
    return BoardView(points, pixels, pose, float(np.sqrt((error**2).sum(axis=1).mean())))
