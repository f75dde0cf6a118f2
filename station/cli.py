"""The `booth` command: what it offers, and how its errors are told."""

import importlib
import os
import sys
import traceback
from collections.abc import Callable, Sequence

import typer

from station.errors import StationError

_MOUNTED = {
    "demo": ("station.commands.demo", "The main job in simulation: citizens come, are swabbed."),
    "run": ("station.commands.run", "A simulated booth at a running queue service."),
    "doctor": ("station.commands.doctor", "Check this machine, one line each with its remedy."),
    "record": ("station.commands.record", "Signed sampling records: verify, show."),
    "station": ("station.commands.states", "The sampling session's state machine, drawn."),
    "ros": ("station.commands.ros", "The booth as a ROS 2 graph: bring it up, start a node."),
    "replay": ("station.commands.replay", "Show a recorded session to the vision again."),
    "sim": ("sim.commands", "Simulated booth: pictures, data sets, runs, campaigns, reports."),
    "loop": ("station.commands.loop", "The arm's real-time loop: hold the arm, how punctual."),
    "arm": ("station.commands.arm", "Arm: plots, dry runs of procedures, weighing the tool."),
    "vision": ("vision.commands", "Vision: training, evaluation, playback."),
    "calibrate": ("station.commands.calibrate", "Calibrate camera, hand-eye and tool, guided."),
    "queue": ("booth_queue.commands", "Queue service: serve, migrate, seed."),
}
"""Every command: the module whose ``app`` holds it, and one line of help.

They are imported when called, not before: `booth --help` must not wait for OpenGL or Numba.
"""

_ROOT_ERRORS = (
    ("spatial.errors", "SpatialError"),
    ("arm_control.errors", "ArmControlError"),
    ("vision.errors", "VisionError"),
    ("booth_queue.errors", "BoothQueueError"),
    ("sim.errors", "SimError"),
)

_INTERRUPTED = 130  # what shells mean by ended on Ctrl-C

app = typer.Typer(
    name="booth",
    help="The robotic throat-swab booth: simulate it, run it, check it, read its records.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def _mount(name: str, module: str, help_line: str) -> None:
    settings = {"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []}

    @app.command(name, help=help_line, context_settings=settings, add_help_option=False)
    def run(context: typer.Context) -> None:
        room = importlib.import_module(module)
        command = typer.main.get_command(room.app)
        code = command.main(args=context.args, prog_name=f"booth {name}", standalone_mode=False)
        if isinstance(code, int) and code:  # an Exit inside comes back as its code
            raise typer.Exit(code)


for _name, (_module, _help) in _MOUNTED.items():
    _mount(_name, _module, _help)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run `booth`; every foreseen error is one line on standard error and an exit code not 0."""
    sys.exit(run(app, arguments))


def run(command: Callable[..., object], arguments: Sequence[str] | None = None) -> int:
    """Run a typer app and return its exit code: 0 well, 1 failed, 2 misused, 130 interrupted."""
    try:
        code = command(args=arguments, prog_name="booth", standalone_mode=False)
    except typer.Exit as done:
        code = done.exit_code
    except (KeyboardInterrupt, typer.Abort):
        code = _INTERRUPTED
    except Exception as error:  # noqa: BLE001 - the outermost frame: tell it, never swallow it
        return _tell(error)
    if code == _INTERRUPTED:
        return _say("interrupted", _INTERRUPTED)
    return code if isinstance(code, int) else 0


def _tell(error: Exception) -> int:
    context = getattr(error, "ctx", None)
    if hasattr(error, "format_message"):  # typer's own: misuse of the command line
        where = context.command_path if context is not None else "booth"
        text = error.format_message().rstrip(".")
        if not text:
            return 2  # help was shown because nothing was asked for
        return _say(f"{text[0].lower()}{text[1:]}; see `{where} --help`", 2)
    if isinstance(error, _known()):
        return _say(" ".join(str(error).split()), 1)
    if isinstance(error, OSError) and error.filename:
        return _say(f"{error.filename}: {(error.strerror or str(error)).lower()}", 1)
    if os.environ.get("BOOTH_TRACEBACK"):
        traceback.print_exception(error)
    kind = type(error).__name__
    return _say(
        f"unforeseen {kind}: {' '.join(str(error).split())}; BOOTH_TRACEBACK=1 shows where", 70
    )


def _known() -> tuple[type[Exception], ...]:
    """Return the root errors of all rooms whose modules have been imported."""
    known: list[type[Exception]] = [StationError]
    for module, name in _ROOT_ERRORS:
        if module in sys.modules:
            known.append(getattr(sys.modules[module], name))
    return tuple(known)


def _say(text: str, code: int) -> int:
    print(f"booth: {text}", file=sys.stderr)
    return code
