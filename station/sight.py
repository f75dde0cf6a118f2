"""Camera, locator and tracker as one sense: where the mouth is, and what may be touched in it."""

from collections.abc import Callable

from spatial import Pose, Vector, age_s, stamp_ns, vector
from station.config import SessionSettings
from station.ports import Observer, Seen
from vision.camera import Camera, CameraFault, NoFrame
from vision.frame import Frame
from vision.same_person import SamePerson
from vision.settings import LocatorSettings, TrackerSettings
from vision.target import Locator, Refusal, RefusalReason, Site
from vision.tracking import MouthTracker, TrackedMouth, TrackedTarget

LOCATOR = LocatorSettings(min_opening=0.020, max_head_turn=1.0)
"""With the swab before the lips less of the opening is seen; whether a mouth opens wide enough is
the procedure's word, asked before anything moves near. And the camera turns with the arm when a
tonsil is reached across the mouth, so a face may seem turned."""

TRACKER = TrackerSettings(acceleration=0.08, angular_acceleration=0.02)
"""A head on a chin rest: faster motion is left to the gate, which then loses it, as it should."""


class CameraSight:
    """Understands the camera's pictures at the configured rate.

    ``base_camera_at`` gives the camera's pose at a stamp (eye-in-hand: the controller knows it).
    Not thread-safe: the session's thread looks and asks.
    """

    def __init__(
        self,
        camera: Camera,
        locator: Locator,
        tracker: MouthTracker,
        base_camera_at: Callable[[int], Pose],
        settings: SessionSettings,
    ) -> None:
        self._camera = camera
        self._locator = locator
        self._tracker = tracker
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

    def look(self, now_ns: int, *, inside: bool) -> Seen:
        """Take in a new picture, if one is due; ``inside``: the swab is in the mouth.

        Returns the mouth at the picture's stamp, why it shows none, a camera fault that has
        lasted too long, or None where there is nothing new.
        """
        if self._last_frame_ns is None:
            self._last_frame_ns = now_ns
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
        rate_hz = settings.picture_rate_inside_hz if inside else settings.picture_rate_hz
        self._next_ns = now_ns + stamp_ns(1.0 / rate_hz)
        return self._understand(frame)

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

    def _understand(self, frame: Frame) -> TrackedMouth | Refusal:
        seen = self._locator.locate(frame)
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
