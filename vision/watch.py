"""Watches while the arm works: swab tip, contamination, mouth closing, head leaving, stop signs."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from spatial import Pose, Vector
from vision.frame import Frame
from vision.pipeline import Looks
from vision.settings import Bounded, bounded
from vision.sites import SITE_STRUCTURES
from vision.structure import ORAL, Structure
from vision.target import Refusal, RefusalReason, Sighting, Site
from vision.view import View


class Alarm(StrEnum):
    """What the eye says while the swab is at work; the procedure has an answer to each."""

    SWAB_LOST = "swab_lost"
    CONTAMINATED = "contaminated"
    HAND_RAISED = "hand_raised"
    MOUTH_CLOSING = "mouth_closing"
    LEANING_BACK = "leaning_back"
    HEAD_LEFT = "head_left"


@dataclass(frozen=True, slots=True)
class Notice:
    """An alarm with its evidence: the value against the bound, and for how many pictures."""

    alarm: Alarm
    detail: str


@dataclass(frozen=True, slots=True)
class WatchSettings(Bounded):
    """When an alarm is raised; lengths in metres, areas in square metres."""

    closing: float = bounded(0.015, 0.01, 0.06)
    """Opening below which the mouth closes on the swab, which hides up to half of it."""
    lean: float = bounded(0.025, 0.005, 0.2)
    """How far the mouth may go back from where it was when the swab entered."""
    leave: float = bounded(0.040, 0.01, 0.3)
    """How far it may go in any direction."""
    hand_share: float = bounded(0.03, 0.001, 0.5)
    """Share of the picture that is hand or mask, above which something is before the mouth."""
    touch: float = bounded(0.006, 0.002, 0.02)
    """Distance of tissue from the middle of the tip, at which the tip touches it: half of the bud
    and the error of the depth."""
    near: float = bounded(0.012, 0.005, 0.03)
    """The same, up to which tissue lies at a tip that is known to press on something: what it
    presses on it hides, so that only the surroundings are seen."""
    tip_radius: float = bounded(0.006, 0.001, 0.03)
    """A third of how far from where it should be the tip is looked for: the shaft bends."""
    least_swab: float = bounded(15e-6, 1e-6, 1e-3)
    """Area of swab below which none is seen; 50 mm of a shaft of 2.5 mm are 125 mm²."""
    most_swab: float = bounded(1500e-6, 100e-6, 10e-3)
    """Area above which what looks like a swab is something broader, such as fingers."""
    patience: float = bounded(3, 1, 30)
    """Pictures in a row that must say the same before it is an alarm."""


@dataclass(frozen=True, slots=True, eq=False)
class TipSighting:
    """The swab's tip in the picture, ``pixel`` (u, v) [px], and the tissue around it.

    ``offset`` [m] is how far it is seen from where it should be, across the line of sight;
    ``distances`` [m] are those of the structures seen near it, in space.
    """

    pixel: Vector
    offset: float
    distances: Mapping[Structure, float]

    def confirms(self, site: Site) -> bool:
        """Whether the tissue nearest to the tip may be wiped for ``site``."""
        nearest = min(self.distances, key=self.distances.__getitem__, default=None)
        return nearest in SITE_STRUCTURES[site]


class Watch(Protocol):
    """Watches over a swab in a mouth: ``SwabWatch``, or what stands for it."""

    @property
    def tip(self) -> TipSighting | None:
        """The swab's tip in the newest picture; None where it was not seen."""
        ...

    def start(self, base_mouth: Pose | None) -> None:
        """Begin: the swab enters the mouth that is at ``base_mouth``, None where not known."""
        ...

    def check(
        self,
        frame: Frame,
        looks: Looks | Refusal,
        seen: Sighting | Refusal,
        base_camera: Pose,
        optical_tip: Vector,
    ) -> Notice | None:
        """Take in one picture; returns an alarm that has lasted long enough."""
        ...


