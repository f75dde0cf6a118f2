"""``booth calibrate``: guides a person through calibration, and rehearses it without a booth."""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from types import MappingProxyType
from typing import Annotated

import cv2
import numpy as np
import typer
from rich.console import Console
from rich.table import Table

from spatial import Pose, Vector, vector
from vision.calibration.board import Board
from vision.calibration.file import BoothCalibration
from vision.calibration.guide import Guide
from vision.calibration.intrinsics import IntrinsicsCheck
from vision.calibration.rehearsal import Booth, LedArm
from vision.calibration.session import CalibrationSession
from vision.frame import Intrinsics

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
    seed: Annotated[int, typer.Option(min=0)] = 0,
) -> None:
    """Do the whole calibration on a simulated booth, and report the error it reached."""
    rng = np.random.default_rng(seed)
    booth = _rehearsed_booth(rng)
    arm = LedArm(booth, rng)
    with TemporaryDirectory() as folder:
        session = CalibrationSession(
            Path(folder), "rehearsal", arm.name, booth.intrinsics, booth.board
        )
        guide = Guide(session, arm.base_flange, arm.now, typer.echo)
        typer.echo("Lead the arm so that its camera sees the board from many sides.")
        guide.take_views(arm)
        typer.echo("Put the swab's tip into the cone and tilt the tool about it.")
        arm.lead_to_cone()
        guide.take_pivots()
        found, camera = session.solve()
    distance, angle = found.flange_camera.distance_to(booth.flange_camera)
    tip = float(np.linalg.norm(found.flange_tip - booth.flange_tip))
    show(
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
    found, intrinsics = CalibrationSession.read(folder).solve()
    show(found, intrinsics)
    found.write(out)
    typer.echo(f"written: {out}")


@app.command()
def check(
    file: Annotated[Path, typer.Argument(help="Calibration file.")],
    camera: Annotated[str, typer.Option(help="Name and serial number of the camera in use.")],
) -> None:
    """Say whether a calibration file may be used today."""
    found = BoothCalibration.read(file, camera, datetime.now(UTC))
    show(found)
    typer.echo(f"{file}: may be used")


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


def show(
    found: BoothCalibration,
    camera: IntrinsicsCheck | None = None,
    errors: Mapping[str, str] = MappingProxyType({}),
) -> None:
    """Print a calibration, how the camera's intrinsics fared, and its errors where known."""
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
        **{f"true error, {name}": value for name, value in errors.items()},
    }
    for name, value in rows.items():
        table.add_row(name, value)
    Console().print(table)


def _millimetres(place: Vector) -> str:
    return np.array2string(1e3 * place, precision=2)
