"""``booth vision``: train, evaluate, annotate, play back."""

import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Annotated

import cv2
import typer
from rich.console import Console
from rich.progress import Progress

from vision.errors import VisionError
from vision.segmentation import Model

app = typer.Typer(help="Vision: train, evaluate, annotate, play back.", no_args_is_help=True)

HELD_OUT_SEED = 900
"""Seed of the held-out people; training uses other seeds."""

_Json = Annotated[Path | None, typer.Option("--json", help="Write the figures to this file.")]
_Model = Annotated[Path | None, typer.Option(help="Network file; default the one shipped.")]


@app.callback()
def main() -> None:
    """Train, evaluate, annotate, play back."""


@app.command()
def evaluate(
    data: Annotated[
        Path | None, typer.Option(help="Rendered data set; default a held-out one, made now.")
    ] = None,
    frames: Annotated[int, typer.Option(min=1, help="How many rendered frames.")] = 400,
    size: Annotated[
        str, typer.Option(help="Width x height, in pixels, of frames made now.")
    ] = "640x480",
    photos: Annotated[Path | None, typer.Option(help="Folder of photographs instead.")] = None,
    boxes: Annotated[Path | None, typer.Option(help="File of boxes for the photographs.")] = None,
    json: _Json = None,
    figures: Annotated[
        Path | None, typer.Option(help="Folder for worst cases and curves as pictures.")
    ] = None,
    model: _Model = None,
) -> None:
    """Measure boxes, targets and refusals on rendered people, or on photographs with boxes."""
    if (photos is None) != (boxes is None):
        raise VisionError("--photos and --boxes belong together; give both or neither")
    if photos is not None and boxes is not None:
        _evaluate_photos(photos, boxes, json, figures, model)
    elif data is not None:
        _evaluate_rendered(data, frames, json, figures, model)
    else:
        with tempfile.TemporaryDirectory() as folder:
            _render(Path(folder), frames, size)
            _evaluate_rendered(Path(folder), frames, json, figures, model)


@app.command()
def annotate(
    images: Annotated[list[Path], typer.Argument(help="Pictures (JPEG, PNG).")],
    out: Annotated[Path, typer.Option(help="Folder to write the drawings to.")],
    model: _Model = None,
) -> None:
    """Draw what the network sees in pictures without depth."""
    from vision.annotate import draw_photo  # noqa: PLC0415 - loaded where it is needed
    from vision.evaluation.photos import load_photo  # noqa: PLC0415 - the same
    from vision.photo import read_photo  # noqa: PLC0415 - the same

    network = _network(model)
    _folder(out)
    for image in images:
        rgb = load_photo(image)
        drawn = out / f"{image.stem}.png"
        cv2.imwrite(str(drawn), draw_photo(rgb, read_photo(network, rgb))[:, :, ::-1])
        typer.echo(str(drawn))


@app.command()
def play(
    recording: Annotated[Path, typer.Argument(help="A RealSense .db3 recording.")],
    out: Annotated[Path | None, typer.Option(help="Folder for a drawing of each frame.")] = None,
    model: _Model = None,
) -> None:
    """Run a RealSense recording through the pipeline, one line a frame."""
    from vision.annotate import draw_frame  # noqa: PLC0415 - loaded where it is needed
    from vision.frame import Frame  # noqa: PLC0415 - the same
    from vision.pipeline import ThroatLocator  # noqa: PLC0415 - the same
    from vision.sources.realsense import RealSenseCamera  # noqa: PLC0415 - the same
    from vision.target import Refusal, Target  # noqa: PLC0415 - the same

    locator = ThroatLocator(_network(model))
    if out is not None:
        _folder(out)
    camera = RealSenseCamera.recording(recording)
    try:
        while isinstance(frame := camera.next_frame(1.0), Frame):
            looks = locator.look(frame)
            seen = locator.judge(looks, frame)
            if isinstance(seen, Refusal):
                typer.echo(f"{frame.sequence}: {seen.reason}: {seen.detail}")
            else:
                found = [s.value for s, t in seen.targets.items() if isinstance(t, Target)]
                typer.echo(f"{frame.sequence}: {1e3 * seen.opening:.0f} mm open, {found}")
            if out is not None:
                path = out / f"{frame.sequence:06d}.png"
                cv2.imwrite(str(path), draw_frame(frame, looks, seen)[:, :, ::-1])
    finally:
        camera.close()


