"""The network: a plain U-Net with two small heads for the mouth's pose."""

from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional

from vision.structure import Structure

CHANNELS = (16, 32, 64, 128, 160)
CLASSES = len(Structure)
PLACES = 4  # the mouth's origin, then the sites in the order of vision.target.Site


def _block(inputs: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, 3, padding=1, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU(inplace=True),
        nn.Conv2d(outputs, outputs, 3, padding=1, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU(inplace=True),
    )


class ThroatNet(nn.Module):
    """U-Net (Ronneberger et al. 2015) on half the input's resolution, 1.3 M parameters.

    Input (n, 4, S, S), S divisible by 32. Returns class logits (n, classes, S/2, S/2), logits of
    where the mouth's origin and each site's middle are seen (n, 4, S/2, S/2), two columns of the
    mouth's rotation (n, 6), not yet orthonormal (Zhou et al. 2019, arXiv 1812.07035), and logits
    of whether mouth and sites can be seen and reached (n, 4).
    """

    def __init__(self, channels: tuple[int, ...] = CHANNELS) -> None:
        super().__init__()
        self.stem = nn.Conv2d(4, channels[0], 4, stride=2, padding=1)
        self.down = nn.ModuleList(
            [_block(channels[0], channels[0])] + [_block(a, b) for a, b in pairwise(channels)]
        )
        self.up = nn.ModuleList([_block(a + b, a) for a, b in pairwise(channels)])
        self.head = nn.Conv2d(channels[0], CLASSES + PLACES, 1)
        self.whole = nn.Sequential(
            nn.Conv2d(channels[-1], 64, 1), nn.ReLU(inplace=True), nn.Conv2d(64, 6 + 2 * PLACES, 1)
        )

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Return class logits, place logits, rotation columns and logits of what is seen."""
        x = self.stem(x)
        skips = []
        for depth, block in enumerate(self.down):
            x = block(x if depth == 0 else functional.max_pool2d(x, 2))
            skips.append(x)
        votes = self.whole(x).flatten(2)  # (n, 14, cells): every cell votes, and says how firmly
        attention = votes[:, 6 + PLACES :].softmax(dim=2)
        columns = (votes[:, :6] * attention[:, :1]).sum(dim=2)
        seen = (votes[:, 6 : 6 + PLACES] * attention).sum(dim=2)
        for level in reversed(range(len(self.up))):
            x = functional.interpolate(x, scale_factor=2.0, mode="bilinear", align_corners=False)
            x = self.up[level](torch.cat([x, skips[level]], dim=1))
        logits = self.head(x)
        return logits[:, :CLASSES], logits[:, CLASSES:], columns, seen


class Deployed(nn.Module):
    """What is exported: the network with its softmax, its calibrated temperature built in.

    Returns class probabilities (n, classes, S/2, S/2), place probabilities (n, 4, S/2, S/2) that
    sum to 1 over the picture, the two columns of the rotation (n, 6), and the probabilities that
    mouth and sites are seen (n, 4).
    """

    def __init__(self, network: ThroatNet, temperature: float = 1.0) -> None:
        super().__init__()
        self.network = network
        self.temperature = temperature

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Return class and place probabilities, rotation columns, probabilities of being seen."""
        logits, places, columns, seen = self.network(x)
        flat = places.flatten(2).softmax(dim=2)
        probability = (logits / self.temperature).softmax(dim=1)
        return probability, flat.view_as(places), columns, seen.sigmoid()
