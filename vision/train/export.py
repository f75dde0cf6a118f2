"""Writes a trained network as ONNX, with its hash and model card data."""

import hashlib
import warnings
from pathlib import Path
from typing import Any

import onnx
import torch

from vision.network import boxes_path, bytes_path
from vision.preprocess import CHANNELS
from vision.train.unet import Deployed, ThroatNet


def export(network: ThroatNet, path: Path, temperature: float = 1.0) -> str:
    """Write ``network`` to ``path`` as ONNX, its box head beside it; return the file's SHA-256.

    A form in bytes that lay there is removed; ``vision.train.quantise`` makes the new one.
    The picture's side may be any multiple of 32 from 64 to 640.
    """
    deployed = Deployed(network, temperature).eval()
    side = torch.export.Dim("side_over_32", min=2, max=20)
    with warnings.catch_warnings():
        # torch's exporter warns of its own internals, which is nothing a caller can mend
        warnings.simplefilter("ignore")
        _export(deployed, path, side)
    _anonymise(path)
    split(path)
    bytes_path(path).unlink(missing_ok=True)  # of the network that was there before
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _export(deployed: Deployed, path: Path, side: Any) -> None:  # noqa: ANN401 - torch is untyped here
    torch.onnx.export(
        deployed,
        (torch.zeros(1, CHANNELS, 160, 160),),
        path,
        dynamo=True,
        input_names=["picture"],
        output_names=["weights", "places", "columns", "seen", "boxes", "parts"],
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


def split(path: Path) -> None:
    """Take the box head out of an exported network into ``boxes_path(path)``.

    ONNX Runtime computes whatever a graph holds, asked for or not. The network gives its last
    features instead of boxes, the head reads them and the class probabilities.
    """
    model = onnx.load(path)
    graph = model.graph
    name = next(n.input[0] for n in graph.node if "network.classes.weight" in n.input)
    features = _tensor(name, 4)
    given = [o for o in graph.output if o.name not in {"boxes", "parts"}]
    boxes = [o for o in graph.output if o.name == "boxes"]
    read = [features, _tensor("parts", 5), *graph.input]  # of the picture only its size
    onnx.save(_part(model, read, boxes), boxes_path(path))
    onnx.save(_part(model, list(graph.input), [*given, features]), path)


def _tensor(name: str, rank: int) -> onnx.ValueInfoProto:
    return onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, [None] * rank)


def _part(
    model: onnx.ModelProto,
    inputs: list[onnx.ValueInfoProto],
    outputs: list[onnx.ValueInfoProto],
) -> onnx.ModelProto:
    """Return the part of ``model`` that makes ``outputs`` of ``inputs``."""
    given, wanted, nodes = {i.name for i in inputs}, {o.name for o in outputs}, []
    for node in reversed(model.graph.node):
        if wanted & set(node.output):
            nodes.append(node)
            wanted |= set(node.input) - given
    weights = [w for w in model.graph.initializer if w.name in wanted]
    graph = onnx.helper.make_graph(nodes[::-1], model.graph.name, inputs, outputs, weights)
    return onnx.helper.make_model(
        graph, opset_imports=model.opset_import, ir_version=model.ir_version
    )
