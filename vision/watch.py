"""Watches while the arm works: swab tip, contamination, mouth closing, head leaving, stop signs."""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from spatial import Pose, Vector
from vision.frame import Frame
from vision.pipeline import Looks
from vision.settings import Bounded, bounded
from vision.structure import ORAL, Structure
from vision.target import Refusal, RefusalReason, Sighting
from vision.view import View


class Alarm(StrEnum):
    """What the eye says while the swab is at work; each has one answer: stop and withdraw."""

    SWAB_LOST = "swab_lost"
    CONTAMINATED = "contaminated"
    MOUTH_CLOSING = "mouth_closing"
    HEAD_LEFT = "head_left"
    LEANING_BACK = "leaning_back"
    HAND_RAISED = "hand_raised"


@dataclass(frozen=True, slots=True)
class WatchSettings(Bounded):
    """When an alarm is raised; lengths in metres."""

    closing: float = bounded(0.030, 0.01, 0.06)
    """Opening below which the mouth is closing on the swab."""
    lean: float = bounded(0.025, 0.005, 0.2)
    """How far the mouth may go back from where it was when the swab entered."""
    leave: float = bounded(0.040, 0.01, 0.3)
    """How far it may go sideways or up."""
    hand_share: float = bounded(0.03, 0.001, 0.5)
    """Share of the picture that is hand, above which a hand is raised."""
    patience: float = bounded(3, 1, 30)
    """Pictures in a row that must say the same before it is an alarm."""
    tip_radius: float = bounded(0.006, 0.001, 0.03)
    """How near the expected tip a swab pixel must be seen."""


@dataclass(frozen=True, slots=True, eq=False)
class TipSighting:
    """The swab's tip in the picture (u, v) [px], and what lies right around it."""

    pixel: Vector
    beside: Structure


class SwabWatch:
    """Compares each picture with how things stood when the swab entered.

    ``start`` with the sighting at entry; ``check`` each picture since. Not thread-safe.
    """

    def __init__(self, settings: WatchSettings | None = None) -> None:
        self._settings = settings or WatchSettings()
        self._entry: Pose | None = None
        self._counts: dict[Alarm, int] = {}

    def start(self, base_mouth: Pose) -> None:
        """Remember where the mouth was when the swab entered."""
        self._entry = base_mouth
        self._counts.clear()

    def check(
        self,
        frame: Frame,
        looks: Looks | Refusal,
        seen: Sighting | Refusal,
        base_camera: Pose,
        optical_tip: Vector | None,
    ) -> Alarm | None:
        """Return an alarm once it has lasted ``patience`` pictures, else None.

        ``optical_tip`` (3,) [m] is where the arm believes the unbent tip to be, None while no
        swab should be seen.
        """
        signs = self._signs(frame, looks, seen, base_camera, optical_tip)
        self._counts = {sign: self._counts.get(sign, 0) + 1 for sign in signs}
        lasting = [s for s, n in self._counts.items() if n >= self._settings.patience]
        return min(lasting, key=list(Alarm).index) if lasting else None

    def _signs(
        self,
        frame: Frame,
        looks: Looks | Refusal,
        seen: Sighting | Refusal,
        base_camera: Pose,
        optical_tip: Vector | None,
    ) -> set[Alarm]:
        signs: set[Alarm] = set()
        s = self._settings
        if isinstance(looks, Refusal):
            hidden = looks.reason is RefusalReason.OCCLUDED
            signs.add(Alarm.HAND_RAISED if hidden else Alarm.HEAD_LEFT)
            return signs
        if float(looks.whole.mask([Structure.HAND]).mean()) > s.hand_share:
            signs.add(Alarm.HAND_RAISED)
        if optical_tip is not None:
            tip = find_tip(looks.mouth, frame, optical_tip, s.tip_radius)
            if tip is None:
                signs.add(Alarm.SWAB_LOST)
            elif tip.beside in (Structure.TONGUE, Structure.TEETH, Structure.LIPS):
                signs.add(Alarm.CONTAMINATED)
        if not isinstance(seen, Refusal):
            signs |= self._mouth_signs(seen, base_camera)
        return signs

    def _mouth_signs(self, seen: Sighting, base_camera: Pose) -> set[Alarm]:
        signs: set[Alarm] = set()
        if seen.opening < self._settings.closing:
            signs.add(Alarm.MOUTH_CLOSING)
        if self._entry is not None:
            moved = self._entry.inverse().apply((base_camera @ seen.optical_mouth).translation)
            if -float(moved[0]) > self._settings.lean:
                signs.add(Alarm.LEANING_BACK)
            elif float(np.linalg.norm(moved)) > self._settings.leave:
                signs.add(Alarm.HEAD_LEFT)
        return signs


def find_tip(view: View, frame: Frame, optical_tip: Vector, radius: float) -> TipSighting | None:
    """Return the swab's tip as seen: the swab pixel farthest along, near where it should be.

    The end of the swab is the swab pixel nearest the expected tip within three ``radius`` [m];
    what it touches is the commonest oral structure in the ring of one ``radius`` around it.
    """
    if optical_tip[2] <= 0.0:
        return None
    expected = frame.intrinsics.project(np.asarray(optical_tip)[None])[0]
    scale = frame.intrinsics.fx / float(optical_tip[2]) / view.step
    row, column = (expected[1] - view.top) / view.step, (expected[0] - view.left) / view.step
    rows, columns = np.nonzero(view.mask([Structure.SWAB]))
    if not len(rows):
        return None
    square = (rows - row) ** 2 + (columns - column) ** 2
    best = int(np.argmin(square))
    if square[best] > (3.0 * radius * scale) ** 2:
        return None
    beside = _around(view.labels, int(rows[best]), int(columns[best]), radius * scale)
    pixel = np.array(
        [view.left + view.step * columns[best], view.top + view.step * rows[best]], dtype=float
    )
    return TipSighting(pixel, beside)


def _around(labels: NDArray[np.uint8], row: int, column: int, radius: float) -> Structure:
    reach = max(1, round(radius))
    patch = labels[
        max(0, row - reach) : row + reach + 1, max(0, column - reach) : column + reach + 1
    ]
    counts = np.bincount(patch.ravel(), minlength=len(Structure))
    inside = [*ORAL, Structure.LIPS]
    best = max(inside, key=lambda structure: int(counts[structure]))
    return best if counts[best] else Structure.BACKGROUND


def confirms_site(tip: TipSighting, site_structures: tuple[Structure, ...]) -> bool:
    """Whether what the tip lies on belongs to the site that is being wiped."""
    return tip.beside in site_structures