class SwabWatch:
    """Compares each picture with how things stood when the swab entered.

    ``start`` with the mouth at entry; ``check`` each picture since. Not thread-safe.
    """

    def __init__(self, settings: WatchSettings | None = None) -> None:
        self._settings = settings or WatchSettings()
        self._entry: Pose | None = None
        self._counts: dict[Alarm, int] = {}
        self._tip: TipSighting | None = None

    @property
    def tip(self) -> TipSighting | None:
        """The swab's tip in the newest picture; None where it was not seen."""
        return self._tip

    def start(self, base_mouth: Pose | None) -> None:
        """Remember where the mouth was when the swab entered; None where that is not known."""
        self._entry, self._tip = base_mouth, None
        self._counts.clear()

    def check(
        self,
        frame: Frame,
        looks: Looks | Refusal,
        seen: Sighting | Refusal,
        base_camera: Pose,
        optical_tip: Vector,
    ) -> Notice | None:
        """Return an alarm once it has lasted ``patience`` pictures, the gravest first, else None.

        ``optical_tip`` (3,) [m] is where the arm believes the tip to be, its bending included.
        """
        signs = self._signs(frame, looks, seen, base_camera, optical_tip)
        self._counts = {sign: self._counts.get(sign, 0) + 1 for sign in signs}
        for alarm in Alarm:
            pictures = self._counts.get(alarm, 0)
            if pictures >= self._settings.patience:
                return Notice(alarm, f"{signs[alarm]}, in {pictures} pictures")
        return None

    def _signs(
        self,
        frame: Frame,
        looks: Looks | Refusal,
        seen: Sighting | Refusal,
        base_camera: Pose,
        optical_tip: Vector,
    ) -> Mapping[Alarm, str]:
        """Return what this one picture says, each with the value against its bound."""
        self._tip = None
        if isinstance(looks, Refusal):
            alarm = _HIDDEN.get(looks.reason)
            return {} if alarm is None else {alarm: looks.detail}
        signs = self._swab_signs(looks, frame, optical_tip)
        if isinstance(seen, Refusal):
            alarm = _HIDDEN.get(seen.reason)
            return signs if alarm is None else {**signs, alarm: seen.detail}
        return {**signs, **self._mouth_signs(seen, base_camera, optical_tip)}

    def _swab_signs(self, looks: Looks, frame: Frame, optical_tip: Vector) -> dict[Alarm, str]:
        s = self._settings
        signs: dict[Alarm, str] = {}
        before = float(looks.whole.mask([Structure.HAND, Structure.MASK]).mean())
        if before > s.hand_share:
            signs[Alarm.HAND_RAISED] = f"a hand fills {before:.1%}, bound {s.hand_share:.0%}"
        area = swab_area(looks.mouth, frame, float(optical_tip[2]))
        if area > s.most_swab:
            signs[Alarm.HAND_RAISED] = (
                f"{1e6 * area:.0f} mm² before the mouth, a swab has at most {1e6 * s.most_swab:.0f}"
            )
        elif area < s.least_swab:
            signs[Alarm.SWAB_LOST] = (
                f"{1e6 * area:.0f} mm² of swab seen, bound {1e6 * s.least_swab:.0f}"
            )
        else:
            self._tip = find_tip(looks.mouth, frame, optical_tip, s.tip_radius, s.near)
        return signs

    def _mouth_signs(
        self, seen: Sighting, base_camera: Pose, optical_tip: Vector
    ) -> dict[Alarm, str]:
        s = self._settings
        signs: dict[Alarm, str] = {}
        inside = seen.optical_mouth.inverse().apply(optical_tip)[0] < -_PAST_LIPS
        around = self._tip.distances if self._tip is not None and inside else {}
        for structure in _SPOILING:
            if (gap := around.get(structure, np.inf)) <= s.touch:
                signs[Alarm.CONTAMINATED] = (
                    f"the tip is {1e3 * gap:.1f} mm from the {structure.name.lower()}, "
                    f"bound {1e3 * s.touch:.0f} mm"
                )
        if seen.opening < s.closing:
            signs[Alarm.MOUTH_CLOSING] = (
                f"the mouth is open {1e3 * seen.opening:.0f} mm, bound {1e3 * s.closing:.0f} mm"
            )
        if self._entry is not None:
            moved = self._entry.inverse().apply((base_camera @ seen.optical_mouth).translation)
            back, far = -float(moved[0]), float(np.linalg.norm(moved))
            if back > s.lean:
                signs[Alarm.LEANING_BACK] = (
                    f"the mouth went back {1e3 * back:.0f} mm, bound {1e3 * s.lean:.0f} mm"
                )
            elif far > s.leave:
                signs[Alarm.HEAD_LEFT] = (
                    f"the mouth moved {1e3 * far:.0f} mm, bound {1e3 * s.leave:.0f} mm"
                )
        return signs


