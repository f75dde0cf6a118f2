"""What a sampling session needs of the rest: controller, sight, guide and observer."""

from typing import Protocol

from arm_control.motion import Goal
from arm_control.report import CycleReport
from arm_control.target import MouthMotion
from spatial import Pose, Vector
from station.instructions import Instruction
from station.record import Decision
from vision.camera import NoFrame
from vision.frame import Frame
from vision.swab import TipSighting
from vision.target import Refusal, Sighting, Site
from vision.tracking import TrackedMouth, TrackedTarget
from vision.watch import Notice

Seen = TrackedMouth | Refusal | NoFrame | None
"""What one look gave."""


class Controller(Protocol):
    """The arm as a session drives it; ``arm_control.ArmController``, or what stands for it.

    One thread calls; ``cycle`` once a period.
    """

    def follow(self, motion: MouthMotion) -> None:
        """Take the newest estimate of the mouth's motion."""
        ...

    def forget(self) -> None:
        """Forget the mouth: another person follows."""
        ...

    def start(self, goal: Goal) -> None:
        """Take up ``goal``; raises ArmControlError where it cannot be taken."""
        ...

    def cycle(self) -> CycleReport:
        """Do one control cycle and report it."""
        ...

    def stop(self) -> None:
        """Brake to rest; ends the goal."""
        ...

    def base_camera_at(self, stamp_ns: int) -> Pose:
        """Return the camera's optical frame in the base as it was at ``stamp_ns``."""
        ...


class Sight(Protocol):
    """What is known of the person's mouth; ``station.sight.CameraSight``, or what stands for it."""

    @property
    def closed_for(self) -> int:
        """How many pictures in a row showed the mouth too far closed for a swab inside."""
        ...

    @property
    def base_eye(self) -> Vector:
        """Where the last picture was taken from, (3,) [m] in the base."""
        ...

    @property
    def notice(self) -> Notice | None:
        """The alarm that the newest picture confirms; None where all is well, and outside."""
        ...

    @property
    def tip(self) -> TipSighting | None:
        """The swab's tip in the newest picture; None where it is not seen, and outside."""
        ...

    def look(self, now_ns: int, base_tip: Vector | None = None) -> Seen:
        """Take in a new picture, if one is due.

        ``base_tip`` (3,) [m] is where the arm has the swab's tip while it is in the mouth, and is
        watched; None while it is outside.

        Returns the mouth at the picture's stamp, why it shows none, a camera fault that has
        lasted too long, or None where there is nothing new.
        """
        ...

    def target(self, site: Site, now_ns: int) -> TrackedTarget | Refusal:
        """Return the target of ``site`` as expected at ``now_ns``, or why there is none."""
        ...

    def observe(self, observer: "Observer") -> None:
        """Show ``observer`` every picture from now on."""
        ...

    def forget(self) -> None:
        """Start anew: another person, or the same after moving away."""
        ...


class Guide(Protocol):
    """Speaks to the person: loudspeaker, screen, or the simulated person's ear."""

    def instruct(self, instruction: Instruction) -> None:
        """Say ``instruction``; returns at once."""
        ...


class TubeReader(Protocol):
    """Reads the code of the tube that stands open in the rack."""

    def scan(self) -> str:
        """Return the code; raises StationError where no tube stands there."""
        ...


class Observer(Protocol):
    """Whoever wants to know how a session goes. Must return at once and never raise."""

    def decided(self, decision: Decision) -> None:
        """Take note of a decision; it stands in the record's trail."""
        ...

    def cycled(self, report: CycleReport) -> None:
        """Take note of one control cycle."""
        ...

    def saw(self, frame: Frame, seen: Sighting | Refusal) -> None:
        """Take note of one picture, understood or refused."""
        ...
