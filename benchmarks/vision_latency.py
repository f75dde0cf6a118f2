"""Frame to target: latency of each stage, sustained rate and memory, on rendered D405 frames.

Runs on two cores at most. Frames are rendered first, so that rendering is not timed; each frame
is another person, so that no picture is in a cache because it was seen before.
"""

import itertools
import os
import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np
from common import Figure, arguments, cannot_run, report
from numpy.typing import NDArray

from vision.errors import VisionError
from vision.frame import Frame
from vision.health import HealthSettings, picture_fault
from vision.mouth import measure_mouth
from vision.network import load_network, multiplies_bytes
from vision.pipeline import Looks, ThroatLocator
from vision.preprocess import Look
from vision.segmentation import Model, Segmentation
from vision.settings import LocatorSettings
from vision.target import Refusal, Target
from vision.view import View

CORES = 2
SIZES = ((640, 480), (848, 480))


def main() -> None:
    """Render, measure, report."""
    options = arguments(__doc__ or "").parse_args()
    os.sched_setaffinity(0, set(sorted(os.sched_getaffinity(0))[:CORES]))
    try:
        model = load_network(threads=CORES)
    except VisionError as error:
        cannot_run(str(error))
    locator = ThroatLocator(model)
    figures: list[Figure] = []
    frames = {size: _render(*size, 6 if options.quick else 24) for size in SIZES}
    for (width, height), shown in frames.items():
        ends = _time(shown, locator.locate, 60 if options.quick else 600)
        name = "" if (width, height) == SIZES[0] else f"_{width}x{height}"
        goal = 25.0 if not name else None
        p50, p99 = (float(np.percentile(ends, p)) for p in (50, 99))
        figures += [
            Figure(f"frame_to_target_ms_p50{name}", p50, "ms", "lower", goal),
            Figure(f"frame_to_target_ms_p99{name}", p99, "ms", "lower"),
        ]
    first = frames[SIZES[0]]
    targets = [_targets(locator, frame) for frame in first]
    figures.append(Figure("targets_per_frame", float(np.mean(targets)), "1", "higher"))
    looks = [_count_looks(model, frame) for frame in first]
    figures.append(Figure("looks_per_frame", float(np.mean(looks)), "1", "lower"))
    for name, stage in _stages(locator, model, first).items():
        spent = _time(first, stage, 30 if options.quick else 300)
        figures.append(Figure(f"stage_{name}_ms_p50", float(np.median(spent)), "ms", "lower"))
    figures.append(Figure("network_in_bytes", float(multiplies_bytes()), "0 or 1", "higher"))
    figures += _sustained(locator, first, 8.0 if options.quick else 600.0)
    report(
        "vision_latency",
        figures,
        quick=options.quick,
        json_file=options.json,
        packages=("onnxruntime", "numpy", "opencv-python-headless"),
    )


def _render(width: int, height: int, count: int) -> list[Frame]:
    """Return D405 frames of cooperative adults, 0.25 to 0.4 m away."""
    from sim.anatomy import Articulation, OralCavity, Population  # noqa: PLC0415 - OpenGL
    from sim.cameras import CAMERAS  # noqa: PLC0415 - the same
    from sim.errors import SimError  # noqa: PLC0415 - the same
    from sim.pictures import Renderer, SceneView, look_at  # noqa: PLC0415 - the same

    rng, camera = np.random.default_rng(5), CAMERAS["D405"]
    try:
        renderer = Renderer(width, height)
    except SimError as error:
        cannot_run(str(error))
    frames = []
    with renderer:
        for number in range(count):
            anatomy = Population.named("adult").sample(rng)
            cavity = OralCavity(anatomy, Articulation(opening=0.048, tongue_height=0.05))
            eye = (float(rng.uniform(0.25, 0.40)), float(rng.normal(0, 0.02)), 0.02)
            pose = look_at(eye, (-0.03, 0.0, 0.0))
            view = SceneView(cavity, pose, camera.intrinsics(width, height))
            frames.append(camera.measure(renderer.render(view), rng, number + 1, number))
    return frames