@app.command()
def train(
    data: Annotated[list[Path], typer.Argument(help="Rendered data set folders, one a worker.")],
    out: Annotated[Path, typer.Option(help="Network file to write (.onnx).")],
    minutes: Annotated[float, typer.Option(min=0.01, help="Time to train.")] = 100.0,
    seed: Annotated[int, typer.Option(min=0)] = 0,
    calibration: Annotated[
        list[Path] | None, typer.Option(help="Other data sets, to calibrate confidence on.")
    ] = None,
    start: Annotated[
        Path | None, typer.Option(help="Checkpoint (.pt) or network (.onnx) to go on from.")
    ] = None,
    shares: Annotated[
        tuple[float, float, float] | None,
        typer.Option(help="Shares of looks at the whole picture, the mouth and the throat."),
    ] = None,
    workers: Annotated[int, typer.Option(min=1, help="Processes that train together.")] = 2,
    batch: Annotated[int, typer.Option(min=1, help="Pictures of a step, of each process.")] = 8,
) -> None:
    """Train a network on rendered frames, export and calibrate it (needs the `train` extra)."""
    from vision.train.fit import Schedule  # noqa: PLC0415 - torch is no run-time dependency
    from vision.train.run import train_network  # noqa: PLC0415 - the same

    schedule = Schedule(minutes=minutes, seed=seed, shares=shares, workers=workers, batch=batch)
    for path in train_network(data, out, schedule, calibration or [], start):
        typer.echo(str(path))


@app.command()
def average(
    networks: Annotated[
        list[Path], typer.Argument(help="Checkpoints (.pt), one trained on from another.")
    ],
    data: Annotated[Path, typer.Option(help="Rendered data set such as they were trained on.")],
    out: Annotated[Path, typer.Option(help="Network file to write (.onnx).")],
    calibration: Annotated[
        list[Path] | None, typer.Option(help="Other data sets, to calibrate confidence on.")
    ] = None,
    jobs: Annotated[int, typer.Option(min=1, help="Processes that calibrate.")] = 1,
) -> None:
    """Average trained networks, export and calibrate the mean (needs the `train` extra)."""
    from vision.train.run import average_networks  # noqa: PLC0415 - torch is no run-time dependency

    for path in average_networks(networks, data, out, calibration or [], jobs):
        typer.echo(str(path))


@app.command()
def calibrate(
    network: Annotated[Path, typer.Argument(help="Network file (.onnx).")],
    data: Annotated[list[Path], typer.Option(help="Rendered data sets of people it never saw.")],
    jobs: Annotated[int, typer.Option(min=1, help="Processes that look at them.")] = 1,
) -> None:
    """Fit anew how far a network can be trusted, and write its card (needs `train`)."""
    from vision.train.calibrate import calibrate as fit_trust  # noqa: PLC0415 - pulls in augmenting

    typer.echo(str(fit_trust(network, data, held_out=True, jobs=jobs, progress=typer.echo)))


@app.command()
def quantise(
    network: Annotated[Path, typer.Argument(help="Network file (.onnx), its card beside it.")],
    data: Annotated[Path, typer.Option(help="Rendered data set that tells the numbers' ranges.")],
) -> None:
    """Make a network's form in bytes anew, and put its hash on the card (needs `train`)."""
    from vision.train.quantise import renew  # noqa: PLC0415 - onnx is no run-time dependency

    typer.echo(str(renew(network, data)))


