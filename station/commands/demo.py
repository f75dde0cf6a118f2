"""`booth demo`: the main job, end to end, in simulation."""

from pathlib import Path
from typing import Annotated

import typer

from station.config import BoothConfig, load_config
from station.demo.run import DemoPlan, run_demo
from station.demo.trouble import Trouble

app = typer.Typer(add_completion=False)


@app.command()
def demo(
    citizens: Annotated[int, typer.Option(min=1, max=150, help="how many people come")] = 5,
    seed: Annotated[int, typer.Option(min=0, max=2**31 - 1, help="same seed, same people")] = 7,
    out: Annotated[
        Path | None,
        typer.Option(
            help="new folder for database, records, pictures", show_default="next out/demo-N"
        ),
    ] = None,
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="port of the queue service; 0 takes a free one")
    ] = 0,
    config: Annotated[
        Path | None, typer.Option(help="a booth's YAML file", show_default="all defaults")
    ] = None,
    fault: Annotated[
        list[str] | None,
        typer.Option(
            help="what breaks or what a person does: PERSON:STATE:UNIT.MODE[:SECONDS] or "
            "PERSON:STATE:WHAT, a mishap or an act; staff see to it; may be repeated"
        ),
    ] = None,
    watch: Annotated[
        bool, typer.Option("--watch", help="keep the service up and print the live page's address")
    ] = False,
) -> None:
    """Citizens book, check in, are called, swabbed by the simulated booth, and leave.

    Starts the queue service on an embedded database, opens a simulated booth (physics, camera,
    wrist sensor, safety monitor), and ends with a table of what happened.
    """
    run_demo(
        DemoPlan(
            citizens=citizens,
            seed=seed,
            out=out,
            port=port,
            watch=watch,
            config=BoothConfig() if config is None else load_config(config),
            troubles=tuple(Trouble.parse(text) for text in fault or ()),
        )
    )
