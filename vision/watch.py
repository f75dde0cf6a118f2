"""Watches while the arm works: swab tip, contamination, mouth closing, head leaving, stop signs."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

import numpy as np

from spatial import Pose
from vision.settings import Bounded, bounded
from vision.structure import Structure
from vision.swab import SwabSighting
from vision.target import Refusal, RefusalReason, Sighting


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
    least_swab: float = bounded(15e-6, 1e-6, 1e-3)
    """Area of swab below which none is seen; 50 mm of a shaft of 2.5 mm are 125 mm²."""
    most_swab: float = bounded(1500e-6, 100e-6, 10e-3)
    """Area above which what looks like a swab is something broader, such as fingers."""
    patience: float = bounded(3, 1, 30)
    """Pictures in a row that must say the same before it is an alarm."""


class Watch(Protocol):
    """Watches over a swab in a mouth: ``SwabWatch``, or what stands for it."""

    def start(self, base_mouth: Pose | None) -> None:
        """Begin: the swab enters the mouth that is at ``base_mouth``, None where not known."""
        ...

    def check(
        self, seen: Sighting | Refusal, swab: SwabSighting | None, base_mouth: Pose | None
    ) -> Notice | None:
        """Take in what one picture shows; returns an alarm that has lasted long enough."""
        ...


class SwabWatch:
    """Compares each picture with how things stood when the swab entered.

    ``start`` with the mouth at entry; ``check`` each picture since. Not thread-safe.
    """

    def __init__(self, settings: WatchSettings | None = None) -> None:
        self._settings = settings or WatchSettings()
        self._entry: Pose | None = None
        self._counts: dict[Alarm, int] = {}

    def start(self, base_mouth: Pose | None) -> None:
        """Remember where the mouth was when the swab entered; None where that is not known."""
        self._entry = base_mouth
        self._counts.clear()

    def check(
        self, seen: Sighting | Refusal, swab: SwabSighting | None, base_mouth: Pose | None
    ) -> Notice | None:
        """Return an alarm once it has lasted ``patience`` pictures, the gravest first, else None.

        ``swab`` is None where the picture could not be looked at, ``base_mouth`` where the mouth
        that was seen has no known place; nothing is said of either then.
        """
        signs = self._signs(seen, swab, base_mouth)
        self._counts = {sign: self._counts.get(sign, 0) + 1 for sign in signs}
        for alarm in Alarm:
            pictures = self._counts.get(alarm, 0)
            if pictures >= self._settings.patience:
                return Notice(alarm, f"{signs[alarm]}, in {pictures} pictures")
        return None

    def _signs(
        self, seen: Sighting | Refusal, swab: SwabSighting | None, base_mouth: Pose | None
    ) -> Mapping[Alarm, str]:
        """Return what this one picture says, each with the value against its bound."""
        signs = {} if swab is None else self._swab_signs(swab)
        if isinstance(seen, Refusal):
            if (alarm := _HIDDEN.get(seen.reason)) is not None:
                signs[alarm] = seen.detail
            return signs
        if swab is not None:
            signs.update(self._tip_signs(swab, seen))
        return {**signs, **self._mouth_signs(seen, base_mouth)}

    def _swab_signs(self, swab: SwabSighting) -> dict[Alarm, str]:
        s = self._settings
        area, least, most = (f"{1e6 * each:.0f}" for each in (swab.area, s.least_swab, s.most_swab))
        if swab.covered > s.hand_share:
            bound = f"bound {s.hand_share:.0%}"
            return {Alarm.HAND_RAISED: f"a hand fills {swab.covered:.1%}, {bound}"}
        if swab.area > s.most_swab:
            return {Alarm.HAND_RAISED: f"{area} mm² before the mouth, a swab has at most {most}"}
        if swab.area < s.least_swab:
            return {Alarm.SWAB_LOST: f"{area} mm² of swab seen, bound {least}"}
        return {}

    def _tip_signs(self, swab: SwabSighting, seen: Sighting) -> dict[Alarm, str]:
        s = self._settings
        behind_lips = -seen.optical_mouth.inverse().apply(swab.optical_tip)[0]
        if swab.tip is None or behind_lips < _PAST_LIPS:
            return {}
        for structure in _SPOILING:
            if (gap := swab.tip.distances.get(structure, np.inf)) <= s.touch:
                where = structure.name.lower()
                bound = f"bound {1e3 * s.touch:.0f} mm"
                return {
                    Alarm.CONTAMINATED: f"the tip is {1e3 * gap:.1f} mm from the {where}, {bound}"
                }
        return {}

    def _mouth_signs(self, seen: Sighting, base_mouth: Pose | None) -> dict[Alarm, str]:
        s = self._settings
        signs: dict[Alarm, str] = {}
        if seen.opening < s.closing:
            signs[Alarm.MOUTH_CLOSING] = (
                f"the mouth is open {1e3 * seen.opening:.0f} mm, bound {1e3 * s.closing:.0f} mm"
            )
        if self._entry is not None and base_mouth is not None:
            moved = self._entry.inverse().apply(base_mouth.translation)
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
