"""The mouth as the swab follows it: sure outside, steadied inside, where the swab hides it."""

from dataclasses import replace

import numpy as np

from arm_control.procedure import Event as Incident
from spatial import Pose, Twist, age_s
from station.config import SessionSettings
from station.ports import Seen
from vision.tracking import TrackedMouth

_SHOWN = 0.8  # of the opening at the look-out; below it places are off by millimetres
_EVERY_NS = 50_000_000  # a held mouth is renewed this often


class SteadyMouth:
    """Decides which mouth the controller follows.

    Away from the face every sighting is followed as it is. From ``fix`` on, when targets were
    chosen, the orientation stays what it was then: on a chin rest a head hardly turns, while a
    picture half hidden by the swab seems to turn it by ten degrees. With the swab inside, pictures
    that show less of the opening than ``_SHOWN`` of what was open before are passed over for at
    most ``hold_s``, since a mouth half hidden is seen in the wrong place: the last sure mouth is
    held, the force guard and the safety monitor watch on. A sure sighting that strays counts as a
    moved head.
    """

    def __init__(self, settings: SessionSettings) -> None:
        self._settings = settings
        self._mouth: TrackedMouth | None = None
        self._fixed: Pose | None = None
        self._open = 0.0
        self._sure_ns = 0
        self._told_ns = 0
        self.strays = 0

    @property
    def mouth(self) -> TrackedMouth | None:
        """The mouth that is followed; None before the first sighting."""
        return self._mouth

    def release(self) -> None:
        """Follow sightings as they are again: the swab is away from the face."""
        self._fixed, self.strays = None, 0

    def fix(self) -> None:
        """Keep the orientation of now, until ``release``."""
        if self._mouth is not None:
            self._fixed, self.strays = self._mouth.base_mouth, 0
            self._open = self._mouth.opening

    def take(self, seen: Seen, now_ns: int, *, inside: bool) -> TrackedMouth | None:
        """Take in one look; returns the mouth to follow from now on, None for no change."""
        if isinstance(seen, TrackedMouth) and self._believes(seen, inside=inside):
            if self._fixed is not None:
                pose = Pose(self._fixed.rotation, seen.base_mouth.translation)
                seen = replace(seen, base_mouth=pose, twist=Twist(seen.twist.linear))
            self._mouth, self._sure_ns, self._told_ns = seen, seen.stamp_ns, now_ns
            return seen
        held = self._mouth
        if not inside or held is None or now_ns - self._told_ns < _EVERY_NS:
            return None
        if age_s(self._sure_ns, now_ns) > self._settings.hold_s:
            return None
        self._told_ns = now_ns
        self._mouth = replace(held, stamp_ns=now_ns, twist=Twist())
        return self._mouth

    def trouble(self, now_ns: int, closed_for: int, *, inside: bool) -> tuple[Incident, str] | None:
        """Return what is wrong with the mouth, if anything; ``closed_for`` pictures showed it shut.

        Inside, a mouth that looks shut is one the swab hides, for as long as it may be held.
        """
        limits = self._settings
        hold = limits.hold_s if inside else 0.0
        unseen = age_s(self._sure_ns, now_ns)
        if self._mouth is None or unseen > max(limits.mouth_lost_s, hold):
            return Incident.HEAD_MOVED, f"mouth not seen for {unseen:.2f} s"
        if self.strays >= limits.closed_pictures:
            return Incident.HEAD_MOVED, f"mouth moved by more than {limits.stray * 1e3:.0f} mm"
        if hold == 0.0 and closed_for >= limits.closed_pictures:
            detail = f"{closed_for} pictures under {limits.mouth_open * 1e3:.0f} mm"
            return Incident.MOUTH_CLOSING, detail
        return None

    def _believes(self, seen: TrackedMouth, *, inside: bool) -> bool:
        if self._fixed is None:
            return True
        if inside and seen.opening < max(_SHOWN * self._open, self._settings.mouth_open):
            return False
        moved = float(np.linalg.norm(seen.base_mouth.translation - self._fixed.translation))
        strays = moved > self._settings.stray
        self.strays = self.strays + 1 if strays else 0
        return not strays
