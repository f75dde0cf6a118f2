"""The mean of several networks that one trained from another."""

from collections.abc import Mapping, Sequence
from itertools import islice
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from vision.data import RenderedSet
from vision.errors import VisionError
from vision.preprocess import Look
from vision.train.augment import augment
from vision.train.resume import grown
from vision.train.samples import RenderedSamples
from vision.train.unet import ThroatNet

_FRAMES = 150  # of the data set, on which normalisations are measured
_BATCHES, _BATCH = 24, 8
_LOOKS = (Look.WHOLE, Look.MOUTH, Look.THROAT, Look.THROAT)
"""Looks of the batches in turn: about as often as in training."""


def average(checkpoints: Sequence[Path], data: Path) -> ThroatNet:
    """Return the network whose weights are the mean of the checkpoints', ready to run.

    Where one network was trained on from another, their mean is often better than either on
    pictures unlike those of training (Wortsman et al. 2022, arXiv 2203.05482). Means and variances
    of its normalisations are measured anew on frames of ``data`` such as it was trained on.

    Raises VisionError for fewer than two checkpoints, or one of another architecture.
    """
    if len(checkpoints) < 2:
        raise VisionError(f"{len(checkpoints)} networks have no mean; give two checkpoints or more")
    network: ThroatNet = ThroatNet()
    network.load_state_dict(mean_weights([grown(path).state_dict() for path in checkpoints]))
    _measure(network, RenderedSamples([islice(RenderedSet(data), _FRAMES)]))
    network.eval()
    return network


def mean_weights(states: Sequence[Mapping[str, Tensor]]) -> dict[str, Tensor]:
    """Return the mean of networks' weights by name.

    Where a network is from before the head for sight, and that is silent in it, the others' alone
    tell what the head notes; what it says is the mean.
    """
    mean = {
        name: torch.stack([state[name].float() for state in states]).mean(dim=0).to(values.dtype)
        for name, values in states[0].items()
    }
    heard = [state for state in states if state["sight.word"].any()] or states[:1]
    for name in ("sight.mix", "sight.own"):
        mean[name] = torch.stack([state[name] for state in heard]).mean(dim=0)
    return mean


def _measure(network: ThroatNet, samples: RenderedSamples) -> None:
    """Set every normalisation's mean and variance to what pictures such as these give."""
    for layer in network.modules():
        if isinstance(layer, nn.BatchNorm2d):
            layer.reset_running_stats()
            layer.momentum = None  # the plain mean over all batches
    rng = np.random.default_rng(0)
    network.train()
    with torch.no_grad():
        for number in range(_BATCHES):
            look = _LOOKS[number % len(_LOOKS)]
            shown = samples.drawn(look, _BATCH, rng)
            tensors = [augment(samples.of(int(i), look), rng, look.size).tensor for i in shown]
            network(torch.from_numpy(np.stack(tensors)))
