"""Fits the network to a folder of rendered frames."""

import logging
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from queue import Queue

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from vision.structure import Structure
from vision.train.augment import IGNORED, Example, Sample, augment
from vision.train.unet import CLASSES, ThroatNet

LOG = logging.getLogger(__name__)

_RARE = {
    Structure.UVULA: 2.5,
    Structure.RIGHT_TONSIL: 2.0,
    Structure.LEFT_TONSIL: 2.0,
    Structure.POSTERIOR_WALL: 2.0,
    Structure.RIGHT_ARCH: 1.5,
    Structure.LEFT_ARCH: 1.5,
}
"""Loss weights of what matters and is small; every other class counts once."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """How long and how to train: total ``minutes`` or ``steps``, whichever ends first."""

    minutes: float = 100.0
    steps: int = 100_000
    batch: int = 16
    size: int = 160
    coarse_size: int = 128
    coarse_share: float = 0.25
    rate: float = 3e-3
    threads: int = 2
    seed: int = 0


@dataclass(frozen=True, slots=True)
class _Batch:
    tensor: Tensor
    labels: Tensor
    columns: Tensor
    places: Tensor
    visible: Tensor


def fit(
    samples: Sequence[Sample], schedule: Schedule, out: Path, start: Path | None = None
) -> ThroatNet:
    """Train on ``samples``; write a checkpoint to ``out`` every few minutes; return the network.

    The weights returned are the exponential moving average over steps. With one thread, the same
    samples, schedule and step count give the same weights on the same machine.
    """
    torch.manual_seed(schedule.seed)
    torch.set_num_threads(schedule.threads)
    network = ThroatNet()
    if start is not None:
        network.load_state_dict(torch.load(start, weights_only=True))
    network = network.to(memory_format=torch.channels_last)
    average = torch.optim.swa_utils.AveragedModel(
        network,
        multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(0.998),
        use_buffers=True,
    )
    optimiser = torch.optim.AdamW(network.parameters(), lr=schedule.rate, weight_decay=1e-3)
    weights = torch.tensor([_RARE.get(s, 1.0) for s in Structure])
    began = saved = time.monotonic()
    for step, batch in enumerate(_batches(samples, schedule)):
        progress = max(step / schedule.steps, (time.monotonic() - began) / (60 * schedule.minutes))
        if progress >= 1.0:
            break
        warm = min(1.0, (step + 1) / 100)
        for group in optimiser.param_groups:
            group["lr"] = schedule.rate * warm * (0.5 + 0.5 * np.cos(np.pi * progress)) + 1e-5
        with torch.autocast("cpu", torch.bfloat16):
            outputs = network(batch.tensor)
        logits, places, columns, seen = (o.float() for o in outputs)
        loss, parts = _loss(logits, places, columns, seen, batch, weights)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 2.0)
        optimiser.step()
        average.update_parameters(network)
        if step % 100 == 0:
            LOG.info(
                "step %d, %.0f %%, %.1f min, loss %.3f %s",
                step,
                100 * progress,
                (time.monotonic() - began) / 60,
                float(loss.detach()),
                parts,
            )
        if time.monotonic() - saved > 180:
            saved = time.monotonic()
            torch.save(average.module.state_dict(), out)
    torch.save(average.module.state_dict(), out)
    result: ThroatNet = average.module
    result.eval()
    return result


def _loss(
    logits: Tensor, places: Tensor, columns: Tensor, seen: Tensor, batch: _Batch, weights: Tensor
) -> tuple[Tensor, str]:
    cross = functional.cross_entropy(
        logits, batch.labels, weight=weights, ignore_index=IGNORED, label_smoothing=0.02
    )
    dice = _dice(logits, batch.labels)
    place = turn = logits.new_zeros(())
    if bool(batch.visible.any()):
        place = _place_loss(places[batch.visible], batch.places[batch.visible])
    pose = batch.visible[:, 0]
    if bool(pose.any()):
        turn = functional.smooth_l1_loss(columns[pose], batch.columns[pose], beta=0.1)
    sight = functional.binary_cross_entropy_with_logits(seen, batch.visible.float())
    total = cross + dice + 0.1 * place + turn + 0.3 * sight
    return total, (
        f"ce {cross:.3f} dice {dice:.3f} place {place:.2f} turn {turn:.4f} sight {sight:.3f}"
    )


def _dice(logits: Tensor, labels: Tensor) -> Tensor:
    """One minus the soft Dice coefficient, mean over the classes present in the batch."""
    known = labels != IGNORED
    probability = logits.softmax(dim=1) * known[:, None]
    truth = functional.one_hot(labels.where(known, labels.new_zeros(())), CLASSES)
    truth = truth.permute(0, 3, 1, 2) * known[:, None]
    overlap = (probability * truth).sum((0, 2, 3))
    size = probability.sum((0, 2, 3)) + truth.sum((0, 2, 3))
    present = truth.sum((0, 2, 3)) > 0
    return (1.0 - (2 * overlap + 1.0) / (size + 1.0))[present].mean()


def _place_loss(logits: Tensor, place: Tensor) -> Tensor:
    """Cross entropy between maps (n, h, w) and Gaussians of 1.5 cells about places (n, 2)."""
    n, height, width = logits.shape
    rows = torch.arange(height, dtype=torch.float32)[None, :, None]
    columns = torch.arange(width, dtype=torch.float32)[None, None, :]
    square = (columns - place[:, 0, None, None]) ** 2 + (rows - place[:, 1, None, None]) ** 2
    target = torch.exp(-square / (2 * 1.5**2)).flatten(1)
    target = target / target.sum(1, keepdim=True).clamp_min(1e-6)
    return -(target * logits.reshape(n, -1).log_softmax(1)).sum(1).mean()


def _batches(samples: Sequence[Sample], schedule: Schedule) -> Iterator[_Batch]:
    """Yield batches for ever; two threads augment ahead of the training thread."""
    ready: Queue[_Batch] = Queue(maxsize=6)

    def produce(seed: int) -> None:
        rng = np.random.default_rng([schedule.seed, seed])
        while True:
            coarse = rng.random() < schedule.coarse_share
            size = schedule.coarse_size if coarse else schedule.size
            picked = rng.integers(0, len(samples), schedule.batch)
            examples = [augment(samples[i], rng, size, coarse) for i in picked]
            ready.put(_stack(examples))

    threading.Thread(target=produce, args=(1,), daemon=True).start()
    while True:
        yield ready.get()


def _stack(examples: Sequence[Example]) -> _Batch:
    tensor = torch.from_numpy(np.stack([e.tensor for e in examples]))
    return _Batch(
        tensor.to(memory_format=torch.channels_last),
        torch.from_numpy(np.stack([e.labels for e in examples])).long(),
        torch.from_numpy(np.stack([e.columns for e in examples])),
        torch.from_numpy(np.stack([e.places for e in examples])),
        torch.from_numpy(np.stack([e.visible for e in examples])),
    )
