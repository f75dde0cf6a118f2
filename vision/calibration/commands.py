"""``booth calibrate``: guides a person through calibration, and rehearses it without a booth."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import cv2
import numpy as np
import typer
from rich.console import Console
from rich.table import Table

from spatial import Pose, Vector, vector
from vision.calibration.board import Board, see_board
from vision.calibration.errors import CalibrationError
from vision.calibration.file import BoothCalibration
from vision.calibration.hand_eye import solve_hand_eye
from vision.calibration.intrinsics import IntrinsicsCheck, check_intrinsics
from vision.calibration.rehearsal import Booth
from vision.calibration.tip import solve_depth_scale, solve_tip
from vision.frame import Frame, Intrinsics

app = typer.Typer(help="Camera, hand-eye, tool tip and depth calibration.", no_args_is_help=True)


@app.callback()
def main() -> None:
    """Print the board, rehearse, calibrate from taken views, check a file."""


@app.command()
def board(
    out: Annotated[Path, typer.Argument(help="PNG to write and print at 100 %.")],
    dots_per_inch: Annotated[int, typer.Option(min=150, max=1200)] = 600,
) -> None:
    """Write the ChArUco board to print."""
    sheet = Board()
    cv2.imwrite(str(out), sheet.picture(round(sheet.square / 0.0254 * dots_per_inch)))
    typer.echo(
        f"{out}: print at {dots_per_inch} dpi, glue it on glass; a square must measure "
        f"{1e3 * sheet.square:.1f} mm"
    )


@app.command()
def rehearse(
    out: Annotated[Path | None, typer.Option(help="Calibration file to write.")] = None,
    views: Annotated[int, typer.Option(min=6, max=60)] = 16,
    seed: Annotated[int, typer.Option(min=0)] = 0,
) -> None:
    """Do the whole calibration on a simulated booth, and report the error it reached."""
    rng = np.random.default_rng(seed)
    booth = _rehearsed_booth(rng)
    poses = booth.looking_poses(views, rng)
    frames = [booth.view(pose, rng, k) for k, pose in enumerate(poses)]
    told = [booth.told(pose, rng) for pose in poses]
    pivots = [booth.told(pose, rng) for pose in booth.pivot_poses(12, rng)]
    found, camera = solve("rehearsal", "simulated camera", told, frames, pivots, booth.board)
    distance, angle = found.flange_camera.distance_to(booth.flange_camera)
    tip = float(np.linalg.norm(found.flange_tip - booth.flange_tip))
    _show(
        found,
        camera,
        {
            "focal length": f"{abs(camera.found.fx / booth.intrinsics.fx - 1):.3%}",
            "hand-eye, place": f"{1e3 * distance:.3f} mm",
            "hand-eye, angle": f"{np.degrees(angle):.4f} deg",
            "tip": f"{1e3 * tip:.3f} mm",
            "depth scale": f"{abs(found.depth_scale - booth.depth_scale):.5f}",
        },
    )
    if out is not None:
        found.write(out)
        typer.echo(f"written: {out}")


@app.command("solve")
def solve_views(
    folder: Annotated[
        Path, typer.Argument(help="Folder with views.json and the pictures it names.")
    ],
    out: Annotated[Path, typer.Option(help="Calibration file to write.")],
) -> None:
    """Calibrate from views that were taken (see docs/how-to/calibrate.md for the format)."""
    found, intrinsics = solve(**_read_session(folder))
    _show(found, intrinsics, {})
    found.write(out)
    typer.echo(f"written: {out}")


@app.command()
def check(
    file: Annotated[Path, typer.Argument(help="Calibration file.")],
    camera: Annotated[str, typer.Option(help="Name and serial number of the camera in use.")],
) -> None:
    """Say whether a calibration file may be used today."""
    found = BoothCalibration.read(file, camera, datetime.now(UTC))
    _show(found, None, {})
    typer.echo(f"{file}: may be used")


def solve(
    booth: str,
    camera: str,
    base_flange: list[Pose],
    frames: list[Frame],
    pivots: list[Pose],
    board: Board,
) -> tuple[BoothCalibration, IntrinsicsCheck]:
    """Return the calibration of views and pivot poses, and how the camera's intrinsics fared.

    Raises CalibrationError where too few views show the board, a refit contradicts the camera's
    intrinsics, or a result is out of bounds.
    """
    intrinsics = frames[0].intrinsics
    seen = [see_board(frame.rgb, board, intrinsics) for frame in frames]
    kept = [(p, f, v) for p, f, v in zip(base_flange, frames, seen, strict=True) if v is not None]
    checked = check_intrinsics([v for _, _, v in kept], intrinsics)
    eye = solve_hand_eye([p for p, _, _ in kept], [v for _, _, v in kept], intrinsics)
    tip = solve_tip(pivots)
    scale = solve_depth_scale([f for _, f, _ in kept], [v for _, _, v in kept])
    found = BoothCalibration(
        booth,
        camera,
        datetime.now(UTC),
        eye.flange_camera,
        tip.flange_tip,
        eye.base_board,
        scale.scale,
        eye.residual,
        1e3 * eye.position_95,
        float(np.degrees(eye.angle_95)),
        1e3 * tip.position_95,
    )
    return found, checked


def _rehearsed_booth(rng: np.random.Generator) -> Booth:
    turn = Pose.from_rotation_vector(rng.normal(0.0, 0.1, 3))
    return Booth(
        flange_camera=Pose(turn.rotation, vector((0.0, -0.055, 0.05)) + rng.normal(0, 0.003, 3)),
        flange_tip=vector((0.0, 0.0, 0.26)) + rng.normal(0.0, 0.002, 3),
        base_board=Pose.from_rotation_vector((np.pi, 0.0, 0.3), (0.55, -0.05, 0.1)),
        intrinsics=Intrinsics(640, 480, 437.0, 437.0, 319.5, 239.5),
        board=Board(),
        depth_scale=float(rng.uniform(0.985, 1.015)),
    )


def _show(found: BoothCalibration, camera: IntrinsicsCheck | None, truth: dict[str, str]) -> None:
    table = Table(title=f"calibration of {found.booth}, {found.camera}")
    table.add_column("what")
    table.add_column("value", justify="right")
    refit = {}
    if camera is not None:
        refit = {
            "focal length told, off by": f"{camera.focal_error:+.3%} +- {camera.focal_95:.3%}",
            "centre told, off by": f"{camera.centre_error:.2f} +- {camera.centre_95:.2f} px",
        }
    rows = {
        **refit,
        "camera on flange, mm": _millimetres(found.flange_camera.translation),
        "tip on flange, mm": _millimetres(found.flange_tip),
        "depth scale": f"{found.depth_scale:.5f}",
        "reprojection": f"{found.reprojection_px:.3f} px",
        "hand-eye, 95 % bound": f"{found.hand_eye_mm:.3f} mm, {found.hand_eye_deg:.4f} deg",
        "tip, 95 % bound": f"{found.tip_mm:.3f} mm",
        **{f"true error, {name}": value for name, value in truth.items()},
    }
    for name, value in rows.items():
        table.add_row(name, value)
    Console().print(table)


def _millimetres(place: Vector) -> str:
    return np.array2string(1e3 * place, precision=2)


def _read_session(folder: Path) -> dict[str, Any]:
    path = folder / "views.json"
    try:
        given = json.loads(path.read_text("utf-8"))
        k = Intrinsics(**given["intrinsics"])
        frames = [_read_frame(folder, entry, k, n) for n, entry in enumerate(given["views"])]
        return {
            "booth": str(given["booth"]),
            "camera": str(given["camera"]),
            "base_flange": [_pose(entry["base_flange"]) for entry in given["views"]],
            "frames": frames,
            "pivots": [_pose(entry) for entry in given["pivots"]],
            "board": Board(**given.get("board", {})),
        }
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CalibrationError(
            f"{path} cannot be used ({error!r}); see docs/how-to/calibrate.md"
        ) from error


def _read_frame(folder: Path, entry: dict[str, Any], k: Intrinsics, number: int) -> Frame:
    picture = cv2.imread(str(folder / entry["picture"]), cv2.IMREAD_COLOR)
    if picture is None:
        raise CalibrationError(f"{folder / entry['picture']} is no picture; take the view again")
    depth = np.load(folder / entry["depth"]).astype(np.float32)
    return Frame(np.ascontiguousarray(picture[:, :, ::-1], np.uint8), depth, k, number + 1, number)


def _pose(given: dict[str, list[float]]) -> Pose:
    return Pose.from_quaternion(given["quaternion_wxyz"], given["translation_m"])
