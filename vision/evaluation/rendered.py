"""Evaluation on rendered people: boxes, targets, refusals and confidence against the truth."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from spatial import Matrix
from vision.data import LabelledFrame, SiteTruth
from vision.evaluation.boxes import KINDS, seen_box, true_box
from vision.evaluation.metrics import (
    Box,
    Detection,
    calibration_error,
    mean_average_precision,
    percentile,
)
from vision.pipeline import Looks, ThroatLocator
from vision.sites import SITE_STRUCTURES, THROAT
from vision.structure import Structure
from vision.target import Refusal, RefusalReason, Site, Target
from vision.view import View

ON_SITE = 0.012
"""A target farther than this [m] from the site's true middle is wrong: the region's radius."""

GOAL_RANGE = (0.25, 0.40)
"""Distance of the mouth [m] for which the goals of the target's error are stated."""

_MOUTH_CORNERS = 0.024 * np.array([[0, 1, 1], [0, 1, -1], [0, -1, 1], [0, -1, -1]])
_IN_THROAT = (*THROAT, Structure.SOFT_PALATE)
_IN_WHOLE = (
    Structure.BACKGROUND,
    Structure.SKIN,
    Structure.EYES,
    Structure.MASK,
    Structure.HAND,
)
_IN_MOUTH = tuple(s for s in Structure if s not in (*_IN_THROAT, *_IN_WHOLE))
"""Which look's word counts for a structure."""
_NEAR_PIXELS = 1  # a pixel beside a site's edge is still on it


@dataclass(frozen=True, slots=True)
class SiteOutcome:
    """What became of one site of one frame.

    ``danger`` is why the truth says there is no safe target, None where there is one. ``goal`` says
    whether the frame is of the kind the accuracy's goal speaks of (a D405 at 0.25 to 0.4 m).
    ``error`` [m] from the true middle and ``right`` only where a target was given.
    """

    frame: int
    site: Site
    danger: RefusalReason | None
    cooperative: bool
    goal: bool
    emitted: bool
    right: bool
    error: float
    confidence: float
    reason: RefusalReason | None
    groups: Mapping[str, str]

    @property
    def safe(self) -> bool:
        """Whether the truth says a swab may be sent there."""
        return self.danger is None


@dataclass(frozen=True, slots=True)
class Results:
    """Everything measured: site outcomes, boxes, pixel agreement and mouth pose errors.

    ``cooperative`` holds the numbers of the frames whose person did what was asked.
    """

    outcomes: tuple[SiteOutcome, ...]
    detections: Mapping[str, tuple[Detection, ...]]
    truths: Mapping[str, tuple[tuple[int, Box], ...]]
    overlap: Mapping[str, float]
    mouth_error: tuple[tuple[float, float, float], ...]
    cooperative: frozenset[int]

    def figures(self) -> dict[str, float]:
        """Return the figures issue 5 names, and those that explain them."""
        emitted = [o for o in self.outcomes if o.emitted]
        safe = [o for o in self.outcomes if o.safe and o.cooperative]
        unsafe = [o for o in self.outcomes if not o.safe]
        errors = [1e3 * o.error for o in emitted if o.right]
        at_goal = [1e3 * o.error for o in emitted if o.right and o.goal]
        dangers = sorted({o.danger for o in unsafe if o.danger is not None})
        confidence = np.array([o.confidence for o in emitted])
        right = np.array([o.right for o in emitted], dtype=bool)
        mouth = np.array(self.mouth_error).reshape(-1, 3)
        return {
            **self._precision(""),
            **self._precision("_cooperative", self.cooperative),
            "target_error_mm_p50": percentile(errors, 50),
            "target_error_mm_p95": percentile(errors, 95),
            "target_error_mm_p50_d405_25_40cm": percentile(at_goal, 50),
            "target_error_mm_p95_d405_25_40cm": percentile(at_goal, 95),
            "wrong_target_rate": _share(not o.right for o in emitted),
            "wrong_target_rate_cooperative": _share(not o.right for o in emitted if o.cooperative),
            "refusal_rate": _share(not o.emitted for o in safe),
            "unsafe_refused_rate": _share(not o.emitted for o in unsafe),
            **{
                f"refused_where_{danger}": _share(
                    not o.emitted for o in unsafe if o.danger is danger
                )
                for danger in dangers
            },
            "calibration_error": calibration_error(confidence, right),
            "targets": float(len(emitted)),
            "safe_sites": float(len(safe)),
            "unsafe_sites": float(len(unsafe)),
            "mouth_error_mm_p50": percentile(list(1e3 * mouth[:, 0]), 50),
            "mouth_angle_deg_p50": percentile(list(np.degrees(mouth[:, 1])), 50),
            "opening_error_mm_p50": percentile(list(1e3 * np.abs(mouth[:, 2])), 50),
            **{f"iou_{name}": value for name, value in self.overlap.items()},
        }

    def _precision(self, ending: str, frames: frozenset[int] | None = None) -> dict[str, float]:
        """Return AP@.5:.95 of every kind of box and their mean, of ``frames`` or all."""
        values = {
            name: mean_average_precision(
                [d for d in found if frames is None or d.picture in frames],
                [t for t in self.truths[name] if frames is None or t[0] in frames],
            )
            for name, found in self.detections.items()
        }
        values["mean"] = float(np.mean(list(values.values())))
        return {f"ap5095_{name}{ending}": value for name, value in values.items()}


