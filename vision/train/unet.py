"""The network: a plain U-Net with small heads for the mouth's pose and for boxes."""

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from vision.preprocess import CHANNELS
from vision.structure import BOXED, Structure
from vision.train.boxhead import BoxHead, edges_of
from vision.train.sighthead import SightHead

WIDTHS = (16, 32, 64, 128, 160)
"""Feature channels from half the input's resolution down to a thirty-second."""
DOWN = (1, 1, 2, 2, 2)
UP = (1, 1, 2, 2)
"""Convolutions of every level on the way down and up; fine levels are dear and need few."""
FINEST = 32
"""Features from which the classes of four pixels are read: no fewer will hold all their edges."""
CLASSES = len(Structure)
SEEN = 4  # the mouth, then the sites in the order of vision.target.Site
PLACES = SEEN + 2
"""Where these are, and where the upper and the lower incisors end, also behind the lips."""
_STEEPEST = 30.0  # largest logit: its exponential is far from overflow, and as good as certain
_PLACE_LEVEL = 1  # the level of a quarter of the input's resolution


def _block(inputs: int, outputs: int, count: int) -> nn.Sequential:
    layers: list[nn.Module] = []
    for number in range(count):
        layers += [
            nn.Conv2d(inputs if number == 0 else outputs, outputs, 3, padding=1, bias=False),
            nn.BatchNorm2d(outputs),
            nn.ReLU(inplace=True),
        ]
    return nn.Sequential(*layers)


_BOXED = [int(s) for s in BOXED]


class Said(NamedTuple):
    """What the network says in training; see ``ThroatNet``.

    ``logs`` of class probabilities (n, classes, 4, S/2, S/2), a part for each pixel of two by two
    (to put them together takes longer than a convolution), logits of ``places``, ``columns``,
    logits of what is ``seen``; logits of box ``edges`` (n, boxed, 4, S/2) and of its ``worth``.
    """

    logs: Tensor
    places: Tensor
    columns: Tensor
    seen: Tensor
    edges: Tensor
    worth: Tensor


class ThroatNet(nn.Module):
    """U-Net (Ronneberger et al. 2015) from half the input's resolution, 1.4 M parameters.

    Input (n, 5, S, S), S divisible by 32. Features of half the resolution hold the classes of two
    by two pixels (Shi et al. 2016, arXiv 1609.05158). Beside them it gives logits of where the
    mouth's origin, each site's middle and the incisors' edges are seen (n, 6, S/4, S/4), two
    columns of the mouth's rotation (n, 6), not yet orthonormal (Zhou et al. 2019, arXiv
    1812.07035), logits of whether mouth and sites can be seen and reached (n, 4), and boxes of what
    ``BOXED`` names.
    """

    def __init__(self, widths: tuple[int, ...] = WIDTHS) -> None:
        super().__init__()
        self.stem = nn.Conv2d(CHANNELS, widths[0], 4, stride=2, padding=1)
        inputs = (widths[0], *widths[:-1])
        self.down = nn.ModuleList(
            _block(a, b, n) for a, b, n in zip(inputs, widths, DOWN, strict=True)
        )
        self.up = nn.ModuleList(
            _block(a + b, a if level else FINEST, n)
            for level, (a, b, n) in enumerate(zip(widths[:-1], widths[1:], UP, strict=True))
        )
        self.classes = nn.Conv2d(FINEST, 4 * CLASSES, 1)
        self.boxes = BoxHead(FINEST, len(BOXED))
        self.places = nn.Conv2d(widths[_PLACE_LEVEL], PLACES, 1)
        self.sight = SightHead(widths[_PLACE_LEVEL:-1], SEEN)
        self.whole = nn.Sequential(
            nn.Conv2d(widths[-1], 64, 1), nn.ReLU(inplace=True), nn.Conv2d(64, 6 + 2 * SEEN, 1)
        )

    def forward(self, x: Tensor) -> Said:
        """Return all it says.

        Boxes are read off the classes and teach them nothing: their loss reaches the features only.
        """
        features, places, columns, seen = self.parts(x)
        logs = self.classes(features).float().unflatten(1, (CLASSES, 4)).log_softmax(dim=1)
        with torch.autocast("cpu", enabled=False):  # half precision would blur the edges
            edges, worth = self.boxes(features.float(), logs.detach()[:, _BOXED].exp())
        return Said(logs, places.float(), columns.float(), seen.float(), edges, worth)

    def parts(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Return the last features (n, c, S/2, S/2), places, columns and what is seen."""
        x = self.stem(x)
        skips = []
        for level, block in enumerate(self.down):
            x = block(x if level == 0 else functional.max_pool2d(x, 2))
            skips.append(x)
        votes = self.whole(x).flatten(2)  # (n, 14, cells): every cell votes, and says how firmly
        attention = votes[:, 6 + SEEN :].softmax(dim=2)
        columns = (votes[:, :6] * attention[:, :1]).sum(dim=2)
        seen = (votes[:, 6 : 6 + SEEN] * attention).sum(dim=2)
        levels = []
        for level in reversed(range(len(self.up))):
            x = functional.interpolate(x, scale_factor=2.0, mode="nearest")
            x = self.up[level](torch.cat([x, skips[level]], dim=1))
            if level >= _PLACE_LEVEL:
                levels.append(x)
            if level == _PLACE_LEVEL:
                places = self.places(x)
                seen = seen + self.sight(places[:, :SEEN], levels[::-1])
        return x, places, columns, seen


class Deployed(nn.Module):
    """What is exported: the network with its softmax, its calibrated temperature built in.

    Returns weights (n, 4 classes, S/2, S/2) in proportion to the class probabilities, a part for
    each pixel of two by two, place probabilities (n, 6, S/4, S/4) that sum to 1 over the picture,
    the two columns of the rotation (n, 6), the probabilities that mouth and sites are seen (n, 4),
    boxes (n, boxed, 5) [px]: left, top, right, bottom, and the IoU to be expected with the truth,
    and the class probabilities (n, classes, 4, S/2, S/2) that the boxes are read off.

    The booth is given weights because it asks for few of the probabilities: to divide them all
    takes a tenth of a look.
    """

    def __init__(self, network: ThroatNet, temperature: float = 1.0) -> None:
        super().__init__()
        self.network = network
        self.temperature = temperature

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor, Tensor]:
        """Return class weights, places, rotation columns, what is seen, boxes, probabilities."""
        features, places, columns, seen = self.network.parts(x)
        logits = self.network.classes(features)
        flat = places.flatten(2).softmax(dim=2)
        weights = (logits / self.temperature).clamp(-_STEEPEST, _STEEPEST).exp()
        parts = weights.unflatten(1, (CLASSES, 4))
        parts = parts / parts.sum(dim=1, keepdim=True)
        edges, worth = self.network.boxes(features, parts[:, _BOXED])
        boxes = torch.cat([edges_of(edges), worth.sigmoid().unsqueeze(2)], dim=2)
        return weights, flat.view_as(places), columns, seen.sigmoid(), boxes, parts
