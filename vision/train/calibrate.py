"""Fits how far a network can be trusted, on people it was not trained on, and writes its card."""

import hashlib
import json
import multiprocessing
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vision.confidence import Confidence, Evidence, PhotoEvidence
from vision.data import RenderedSet
from vision.evaluation.rendered import evaluate
from vision.network import OnnxModel, boxes_path, bytes_path
from vision.photo import read_photo
from vision.pipeline import ThroatLocator
from vision.segmentation import Segmentation
from vision.settings import LocatorSettings
from vision.structure import Structure
from vision.target import Refusal
from vision.train.additive import fit_confidence
from vision.train.augment import distort

WRONG_RATE = 0.015
"""Share of wrong targets, of all given with depth on data-set frames, that sets the threshold.

The aim is 0.005. These frames are far stranger than a booth's (odd light, blur, blocked ways in),
and the network shipped gives too few targets at the aim; lower this as the network gets better.
"""
PHOTO_WRONG_RATE = 0.02
"""The same for wall points in photographs, of distorted renderings that stand in for them."""


_AT_ONCE = 50  # frames of a part
_AS_PHOTOGRAPHS = 1 / 3  # of a set's frames: each is looked at eight times, not three


class NoteTaker:
    """Weighs nothing: believes everything and remembers the evidence."""

    threshold = 0.0

    def __init__(self) -> None:
        self.notes: list[Evidence | PhotoEvidence] = []

    def of(self, evidence: Evidence | PhotoEvidence) -> float:
        """Note the evidence and return 1."""
        self.notes.append(evidence)
        return 1.0


class Noted:
    """A model whose confidences take notes."""

    def __init__(self, model: OnnxModel) -> None:
        self._model = model
        self.confidence = NoteTaker()
        self.photo_confidence = NoteTaker()

    @property
    def digest(self) -> str:
        """The model's own."""
        return self._model.digest

    def segment(self, rgb: NDArray[np.uint8], depth: NDArray[np.float32] | None) -> Segmentation:
        """Segment as the model does."""
        return self._model.segment(rgb, depth)


@dataclass(frozen=True, slots=True)
class _Part:
    """Some frames of a data set, from ``first`` to before ``last``, and how they are looked at."""

    network: Path
    data: Path
    first: int
    last: int
    photographs: bool


def calibrate(
    network: Path,
    sets: Sequence[Path],
    held_out: bool,
    limit: int = 1_500,
    jobs: int = 1,
    progress: Callable[[str], None] = lambda _: None,
) -> Path:
    """Fit both confidences on data sets, write the card beside the network, return its path.

    Of every set the first ``limit`` frames serve, and a third of them, distorted, as photographs.
    ``jobs`` processes look at them.
    """
    card = write_blank_card(network)
    parts = [
        _Part(network, data, first, min(first + _AT_ONCE, frames), photographs)
        for photographs, share in ((False, 1.0), (True, _AS_PHOTOGRAPHS))
        for data in sets
        for frames in [round(share * min(limit, len(RenderedSet(data))))]
        for first in range(0, frames, _AT_ONCE)
    ]
    notes: dict[bool, list[Evidence | PhotoEvidence]] = {False: [], True: []}
    right: dict[bool, list[bool]] = {False: [], True: []}
    for number, (part, (noted, verdicts)) in enumerate(
        zip(parts, _each(parts, jobs), strict=True), start=1
    ):
        notes[part.photographs] += noted
        right[part.photographs] += verdicts
        if number % 20 == 0:
            progress(f"{number} of {len(parts)} parts looked at")
    fitted = {}
    for photographs, name, aim in (
        (False, "with depth", WRONG_RATE),
        (True, "photographs", PHOTO_WRONG_RATE),
    ):
        fitted[photographs], kept = fit_confidence(notes[photographs], right[photographs], aim)
        verdicts = right[photographs]
        progress(
            f"{name}: {len(verdicts)} targets, {sum(verdicts)} right, {kept:.1%} of these kept "
            f"at {aim:.1%} wrong"
        )
    write_card(
        card,
        {
            "name": network.stem,
            **hashes(network),
            "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
            "input": "RGB and relative depth, or RGB alone; square, side a multiple of 32 px",
            "classes": [s.name.lower() for s in Structure],
            "calibrated_on": {
                "frames": sum(p.last - p.first for p in parts if not p.photographs),
                "photographs": sum(p.last - p.first for p in parts if p.photographs),
                "held_out_people": held_out,
                "wrong_rate": WRONG_RATE,
                "photo_wrong_rate": PHOTO_WRONG_RATE,
            },
            "confidence": asdict(fitted[False]),
            "photo_confidence": asdict(fitted[True]),
        },
    )
    return card


def _each(
    parts: Sequence[_Part], jobs: int
) -> Iterator[tuple[list[Evidence | PhotoEvidence], list[bool]]]:
    if jobs == 1:
        yield from map(_looked_at, parts)
        return
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(jobs, mp_context=context) as pool:
        yield from pool.map(_looked_at, parts)


def _looked_at(part: _Part) -> tuple[list[Evidence | PhotoEvidence], list[bool]]:
    """Return the evidence of every target in a part, each believed, and whether it was right."""
    noted = Noted(_model(part.network))
    rendered = RenderedSet(part.data)
    frames = (rendered[i] for i in range(part.first, part.last))
    if not part.photographs:
        locator = ThroatLocator(noted, LocatorSettings(min_confidence=0.0))
        outcomes = evaluate(locator, frames).outcomes
        return noted.confidence.notes, [o.right for o in outcomes if o.emitted]
    rng, right = np.random.default_rng([0, part.first]), []
    for labelled in frames:
        reading = read_photo(noted, distort(labelled.frame.rgb, rng, 1.4))
        if isinstance(reading.wall, Refusal):
            continue
        column, row = round(reading.wall[0]), round(reading.wall[1])
        around = labelled.labels[max(0, row - 1) : row + 2, max(0, column - 1) : column + 2]
        right.append(bool((around == Structure.POSTERIOR_WALL).any()))
    return noted.photo_confidence.notes, right


@lru_cache(maxsize=1)
def _model(network: Path) -> OnnxModel:
    return OnnxModel(network, threads=1)


def write_blank_card(network: Path) -> Path:
    """Write a card whose confidences believe everything, so that ``network`` can be loaded.

    Return its path.
    """
    blank = asdict(Confidence(threshold=0.0))
    card = network.with_suffix(".json")
    write_card(card, {**hashes(network), "confidence": blank, "photo_confidence": blank})
    return card


def hashes(network: Path) -> dict[str, str]:
    """Return what a card says of the network's files: the SHA-256 of each that there is."""
    files = {
        "sha256": network,
        "int8_sha256": bytes_path(network),
        "boxes_sha256": boxes_path(network),
    }
    return {
        key: hashlib.sha256(file.read_bytes()).hexdigest()
        for key, file in files.items()
        if file.is_file()
    }


def write_card(path: Path, card: dict[str, Any]) -> None:
    """Write a model card as JSON."""
    path.write_text(json.dumps(card, indent=2) + "\n", encoding="utf-8")