def evaluate(
    locator: ThroatLocator,
    frames: Iterable[LabelledFrame],
    progress: Callable[[int], None] | None = None,
) -> Results:
    """Run the locator over labelled frames and compare."""
    outcomes: list[SiteOutcome] = []
    detections: dict[str, list[Detection]] = {name: [] for name in KINDS.values()}
    truths: dict[str, list[tuple[int, Box]]] = {name: [] for name in KINDS.values()}
    shared = np.zeros((len(Structure), 2))
    mouths, willing = [], set()
    for number, labelled in enumerate(frames):
        looks = locator.look(labelled.frame)
        for structure, name in KINDS.items():
            if (box := true_box(labelled.labels, structure)) is not None:
                truths[name].append((number, box))
            if isinstance(looks, Looks) and (seen := seen_box(looks.throat, structure)) is not None:
                detections[name].append(Detection(number, *seen))
        if isinstance(looks, Looks):
            _count_overlap(looks.throat, labelled, _IN_THROAT, shared)
            _count_overlap(looks.mouth, labelled, _IN_MOUTH, shared)
        whole = looks.whole if isinstance(looks, Looks) else locator.glance(labelled.frame)
        _count_overlap(whole, labelled, _IN_WHOLE, shared)
        sighting = locator.judge(looks, labelled.frame)
        if not isinstance(sighting, Refusal):
            distance, angle = sighting.optical_mouth.distance_to(labelled.optical_mouth)
            mouths.append((distance, angle, sighting.opening - labelled.opening))
        groups = subgroups(labelled)
        if cooperative(labelled):
            willing.add(number)
        for site in Site:
            target = sighting if isinstance(sighting, Refusal) else sighting.targets[site]
            outcomes.append(_outcome(number, site, target, labelled, groups))
        if progress is not None:
            progress(number + 1)
    iou = shared[:, 0] / np.maximum(shared[:, 1], 1)
    return Results(
        tuple(outcomes),
        {name: tuple(found) for name, found in detections.items()},
        {name: tuple(found) for name, found in truths.items()},
        {s.name.lower(): float(iou[s]) for s in Structure if shared[s, 1] > 0},
        tuple(mouths),
        frozenset(willing),
    )


