"""What is given to the arm: targets fused over the pictures of a survey, against the truth.

`booth vision evaluate` judges single pictures. The booth wants five agreeing sightings of a site
before it approaches it, and gives the arm what the tracker made of them. Here people sit for two
seconds, swaying, before a camera that takes ten pictures a second: "booth" are adults, children
and elderly who do as they are asked, in the booth's own light, 0.25 to 0.40 m from its D405;
"strange" are a data set's scenes, with odd light, masks, hands and tools in the way. The same
figures are given for the single pictures.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from common import Figure, arguments, cannot_run, report

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
SIZE = (640, 480)
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
    people = 2 if options.quick else 60
    figures = [Figure("people", float(people), "1", "higher")]
    for kind, scene in (("booth", _booth_scene), ("strange", _strange_scene)):
        single, fused = _survey(locator, _sittings(people, scene))
        figures += _figures(f"{kind}_single", single) + _figures(f"{kind}_fused", fused)
    report(
        "vision_survey",
        figures,
        quick=options.quick,
        json_file=options.json,
        packages=("onnxruntime", "numpy", "opencv-python-headless"),
    )


def _survey(
    locator: ThroatLocator, sittings: Iterable[list[LabelledFrame]]
) -> tuple[list[Verdict], list[Verdict]]:
    """Return what became of every site of every picture, and of every site fused."""
    single: list[Verdict] = []
    fused: list[Verdict] = []
    for sitting in sittings:
        tracker = MouthTracker(TRACKER)
        for labelled in sitting:
            seen = locator.locate(labelled.frame)
            if isinstance(seen, Sighting):
                tracker.update(seen, Pose())
            for site in Site:
                found = seen if isinstance(seen, Refusal) else seen.targets[site]
                single.append(_verdict(found, site, labelled))
        fused += [_verdict(_agreed(tracker, site, sitting[-1]), site, sitting[-1]) for site in Site]
    return single, fused


def _sittings(
    people: int, scene: Callable[[np.random.Generator], Any]
) -> Iterator[list[LabelledFrame]]:
    """Yield the pictures of each person, with their truth; the camera stands for the base."""
    from sim.errors import SimError  # noqa: PLC0415 - OpenGL
    from sim.pictures import Renderer  # noqa: PLC0415 - the same

    try:
        renderer = Renderer(*SIZE)
    except SimError as error:
        cannot_run(str(error))
    with renderer:
        for person in range(people):
            rng = np.random.default_rng([SEED, person])
            sample = scene(rng)
            phase = rng.uniform(0.0, 2 * np.pi, 3)
            yield [_picture(sample, phase, number, renderer, rng) for number in range(PICTURES)]


def _strange_scene(rng: np.random.Generator) -> Any:  # noqa: ANN401 - a sim.pictures.sample.Sample
    """Return a scene of a data set; an empty chair is left out, it has no sites."""
    from sim.pictures.sample import sample_scene  # noqa: PLC0415 - OpenGL

    while (sample := sample_scene(rng, *SIZE)).kind == "empty":
        pass
    return sample


def _booth_scene(rng: np.random.Generator) -> Any:  # noqa: ANN401 - the same
    """Return a person before the booth's camera who has opened the mouth wide, tongue down."""
    from sim.anatomy import Articulation, OralCavity, Population  # noqa: PLC0415 - OpenGL
    from sim.cameras import CAMERAS  # noqa: PLC0415 - the same
    from sim.pictures import SceneView, look_at  # noqa: PLC0415 - the same
    from sim.pictures.sample import Sample  # noqa: PLC0415 - the same

    name = str(rng.choice(["adult", "child", "elderly"], p=[0.6, 0.2, 0.2]))
    anatomy = replace(Population.named(name).sample(rng), mask=False)
    opening = float(anatomy.opening_max * rng.uniform(0.85, 1.0))
    cavity = OralCavity(anatomy, Articulation(opening=opening, tongue_height=rng.beta(1.0, 9.0)))
    eye = (rng.uniform(0.25, 0.40), rng.normal(0.0, 0.02), rng.normal(0.02, 0.02))
    camera = CAMERAS["D405"]
    view = SceneView(cavity, look_at(eye, (-0.03, 0.0, 0.0)), camera.intrinsics(*SIZE))
    return Sample(view, cavity, camera, "booth", name)


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
