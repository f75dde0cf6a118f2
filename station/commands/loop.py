"""`booth loop`: the arm's real-time loop, held for a while, with how punctual it was."""

import json
import time
from collections.abc import Mapping
from dataclasses import asdict
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Annotated

import typer

from arm_control.crew import ArmCrew, LoopReport, MakeDriver
from arm_control.drivers.rehearsal import RehearsalArm
from arm_control.errors import ArmControlError
from arm_control.limits import JointLimits, Limits
from arm_control.model import ArmModel
from arm_control.ports import ArmDriver, ArmInfo
from sim.arms import ArmDescription, arm
from sim.scene import Scene
from station.makers import MAKERS

app = typer.Typer(add_completion=False)

_LOOK_S = 0.2


@app.command()
def loop(
    address: Annotated[
        str, typer.Option(help="the arm's controller, of --model; without it there is no arm")
    ] = "",
    model: Annotated[
        str, typer.Option(help="kuka_iiwa; with an address ur5, fr3 (Franka) or xarm7 (UFACTORY)")
    ] = "",
    seconds: Annotated[float, typer.Option(min=1.0, max=86_400.0)] = 10.0,
    core: Annotated[int | None, typer.Option(min=0, help="the loop's; else the last one")] = None,
    record: Annotated[Path | None, typer.Option(help="JSON file for the report")] = None,
) -> None:
    """Let loop, pump and safety monitor hold an arm where it stands, until Ctrl-C or time is up.

    Prints the rights that the machine gave, how many cycles were late and the worst lateness.
    Exit code 1 when the monitor tripped or a process ended.
    """
    description = arm(model or ("ur5" if address else "kuka_iiwa"))
    kinematics = _model(description.name)
    if address:
        info, make = _driver(description, address, kinematics)
    else:
        make = partial(_nothing, description.name)
        info = make().info
    limits = Limits(JointLimits.of(kinematics, acceleration=description.acceleration))
    with ArmCrew(kinematics, limits, info, make, core) as crew:
        try:
            _hold(crew, seconds)
        except KeyboardInterrupt:
            print("ended by hand")
        report, missing = crew.report(), crew.missing
    _tell(info, report)
    if record is not None:
        record.write_text(json.dumps({"arm": info.name, **asdict(report)}, indent=2) + "\n")
    if missing:
        raise ArmControlError(f"the arm's {' and '.join(missing)} ended by itself; see above")
    if report.fault is not None:
        raise typer.Exit(1)


def _hold(crew: ArmCrew, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and not crew.missing:
        time.sleep(_LOOK_S)


def _tell(info: ArmInfo, report: LoopReport) -> None:
    p, rights = report.punctuality, report.rights
    print(f"arm: {info.name}, {info.rate_hz:g} Hz; its stop: {info.stop_behaviour}")
    core = "no core of its own" if rights.core is None else f"core {rights.core}"
    print(
        f"rights: real-time class {'yes' if rights.fifo else 'no'}, {core}, "
        f"memory locked {'yes' if rights.locked else 'no'}"
    )
    for note in rights.notes:
        print(f"  {note}")
    print(
        f"cycles {p.cycles}, late {p.late} in {p.episodes} episodes, the longest {p.longest_row} "
        f"in a row, skipped {p.skipped}, worst lateness {p.worst * 1e3:.3f} ms"
    )
    print("monitor: " + ("no trip" if report.fault is None else report.fault.detail))


def _model(name: str) -> ArmModel:
    return Scene(arm_name=name).arm_model()


def _nothing(name: str) -> ArmDriver:
    description = arm(name)
    return RehearsalArm(_model(name), description.home, description.rate_hz)


def _driver(
    description: ArmDescription, address: str, model: ArmModel
) -> tuple[ArmInfo, MakeDriver]:
    try:
        maker = _MAKERS[description.name]
    except KeyError:
        raise ArmControlError(
            f"no driver for {description.name} at {address}; with an address, --model is one of "
            f"{', '.join(_MAKERS)}"
        ) from None
    return MAKERS[maker](address, model, None)


_MAKERS: Mapping[str, str] = MappingProxyType({"ur5": "ur", "fr3": "franka", "xarm7": "xarm"})
