"""`booth arm`: the arm's own commands, and weighing the tool of a real one."""

import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from arm_control.commands import app
from arm_control.weighing import weigh as weighed
from sim.scene import Scene
from vision.calibration.file import BoothCalibration

__all__ = ["app"]


@app.command()
def weigh(
    address: Annotated[str, typer.Option(help="The arm's controller (Universal Robots).")],
    arm: Annotated[str, typer.Option(help="The arm's description in the catalogue.")] = "ur5",
    calibration: Annotated[
        Path | None, typer.Option(help="The booth's calibration, to write the load into.")
    ] = None,
) -> None:
    """Weigh the tool of a real arm: mass, centre of mass and the sensor's bias.

    You lead the wrist by hand (freedrive) to eight different tilts, and let go at each.
    """
    # another arm's machine need not have this maker's client
    from arm_control.drivers.universal_robots import UniversalRobotsPosture  # noqa: PLC0415

    now = datetime.now(UTC)
    old = None if calibration is None else BoothCalibration.read(calibration, None, now)
    model = Scene(arm_name=arm).arm_model()
    posture = UniversalRobotsPosture(address)
    try:
        load = weighed(model, posture.feel, _wait, time.sleep, typer.echo)
    finally:
        posture.close()
    tool = load.applied_to(model.tool)
    described = model.tool
    centre = ", ".join(f"{1e3 * value:.1f}" for value in tool.center_of_mass)
    typer.echo(
        f"mass {tool.mass:.3f} kg (described {described.mass:.3f}), centre [{centre}] mm on the "
        f"flange; left over {load.force_residual:.3f} N, {load.torque_residual:.4f} N·m"
    )
    if old is not None and calibration is not None:
        replace(old, tool_mass=tool.mass, tool_center=tool.center_of_mass).write(calibration)
        typer.echo(f"written: {calibration}")


def _wait(what: str) -> None:
    typer.prompt(f"{what}, then press Enter", default="", show_default=False)
