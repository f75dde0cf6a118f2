"""The network's box head: where uvula, tonsils and wall begin and end in the picture."""

import torch
from torch import Tensor, nn
from torch.nn import functional

_WIDTH = 32  # channels of a profile
_DILATIONS = (1, 3, 9)
"""Spread of the convolutions along a profile: together they reach 26 cells to either side."""

_LITTLE = 0.1  # cells of a structure below which a line's features are mostly none


class BoxHead(nn.Module):
    """Reads boxes off features and class probabilities as two profiles, of columns and of rows.

    A box ends where a structure's outermost pixels are, and which these are is the least certain
    of all that a segmentation says. What a column holds of a structure (the most and the sum of its
    probability, the mean features there) is a profile in which both ends are looked for at once,
    as distributions whose means are the edges (Li et al. 2020, arXiv 2006.04388).
    """

    def __init__(self, features: int, structures: int) -> None:
        super().__init__()
        self.columns = _Profile(features, structures)
        self.rows = _Profile(features, structures)
        self.worth = nn.Conv1d(2 * _WIDTH, 1, 1)

    def forward(self, features: Tensor, probability: Tensor) -> tuple[Tensor, Tensor]:
        """Return logits of the edges (n, k, 4, h) over cells, and of the box's own IoU (n, k).

        ``features`` (n, c, h, h); ``probability`` (n, k, 4, h, h) of the boxed structures, a part
        for each pixel of two by two. The edges are left, top, right and bottom.
        """
        pixels = probability.unflatten(2, (2, 2))
        channels_last = features.permute(0, 2, 3, 1)
        across, wide = self.columns(channels_last.transpose(1, 2), pixels)
        down, high = self.rows(channels_last, pixels.permute(0, 1, 3, 2, 5, 4))
        edges = torch.stack([across[:, :, 0], down[:, :, 0], across[:, :, 1], down[:, :, 1]], dim=2)
        return edges, self.worth(torch.cat([wide, high], dim=2).transpose(1, 2)).squeeze(1)


class _Profile(nn.Module):
    """Both ends of every structure along the last axis of its maps."""

    def __init__(self, features: int, structures: int) -> None:
        super().__init__()
        self.mix = nn.Conv1d(features + 4, _WIDTH, 1)
        self.own = nn.Parameter(torch.zeros(structures, _WIDTH, 1))
        self.along = nn.ModuleList(
            nn.Conv1d(_WIDTH, _WIDTH, 5, padding=2 * d, dilation=d) for d in _DILATIONS
        )
        self.ends = nn.Conv1d(_WIDTH, 2, 1)

    def forward(self, features: Tensor, probability: Tensor) -> tuple[Tensor, Tensor]:
        """Return logits (n, k, 2, cells) of begin and end, and what the profiles hold (n, k, c).

        ``features`` (n, cells, across, c), ``probability`` (n, k, 2, 2, across, cells), the second
        of two by two pixels along the profile.
        """
        n, k = probability.shape[:2]
        most = probability.amax(dim=(2, 4))
        total = probability.sum(dim=(2, 4)).log1p()
        cells = probability.mean(dim=(2, 3)).permute(0, 3, 1, 2)
        mean = (cells @ features / (cells.sum(dim=3, keepdim=True) + _LITTLE)).permute(0, 2, 3, 1)
        x = self.mix(torch.cat([most, total, mean], dim=2).flatten(0, 1))
        x = (x.unflatten(0, (n, k)) + self.own).flatten(0, 1)
        for layer in self.along:
            x = x + functional.relu(layer(x))
        return self.ends(x).unflatten(0, (n, k)), x.amax(dim=2).unflatten(0, (n, k))


def edges_of(logits: Tensor) -> Tensor:
    """Return the mean edges (n, k, 4) [px] of distributions (n, k, 4, cells) over cells of 2 px."""
    cells = torch.arange(logits.shape[3], dtype=logits.dtype, device=logits.device)
    return (logits.softmax(dim=3) * (2.0 * cells + 1.0)).sum(dim=3)


def box_loss(logits: Tensor, worth: Tensor, truth: Tensor) -> tuple[Tensor, Tensor]:
    """Return the loss of boxes and of their worth, each a mean over a batch.

    ``truth`` (n, k, 4) [px], NaN where there is nothing to box: such a box should be worth nothing.
    """
    shown = truth.isfinite().all(dim=2)
    box = truth.nan_to_num(0.0)
    place = ((box - 1.0) / 2.0).clamp(0.0, logits.shape[3] - 1.001)
    below = place.floor().long().unsqueeze(3)
    logs = logits.log_softmax(dim=3)
    beyond = place - place.floor()
    near, next_ = logs.gather(3, below).squeeze(3), logs.gather(3, below + 1).squeeze(3)
    cross = -((1.0 - beyond) * near + beyond * next_).mean(dim=2)
    overlap = _overlap(edges_of(logits), box) * shown
    held = shown.sum().clamp_min(1)
    edges = ((0.2 * cross + 1.0 - overlap) * shown).sum() / held
    return edges, functional.binary_cross_entropy_with_logits(worth, overlap.detach())


def _overlap(a: Tensor, b: Tensor) -> Tensor:
    """Return the intersection over union (n, k) of boxes (n, k, 4)."""
    wide = torch.minimum(a[..., 2], b[..., 2]) - torch.maximum(a[..., 0], b[..., 0])
    high = torch.minimum(a[..., 3], b[..., 3]) - torch.maximum(a[..., 1], b[..., 1])
    shared = wide.clamp_min(0.0) * high.clamp_min(0.0)
    areas = sum((x[..., 2] - x[..., 0]).abs() * (x[..., 3] - x[..., 1]).abs() for x in (a, b))
    return shared / (areas - shared).clamp_min(1.0)
