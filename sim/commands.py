"""``booth sim``: data sets and pictures of the simulated booth."""

import re
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import Progress

from sim.campaign_commands import mount
from sim.errors import SimError

app = typer.Typer(help="The simulated booth.", no_args_is_help=True)


@app.callback()
def main() -> None:
    """Work with the simulated booth: data sets, pictures, scenarios and campaigns."""


@app.command()
def dataset(
    folder: Annotated[Path, typer.Argument(help="Folder to write, made if missing.")],
    frames: Annotated[int, typer.Option(help="How many frames.")] = 1000,
    seed: Annotated[int, typer.Option(help="Frame i depends on the seed and i alone.")] = 0,
    jobs: Annotated[int, typer.Option(help="Processes.")] = 1,
    size: Annotated[str, typer.Option(help="Width x height in pixels.")] = "256x192",
) -> None:
    """Write labelled RGB-D frames for training and evaluating the vision."""
    from sim.dataset import (  # noqa: PLC0415 - OpenGL is loaded only where it is needed
        DatasetPlan,
        write_dataset,
    )

    width, height = _size(size)
    try:
        plan = DatasetPlan(folder, frames, seed, width, height, jobs)
        with Progress() as bar:
            task = bar.add_task("frames", total=frames)
            manifest = write_dataset(plan, lambda done: bar.update(task, completed=done))
    except SimError as error:
        typer.echo(f"booth sim dataset: {error}", err=True)
        raise typer.Exit(1) from error
    typer.echo(f"{frames} frames: {manifest}")


@app.command()
def picture(
    out: Annotated[Path, typer.Argument(help="PNG file to write.")],
    motif: Annotated[str, typer.Option(help="booth, or throat with its labels.")] = "booth",
    seed: Annotated[int, typer.Option(help="Which person.")] = 7,
    size: Annotated[str, typer.Option(help="Width x height in pixels.")] = "1280x800",
) -> None:
    """Draw the booth from the side, or a throat beside its labels."""
    import cv2  # noqa: PLC0415 - heavy, as is what follows

    from sim.portrait import Motif, portrait  # noqa: PLC0415 - OpenGL only where it is needed

    width, height = _size(size)
    if motif not in set(Motif):
        raise typer.BadParameter(f"motif {motif!r} is unknown; choose one of {', '.join(Motif)}")
    try:
        image = portrait(Motif(motif), seed, width, height)
    except SimError as error:
        typer.echo(f"booth sim picture: {error}", err=True)
        raise typer.Exit(1) from error
    # encoding first: imwrite only says false where a folder is missing
    _, encoded = cv2.imencode(".png", image[..., ::-1])
    try:
        out.write_bytes(encoded.tobytes())
    except OSError as error:
        typer.echo(f"booth sim picture: {out} cannot be written: {error}", err=True)
        raise typer.Exit(1) from error
    typer.echo(str(out))


def _size(size: str) -> tuple[int, int]:
    match = re.fullmatch(r"(\d+)x(\d+)", size)
    if match is None:
        raise typer.BadParameter(f"size {size!r} is not WIDTHxHEIGHT, such as 256x192")
    return int(match[1]), int(match[2])


mount(app)
