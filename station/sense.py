"""What a session keeps of what is seen: the mouth followed, the person known, the swab watched.

Pictures come from a camera in the same process (``station.sight``) or as a vision node's sightings;
from there on it is the same.
"""

from collections.abc import Callable

from arm_control.errors import ArmControlError
from spatial import Pose, Vector, age_s, vector
from station.config import SessionSettings
from station.ports import Seen
from vision.camera import CameraFault, NoFrame
from vision.same_person import SamePerson
from vision.swab import SwabSighting, TipSighting
from vision.target import Refusal, RefusalReason, Sighting, Site
from vision.tracking import MouthTracker, TrackedMouth, TrackedTarget
from vision.watch import Notice, Watch


class Sense:
    """Takes in one sighting after the other, and what each shows of the swab.

    ``base_camera_at`` gives the camera's pose at a stamp (eye-in-hand: the controller knows it), or
    raises ArmControlError. Not thread-safe.
    """

    def __init__(
        self,
        tracker: MouthTracker,
        watch: Watch,
        base_camera_at: Callable[[int], Pose],
        settings: SessionSettings,
    ) -> None:
        self._tracker = tracker
        self._watch = watch
        self._base_camera_at = base_camera_at
        self._settings = settings
        self._same_person = SamePerson()
        self._inside = False
        self._notice: Notice | None = None
        self._tip: TipSighting | None = None
        self._closed_for = 0
        self._good_ns: int | None = None
        self._base_eye = vector((0.0, 0.0, 0.0))

    @property
    def closed_for(self) -> int:
        """How many pictures in a row showed the mouth too far closed for a swab inside."""
        return self._closed_for

    @property
    def base_eye(self) -> Vector:
        """Where the last picture was taken from, (3,) [m] in the base."""
        return self._base_eye

    @property
    def notice(self) -> Notice | None:
        """The alarm that the newest picture confirms; None where all is well, and outside."""
        return self._notice

    @property
    def tip(self) -> TipSighting | None:
        """The swab's tip in the newest picture; None where it is not seen, and outside."""
        return self._tip

    def target(self, site: Site, now_ns: int) -> TrackedTarget | Refusal:
        """Return the target of ``site`` as expected at ``now_ns``, or why there is none."""
        return self._tracker.target(site, now_ns)

    def forget(self) -> None:
        """Start anew: another person, or the same after moving away."""
        self._tracker.reset()
        self._same_person.reset()
        self._closed_for = 0
        self._good_ns = None

    def _enter_or_leave(self, inside: bool, now_ns: int) -> None:
        """Note whether the swab is in the mouth; going in begins the watch."""
        if self._good_ns is None:
            self._good_ns = now_ns
        if inside and not self._inside:
            mouth = self._tracker.mouth(now_ns)
            self._watch.start(mouth.base_mouth if isinstance(mouth, TrackedMouth) else None)
        if not inside:
            self._notice = self._tip = None
        self._inside = inside

    def _old(self, stamp_ns: int, now_ns: int) -> str:
        """Return in words that a picture of ``stamp_ns`` is too old; empty where it is not."""
        age, limit = age_s(stamp_ns, now_ns), self._settings.picture_age_limit_s
        return "" if 0.0 <= age <= limit else f"picture is {age:.3f} s old, bound 0 to {limit} s"

    def _understand(
        self, seen: Sighting | Refusal, swab: SwabSighting | None, now_ns: int
    ) -> TrackedMouth | Refusal:
        """Take in what a good picture shows; returns the mouth at its stamp, or why none."""
        self._good_ns = now_ns
        if isinstance(seen, Refusal):
            self._mind(seen, swab, None)
            closed = seen.reason is RefusalReason.MOUTH_CLOSED
            self._closed_for = self._closed_for + 1 if closed else 0
            return seen
        try:
            base_camera = self._base_camera_at(seen.stamp_ns)
        except ArmControlError as error:
            self._mind(seen, swab, None)
            return Refusal(RefusalReason.CAMERA, seen.stamp_ns, str(error))
        self._mind(seen, swab, base_camera @ seen.optical_mouth)
        if (other := self._same_person.take(seen)) is not None:
            return other
        closed = seen.opening < self._settings.mouth_open
        self._closed_for = self._closed_for + 1 if closed else 0
        self._base_eye = base_camera.translation
        self._tracker.update(seen, base_camera)
        return self._tracker.mouth(seen.stamp_ns)

    def _mind(
        self, seen: Sighting | Refusal, swab: SwabSighting | None, base_mouth: Pose | None
    ) -> None:
        if self._inside:
            self._notice = self._watch.check(seen, swab, base_mouth)
            self._tip = None if swab is None else swab.tip

    def _silence(self, fault: CameraFault, why: str, now_ns: int) -> Seen:
        """Return the camera's fault, once nothing good has come for too long."""
        silent = age_s(now_ns if self._good_ns is None else self._good_ns, now_ns)
        limit = self._settings.camera_timeout_s
        if silent <= limit:
            return None
        return NoFrame(fault, f"no usable picture for {silent:.2f} s, bound {limit} s: {why}")
