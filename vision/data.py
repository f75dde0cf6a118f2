"""Reads rendered data sets (docs/reference/dataset.md) by their format alone."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spatial import Pose, Vector, unit, vector
from vision.errors import VisionError
from vision.frame import Frame, Intrinsics
from vision.structure import Structure
from vision.target import RefusalReason, Site

SCHEMA = 1

STRUCTURES = {
    "skin": Structure.SKIN,
    "hair": Structure.SKIN,
    "lips": Structure.LIPS,
    "teeth": Structure.TEETH,
    "gums": Structure.OTHER_MUCOSA,
    "cheek": Structure.OTHER_MUCOSA,
    "pharynx": Structure.OTHER_MUCOSA,
    "tongue": Structure.TONGUE,
    "hard_palate": Structure.HARD_PALATE,
    "soft_palate": Structure.SOFT_PALATE,
    "arch_right": Structure.RIGHT_ARCH,
    "arch_left": Structure.LEFT_ARCH,
    "uvula": Structure.UVULA,
    "tonsil_right": Structure.RIGHT_TONSIL,
    "tonsil_left": Structure.LEFT_TONSIL,
    "posterior_wall": Structure.POSTERIOR_WALL,
    "eyes": Structure.EYES,
    "glasses": Structure.EYES,
    "mask": Structure.MASK,
    "hand": Structure.HAND,
    "depressor": Structure.DEPRESSOR,
    "swab": Structure.SWAB,
    "gripper": Structure.SWAB,
}
"""The structure of each part of the data set; all others are background."""


@dataclass(frozen=True, slots=True, eq=False)
class SiteTruth:
    """Where a site truly is, in the optical frame, and whether a swab may be sent there."""

    point: Vector
    normal: Vector
    visible_mm2: float
    reason: RefusalReason | None

    @classmethod
    def given(cls, entry: Mapping[str, Any]) -> "SiteTruth":
        """Return what a manifest says of one site of one frame."""
        reason = entry["reason"]
        return cls(
            vector(entry["point"]),
            unit(entry["normal"]),
            float(entry["visible_mm2"]),
            None if reason is None else RefusalReason(reason),
        )

    @property
    def safe(self) -> bool:
        """Whether there is a safe target."""
        return self.reason is None


@dataclass(frozen=True, slots=True, eq=False)
class LabelledFrame:
    """A rendered frame with its truth; ``labels`` (H, W) uint8 holds ``Structure`` values."""

    frame: Frame
    labels: NDArray[np.uint8]
    kind: str
    camera: str
    population: str
    attributes: Mapping[str, Any]
    optical_mouth: Pose
    opening: float
    sites: Mapping[Site, SiteTruth]


class RenderedSet:
    """One data set folder, frames read when asked for.

    Raises VisionError where the manifest is missing, or of another schema.
    """

    def __init__(self, folder: Path) -> None:
        path = folder / "manifest.json"
        try:
            manifest = json.loads(path.read_text("utf-8"))
        except (OSError, ValueError) as error:
            raise VisionError(
                f"{path} cannot be read ({error}); make one with `booth sim dataset {folder}`"
            ) from error
        if manifest.get("schema") != SCHEMA:
            raise VisionError(f"{path}: schema {manifest.get('schema')}, wants {SCHEMA}")
        self._folder = folder
        self._entries: list[dict[str, Any]] = manifest["frames"]
        self._unit = float(manifest["depth_unit_m"])
        self._size = (int(manifest["width"]), int(manifest["height"]))
        self._table = np.zeros(256, dtype=np.uint8)
        for name, value in manifest["parts"].items():
            self._table[int(value)] = STRUCTURES.get(name, Structure.BACKGROUND)
        self._shard = lru_cache(maxsize=2)(self._read_shard)

    def __len__(self) -> int:
        return len(self._entries)

    def __getitem__(self, number: int) -> LabelledFrame:
        entry = self._entries[number]
        shard = self._shard(entry["shard"])
        return self._labelled(entry, shard)

    def __iter__(self) -> Iterator[LabelledFrame]:
        for number in range(len(self)):
            yield self[number]

    def keep(self) -> None:
        """Keep every shard read from now on in memory, as training in random order needs."""
        self._shard = lru_cache(maxsize=None)(self._read_shard)

    def _read_shard(self, name: str) -> dict[str, NDArray[Any]]:
        with np.load(self._folder / name) as arrays:
            shard = {key: arrays[key] for key in ("rgb", "depth", "labels")}
        shard["labels"] = self._table[shard["labels"]]
        return shard

    def _labelled(self, entry: dict[str, Any], shard: dict[str, NDArray[Any]]) -> LabelledFrame:
        index, k = entry["index"], entry["intrinsics"]
        steps = shard["depth"][index].astype(np.float32)
        depth = np.where(steps > 0, steps * np.float32(self._unit), np.float32(np.nan))
        pose = entry["optical_mouth"]
        return LabelledFrame(
            Frame(
                shard["rgb"][index],
                depth.astype(np.float32),
                Intrinsics(*self._size, k["fx"], k["fy"], k["cx"], k["cy"]),
                int(entry["frame"]) + 1,
                int(entry["frame"]),
            ),
            shard["labels"][index],
            entry["kind"],
            entry["camera"],
            entry["population"],
            entry["attributes"],
            Pose.from_quaternion(pose["quaternion_wxyz"], pose["translation_m"]),
            float(entry["opening_m"]),
            {site: SiteTruth.given(entry["sites"][site.value]) for site in Site},
        )
