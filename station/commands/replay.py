"""`booth replay`: a recorded session's pictures, shown to the vision again."""

from pathlib import Path
from typing import Annotated

import typer

from station.replay import compare, read_frames

app = typer.Typer(add_completion=False)


@app.command()
def replay(
    recording: Annotated[Path, typer.Argument(help="an MCAP file of one session")],
    tolerance: Annotated[
        float, typer.Option(min=0.0, max=0.05, help="shift of a target that counts as change, m")
    ] = 0.001,
) -> None:
    """Feed a recording's pictures to the vision and print what changed."""
    from vision.network import load_network  # noqa: PLC0415 - `--help` need not load the network
    from vision.pipeline import ThroatLocator  # noqa: PLC0415 - the same

    locator = ThroatLocator(load_network())
    shown = changed = 0
    for frame, before in read_frames(recording):
        shown += 1
        differences = compare(before, locator.locate(frame), tolerance)
        changed += bool(differences)
        for difference in differences:
            print(f"{frame.stamp_ns / 1e9:10.3f} s  {difference}")
    print(f"{shown} pictures shown again, {changed} understood differently")
