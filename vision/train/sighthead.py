"""The network's head for sight: whether mouth and sites are seen, and can be reached."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

_WIDTH = 64  # what is noted of a place


class SightHead(nn.Module):
    """Says of every place whether what should be there is seen, by the features found there.

    The deepest features say what a throat looks like as a whole, in cells of 32 px; whether the
    tongue's back or the uvula's tip stands before a site is told by a few pixels about it. So the
    features of finer levels are gathered where the place maps put each site, as attention does
    (Vaswani et al. 2017, arXiv 1706.03762), with the maps themselves as its weights.
    """

    def __init__(self, channels: Sequence[int], places: int) -> None:
        super().__init__()
        total = sum(channels)
        self.mix = nn.Parameter(torch.randn(total, _WIDTH) * (2.0 / total) ** 0.5)
        self.own = nn.Parameter(torch.zeros(places, _WIDTH))
        self.word = nn.Parameter(0.01 * torch.randn(places, _WIDTH))

    def hush(self) -> None:
        """Say nothing yet: a network that learnt without this head goes on as it was."""
        with torch.no_grad():
            self.word.zero_()

    def forward(self, maps: Tensor, levels: Sequence[Tensor]) -> Tensor:
        """Return logits (n, places), to be added to what the deepest features say.

        ``maps`` (n, places, h, w) are logits of where things are; ``levels`` features
        (n, c, h, w), then of half as many rows and columns each, in the order of ``channels``.
        Places are not moved for the sake of what is said of them.
        """
        weight = maps.detach().flatten(2).softmax(dim=2).view_as(maps)
        found = []
        for number, features in enumerate(levels):
            if number:
                weight = 4.0 * functional.avg_pool2d(weight, 2)
            found.append(weight.flatten(2) @ features.flatten(2).transpose(1, 2))
        noted = functional.relu(torch.cat(found, dim=2) @ self.mix + self.own)
        return (noted * self.word).sum(dim=2)
