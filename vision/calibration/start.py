"""The check at a booth's start: the board that hangs there must be where calibration has it."""

from dataclasses import dataclass

from spatial import Pose
from vision.calibration.board import Board, BoardView, see_board
from vision.calibration.errors import CalibrationError
from vision.calibration.file import BoothCalibration
from vision.calibration.tip import solve_depth_scale
from vision.frame import Frame

_AGREEING = 3  # pictures in a row
_MIN_CORNERS = 12  # with depth, in one picture


@dataclass(frozen=True, slots=True)
class StartCheck:
    """How far the check board stands from where calibration says, [m] and [rad]."""

    distance: float
    angle: float


def check_start(
    calibration: BoothCalibration,
    base_camera: Pose,
    optical_board: Pose,
    max_distance: float = 0.0015,
    max_angle: float = 0.01,
) -> StartCheck:
    """Compare the board as seen now from ``base_camera`` with the calibration.

    ``max_distance`` [m], ``max_angle`` [rad]. Raises CalibrationError where they disagree, for a
    camera that was knocked points the swab beside the throat.
    """
    distance, angle = calibration.base_board.distance_to(base_camera @ optical_board)
    if distance > max_distance or angle > max_angle:
        raise CalibrationError(
            f"check board is {1e3 * distance:.2f} mm and {angle:.4f} rad from its place, bounds "
            f"{1e3 * max_distance:.2f} mm and {max_angle} rad; put camera and board back, or run "
            "`booth calibrate`"
        )
    return StartCheck(distance, angle)


def check_depth(frame: Frame, view: BoardView, max_error: float = 0.02) -> None:
    """Raise CalibrationError where measured depth disagrees with the board by ``max_error``.

    ``frame``'s depth is already put to scale. One picture's noise is less than that.
    """
    error = solve_depth_scale([frame], [view], _MIN_CORNERS).scale - 1.0
    if abs(error) > max_error:
        raise CalibrationError(
            f"depth at the check board is off by {error:+.3f}, bound {max_error}; clean the "
            "camera's glass, then run `booth calibrate`"
        )


class StartGate:
    """Lets nobody's mouth be looked at before the board was seen in its place.

    The board hangs where the camera sees it from the arm's place of rest. Three pictures in a row
    must agree; until then ``problem`` says what is wrong, and what to do.
    """

    def __init__(self, calibration: BoothCalibration, board: Board | None = None) -> None:
        self._calibration, self._board = calibration, board or Board()
        self._agreed = 0
        self._problem = (
            "the check board was not seen since the start; bring the arm to rest, and the light on"
        )

    @property
    def problem(self) -> str:
        """Why nothing may be looked at yet, empty once the board was seen in its place."""
        return "" if self._agreed >= _AGREEING else self._problem

    def look(self, frame: Frame, base_camera: Pose) -> None:
        """Take in a picture and where the camera was, its depth already put to scale."""
        if self._agreed >= _AGREEING:
            return
        view = see_board(frame.rgb, self._board, frame.intrinsics)
        if view is None:
            self._agreed = 0
            return
        try:
            check_start(self._calibration, base_camera, view.optical_board)
            check_depth(frame, view)
        except CalibrationError as error:
            self._agreed, self._problem = 0, str(error)
            return
        self._agreed += 1
