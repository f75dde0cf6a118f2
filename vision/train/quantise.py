"""Writes a network a second time with its inner convolutions in bytes, for the booth's processor.

Half of the booth's time for a picture is these convolutions, and a processor that multiplies bytes
does four for every one of floats. The first convolution stays as it was, for it costs little and
sees depth's small steps, and so do those that say something, with all that follows them.
"""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnxruntime.quantization import CalibrationDataReader, QuantType, quantize_static

from vision.data import RenderedSet
from vision.frame import Frame
from vision.network import MADE_OF, OnnxModel, bytes_path
from vision.pipeline import ThroatLocator
from vision.preprocess import network_input
from vision.segmentation import Segmentation
from vision.train.calibrate import hashes, write_card
from vision.train.layout import lay_out

_IN_BYTES = ("Conv", "Relu", "MaxPool", "Resize", "Concat")
_STEM = "network.stem."
_SAYING = ("network.whole.", "network.places.", "network.classes.")


class Watched:
    """A model that keeps what it was shown, as the network's inputs (1, 5, S, S)."""

    def __init__(self, model: OnnxModel) -> None:
        self._model = model
        self.digest = model.digest
        self.confidence = model.confidence
        self.photo_confidence = model.photo_confidence
        self.shown: list[NDArray[np.float32]] = []

    def segment(self, rgb: NDArray[np.uint8], depth: NDArray[np.float32] | None) -> Segmentation:
        """Segment as the model does, and keep the input."""
        self.shown.append(network_input(rgb, depth)[None])
        return self._model.segment(rgb, depth)


class _Shown(CalibrationDataReader):
    def __init__(self, pictures: list[NDArray[np.float32]]) -> None:
        self._pictures: Iterator[NDArray[np.float32]] = iter(pictures)

    def get_next(self) -> dict[str, Any] | None:
        picture = next(self._pictures, None)
        return None if picture is None else {"picture": picture}


def quantise(network: Path, frames: Iterable[Frame]) -> Path:
    """Write ``network``'s form in bytes beside it and return its path.

    Every tensor's range is what it reaches in the looks at ``frames``; weights are scaled channel
    by channel (Krishnamoorthi 2018, arXiv 1806.08342). The network's card must lie beside it.
    """
    watched = Watched(OnnxModel(network, exact=True))
    locator = ThroatLocator(watched)
    for frame in frames:
        locator.look(frame)
    out = bytes_path(network)
    quantize_static(
        network,
        out,
        _Shown(watched.shown),
        per_channel=True,
        activation_type=QuantType.QUInt8,
        weight_type=QuantType.QInt8,
        op_types_to_quantize=list(_IN_BYTES),
        nodes_to_exclude=_kept(onnx.load(network).graph),
    )
    lay_out(out)
    made = onnx.load(out)
    onnx.helper.set_model_props(made, {MADE_OF: watched.digest})
    onnx.save(made, out)
    return out


def renew(network: Path, data: Path) -> Path:
    """Make ``network``'s form in bytes anew, put its hash on the card and return its path.

    The rest of the card stays, as what is believed of a target hardly depends on the form.
    """
    out, card = quantise(network, first_frames(data)), network.with_suffix(".json")
    write_card(card, {**json.loads(card.read_text(encoding="utf-8")), **hashes(network)})
    return out


def first_frames(data: Path, count: int = 120) -> Iterator[Frame]:
    """Yield the first ``count`` frames of a data set: their looks tell how large numbers get."""
    rendered = RenderedSet(data)
    for index in range(min(count, len(rendered))):
        yield rendered[index].frame


def _kept(graph: onnx.GraphProto) -> list[str]:
    """Return the names of the nodes that keep their numbers as they are."""
    joined = {name for node in graph.node if node.op_type == "Conv" for name in node.input}
    return [
        node.name
        for node in graph.node
        if any(name.startswith((_STEM, *_SAYING)) for name in node.input)
        # a concatenation that no convolution reads is one of sizes, not of features
        or (node.op_type == "Concat" and not joined & set(node.output))
    ]
