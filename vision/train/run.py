"""The whole of training: fit, export, quantise, calibrate, card."""

from collections.abc import Sequence
from pathlib import Path

from vision.data import RenderedSet
from vision.train.calibrate import calibrate, write_blank_card
from vision.train.export import export
from vision.train.fit import Schedule, fit
from vision.train.quantise import first_frames, quantise


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
    export(network, out)
    write_blank_card(out)
    judged_on = calibration or data[:1]
    quantise(out, first_frames(judged_on[0]))
    card = calibrate(out, judged_on, held_out=bool(calibration), jobs=schedule.workers)
    return out, card
