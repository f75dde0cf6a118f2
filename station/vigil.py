"""Watching the person while the arm is near: which mouth is followed, and what is wrong with it."""

from collections.abc import Mapping

import numpy as np

from arm_control.procedure import Event as Incident
from arm_control.procedure import Procedure
from arm_control.target import MouthMotion
from spatial import Vector
from station.config import SessionSettings
from station.ports import Controller, Seen, Sight
from station.steady import SteadyMouth
from vision.swab import TipSighting
from vision.target import Refusal
from vision.tracking import TrackedMouth
from vision.watch import Alarm

_INCIDENTS: Mapping[Alarm, Incident] = {
    Alarm.SWAB_LOST: Incident.SWAB_LOST,
    Alarm.CONTAMINATED: Incident.CONTAMINATED,
    Alarm.HAND_RAISED: Incident.HAND_RAISED,
    Alarm.MOUTH_CLOSING: Incident.MOUTH_CLOSING,
    Alarm.LEANING_BACK: Incident.LEANED_BACK,
    Alarm.HEAD_LEFT: Incident.HEAD_MOVED,
}
"""What an alarm of the watch over the swab means to the procedure."""


class Vigil:
    """Looks once a cycle, leads the controller after the mouth, and names incidents.

    ``fresh`` is the newest sighting or refusal; whoever has used it may set it to None.
    """

    def __init__(
        self, sight: Sight, controller: Controller, procedure: Procedure, settings: SessionSettings
    ) -> None:
        self._sight = sight
        self._controller = controller
        self._procedure = procedure
        self._settings = settings
        self._steady = SteadyMouth(settings)
        self.fresh: TrackedMouth | Refusal | None = None

    @property
    def mouth(self) -> TrackedMouth | None:
        """The mouth that is followed; None before the first sighting."""
        return self._steady.mouth

    @property
    def motion(self) -> MouthMotion | None:
        """The same as the controller takes it."""
        mouth = self._steady.mouth
        return None if mouth is None else MouthMotion(mouth.base_mouth, mouth.twist, mouth.stamp_ns)

    def begin(self) -> None:
        """Start anew: another person follows."""
        self._sight.forget()
        self._controller.forget()
        self.release()

    def release(self) -> None:
        """Follow sightings as they are: the swab is away from the face."""
        self._steady.release()
        self.fresh = None

    def fix(self) -> None:
        """Keep the mouth's orientation of now: targets were chosen by it."""
        self._steady.fix()

    @property
    def tip(self) -> TipSighting | None:
        """The swab's tip in the newest picture; None where it is not seen, and outside."""
        return self._sight.tip

    def look(self, now_ns: int, base_tip: Vector | None) -> Seen:
        """Take in a new picture, if one is due, and lead the controller after what it shows.

        ``base_tip`` (3,) [m] is the swab's tip while it is in the mouth, None while it is outside.
        """
        seen = self._sight.look(now_ns, base_tip)
        mouth = self._steady.take(seen, now_ns, inside=base_tip is not None)
        if mouth is not None:
            self._controller.follow(MouthMotion(mouth.base_mouth, mouth.twist, mouth.stamp_ns))
        if isinstance(seen, TrackedMouth | Refusal):
            self.fresh = seen
        return seen

    def incident(
        self, seen: Seen, now_ns: int, near_s: float, *, inside: bool
    ) -> tuple[Incident, str] | None:
        """Return what the procedure must answer after this look, with one sentence about it.

        ``near_s`` is how long the arm has been near the face [s].
        """
        if inside and (notice := self._sight.notice) is not None:
            return _INCIDENTS[notice.alarm], notice.detail
        trouble = self._steady.trouble(now_ns, self._sight.closed_for, inside=inside)
        if trouble is not None:
            why = f": {self.fresh.detail}" if isinstance(self.fresh, Refusal) else ""
            return trouble[0], trouble[1] + why
        if isinstance(seen, TrackedMouth):
            speed = float(np.linalg.norm(seen.twist.linear))
            if speed > self._settings.gag_speed:
                return Incident.GAGGED, f"head jerks at {speed:.2f} m/s"
            if speed > self._settings.head_speed:
                return Incident.HEAD_MOVED, f"head moves at {speed:.3f} m/s"
        if near_s > self._procedure.time_limit_s:
            detail = f"{near_s:.0f} s near the face, bound {self._procedure.time_limit_s} s"
            return Incident.ASKED_TO_STOP, detail
        return None
