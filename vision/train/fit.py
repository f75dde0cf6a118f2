"""Fits the network to a folder of rendered frames."""

import logging
import math
import threading
import time
from collections.abc import Generator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from queue import Full, Queue

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from vision.data import RenderedSet
from vision.errors import VisionError
from vision.preprocess import Look
from vision.structure import Structure
from vision.train.augment import IGNORED, Example, augment
from vision.train.boxhead import box_loss
from vision.train.resume import grown, unfold
from vision.train.samples import RenderedSamples
from vision.train.unet import SEEN, Said, ThroatNet

LOG = logging.getLogger(__name__)
_FORMAT = "%(asctime)s %(message)s"

_RARE = {
    Structure.UVULA: 1.5,
    Structure.RIGHT_TONSIL: 2.0,
    Structure.LEFT_TONSIL: 2.0,
    Structure.POSTERIOR_WALL: 1.3,
    Structure.RIGHT_ARCH: 1.2,
    Structure.LEFT_ARCH: 1.2,
}
"""Loss weights of what matters and is small; every other class counts once."""

_OVERLAPPED = (
    *_RARE,
    Structure.LIPS,
    Structure.TEETH,
    Structure.TONGUE,
    Structure.SOFT_PALATE,
)
"""Classes whose overlap counts as well as their pixels."""

FIRST_SHARES = (0.2, 0.2, 0.6)
"""Shares of the looks in a first leg."""

LATER_SHARES = (0.1, 0.1, 0.8)
"""Shares of the looks in a leg that goes on from a trained network, unless others are given."""

_MEASURED_ON = 100  # frames on which an exported network's normalisations are measured
_BOX = 1.5  # weight of the boxes' edges, where most precision is lost
_SIGHT = 1.2  # weight of what is seen, on which most of the trust in a target rests
_CLOSE_UPS = 0.3  # share of whole pictures that show a mouth or a throat and nothing else


@dataclass(frozen=True, slots=True)
class Schedule:
    """How long and how to train: total ``minutes`` or ``steps``, whichever ends first.

    ``shares`` and ``sizes`` [px] of the looks stand in the order of ``Look``; no shares are
    those of a first or a later leg. Pictures are smaller
    than in use at first, which costs a third less; a second leg, from a checkpoint, looks as close
    as the booth does. ``batch`` is per worker. Augmentation grows to full strength over the first
    ``ramp`` pictures of each worker, for what is shown mildly first is learnt sooner.
    """

    minutes: float = 100.0
    steps: int = 100_000
    batch: int = 8
    shares: tuple[float, float, float] | None = None
    sizes: tuple[int, int, int] = (128, 128, 160)
    rate: float = 2.5e-3
    ramp: int = 8_000
    workers: int = 2
    seed: int = 0

    def __post_init__(self) -> None:
        if self.shares is not None and (
            min(self.shares) < 0.0 or abs(sum(self.shares) - 1.0) > 1e-6
        ):
            raise VisionError(f"shares {self.shares} of the looks are not such as add up to 1")


@dataclass(frozen=True, slots=True)
class _Batch:
    tensor: Tensor
    labels: Tensor
    columns: Tensor
    places: Tensor
    visible: Tensor
    boxes: Tensor
    near: float  # 1 of a look at the throat, where boxes are drawn, else 0


def fit(
    sets: Sequence[Path], schedule: Schedule, out: Path, start: Path | None = None
) -> ThroatNet:
    """Train on data set folders; write a checkpoint to ``out`` every few minutes; return the net.

    ``start`` is what to go on from, a checkpoint (.pt) or an exported network (.onnx): full
    augmentation, half of the rate, looks as large as in use and most of them at the throat, whose
    edges are learnt last.

    Each worker is a process with one thread and its own share of ``sets``; gradients are averaged
    after every step (two threads in one process cost more than they bring). The weights returned
    are the exponential moving average over steps. The same sets, schedule and number of steps give
    the same weights on the same machine; a run ended by the clock depends on its speed.
    """
    workers = min(schedule.workers, len(sets))
    rendezvous = f"file://{out.resolve()}.rendezvous"
    Path(f"{out}.rendezvous").unlink(missing_ok=True)
    torch.multiprocessing.spawn(
        _work, args=(workers, rendezvous, list(sets), schedule, out, start), nprocs=workers
    )
    Path(f"{out}.rendezvous").unlink(missing_ok=True)
    return load(out)


def load(path: Path) -> ThroatNet:
    """Return the network of a checkpoint, ready to run."""
    network = ThroatNet()
    network.load_state_dict(torch.load(path, weights_only=True))
    network.eval()
    return network


