"""`booth calibrate`: vision's commands, and the one that needs an arm: being led through it."""

import time
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated

import typer

from arm_control.errors import ArmControlError
from sim.scene import Scene
from vision.calibration.board import Board
from vision.calibration.commands import app, show
from vision.calibration.errors import CalibrationError
from vision.calibration.guide import Guide
from vision.calibration.session import VIEWS_FILE, CalibrationSession
from vision.camera import Camera

__all__ = ["app"]


@app.command()
def take(
    folder: Annotated[
        Path, typer.Argument(help="Folder for views and poses; goes on in an old one.")
    ],
    out: Annotated[Path, typer.Option(help="Calibration file to write.")],
    address: Annotated[str, typer.Option(help="The arm's controller (Universal Robots).")],
    booth: Annotated[str, typer.Option(help="The booth's name.")] = "booth-1",
    arm: Annotated[str, typer.Option(help="The arm's description in the catalogue.")] = "ur5",
    serial: Annotated[str, typer.Option(help="Serial number of the RealSense.")] = "",
) -> None:
    """Be led through a calibration of camera, hand-eye, tip and depth on a real arm.

    You lead the arm by hand (freedrive); whenever it stands still in a place that is wanted, it is
    taken. Ctrl-C loses nothing: the same folder goes on where it was.
    """
    # another arm's machine need not have this maker's client, nor one without a camera librealsense
    from arm_control.drivers.universal_robots import UniversalRobotsPosture  # noqa: PLC0415
    from vision.sources.realsense import RealSenseCamera  # noqa: PLC0415

    model = Scene(arm_name=arm).arm_model()
    with ExitStack() as opened:
        camera = RealSenseCamera.live(serial=serial or None)
        opened.callback(camera.close)
        posture = UniversalRobotsPosture(address)
        opened.callback(posture.close)
        if len(posture.read()) != model.joints:
            raise ArmControlError(
                f"{arm} has {model.joints} joints, the arm at {address} {len(posture.read())}; "
                "name its description with --arm"
            )
        session = opened_session(folder, booth, camera)
        guide = Guide(
            session, lambda: model.base_flange(posture.read()), time.monotonic, typer.echo
        )
        typer.echo(
            "Lead the arm so that its camera sees the board from many sides, 16 to 24 cm away."
        )
        guide.take_views(camera)
        if guide.lacking_pivots():
            typer.confirm(
                "Put the swab's tip (or a pin of its length) into the cone. Is it in?", abort=True
            )
            guide.take_pivots()
    try:
        found, intrinsics = session.solve()
    except CalibrationError as error:
        # the views were good enough for the guide, so it is the tip that left the cone
        session.drop_pivots()
        raise CalibrationError(
            f"{error}; the pivot poses were dropped, run the command again to take them anew"
        ) from error
    show(found, intrinsics)
    found.write(out)
    typer.echo(f"written: {out}")


def opened_session(folder: Path, booth: str, camera: Camera) -> CalibrationSession:
    """Return the session in ``folder``, or a new one.

    Raises CalibrationError where an old one is of another booth, camera or mode.
    """
    new = CalibrationSession(folder, booth, camera.name, camera.intrinsics, Board())
    if not (folder / VIEWS_FILE).exists():
        return new
    old = CalibrationSession.read(folder)
    for what in ("booth", "camera", "intrinsics"):
        if getattr(old, what) != getattr(new, what):
            raise CalibrationError(
                f"{folder} holds views of {what} {getattr(old, what)}, not {getattr(new, what)}; "
                "give another folder"
            )
    return old
