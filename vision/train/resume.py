"""Takes a trained network's weights back into training, its checkpoint's or its export's."""

from pathlib import Path
from typing import Any

import onnx
import torch
from onnx import numpy_helper
from torch import Tensor, nn

from vision.errors import VisionError
from vision.network import boxes_path
from vision.train.unet import ThroatNet

_PREFIX = "network."


def unfold(path: Path, pictures: Tensor) -> ThroatNet:
    """Return the network exported to ``path``, ready to be trained further.

    The export folded every normalisation into the convolution before it. Here each becomes the
    identity plus the folded bias for inputs such as ``pictures`` (n, 5, S, S): its mean and
    variance are measured, and its scale and shift undo them.

    Raises VisionError where the file is of another architecture.
    """
    files = (path, boxes_path(path))
    try:
        graphs = [onnx.load(file).graph for file in files]
    except OSError as error:
        raise VisionError(f"{path} cannot be read ({error}); start from its checkpoint") from error
    stored = {t.name: numpy_helper.to_array(t) for g in graphs for t in g.initializer}
    network: ThroatNet = ThroatNet()
    network.eval()
    shifts: dict[nn.Module, Tensor] = {}
    try:
        with torch.no_grad():
            for name, module in network.named_modules():
                if not isinstance(module, nn.Conv2d):
                    continue
                weight = f"{_PREFIX}{name}.weight"
                module.weight.copy_(torch.from_numpy(stored[weight].copy()))
                if module.bias is not None:
                    module.bias.copy_(torch.from_numpy(stored[f"{_PREFIX}{name}.bias"].copy()))
                    continue
                level, _, number = name.rpartition(".")
                after = network.get_submodule(f"{level}.{int(number) + 1}")
                shifts[after] = torch.from_numpy(stored[f"{weight}_bias"].copy())
            network.sight.hush()
            heads = ["boxes", *(["sight"] if f"{_PREFIX}sight.word" in stored else [])]
            for head in heads:
                for name, values in network.get_submodule(head).named_parameters():
                    values.copy_(torch.from_numpy(stored[f"{_PREFIX}{head}.{name}"].copy()))
    except (KeyError, RuntimeError) as error:
        raise VisionError(
            f"{path} is no export of this architecture ({error}); start from its checkpoint (.pt)"
        ) from error

    def neutralise(layer: nn.BatchNorm2d, inputs: tuple[Any, ...]) -> None:
        mean, variance = inputs[0].mean((0, 2, 3)), inputs[0].var((0, 2, 3))
        layer.running_mean, layer.running_var = mean.clone(), variance.clone()
        layer.weight.copy_((variance + layer.eps).sqrt())
        layer.bias.copy_(mean + shifts[layer])

    hooks = [layer.register_forward_pre_hook(neutralise) for layer in shifts]
    with torch.no_grad():
        network(pictures)
    for hook in hooks:
        hook.remove()
    return network


def grown(path: Path) -> ThroatNet:
    """Return the network of a checkpoint, of this architecture or of a narrower one before it.

    Weights of a narrower layer become the first of the wider. What was not there begins at chance
    and counts for nothing in what was, so that the network says at first what it said.

    Raises VisionError where the checkpoint is of another architecture.
    """
    old: dict[str, Tensor] = torch.load(path, weights_only=True)
    network: ThroatNet = ThroatNet()
    state = network.state_dict()
    foreign = [
        name
        for name, values in old.items()
        if name not in state
        or values.dim() != state[name].dim()
        or any(a > b for a, b in zip(values.shape, state[name].shape, strict=True))
    ]
    if foreign:
        raise VisionError(
            f"{path} is no checkpoint of this architecture ({foreign[0]} does not fit); train anew"
        )
    network.sight.hush()
    for name, values in old.items():
        place = tuple(slice(size) for size in values.shape)
        if values.dim() > 1 and values.shape[1] < state[name].shape[1]:
            state[name][: values.shape[0], values.shape[1] :] = 0.0
        state[name][place] = values
    network.load_state_dict(state)
    return network