def _work(
    rank: int,
    workers: int,
    rendezvous: str,
    sets: list[Path],
    schedule: Schedule,
    out: Path,
    start: Path | None,
) -> None:
    logging.basicConfig(level=logging.INFO if rank == 0 else logging.WARNING, format=_FORMAT)
    torch.manual_seed(schedule.seed)
    torch.set_num_threads(1)
    torch.distributed.init_process_group(
        "gloo", init_method=rendezvous, rank=rank, world_size=workers
    )
    samples = RenderedSamples([RenderedSet(path) for path in sets[rank::workers]])
    network = ThroatNet() if start is None else _begun(start, samples, schedule.seed)
    if start is not None:
        in_use = (Look.WHOLE.size, Look.MOUTH.size, Look.THROAT.size)
        schedule = replace(
            schedule,
            rate=schedule.rate / 2,
            ramp=1,
            sizes=in_use,
            shares=schedule.shares or LATER_SHARES,
        )
    network = network.to(memory_format=torch.channels_last)
    shared = torch.nn.parallel.DistributedDataParallel(network)
    average = torch.optim.swa_utils.AveragedModel(network, avg_fn=_drift, use_buffers=True)
    optimiser = torch.optim.AdamW(network.parameters(), lr=schedule.rate, weight_decay=1e-3)
    weights = torch.tensor([_RARE.get(s, 1.0) for s in Structure])
    began = saved = time.monotonic()
    batches = _batches(samples, schedule, rank)
    for step, batch in enumerate(batches):
        progress = _agreed(
            max(step / schedule.steps, (time.monotonic() - began) / (60 * schedule.minutes))
        )
        if progress >= 1.0:
            break
        for group in optimiser.param_groups:
            group["lr"] = _rate(schedule.rate, step, progress)
        with torch.autocast("cpu", torch.bfloat16):
            said = Said(*shared(batch.tensor))
        loss, parts = _loss(said, batch, weights)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 2.0)
        optimiser.step()
        average.update_parameters(network)
        if step % 100 == 0:
            minutes = (time.monotonic() - began) / 60
            LOG.info("step %d, %.0f %%, %.1f min: %s", step, 100 * progress, minutes, parts)
        if rank == 0 and time.monotonic() - saved > 180:
            saved = time.monotonic()
            torch.save(average.module.state_dict(), out)
    batches.close()
    if rank == 0:
        torch.save(average.module.state_dict(), out)
    torch.distributed.destroy_process_group()


def _begun(start: Path, samples: RenderedSamples, seed: int) -> ThroatNet:
    """Return the network to go on from, in training mode."""
    if start.suffix != ".onnx":
        network = grown(start)
        network.train()
        return network
    rng = np.random.default_rng([seed, 3])
    shown = [
        augment(samples.of(int(i), look), rng, Look.WHOLE.size).tensor
        for i in rng.integers(0, len(samples), _MEASURED_ON)
        for look in Look
    ]
    network = unfold(start, torch.from_numpy(np.stack(shown)))
    network.train()
    return network


def _agreed(progress: float) -> float:
    """Return the first worker's progress, so that all stop at the same step."""
    told = torch.tensor([progress])
    torch.distributed.broadcast(told, src=0)
    return float(told[0])


def _drift(mean: Tensor, latest: Tensor, count: Tensor) -> Tensor:
    """Return the moving average; early on it forgets fast, so that the random start is gone."""
    keep = torch.clamp((1.0 + count) / (10.0 + count), max=0.999)
    return keep * mean + (1.0 - keep) * latest


def _rate(peak: float, step: int, progress: float) -> float:
    """Return the learning rate: warmed up over 100 steps, then falling as half a cosine."""
    warm = min(1.0, (step + 1) / 100)
    return peak * warm * (0.5 + 0.5 * math.cos(math.pi * progress)) + 1e-5


def _loss(said: Said, batch: _Batch, weights: Tensor) -> tuple[Tensor, str]:
    """Return the loss of a batch, and its parts in words.

    What is not visible weighs nothing, but stays in the sum: workers wait for every gradient.
    """
    cross, dice = _label_loss(said.logs, batch.labels, weights)
    shown = batch.visible.float()
    place = (_place_loss(said.places, batch.places) * shown).sum() / shown.sum().clamp_min(1.0)
    pose = shown[:, 0]
    turn = functional.smooth_l1_loss(said.columns, batch.columns, beta=0.1, reduction="none")
    turn = (turn.mean(1) * pose).sum() / pose.sum().clamp_min(1.0)
    sight = functional.binary_cross_entropy_with_logits(said.seen, shown[:, :SEEN])
    box, worth = box_loss(said.edges, said.worth, batch.boxes)
    total = (
        cross + dice + 0.1 * place + turn + _SIGHT * sight + batch.near * (_BOX * box + 0.5 * worth)
    )
    return total, (
        f"ce {cross:.3f} dice {dice:.3f} place {place:.2f} turn {turn:.4f} sight {sight:.3f}"
        f" box {box:.3f} worth {worth:.3f}"
    )


