"""``booth arm``: what the arm would do, and how sure its force loop is."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from arm_control.errors import ArmControlError
from arm_control.procedure import Procedure, shipped_procedures

app = typer.Typer(
    help="The arm: dry runs, plots, stability, real-time rights.", no_args_is_help=True
)

_ProcedureOption = Annotated[
    str, typer.Option(help="A procedure that ships, or a YAML file.", metavar="NAME|FILE")
]
_StiffnessOption = Annotated[
    float, typer.Option(help="Tissue for the contact run [N/m].", min=5, max=3000)
]
_OutOption = Annotated[Path, typer.Option(help="Picture to write (PNG, SVG or PDF).")]


@app.callback()
def main() -> None:
    """Look at the arm's procedure, paths and force loop, without an arm."""


@app.command("procedures")
def procedures() -> None:
    """List the procedures that ship, with their sites."""
    table = Table("procedure", "sites", "strokes", "force [N]")
    for name in shipped_procedures():
        known = Procedure.shipped(name)
        table.add_row(
            name,
            ", ".join(step.site for step in known.sites),
            "/".join(str(step.strokes) for step in known.sites),
            "/".join(f"{step.force:g}" for step in known.sites),
        )
    Console().print(table)


@app.command("dry-run")
def dry_run(
    procedure: _ProcedureOption = "oropharyngeal_adult",
    out: Annotated[Path | None, typer.Option(help="Plot the run into this file too.")] = None,
) -> None:
    """Print the timeline of a procedure in a cooperative mouth."""
    from arm_control.rehearsal import dry_run as rehearse  # noqa: PLC0415 - compiles kernels

    chosen = _procedure(procedure)
    legs = rehearse(chosen)
    table = Table("from [s]", "for [s]", "what")
    for leg in legs:
        table.add_row(f"{leg.start:.2f}", f"{leg.duration:.2f}", leg.name)
    console = Console()
    console.print(table)
    console.print(f"{chosen.name}: {legs[-1].start + legs[-1].duration:.1f} s in front of the lips")
    if out is not None:
        from arm_control.plots import plot_dry_run  # noqa: PLC0415 - Matplotlib is heavy

        _write(lambda: plot_dry_run(chosen.name, legs, out), out)


@app.command("plot")
def plot(
    what: Annotated[str, typer.Argument(help="trajectory, contact or margin.")] = "trajectory",
    out: _OutOption = Path("arm.png"),
    procedure: _ProcedureOption = "oropharyngeal_adult",
    stiffness: _StiffnessOption = 100.0,
) -> None:
    """Draw a trajectory, a contact run or the force loop's stability margin."""
    from arm_control import plots  # noqa: PLC0415 - Matplotlib is heavy
    from arm_control.rehearsal import dry_run as rehearse  # noqa: PLC0415 - compiles kernels

    if what == "trajectory":
        chosen = _procedure(procedure)
        _write(lambda: plots.plot_dry_run(chosen.name, rehearse(chosen), out), out)
    elif what == "contact":
        _write(lambda: plots.plot_contact(stiffness, out), out)
    elif what == "margin":
        _write(lambda: plots.plot_margin(out), out)
    else:
        raise typer.BadParameter(f"{what!r} is no plot; choose trajectory, contact or margin")


@app.command("rights")
def rights() -> None:
    """Say which real-time rights this machine gives the control loop."""
    from arm_control.realtime import probe  # noqa: PLC0415 - compiles kernels

    given = probe()
    print(f"real-time class: {'yes' if given.fifo else 'no'}")
    print(f"core of its own: {'no' if given.core is None else given.core}")
    print(f"memory locked: {'yes' if given.locked else 'no'}")
    for note in given.notes:
        print(note)


def _procedure(name: str) -> Procedure:
    try:
        if name in shipped_procedures():
            return Procedure.shipped(name)
        return Procedure.from_yaml(name)
    except ArmControlError as error:
        raise typer.BadParameter(str(error)) from error


def _write(draw: Callable[[], None], out: Path) -> None:
    try:
        draw()
    except (OSError, ValueError) as error:
        raise typer.BadParameter(f"{out} cannot be written: {error}") from error
    print(f"wrote {out}")
