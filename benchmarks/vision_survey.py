"""What is given to the arm: targets fused over the pictures of a survey, against the truth.

`booth vision evaluate` judges single pictures. The booth wants five agreeing sightings of a site
before it approaches it, and gives the arm what the tracker made of them. Here people as strange as
a data set's sit for two seconds, swaying, before a camera that takes ten pictures a second; the
same figures are given for the single pictures.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from benchmarks.common import Figure, arguments, cannot_run, report
from spatial import Pose, stamp_ns
from station.config import SessionSettings
from station.sight import TRACKER
from vision.data import STRUCTURES, LabelledFrame, SiteTruth
from vision.errors import VisionError
from vision.evaluation.metrics import percentile
from vision.evaluation.rendered import cooperative, is_right
from vision.network import load_network
from vision.pipeline import ThroatLocator
from vision.structure import Structure
from vision.target import Refusal, RefusalReason, Sighting, Site, Target
from vision.tracking import MouthTracker

SEED = 950  # of people that nothing was trained or calibrated on
RATE_HZ, PICTURES = 10.0, 20
SWAY, SWAY_HZ = 0.003, 0.35  # m to either side (6 mm/s at most, standing sway), and how often


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of one site; ``error`` [m] from the true place where a target was given."""

    safe: bool
    willing: bool
    given: bool
    right: bool = False
    error: float = float("nan")


def main() -> None:
    """Seat people, survey them, report."""
    options = arguments(__doc__ or "").parse_args()
    try:
        locator = ThroatLocator(load_network())
    except VisionError as error:
        cannot_run(str(error))
    people = 6 if options.quick else 150
    single: list[Verdict] = []
    fused: list[Verdict] = []
    for sitting in _sittings(people):
        tracker = MouthTracker(TRACKER)
        for labelled in sitting:
            seen = locator.locate(labelled.frame)
            if isinstance(seen, Sighting):
                tracker.update(seen, Pose())
            for site in Site:
                found = seen if isinstance(seen, Refusal) else seen.targets[site]
                single.append(_verdict(found, site, labelled))
        fused += [_verdict(_agreed(tracker, site, sitting[-1]), site, sitting[-1]) for site in Site]
    report(
        "vision_survey",
        [
            *_figures("single", single),
            *_figures("fused", fused),
            Figure("people", float(people), "1", "higher"),
        ],
        quick=options.quick,
        json_file=options.json,
        packages=("onnxruntime", "numpy", "opencv-python-headless"),
    )


def _sittings(people: int) -> Iterator[list[LabelledFrame]]:
    """Yield the pictures of each person, with their truth; the camera stands in the base's place.

    A person whose data-set frame would be empty is left out.
    """
    from sim.errors import SimError  # noqa: PLC0415 - OpenGL
    from sim.pictures import Renderer  # noqa: PLC0415 - the same
    from sim.pictures.sample import sample_scene  # noqa: PLC0415 - the same

    try:
        renderer = Renderer(640, 480)
    except SimError as error:
        cannot_run(str(error))
    with renderer:
        person = 0
        while people:
            rng = np.random.default_rng([SEED, person])
            person += 1
            sample = sample_scene(rng, 640, 480)
            if sample.kind == "empty":
                continue
            people -= 1
            phase = rng.uniform(0.0, 2 * np.pi, 3)
            yield [_picture(sample, phase, number, renderer, rng) for number in range(PICTURES)]


def _picture(
    sample: Any,  # noqa: ANN401 - a sim.pictures.sample.Sample, imported only where OpenGL is
    phase: np.ndarray,
    number: int,
    renderer: Any,  # noqa: ANN401 - a sim.pictures.Renderer
    rng: np.random.Generator,
) -> LabelledFrame:
    """Return the picture taken after ``number`` periods, the head swayed by sines of ``phase``."""
    from sim.anatomy import Part  # noqa: PLC0415 - the same
    from sim.dataset import draw  # noqa: PLC0415 - OpenGL

    time = number / RATE_HZ
    sway = SWAY * np.sin(2 * np.pi * SWAY_HZ * time + phase)
    view = replace(sample.view, optical_mouth=sample.view.optical_mouth @ Pose(translation=sway))
    entry, frame, labels = draw(replace(sample, view=view), renderer, rng)
    table = np.full(256, Structure.BACKGROUND, dtype=np.uint8)
    for part in Part:
        table[part] = STRUCTURES.get(part.name.lower(), Structure.BACKGROUND)
    return LabelledFrame(
        replace(frame, stamp_ns=stamp_ns(1.0 + time), sequence=number),
        table[labels],
        entry["kind"],
        entry["camera"],
        entry["population"],
        entry["attributes"],
        view.optical_mouth,
        entry["opening_m"],
        {site: SiteTruth.given(entry["sites"][site.value]) for site in Site},
    )


def _agreed(tracker: MouthTracker, site: Site, labelled: LabelledFrame) -> Target | Refusal:
    """Return the target that the booth would approach, in the optical frame, or a refusal."""
    settings = SessionSettings()
    found = tracker.target(site, labelled.frame.stamp_ns)
    if isinstance(found, Refusal):
        return found
    spread = float(np.sqrt(np.linalg.eigvalsh(found.covariance)[-1]))
    if found.sightings < settings.sightings or spread > settings.agreement:
        return Refusal(
            RefusalReason.MODEL_UNSURE,
            labelled.frame.stamp_ns,
            f"{found.sightings} sightings, known to {1e3 * spread:.1f} mm",
        )
    return Target(
        site,
        found.point,
        found.normal,
        found.path,
        found.covariance,
        found.confidence,
        found.clearance,
    )


def _verdict(found: Target | Refusal, site: Site, labelled: LabelledFrame) -> Verdict:
    truth, willing = labelled.sites[site], cooperative(labelled)
    if isinstance(found, Refusal):
        return Verdict(truth.safe, willing, given=False)
    error = float(np.linalg.norm(found.point - truth.point))
    return Verdict(truth.safe, willing, True, is_right(found, truth, labelled), error)


def _figures(level: str, verdicts: Sequence[Verdict]) -> list[Figure]:
    given = [v for v in verdicts if v.given]
    safe = [v for v in verdicts if v.safe and v.willing]
    unsafe = [v for v in verdicts if not v.safe]
    errors = [1e3 * v.error for v in given if v.right]
    return [
        Figure(f"{level}_wrong_target_rate", _share([not v.right for v in given]), "1", "lower"),
        Figure(f"{level}_refusal_rate", _share([not v.given for v in safe]), "1", "lower"),
        Figure(
            f"{level}_unsafe_refused_rate", _share([not v.given for v in unsafe]), "1", "higher"
        ),
        Figure(f"{level}_error_mm_p50", percentile(errors, 50), "mm", "lower"),
        Figure(f"{level}_error_mm_p95", percentile(errors, 95), "mm", "lower"),
        Figure(f"{level}_targets", float(len(given)), "1", "higher"),
        Figure(f"{level}_safe_sites", float(len(safe)), "1", "higher"),
    ]


def _share(flags: Sequence[bool]) -> float:
    return float(np.mean(flags)) if flags else float("nan")


if __name__ == "__main__":
    main()