def _label_loss(logs: Tensor, labels: Tensor, weights: Tensor) -> tuple[Tensor, Tensor]:
    """Return weighted cross entropy, and one minus the soft Dice coefficient of small classes.

    ``logs`` (n, classes, 4, h, w), ``labels`` (n, 4, h, w). Dice is the mean over the small classes
    present in the batch.
    """
    known = labels != IGNORED
    asked = labels.where(known, 0)
    own = logs.gather(1, asked[:, None]).squeeze(1)  # of the true class alone, for both losses
    weight = weights[asked] * known
    cross = -(weight * own).sum() / weight.sum().clamp_min(1.0)
    probability = logs.exp()
    if not bool(known.all()):
        probability = probability * known[:, None]
    held = probability.sum((0, 2, 3, 4))
    nothing = torch.zeros(len(weights))
    overlap = nothing.index_add(0, asked.flatten(), (own.exp() * known).flatten())
    true = nothing.index_add(0, asked.flatten(), known.flatten().to(logs.dtype))
    chosen = torch.tensor([int(s) for s in _OVERLAPPED])
    present = (true[chosen] > 0).to(logs.dtype)
    lacking = 1.0 - (2 * overlap + 1.0) / (held + true + 1.0)
    return cross, (lacking[chosen] * present).sum() / present.sum().clamp_min(1)


def _place_loss(logits: Tensor, place: Tensor) -> Tensor:
    """Cross entropy (n, k) of maps (n, k, h, w) with Gaussians of 1.5 cells at places (n, k, 2)."""
    height, width = logits.shape[2:]
    rows = torch.arange(height, dtype=torch.float32)[:, None]
    columns = torch.arange(width, dtype=torch.float32)[None, :]
    u, v = place[..., 0, None, None], place[..., 1, None, None]
    target = torch.exp(-((columns - u) ** 2 + (rows - v) ** 2) / (2 * 1.5**2)).flatten(2)
    target = target / target.sum(2, keepdim=True).clamp_min(1e-6)
    return -(target * logits.flatten(2).log_softmax(2)).sum(2)


def _batches(samples: RenderedSamples, schedule: Schedule, rank: int) -> Generator[_Batch]:
    """Yield batches for ever; a thread augments ahead of the training thread.

    Which look a step is about is the same for all workers, so that none waits for another.
    """
    ready: Queue[_Batch] = Queue(maxsize=6)
    stopped = threading.Event()

    def produce() -> None:
        common = np.random.default_rng([schedule.seed, 1])
        own = np.random.default_rng([schedule.seed, 2, rank])
        looks, shares = list(Look), schedule.shares or FIRST_SHARES
        shown = 0
        while not stopped.is_set():
            strength = min(1.0, 0.3 + 0.7 * shown / schedule.ramp)
            shown += schedule.batch
            which = int(common.choice(len(looks), p=shares))
            look, size = looks[which], schedule.sizes[which]
            picked = samples.drawn(look, schedule.batch, own)
            batch = _stack(
                [
                    augment(samples.of(int(i), _window(look, own)), own, size, strength)
                    for i in picked
                ],
                near=float(look is Look.THROAT),
            )
            while not stopped.is_set():
                try:
                    ready.put(batch, timeout=0.2)
                    break
                except Full:
                    continue

    thread = threading.Thread(target=produce, daemon=True)
    thread.start()
    try:
        while True:
            yield ready.get()
    finally:
        stopped.set()
        thread.join()


def _window(look: Look, rng: np.random.Generator) -> Look:
    """Return whose window is shown: some whole pictures are photographs of no more than a mouth."""
    if look is not Look.WHOLE or rng.random() > _CLOSE_UPS:
        return look
    return Look.MOUTH if rng.random() < 0.5 else Look.THROAT


def _stack(examples: Sequence[Example], near: float) -> _Batch:
    tensor = torch.from_numpy(np.stack([e.tensor for e in examples]))
    return _Batch(
        tensor.to(memory_format=torch.channels_last),
        _in_parts(torch.from_numpy(np.stack([e.labels for e in examples])).long()),
        torch.from_numpy(np.stack([e.columns for e in examples])),
        torch.from_numpy(np.stack([e.places for e in examples])),
        torch.from_numpy(np.stack([e.visible for e in examples])),
        torch.from_numpy(np.stack([e.boxes for e in examples])),
        near,
    )


def _in_parts(labels: Tensor) -> Tensor:
    """Return labels (n, S, S) as the network says them: (n, 4, S/2, S/2)."""
    n, size, _ = labels.shape
    cells = labels.reshape(n, size // 2, 2, size // 2, 2)
    return cells.permute(0, 2, 4, 1, 3).reshape(n, 4, size // 2, size // 2)