_SPOILING = (Structure.TONGUE, Structure.TEETH, Structure.LIPS)
"""What a tip inside the mouth may not touch."""

_HIDDEN: Mapping[RefusalReason, Alarm] = {
    RefusalReason.OCCLUDED: Alarm.HAND_RAISED,
    RefusalReason.MASK: Alarm.HAND_RAISED,
    RefusalReason.MOUTH_CLOSED: Alarm.MOUTH_CLOSING,
    RefusalReason.NO_FACE: Alarm.HEAD_LEFT,
    RefusalReason.OUT_OF_REACH: Alarm.HEAD_LEFT,
}
"""What a refused picture means with a swab in a mouth; the others are the camera's affair."""

_PAST_LIPS = 0.010  # m behind the lips from which the tip counts as inside
_CELLS = 1.5  # of the model's picture, on either side of the swab, whose names are not trusted
_FEW = 5  # measured pixels of a structure below which they may be noise


def swab_area(view: View, frame: Frame, distance: float) -> float:
    """Return the area [m²] of what looks like a swab in ``view``, as if ``distance`` [m] away."""
    across = distance / frame.intrinsics.fx
    return float(view.mask([Structure.SWAB]).sum()) * (view.step * across) ** 2


def find_tip(
    view: View, frame: Frame, optical_tip: Vector, radius: float, near: float
) -> TipSighting | None:
    """Return the swab's tip as seen: the swab pixel nearest to where the tip should be.

    It must be seen within three ``radius`` [m] of there. The tissue around it is measured in space,
    up to ``near`` [m] from ``optical_tip`` (3,) [m], the arm's own word.
    """
    if optical_tip[2] <= 0.0:
        return None
    expected = frame.intrinsics.project(np.asarray(optical_tip)[None])[0]
    scale = frame.intrinsics.fx / float(optical_tip[2]) / view.step  # grid pixels a metre
    row, column = (expected[1] - view.top) / view.step, (expected[0] - view.left) / view.step
    rows, columns = np.nonzero(view.mask([Structure.SWAB]))
    if not len(rows):
        return None
    square = (rows - row) ** 2 + (columns - column) ** 2
    best = int(np.argmin(square))
    offset = float(np.sqrt(square[best])) / scale
    if offset > 3.0 * radius:
        return None
    pixel = view.pixels(rows[best : best + 1], columns[best : best + 1])[0]
    disc = _disc(view, row, column, near * scale)
    return TipSighting(pixel, offset, _distances(view, frame, disc, optical_tip, near))


def _disc(view: View, row: float, column: float, reach: float) -> NDArray[np.bool_]:
    """Return which grid pixels (h, w) near a place have depth and a name of their own.

    The model's cells are coarser than the depth: right beside the swab they bear another's name.
    """
    rows, columns = np.ogrid[: view.shape[0], : view.shape[1]]
    around = np.asarray((rows - row) ** 2 + (columns - column) ** 2 <= reach**2)
    cell = int(np.ceil(_CELLS * view.crop.side / view.cells.shape[0] / view.step))
    swab = view.mask([Structure.SWAB]).astype(np.uint8)
    beside = cv2.dilate(swab, np.ones((2 * cell + 1, 2 * cell + 1), np.uint8)) > 0
    return np.asarray(around & ~beside & view.valid)


def _distances(
    view: View, frame: Frame, disc: NDArray[np.bool_], optical_tip: Vector, near: float
) -> Mapping[Structure, float]:
    """Return how far the structures within ``near`` of the tip are from it."""
    gaps = np.linalg.norm(view.points(disc, frame.intrinsics) - optical_tip, axis=1)
    labels, found = view.labels[disc], {}
    for structure in (*ORAL, Structure.LIPS):
        own = np.sort(gaps[labels == structure])
        if len(own) >= _FEW and own[_FEW - 1] <= near:
            found[structure] = float(own[_FEW - 1])
    return found
