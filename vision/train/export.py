"""Writes a trained network as ONNX, with its hash and model card data."""

import hashlib
import warnings
from pathlib import Path
from typing import Any

import onnx
import torch

from vision.preprocess import CHANNELS
from vision.train.unet import Deployed, ThroatNet


def export(network: ThroatNet, path: Path, temperature: float = 1.0) -> str:
    """Write ``network`` to ``path`` as ONNX and return the file's SHA-256.

    The picture's side may be any multiple of 32 from 64 to 640.
    """
    deployed = Deployed(network, temperature).eval()
    side = torch.export.Dim("side_over_32", min=2, max=20)
    with warnings.catch_warnings():
        # torch's exporter warns of its own internals, which is nothing a caller can mend
        warnings.simplefilter("ignore")
        _export(deployed, path, side)
    _anonymise(path)
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _export(deployed: Deployed, path: Path, side: Any) -> None:  # noqa: ANN401 - torch is untyped here
    torch.onnx.export(
        deployed,
        (torch.zeros(1, CHANNELS, 160, 160),),
        path,
        dynamo=True,
        input_names=["picture"],
        output_names=["parts", "places", "columns", "seen", "boxes"],
        dynamic_shapes={"x": {2: 32 * side, 3: 32 * side}},
        external_data=False,
        verbose=False,
    )


def _anonymise(path: Path) -> None:
    """Take out what the exporter notes of the machine's folders; the numbers stay."""
    model = onnx.load(path)
    graph = model.graph
    for part in (model, graph, *graph.node, *graph.input, *graph.output, *graph.value_info):
        part.doc_string = ""
        del part.metadata_props[:]
    onnx.save(model, path)
