"""What a calibration is made of, kept in a folder as it is taken: board views and pivot poses."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

import cv2
import numpy as np

from spatial import Pose
from vision.calibration.board import Board, see_board
from vision.calibration.errors import CalibrationError
from vision.calibration.file import BoothCalibration
from vision.calibration.hand_eye import solve_hand_eye
from vision.calibration.intrinsics import IntrinsicsCheck, check_intrinsics
from vision.calibration.tip import solve_depth_scale, solve_tip
from vision.frame import Frame, Intrinsics

VIEWS_FILE = "views.json"


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """One view of the board: where the flange was told to be, and what the camera saw."""

    base_flange: Pose
    frame: Frame


class CalibrationSession:
    """The views and pivot poses of one calibration, written to ``folder`` as they are taken.

    docs/how-to/calibrate.md tells the folder's format.
    """

    def __init__(
        self, folder: Path, booth: str, camera: str, intrinsics: Intrinsics, board: Board
    ) -> None:
        self.folder, self.booth, self.camera = folder, booth, camera
        self.intrinsics, self.board = intrinsics, board
        self._views: list[View] = []
        self._pivots: list[Pose] = []

    @classmethod
    def read(cls, folder: Path) -> Self:
        """Read a session back. Raises CalibrationError where something is missing or broken."""
        path = folder / VIEWS_FILE
        try:
            given = json.loads(path.read_text("utf-8"))
            k = Intrinsics(**given["intrinsics"])
            board = Board(**given.get("board", {}))
            session = cls(folder, str(given["booth"]), str(given["camera"]), k, board)
            session._views = [
                View(_pose(entry["base_flange"]), _read_frame(folder, entry, k, number))
                for number, entry in enumerate(given["views"])
            ]
            session._pivots = [_pose(entry) for entry in given["pivots"]]
        except (OSError, EOFError, ValueError, KeyError, TypeError) as error:
            raise CalibrationError(
                f"{path} cannot be used ({error!r}); see docs/how-to/calibrate.md"
            ) from error
        return session

    @property
    def views(self) -> Sequence[View]:
        """The views taken so far."""
        return tuple(self._views)

    @property
    def pivots(self) -> Sequence[Pose]:
        """The flange's poses (base_flange) that held the tip in one place."""
        return tuple(self._pivots)

    def add_view(self, base_flange: Pose, frame: Frame) -> None:
        """Keep a view, on the disk first. Raises CalibrationError where it cannot be written."""
        number = len(self._views)
        picture = self.folder / _picture(number)
        with self._writing():
            self.folder.mkdir(parents=True, exist_ok=True)
            if not cv2.imwrite(str(picture), np.ascontiguousarray(frame.rgb[:, :, ::-1])):
                raise CalibrationError(f"{picture} cannot be written; make room on the disk")
            np.save(self.folder / _depth(number), frame.depth)
        self._views.append(View(base_flange, frame))
        self._write()

    def add_pivot(self, base_flange: Pose) -> None:
        """Keep a pose that holds the tip in the pivot. Raises CalibrationError as `add_view`."""
        self._pivots.append(base_flange)
        self._write()

    def drop_pivots(self) -> None:
        """Forget the pivot poses: the tip left its place."""
        self._pivots.clear()
        self._write()

    def solve(self) -> tuple[BoothCalibration, IntrinsicsCheck]:
        """Return the calibration, and how the camera's own intrinsics fared.

        Raises CalibrationError where too few views show the board, a refit contradicts the
        camera's intrinsics, or a result is out of bounds.
        """
        seen = [see_board(view.frame.rgb, self.board, self.intrinsics) for view in self._views]
        pairs = list(zip(self._views, seen, strict=True))
        kept = [(view, board) for view, board in pairs if board is not None]
        boards = [board for _, board in kept]
        checked = check_intrinsics(boards, self.intrinsics)
        eye = solve_hand_eye([view.base_flange for view, _ in kept], boards, self.intrinsics)
        tip = solve_tip(self._pivots)
        scale = solve_depth_scale([view.frame for view, _ in kept], boards)
        found = BoothCalibration(
            booth=self.booth,
            camera=self.camera,
            made_at=datetime.now(UTC),
            flange_camera=eye.flange_camera,
            flange_tip=tip.flange_tip,
            base_board=eye.base_board,
            depth_scale=scale.scale,
            reprojection_px=eye.residual,
            hand_eye_mm=1e3 * eye.position_95,
            hand_eye_deg=float(np.degrees(eye.angle_95)),
            tip_mm=1e3 * tip.position_95,
        )
        return found, checked

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """Put into words what the disk refuses."""
        try:
            yield
        except OSError as error:
            raise CalibrationError(
                f"{self.folder} cannot be written ({error.strerror}); make room on the disk, or "
                "give another folder"
            ) from error

    def _write(self) -> None:
        values = {
            "booth": self.booth,
            "camera": self.camera,
            "intrinsics": asdict(self.intrinsics),
            "board": asdict(self.board),
            "views": [
                {
                    "picture": _picture(number),
                    "depth": _depth(number),
                    "base_flange": _plain(view.base_flange),
                }
                for number, view in enumerate(self._views)
            ],
            "pivots": [_plain(pose) for pose in self._pivots],
        }
        path = self.folder / VIEWS_FILE
        new = path.with_suffix(".new")
        with self._writing():
            path.parent.mkdir(parents=True, exist_ok=True)
            new.write_text(json.dumps(values, indent=1) + "\n", "utf-8")
            new.replace(path)  # whole, or as it was


def _picture(number: int) -> str:
    return f"{number:02d}.png"


def _depth(number: int) -> str:
    return f"{number:02d}.npy"


def _read_frame(folder: Path, entry: dict[str, Any], k: Intrinsics, number: int) -> Frame:
    picture = cv2.imread(str(folder / entry["picture"]), cv2.IMREAD_COLOR)
    if picture is None:
        raise CalibrationError(f"{folder / entry['picture']} is no picture; take the view again")
    depth = np.load(folder / entry["depth"]).astype(np.float32)
    return Frame(np.ascontiguousarray(picture[:, :, ::-1], np.uint8), depth, k, number + 1, number)


def _pose(given: dict[str, list[float]]) -> Pose:
    return Pose.from_quaternion(given["quaternion_wxyz"], given["translation_m"])


def _plain(pose: Pose) -> dict[str, list[float]]:
    return {
        "quaternion_wxyz": pose.quaternion().tolist(),
        "translation_m": pose.translation.tolist(),
    }
