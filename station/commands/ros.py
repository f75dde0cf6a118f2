"""`booth ros`: the booth as a ROS 2 graph, without ROS's own launch."""

import signal
from pathlib import Path
from types import FrameType
from typing import Annotated

import typer

from station.errors import StationError
from station.supervisor import PROGRAMS, Graph, Supervisor
from station.workspace import Workspace

app = typer.Typer(help="The booth as a ROS 2 graph.", no_args_is_help=True, add_completion=False)

_CONFIG = Path(__file__).resolve().parents[2] / "launch" / "config" / "sim.yaml"

Config = Annotated[
    list[Path] | None,
    typer.Option("--config", help="parameter file; may be given again, the last one wins"),
]
Namespace = Annotated[str, typer.Option(help="the booth's name in the graph")]
Domain = Annotated[
    int | None, typer.Option(min=0, max=101, help="ROS domain id; default: $ROS_DOMAIN_ID")
]
Logs = Annotated[Path, typer.Option(help="folder of the nodes' logs")]
Root = Annotated[Path | None, typer.Option("--workspace", help="the built ROS workspace")]


@app.command()
def up(
    config: Config = None,
    namespace: Namespace = "booth",
    domain: Domain = None,
    logs: Logs = Path("out/ros/logs"),
    workspace: Root = None,
    queue: Annotated[
        bool, typer.Option(help="take people from the queue service that the config names")
    ] = False,
    replace: Annotated[
        list[str] | None, typer.Option(help="NODE=MODULE: run your own module in a node's place")
    ] = None,
) -> None:
    """Start every node and bring the booth up; Ctrl-C ends it, the arm at rest first."""
    graph = Graph(
        namespace,
        tuple(config or [_CONFIG]),
        logs,
        with_queue=queue,
        domain=domain,
        replaced=_replacements(replace or []),
    )
    _run(graph, workspace, ())


@app.command()
def start(
    name: Annotated[str, typer.Argument(help="safety, arm, vision, station, queue or recorder")],
    config: Config = None,
    namespace: Namespace = "booth",
    domain: Domain = None,
    logs: Logs = Path("out/ros/logs"),
    workspace: Root = None,
) -> None:
    """Start one node of a running booth by hand, after a person has looked at the booth."""
    known = [program.name for program in PROGRAMS]
    if name not in known:
        raise StationError(f"no node {name!r}; choose of {', '.join(known)}")
    graph = Graph(namespace, tuple(config or [_CONFIG]), logs, with_queue=True, domain=domain)
    _run(graph, workspace, (name,))


def _replacements(given: list[str]) -> dict[str, str]:
    for text in given:
        if not all(text.partition("=")):
            raise StationError(f"--replace {text!r} is not NODE=MODULE, e.g. vision=mine.node")
    return dict(text.split("=", 1) for text in given)


def _run(graph: Graph, workspace: Path | None, names: tuple[str, ...]) -> None:
    supervisor = Supervisor(graph, Workspace.find(workspace), lambda line: print(line, flush=True))
    asked: list[int] = []

    def ask_to_end(number: int, _frame: FrameType | None) -> None:
        asked.append(number)

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, ask_to_end)
    try:
        supervisor.start(names)
        print(f"booth /{graph.namespace} is starting; logs in {graph.logs}", flush=True)
        code = supervisor.watch(lambda: bool(asked))
    finally:
        supervisor.stop()
    print(f"booth /{graph.namespace} has ended", flush=True)
    if code:
        raise typer.Exit(code)
