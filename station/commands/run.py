"""`booth run`: a simulated booth at a running queue service."""

import signal
from pathlib import Path
from typing import Annotated

import typer

from station.config import load_config

app = typer.Typer(add_completion=False)


@app.command()
def run(
    config: Annotated[Path, typer.Option(help="the booth's YAML file", show_default=False)],
    seed: Annotated[int, typer.Option(min=0, max=2**30, help="seed of the people's bodies")] = 1,
) -> None:
    """Serve whoever the queue service calls, in simulation, until Ctrl-C.

    Staff stop, pause, reset and take the booth over from their console. What a crash left behind
    is ended and sent first.
    """
    from station.standing import StandingBooth  # noqa: PLC0415 - `--help` need not load the physics

    booth = StandingBooth(load_config(config), seed, print)
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, lambda *_: booth.end())
    booth.run()
