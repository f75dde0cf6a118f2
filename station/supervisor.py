"""Starts the booth's ROS 2 nodes where ROS's own launch is not installed, and watches them.

It starts the nodes of launch/*.launch.py with the same names and parameter files. A node that dies
is started again, unless it holds or guards the arm: that needs a person at the booth.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from station.child import ChildProcess
from station.errors import StationError
from station.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Program:
    """One process: its name in the graph, its module, and whether it may be started again."""

    name: str
    module: str
    restarts: bool = True
    optional: bool = False


PROGRAMS = (
    Program("safety", "booth_safety.node", restarts=False),
    Program("arm", "booth_arm.node", restarts=False),
    Program("vision", "booth_vision.node"),
    Program("station", "booth_station.node"),
    Program("queue", "booth_queue_bridge.node", optional=True),
    Program("recorder", "booth_bringup.recorder"),
    Program("lifecycle", "booth_bringup.lifecycle", restarts=False),
)
"""Everything that makes up a booth, in the order it is started."""

_RESTARTS = 3  # within the time below; then a person looks
_RESTART_WINDOW_S = 60.0
_LOOK_S = 0.1


@dataclass(frozen=True, slots=True)
class Graph:
    """How one booth's graph is started: namespace, parameter files, simulated clock or not.

    ``replaced`` names modules that are run in the place of ours: somebody's own vision node, say.
    """

    namespace: str
    parameters: tuple[Path, ...]
    logs: Path
    with_queue: bool = False
    domain: int | None = None
    replaced: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self.namespace.replace("_", "").isalnum() or self.namespace[0].isdigit():
            raise StationError(
                f"namespace {self.namespace!r} is no ROS name; use letters, digits and underscores"
            )
        for path in self.parameters:
            if not path.is_file():
                raise StationError(f"no parameter file {path}; name one with --config")
        unknown = set(self.replaced) - {program.name for program in PROGRAMS}
        if unknown:
            raise StationError(f"no node {min(unknown)!r} to replace; see `booth ros --help`")

    def programs(self) -> tuple[Program, ...]:
        """Return what is started."""
        return tuple(p for p in PROGRAMS if self.with_queue or not p.optional)

    def arguments(self, program: Program) -> list[str]:
        """Return module and arguments of one program."""
        module = self.replaced.get(program.name, program.module)
        arguments = [module, "--ros-args", "-r", f"__ns:=/{self.namespace}"]
        arguments += ["-r", "/clock:=clock"]  # a booth's simulated time is its own
        for path in self.parameters:
            arguments += ["--params-file", str(path.resolve())]
        return arguments


@dataclass(slots=True)
class _Running:
    program: Program
    process: ChildProcess
    starts: list[float] = field(default_factory=list)
    lost: bool = False


class Supervisor:
    """Runs one booth's processes; ``say`` is told what happens, one line each."""

    def __init__(self, graph: Graph, workspace: Workspace, say: Callable[[str], None]) -> None:
        self._graph = graph
        self._environment = workspace.environment(graph.domain)
        self._say = say
        self._running: dict[str, _Running] = {}

    def process(self, name: str) -> ChildProcess:
        """Return the process behind ``name``."""
        return self._running[name].process

    def start(self, names: Sequence[str] = ()) -> None:
        """Start the named programs, or all."""
        self._graph.logs.mkdir(parents=True, exist_ok=True)
        for program in self._graph.programs():
            if not names or program.name in names:
                self._start(program)

    def watch(self, ending: Callable[[], bool]) -> int:
        """Watch until ``ending`` or until the booth is lost; return the exit code."""
        while not ending():
            for running in list(self._running.values()):
                if not running.process.running and not running.lost:
                    self._on_death(running)
                    if running.program.name == "lifecycle":
                        return 1
            time.sleep(_LOOK_S)
        return 0

    def stop(self) -> None:
        """End everything, in the reverse order of the start; the arm comes to rest first."""
        with ExitStack() as stopping:
            for running in self._running.values():
                stopping.callback(running.process.stop)

    def _start(self, program: Program) -> None:
        log = self._graph.logs / f"{program.name}.log"
        process = ChildProcess(self._graph.arguments(program), log, self._environment)
        process.__enter__()
        before = self._running.get(program.name)
        starts = [*(before.starts if before else []), time.monotonic()]
        self._running[program.name] = _Running(program, process, starts)

    def _on_death(self, running: _Running) -> None:
        program, log = running.program, self._graph.logs / f"{running.program.name}.log"
        recent = [t for t in running.starts if time.monotonic() - t < _RESTART_WINDOW_S]
        if program.restarts and len(recent) <= _RESTARTS:
            self._say(f"{program.name} died ({_last_line(log)}); it is started again")
            self._start(program)
            return
        running.lost = True
        if program.restarts:
            self._say(f"{program.name} died {len(recent)} times in a minute; see {log}")
        elif program.name == "lifecycle":
            self._say(f"the booth is not up ({_last_line(log)}); see {self._graph.logs}")
        else:
            self._say(
                f"{program.name} died and guards the arm, so it is not started again: look at the "
                f"booth, then `booth ros start {program.name}`; see {log}"
            )


def _last_line(log: Path) -> str:
    lines = [line for line in log.read_text(encoding="utf-8", errors="replace").split("\n") if line]
    return lines[-1].strip() if lines else "it said nothing"
