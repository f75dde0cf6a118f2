"""Camera, locator and tracker as one sense: where the mouth is, and what may be touched in it."""

from collections.abc import Callable

from spatial import Pose, Vector, age_s, stamp_ns, vector
from station.config import SessionSettings
from station.ports import Observer, Seen
from vision.camera import Camera, CameraFault, NoFrame
from vision.frame import Frame
from vision.pipeline import Looker
from vision.same_person import SamePerson
from vision.settings import LocatorSettings, TrackerSettings
from vision.target import Refusal, RefusalReason, Sighting, Site
from vision.tracking import MouthTracker, TrackedMouth, TrackedTarget
from vision.watch import Notice, TipSighting, Watch

LOCATOR = LocatorSettings(min_opening=0.020, max_head_turn=1.0)
"""With the swab before the lips less of the opening is seen; whether a mouth opens wide enough is
the procedure's word, asked before anything moves near. And the camera turns with the arm when a
tonsil is reached across the mouth, so a face may seem turned."""

TRACKER = TrackerSettings(acceleration=0.08, angular_acceleration=0.02)
"""A head on a chin rest: faster motion is left to the gate, which then loses it, as it should."""


class CameraSight:
    """Understands the camera's pictures at the configured rate.

    ``base_camera_at`` gives the camera's pose at a stamp (eye-in-hand: the controller knows it).
    While the swab is inside, ``watch`` is shown the looks that the locator takes anyway. Not
    thread-safe: the session's thread looks and asks.
    """

    def __init__(
        self,
        camera: Camera,
        locator: Looker,
        tracker: MouthTracker,
        watch: Watch,
        base_camera_at: Callable[[int], Pose],
        settings: SessionSettings,
    ) -> None:
        self._camera = camera
        self._locator = locator
        self._tracker = tracker
        self._watch = watch
        self._notice: Notice | None = None
        self._inside = False
        self._base_camera_at = base_camera_at
        self._settings = settings
        self._observers: list[Observer] = []
        self._next_ns = 0
        self._last_frame_ns: int | None = None
        self._sequence = -1
        self._closed_for = 0
        self._same_person = SamePerson()
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
        return self._watch.tip if self._inside else None

    def look(self, now_ns: int, base_tip: Vector | None = None) -> Seen:
        """Take in a new picture, if one is due.

        ``base_tip`` (3,) [m] is where the arm has the swab's tip while it is in the mouth, and is
        watched; None while it is outside.

        Returns the mouth at the picture's stamp, why it shows none, a camera fault that has
        lasted too long, or None where there is nothing new.
        """
        if self._last_frame_ns is None:
            self._last_frame_ns = now_ns
        self._begin_or_end(base_tip is not None, now_ns)
        if now_ns < self._next_ns:
            return None
        frame = self._camera.next_frame(0.0)
        if isinstance(frame, NoFrame):
            return self._silence(frame, now_ns)
        age = age_s(frame.stamp_ns, now_ns)
        if not 0.0 <= age <= self._settings.picture_age_limit_s:
            detail = (
                f"picture is {age:.3f} s old, bound 0 to {self._settings.picture_age_limit_s} s"
            )
            return self._silence(NoFrame(CameraFault.UNSYNCHRONISED, detail), now_ns)
        if frame.sequence == self._sequence:
            stuck = NoFrame(CameraFault.STUCK, f"picture {frame.sequence} came twice")
            return self._silence(stuck, now_ns)
        self._sequence = frame.sequence
        self._last_frame_ns = now_ns
        settings = self._settings
        rate_hz = settings.picture_rate_inside_hz if self._inside else settings.picture_rate_hz
        self._next_ns = now_ns + stamp_ns(1.0 / rate_hz)
        looks = self._locator.look(frame)
        seen = self._locator.judge(looks, frame)
        if base_tip is not None:
            # how far the shaft is bent is known of now, and hardly changes since the exposure
            optical_tip = self._base_camera_at(now_ns).inverse().apply(base_tip)
            base_camera = self._base_camera_at(frame.stamp_ns)
            self._notice = self._watch.check(frame, looks, seen, base_camera, optical_tip)
        return self._understand(frame, seen)

    def target(self, site: Site, now_ns: int) -> TrackedTarget | Refusal:
        """Return the target of ``site`` as expected at ``now_ns``, or why there is none."""
        return self._tracker.target(site, now_ns)

    def observe(self, observer: Observer) -> None:
        """Show ``observer`` every picture from now on."""
        self._observers.append(observer)

    def forget(self) -> None:
        """Start anew: another person, or the same after moving away."""
        self._tracker.reset()
        self._same_person.reset()
        self._closed_for = 0
        self._last_frame_ns = None

    def _begin_or_end(self, inside: bool, now_ns: int) -> None:
        if inside and not self._inside:
            mouth = self._tracker.mouth(now_ns)
            self._watch.start(mouth.base_mouth if isinstance(mouth, TrackedMouth) else None)
        self._inside = inside
        if not inside:
            self._notice = None

    def _understand(self, frame: Frame, seen: Sighting | Refusal) -> TrackedMouth | Refusal:
        for observer in self._observers:
            observer.saw(frame, seen)
        if isinstance(seen, Refusal):
            closed = seen.reason is RefusalReason.MOUTH_CLOSED
            self._closed_for = self._closed_for + 1 if closed else 0
            return seen
        if (other := self._same_person.take(seen)) is not None:
            return other
        closed = seen.opening < self._settings.mouth_open
        self._closed_for = self._closed_for + 1 if closed else 0
        base_camera = self._base_camera_at(frame.stamp_ns)
        self._base_eye = base_camera.translation
        self._tracker.update(seen, base_camera)
        return self._tracker.mouth(frame.stamp_ns)

    def _silence(self, fault: NoFrame, now_ns: int) -> NoFrame | None:
        last = now_ns if self._last_frame_ns is None else self._last_frame_ns
        silent = age_s(last, now_ns)
        if silent <= self._settings.camera_timeout_s:
            return None
        return NoFrame(
            fault.fault,
            f"no usable picture for {silent:.2f} s, bound {self._settings.camera_timeout_s} s: "
            f"{fault.detail}",
        )
