"""Writes a network in bytes down as the processor runs it: channels last, enlarged by copying."""

from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from onnx import NodeProto, TensorProto, helper, numpy_helper

_DOMAINS = ("", "com.microsoft")


def lay_out(path: Path) -> None:
    """Rewrite the network in bytes at ``path`` in ONNX Runtime's own form, with faster enlarging.

    Whenever it loads a quantised graph the runtime fuses it and puts channels last. In that form
    its nearest-neighbour ``Resize`` takes a tenth of a look, byte by byte on one thread; a tensor
    concatenated with itself is the same numbers, copied in rows. The form is written down, less
    the blocks of channels that suit one processor alone, because there is no telling the runtime to
    concatenate otherwise.
    """
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_LAYOUT
    options.optimized_model_filepath = str(path)
    options.log_severity_level = 3  # warns of blocks of channels, which are left out
    onnxruntime.InferenceSession(
        path.read_bytes(),
        options,
        providers=["CPUExecutionProvider"],
        disabled_optimizers=["NchwcTransformer"],
    )
    model = onnx.load(path)
    graph = model.graph
    stored = {tensor.name: tensor for tensor in graph.initializer}
    convolutions = [node for node in graph.node if node.op_type == "QLinearConv"]
    channels = {node.output[0]: stored[node.input[3]].dims[0] for node in convolutions}
    nodes: list[NodeProto] = []
    constants: list[TensorProto] = []
    for node in graph.node:
        if node.op_type == "Resize":
            copying, shapes = doubled(node.input[0], node.output[0], channels[node.input[0]])
            nodes += copying
            constants += shapes
        else:
            nodes.append(node)
    read = {name for node in nodes for name in node.input}
    kept = [tensor for tensor in graph.initializer if tensor.name in read]
    made = helper.make_model(
        helper.make_graph(nodes, graph.name, graph.input, graph.output, kept + constants),
        opset_imports=[each for each in model.opset_import if each.domain in _DOMAINS],
        ir_version=model.ir_version,
    )
    onnx.save(made, path)


def doubled(source: str, out: str, channels: int) -> tuple[list[NodeProto], list[TensorProto]]:
    """Return what doubles a map (1, h, w, channels) in height and width, and the shapes it reads.

    Each of the ``source``'s pixels stands four times in ``out``.
    """
    wide, rows, high, flat, whole = (f"{out}/{k}" for k in range(5))
    shapes = {
        "by_row": np.array([0, 0, 1, -1]),
        "by_pixel": np.array([0, -1, channels]),
        "one": np.array([0]),
    }
    by_row, by_pixel, one = (f"{out}/{name}" for name in shapes)
    nodes = [
        helper.make_node("Concat", [source, source], [wide], axis=3),  # (1, h, w, 2 c)
        helper.make_node("Reshape", [wide, by_row], [rows]),  # (1, h, 1, 2 w c)
        helper.make_node("Concat", [rows, rows], [high], axis=2),  # (1, h, 2, 2 w c)
        helper.make_node("Flatten", [high], [flat], axis=3),  # (2 h, 2 w c)
        helper.make_node("Reshape", [flat, by_pixel], [whole]),  # (2 h, 2 w, c)
        helper.make_node("Unsqueeze", [whole, one], [out]),
    ]
    stored = [numpy_helper.from_array(values, f"{out}/{name}") for name, values in shapes.items()]
    return nodes, stored