def cooperative(labelled: LabelledFrame) -> bool:
    """Whether the person did what was asked: upright before the camera, mouth open and in view."""
    k, pose = labelled.frame.intrinsics, labelled.optical_mouth
    corners = pose.apply(_MOUTH_CORNERS)
    if (corners[:, 2] <= 0.05).any() or pose.rotation[1, 2] > -0.7:
        return False
    pixels = k.project(corners)
    inside = (pixels >= 0).all() and (pixels <= (k.width - 1, k.height - 1)).all()
    return (
        bool(inside)
        and labelled.kind in ("booth", "close")
        and labelled.opening >= 0.038
        and not labelled.attributes.get("mask", False)
        and 0.1 <= float(labelled.optical_mouth.translation[2]) <= 0.42
    )


def subgroups(labelled: LabelledFrame) -> dict[str, str]:
    """Return the subgroup of every kind this frame belongs to."""
    a = labelled.attributes
    distance = float(labelled.optical_mouth.translation[2])
    return {
        "camera": labelled.camera,
        "kind": labelled.kind,
        "population": labelled.population,
        "distance": _band(distance, (0.15, 0.25, 0.32, 0.40), "m"),
        "opening": _band(1e3 * labelled.opening, (35, 42, 50), "mm"),
        "skin": _band(float(a["skin_tone"]), (0.33, 0.66), "tone"),
        "tonsil": _band(max(float(a["tonsil_right"]), float(a["tonsil_left"])), (1, 2, 3), "grade"),
        "tongue": _band(float(a["tongue_height"]), (0.2, 0.5), "height"),
        "glasses": "yes" if a["glasses"] else "no",
        "beard": "yes" if float(a["beard"]) > 0.2 else "no",
        "swab": "in front" if a["swab"] else "none",
    }


def is_right(target: Target, truth: SiteTruth, labelled: LabelledFrame) -> bool:
    """Whether a target lies on its site: safe, on the right tissue, near the true middle."""
    if not truth.safe or float(np.linalg.norm(target.point - truth.point)) > ON_SITE:
        return False
    column, row = np.round(labelled.frame.intrinsics.project(target.point[None])[0]).astype(int)
    n = _NEAR_PIXELS
    around = labelled.labels[max(0, row - n) : row + n + 1, max(0, column - n) : column + n + 1]
    return bool(np.isin(around, SITE_STRUCTURES[target.site]).any())


def _outcome(
    number: int,
    site: Site,
    found: Target | Refusal,
    labelled: LabelledFrame,
    groups: Mapping[str, str],
) -> SiteOutcome:
    truth = labelled.sites[site]
    distance = float(labelled.optical_mouth.translation[2])
    at_goal = labelled.camera == "D405" and GOAL_RANGE[0] <= distance <= GOAL_RANGE[1]
    common = (number, site, truth.reason, cooperative(labelled), at_goal)
    if isinstance(found, Refusal):
        return SiteOutcome(*common, False, False, np.nan, np.nan, found.reason, groups)
    error = float(np.linalg.norm(found.point - truth.point))
    right = is_right(found, truth, labelled)
    return SiteOutcome(*common, True, right, error, found.confidence, None, groups)


def _count_overlap(
    view: View, labelled: LabelledFrame, structures: Iterable[Structure], shared: Matrix
) -> None:
    height, width = view.shape
    true = labelled.labels[view.top :: view.step, view.left :: view.step][:height, :width]
    for structure in structures:
        mine, theirs = view.labels == structure, true == structure
        shared[structure] += (int((mine & theirs).sum()), int((mine | theirs).sum()))


def _band(value: float, edges: tuple[float, ...], unit: str) -> str:
    for low, high in zip((None, *edges), (*edges, None), strict=True):
        if high is None:
            return f">= {low} {unit}"
        if value < high:
            return f"< {high} {unit}" if low is None else f"{low} to {high} {unit}"
    raise AssertionError("the last band has no upper edge")


def _share(flags: Iterable[bool]) -> float:
    counted = list(flags)
    return float(np.mean(counted)) if counted else float("nan")