def _time(frames: list[Frame], stage: Callable[[Frame], object], count: int) -> list[float]:
    """Return milliseconds of ``count`` calls, the first few left out."""
    spent = []
    for number, frame in zip(range(count + 5), itertools.cycle(frames), strict=False):
        began = time.perf_counter()
        stage(frame)
        if number >= 5:
            spent.append(1e3 * (time.perf_counter() - began))
    return spent


def _targets(locator: ThroatLocator, frame: Frame) -> int:
    seen = locator.locate(frame)
    if isinstance(seen, Refusal):
        return 0
    return sum(isinstance(target, Target) for target in seen.targets.values())


class _Counted:
    """A model that counts how often it is asked: a mouth or throat cut off is looked at again."""

    def __init__(self, model: Model) -> None:
        self._model = model
        self.digest = model.digest
        self.confidence = model.confidence
        self.photo_confidence = model.photo_confidence
        self.asked = 0

    def segment(self, rgb: NDArray[np.uint8], depth: NDArray[np.float32] | None) -> Segmentation:
        self.asked += 1
        return self._model.segment(rgb, depth)


def _count_looks(model: Model, frame: Frame) -> int:
    counted = _Counted(model)
    ThroatLocator(counted).look(frame)
    return counted.asked


def _stages(
    locator: ThroatLocator, model: Model, frames: list[Frame]
) -> dict[str, Callable[[Frame], object]]:
    """Return what can be timed alone, each as a function of one of ``frames``.

    ``all_looks`` and ``mouth_and_sites`` together are a frame; the others are parts of these.
    """
    settings = LocatorSettings()
    seen = {frame.sequence: locator.look(frame) for frame in frames}

    def again(frame: Frame, at: Look) -> None:
        looks = seen[frame.sequence]
        if not isinstance(looks, Refusal):
            crop = (looks.mouth if at is Look.MOUTH else looks.throat).crop
            View.look(model, frame.rgb, frame.depth, crop, at.size)

    def mouth_pose(frame: Frame) -> None:
        looks = seen[frame.sequence]
        if not isinstance(looks, Refusal):
            measure_mouth(replace(looks.mouth), frame.intrinsics, settings, frame.stamp_ns)

    def mouth_and_sites(frame: Frame) -> None:
        looks = seen[frame.sequence]
        if not isinstance(looks, Refusal):  # as if looked at just now: views keep what they compute
            looks = Looks(looks.whole, replace(looks.mouth), replace(looks.throat))
        locator.judge(looks, frame)

    return {
        "health": lambda frame: picture_fault(frame, HealthSettings()),
        "whole_picture": locator.glance,
        "mouth_picture": lambda frame: again(frame, Look.MOUTH),
        "throat_picture": lambda frame: again(frame, Look.THROAT),
        "mouth_pose": mouth_pose,
        "all_looks": locator.look,
        "mouth_and_sites": mouth_and_sites,
    }


def _sustained(locator: ThroatLocator, frames: list[Frame], seconds: float) -> list[Figure]:
    """Locate for ``seconds`` as fast as can be; return the rate and how memory grew.

    The worst tenth tells whether the rate held throughout.
    """
    done, began = 0, time.perf_counter()
    early: float | None = None
    tenths = [0] * 10
    for frame in itertools.cycle(frames):
        locator.locate(frame)
        done += 1
        spent = time.perf_counter() - began
        if early is None and spent > 0.2 * seconds:
            early = _resident_mb()
        if spent >= seconds:
            break
        tenths[int(10 * spent / seconds)] += 1
    growth = _resident_mb() - (early or 0.0)
    return [
        Figure("fps_sustained", done / spent, "1/s", "higher", 30.0),
        Figure("fps_worst_tenth", min(tenths) / (0.1 * seconds), "1/s", "higher"),
        Figure("memory_growth_mb", growth, "MB", "lower"),
        Figure("sustained_s", spent, "s", "higher"),
    ]


def _resident_mb() -> float:
    with open("/proc/self/statm", encoding="ascii") as file:  # noqa: PTH123 - read often, kept small
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


if __name__ == "__main__":
    main()
