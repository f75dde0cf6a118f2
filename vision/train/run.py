"""The whole of training: fit or average, export, quantise, calibrate, card."""

from collections.abc import Sequence
from pathlib import Path

import torch

from vision.data import RenderedSet
from vision.train.average import average
from vision.train.calibrate import calibrate, write_blank_card
from vision.train.export import export
from vision.train.fit import Schedule, fit
from vision.train.quantise import first_frames, quantise
from vision.train.unet import ThroatNet


def train_network(
    data: Sequence[Path],
    out: Path,
    schedule: Schedule,
    calibration: Sequence[Path],
    start: Path | None = None,
) -> tuple[Path, Path]:
    """Train on data set folders and return the network file and its card.

    ``start`` is a checkpoint (.pt) or an exported network (.onnx) to go on from.

    ``calibration`` are data sets of other people; without any the first of ``data`` serves, and
    the card says so, for confidence fitted on people seen in training is too high.
    """
    for folder in [*data, *calibration]:
        RenderedSet(folder)  # refuse a broken folder before an hour's work, not after
    out.parent.mkdir(parents=True, exist_ok=True)
    network = fit(data, schedule, out.with_suffix(".pt"), start)
    return _finished(network, out, data[0], calibration, schedule.workers)


def average_networks(
    checkpoints: Sequence[Path], data: Path, out: Path, calibration: Sequence[Path], jobs: int = 1
) -> tuple[Path, Path]:
    """Average trained networks (.pt), their normalisations measured on ``data``, and finish it.

    Returns the network file and its card; ``calibration`` as in ``train_network``.
    """
    out.parent.mkdir(parents=True, exist_ok=True)
    network = average(checkpoints, data)
    torch.save(network.state_dict(), out.with_suffix(".pt"))
    return _finished(network, out, data, calibration, jobs)


def _finished(
    network: ThroatNet, out: Path, data: Path, calibration: Sequence[Path], jobs: int
) -> tuple[Path, Path]:
    """Export, quantise and calibrate a network; return its file and its card."""
    judged_on = calibration or [data]
    export(network, out)
    write_blank_card(out)
    quantise(out, first_frames(judged_on[0]))
    return out, calibrate(out, judged_on, held_out=bool(calibration), jobs=jobs)
