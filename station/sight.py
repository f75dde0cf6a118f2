"""Camera, locator and tracker as one sense: where the mouth is, and what may be touched in it."""

from collections.abc import Callable

from spatial import Pose, Vector, stamp_ns
from station.config import SessionSettings
from station.ports import Observer, Seen
from station.sense import Sense
from vision.camera import Camera, CameraFault, NoFrame
from vision.pipeline import Looker
from vision.settings import LocatorSettings, TrackerSettings
from vision.tracking import MouthTracker
from vision.watch import Watch

LOCATOR = LocatorSettings(min_opening=0.020, max_head_turn=1.0)
"""With the swab before the lips less of the opening is seen; whether a mouth opens wide enough is
the procedure's word, asked before anything moves near. And the camera turns with the arm when a
tonsil is reached across the mouth, so a face may seem turned."""

TRACKER = TrackerSettings(acceleration=0.08, angular_acceleration=0.02)
"""A head on a chin rest: faster motion is left to the gate, which then loses it, as it should."""


class CameraSight(Sense):
    """Understands the camera's pictures at the configured rate.

    While the swab is inside, the looks that the locator takes anyway are searched for it. Not
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
        super().__init__(tracker, watch, base_camera_at, settings)
        self._camera = camera
        self._locator = locator
        self._observers: list[Observer] = []
        self._next_ns = 0
        self._sequence = -1

    def look(self, now_ns: int, base_tip: Vector | None = None) -> Seen:
        """Take in a new picture, if one is due.

        ``base_tip`` (3,) [m] is where the arm has the swab's tip while it is in the mouth, and is
        watched; None while it is outside.

        Returns the mouth at the picture's stamp, why it shows none, a camera fault that has
        lasted too long, or None where there is nothing new.
        """
        self._enter_or_leave(base_tip is not None, now_ns)
        if now_ns < self._next_ns:
            return None
        frame = self._camera.next_frame(0.0)
        if isinstance(frame, NoFrame):
            return self._silence(frame.fault, frame.detail, now_ns)
        if old := self._old(frame.stamp_ns, now_ns):
            return self._silence(CameraFault.UNSYNCHRONISED, old, now_ns)
        if frame.sequence == self._sequence:
            stuck = f"picture {frame.sequence} came twice"
            return self._silence(CameraFault.STUCK, stuck, now_ns)
        self._sequence = frame.sequence
        settings = self._settings
        rate_hz = settings.picture_rate_inside_hz if self._inside else settings.picture_rate_hz
        self._next_ns = now_ns + stamp_ns(1.0 / rate_hz)
        looks, swab = self._locator.look(frame), None
        seen = self._locator.judge(looks, frame)
        if base_tip is not None:
            # how far the shaft is bent is known of now, and hardly changes since the exposure
            optical_tip = self._base_camera_at(now_ns).inverse().apply(base_tip)
            swab = self._locator.see_swab(looks, frame, optical_tip)
        for observer in self._observers:
            observer.saw(frame, seen)
        return self._understand(seen, swab, now_ns)

    def observe(self, observer: Observer) -> None:
        """Show ``observer`` every picture from now on."""
        self._observers.append(observer)