def _evaluate_rendered(
    data: Path, count: int, json: Path | None, figures: Path | None, model: Path | None
) -> None:
    from vision.annotate import draw_frame  # noqa: PLC0415 - loaded where it is needed
    from vision.data import RenderedSet  # noqa: PLC0415 - the same
    from vision.evaluation import rendered, report  # noqa: PLC0415 - the same
    from vision.pipeline import ThroatLocator  # noqa: PLC0415 - the same

    network = _network(model, boxes=True)
    rendered_set, locator = RenderedSet(data), ThroatLocator(network)
    count = min(count, len(rendered_set))
    with Progress() as bar:
        task = bar.add_task("evaluating", total=count)
        results = rendered.evaluate(
            locator,
            (rendered_set[i] for i in range(count)),
            lambda done: bar.update(task, completed=done),
        )
    console, values = Console(), results.figures()
    report.print_figures(console, f"{count} rendered frames, {data}", values)
    report.print_subgroups(console, results)
    if json is not None:
        groups = [
            {"kind": kind, "name": name, **{k: v for k, v in row.items() if v == v}}  # noqa: PLR0124 - not NaN
            for kind, name, row in report.subgroup_rows(results.outcomes)
        ]
        extra = {"model": network.digest, "frames": count, "subgroups": groups}
        report.write_json(json, "vision_evaluate", values, extra)
    if figures is not None:
        _folder(figures)
        report.draw_reliability(figures / "reliability.png", results.outcomes)
        for rank, case in enumerate(report.worst(results.outcomes, 12)):
            frame = rendered_set[case.frame].frame
            looks = locator.look(frame)
            drawn = draw_frame(frame, looks, locator.judge(looks, frame), face=True)
            name = f"worst_{rank:02d}_{case.site}_{1e3 * case.error:.0f}mm.png"
            cv2.imwrite(str(figures / name), drawn[:, :, ::-1])


def _evaluate_photos(
    photos: Path, boxes: Path, json: Path | None, figures: Path | None, model: Path | None
) -> None:
    from vision.annotate import draw_photo  # noqa: PLC0415 - loaded where it is needed
    from vision.evaluation import photos as on_photos  # noqa: PLC0415 - the same
    from vision.evaluation import report  # noqa: PLC0415 - the same
    from vision.photo import Reading, read_photo  # noqa: PLC0415 - the same

    network = _network(model)
    if figures is not None:
        _folder(figures)

    def show(truth: on_photos.PhotoTruth, rgb: on_photos.Rgb, reading: Reading) -> None:
        if figures is not None:
            path = figures / f"{truth.path.stem}.png"
            cv2.imwrite(str(path), draw_photo(rgb, reading)[:, :, ::-1])

    outcomes = on_photos.evaluate_photos(
        lambda rgb: read_photo(network, rgb), on_photos.read_boxes(photos, boxes), show
    )
    values = on_photos.photo_figures(outcomes)
    report.print_figures(Console(), f"{len(outcomes)} photographs", values)
    for outcome in outcomes:
        if outcome.fault is not None:
            typer.echo(f"counted as refused: {outcome.fault}", err=True)
    if json is not None:
        each = [
            {
                "photo": str(o.path.relative_to(photos)),
                "uvula_in_box": o.uvula_in_box,
                "wall": o.wall,
                "confidence": round(o.confidence, 4),
                "fault": o.fault,
            }
            for o in outcomes
        ]
        report.write_json(json, "vision_photos", values, {"model": network.digest, "photos": each})


def _render(folder: Path, frames: int, size: str) -> None:
    """Have the simulator's own command render the held-out people; vision does not import it."""
    command = Path(sys.executable).with_name("booth")
    program = (
        [str(command)]
        if command.is_file()
        else [sys.executable, "-c", "import sys; from station.cli import main; main(sys.argv[1:])"]
    )
    target = folder / "held-out"
    made = subprocess.run(  # noqa: S603 - the project's own command
        [
            *program, "sim", "dataset", str(target), "--frames", str(frames),
            "--seed", str(HELD_OUT_SEED), "--size", size,
        ],
        capture_output=True,
        text=True,
        check=False,
    )  # fmt: skip
    if made.returncode != 0:
        raise VisionError(
            f"`booth sim dataset` failed: {made.stderr.strip()[-300:]}; give --data DIR"
        )
    for item in target.iterdir():
        item.rename(folder / item.name)


def _network(path: Path | None, boxes: bool = False) -> Model:
    from vision.network import DEFAULT_MODEL, load_network  # noqa: PLC0415 - onnxruntime is heavy

    return load_network(path or DEFAULT_MODEL, boxes=boxes)


def _folder(path: Path) -> None:
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise VisionError(f"{path} cannot be written ({error.strerror}); choose another") from error
