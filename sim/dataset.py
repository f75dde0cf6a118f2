"""Labelled RGB-D data sets: shards of arrays and one manifest (docs/reference/dataset.md)."""

import json
import multiprocessing
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from sim.anatomy import Part
from sim.errors import SimError
from sim.pictures import Renderer
from sim.pictures.sample import Sample, sample_scene
from sim.pictures.truth import seen_sites
from sim.worker import begin_worker
from vision.frame import Frame

SCHEMA = 1
DEPTH_UNIT = 1e-4
_SHARD = 250


@dataclass(frozen=True, slots=True)
class DatasetPlan:
    """What to write: how many frames of which size, from which seed, into which folder."""

    folder: Path
    frames: int
    seed: int
    width: int = 256
    height: int = 192
    jobs: int = 1

    def __post_init__(self) -> None:
        for name, value, low, high in (
            ("frames", self.frames, 1, 1_000_000),
            ("width", self.width, 64, 1920),
            ("height", self.height, 48, 1080),
            ("jobs", self.jobs, 1, 64),
            ("seed", self.seed, 0, 2**63 - 1),
        ):
            if not low <= value <= high:
                raise SimError(f"dataset {name} {value} is outside {low} to {high}")
        if self.width % 8 or self.height % 8:
            raise SimError(f"dataset size {self.width}x{self.height} must be multiples of 8 px")


def write_dataset(plan: DatasetPlan, progress: Callable[[int], None] | None = None) -> Path:
    """Write a data set and return its manifest; ``progress`` gets the number of frames done.

    Frame i depends on the seed and i alone, so that neither ``jobs`` nor ``frames`` changes it.

    Raises
    ------
    SimError
        Where the folder holds a data set already or cannot be written, or a process is killed.
    """
    manifest = plan.folder / "manifest.json"
    if manifest.exists():
        raise SimError(f"{manifest} exists already; choose an empty folder or delete it")
    try:
        plan.folder.mkdir(parents=True, exist_ok=True)
        document = _write(plan, progress)
        manifest.write_text(json.dumps(document), encoding="utf-8")
    except OSError as error:
        raise SimError(
            f"{plan.folder} cannot be written: {error}; make room, or choose another folder"
        ) from error
    except BrokenProcessPool as error:
        raise SimError(
            "a process that writes frames was killed, perhaps for want of memory; try fewer jobs"
        ) from error
    return manifest


def _write(plan: DatasetPlan, progress: Callable[[int], None] | None) -> dict[str, Any]:
    """Write the shards; return the manifest's content."""
    shards = [
        (plan, number, first, min(first + _SHARD, plan.frames))
        for number, first in enumerate(range(0, plan.frames, _SHARD))
    ]
    entries: list[dict[str, Any]] = []
    for written in _each(shards, plan.jobs):
        entries.extend(written)
        if progress is not None:
            progress(len(entries))
    entries.sort(key=lambda entry: (entry["shard"], entry["index"]))
    return {
        "schema": SCHEMA,
        "seed": plan.seed,
        "width": plan.width,
        "height": plan.height,
        "depth_unit_m": DEPTH_UNIT,
        "parts": {part.name.lower(): int(part) for part in Part},
        "frames": entries,
    }


def _each(
    shards: list[tuple[DatasetPlan, int, int, int]], jobs: int
) -> Iterator[list[dict[str, Any]]]:
    if jobs == 1 or len(shards) == 1:
        with Renderer(shards[0][0].width, shards[0][0].height) as renderer:
            for shard in shards:
                yield _write_shard(renderer, *shard)
        return
    context = multiprocessing.get_context("spawn")
    workers = min(jobs, len(shards))
    with ProcessPoolExecutor(workers, mp_context=context, initializer=begin_worker) as pool:
        try:
            for future in as_completed([pool.submit(_write_one, shard) for shard in shards]):
                yield future.result()
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


_renderers: list[Renderer] = []  # of a helping process: its shaders are compiled once


def _write_one(task: tuple[DatasetPlan, int, int, int]) -> list[dict[str, Any]]:
    if not _renderers:
        _renderers.append(Renderer(task[0].width, task[0].height))
    return _write_shard(_renderers[0], *task)


def _write_shard(
    renderer: Renderer, plan: DatasetPlan, number: int, first: int, last: int
) -> list[dict[str, Any]]:
    name = f"shard-{number:05d}.npz"
    n = last - first
    rgb = np.empty((n, plan.height, plan.width, 3), np.uint8)
    depth = np.empty((n, plan.height, plan.width), np.uint16)
    labels = np.empty((n, plan.height, plan.width), np.uint8)
    entries = []
    for i in range(n):
        rng = np.random.default_rng([plan.seed, first + i])
        sample = sample_scene(rng, plan.width, plan.height)
        entry, frame, labels[i] = draw(sample, renderer, rng)
        rgb[i] = frame.rgb
        steps = np.nan_to_num(frame.depth / DEPTH_UNIT, nan=0.0)
        depth[i] = np.clip(np.round(steps), 0, 65535)
        entries.append({"shard": name, "index": i, "frame": first + i, **entry})
    np.savez(plan.folder / name, rgb=rgb, depth=depth, labels=labels)
    return entries


def draw(
    sample: Sample, renderer: Renderer, rng: np.random.Generator
) -> tuple[dict[str, Any], Frame, np.ndarray]:
    """Return the manifest entry, the measured frame and the labels (H, W) of one sample."""
    view = sample.view
    picture = renderer.render(view)
    frame = sample.camera.measure(picture, rng)
    cavity, k = sample.cavity, view.intrinsics
    a, q = cavity.anatomy, cavity.articulation
    pose = view.optical_mouth
    sites = {}
    for site, seen in seen_sites(cavity, view, picture).items():
        sites[site.value] = {
            "point": _numbers(pose.apply(seen.truth.point)),
            "normal": _numbers(pose.rotation @ seen.truth.normal),
            "visible_mm2": round(1e6 * seen.visible, 1),
            "safe": seen.safe,
            "reason": None if seen.reason is None else seen.reason.value,
        }
    entry = {
        "kind": sample.kind,
        "population": sample.population,
        "camera": sample.camera.name,
        "intrinsics": {"fx": k.fx, "fy": k.fy, "cx": k.cx, "cy": k.cy},
        "optical_mouth": {
            "quaternion_wxyz": _numbers(pose.quaternion()),
            "translation_m": _numbers(pose.translation),
        },
        "opening_m": round(cavity.opening, 5),
        "sites": sites,
        "attributes": {
            "age": round(a.age, 1),
            "skin_tone": round(a.skin_tone, 3),
            "redness": round(a.mucosa_redness, 3),
            "tonsil_right": round(a.tonsil_right, 2),
            "tonsil_left": round(a.tonsil_left, 2),
            "exudate": round(a.exudate, 2),
            "cobbles": round(a.wall_cobbles, 2),
            "tongue_height": round(q.tongue_height, 2),
            "depressor": round(q.depressor, 2),
            "hand": round(q.hand, 2),
            "glasses": a.glasses,
            "beard": round(a.beard, 2),
            "mask": a.mask,
            "swab": any(int(p.mesh.parts[0]) == Part.SWAB for p in view.props),
            "exposure": round(view.look.exposure, 2),
        },
    }
    return entry, frame, picture.labels


def _numbers(values: Any) -> list[float]:  # noqa: ANN401 - any array-like
    return [round(float(v), 6) for v in values]
