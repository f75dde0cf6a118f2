"""The person's mouth as the session sees it, from the vision node's sightings."""

import threading
from collections.abc import Callable

import numpy as np

from arm_control.errors import ArmControlError
from spatial import Pose, Vector, age_s, vector
from station.config import SessionSettings
from station.ports import Observer, Seen
from vision.camera import CameraFault, NoFrame
from vision.target import Refusal, RefusalReason, Sighting, Site
from vision.tracking import MouthTracker, TrackedMouth, TrackedTarget

NOBODY = frozenset({RefusalReason.NO_FACE, RefusalReason.CAMERA, RefusalReason.LIGHT})
"""Refusals that do not show that somebody sits there."""


class TopicSight:
    """A ``station.ports.Sight`` over sightings instead of pictures.

    ``take`` is called by the subscription's thread; the session's thread looks and asks. Only the
    newest sighting is kept: an old one is of no use to an arm.
    """

    def __init__(
        self,
        tracker: MouthTracker,
        base_camera_at: Callable[[int], Pose],
        settings: SessionSettings,
    ) -> None:
        self._tracker = tracker
        self._base_camera_at = base_camera_at
        self._settings = settings
        self._lock = threading.Lock()
        self._newest: Sighting | Refusal | None = None
        self._taken_ns = -1
        self._good_ns: int | None = None
        self._closed_for = 0
        self._base_eye = vector(np.zeros(3), 3)
        self._why = "no sighting came; is the vision node up?"

    def take(self, seen: Sighting | Refusal) -> None:
        """Take in what the vision node saw."""
        with self._lock:
            unread = self._newest is not None and self._newest.stamp_ns != self._taken_ns
            if unread and isinstance(seen, Refusal) and seen.reason is RefusalReason.CAMERA:
                return  # a gap between two pictures does not undo the one before it
            self._newest = seen

    @property
    def somebody(self) -> bool:
        """Whether the newest sighting shows that a person is there."""
        with self._lock:
            seen = self._newest
        return isinstance(seen, Sighting) or (seen is not None and seen.reason not in NOBODY)

    @property
    def closed_for(self) -> int:
        """How many sightings in a row showed the mouth too far closed for a swab inside."""
        return self._closed_for

    @property
    def base_eye(self) -> Vector:
        """Where the camera was (3,) [m], base, when it took the last sighting's picture."""
        return self._base_eye

    def observe(self, observer: Observer) -> None:
        """Accept an observer. It is shown no pictures: those stay with the vision node."""

    def look(self, now_ns: int, *, inside: bool = False) -> Seen:  # noqa: ARG002 - the vision node sets the pace
        """Take in the newest sighting, if it is news; tell of a camera that is silent too long."""
        if self._good_ns is None:
            self._good_ns = now_ns
        with self._lock:
            seen = self._newest
        if seen is None or seen.stamp_ns == self._taken_ns:
            return self._silence(now_ns)
        self._taken_ns = seen.stamp_ns
        age = age_s(seen.stamp_ns, now_ns)
        if not 0.0 <= age <= self._settings.picture_age_limit_s:
            self._why = (
                f"sighting is {age:.3f} s old, bound 0 to {self._settings.picture_age_limit_s} s"
            )
            return self._silence(now_ns)
        if isinstance(seen, Refusal) and seen.reason is RefusalReason.CAMERA:
            self._why = seen.detail
            return self._silence(now_ns)
        self._good_ns = now_ns
        return self._understand(seen)

    def target(self, site: Site, now_ns: int) -> TrackedTarget | Refusal:
        """Return the target of ``site`` as expected at ``now_ns``, or why there is none."""
        return self._tracker.target(site, now_ns)

    def forget(self) -> None:
        """Start anew: another person, or the same after moving away."""
        with self._lock:
            self._newest = None
        self._tracker.reset()
        self._closed_for = 0
        self._good_ns = None

    def _understand(self, seen: Sighting | Refusal) -> TrackedMouth | Refusal:
        if isinstance(seen, Refusal):
            closed = seen.reason is RefusalReason.MOUTH_CLOSED
            self._closed_for = self._closed_for + 1 if closed else 0
            return seen
        closed = seen.opening < self._settings.mouth_open
        self._closed_for = self._closed_for + 1 if closed else 0
        try:
            base_camera = self._base_camera_at(seen.stamp_ns)
        except ArmControlError as error:
            return Refusal(RefusalReason.CAMERA, seen.stamp_ns, str(error))
        self._base_eye = base_camera.translation
        self._tracker.update(seen, base_camera)
        return self._tracker.mouth(seen.stamp_ns)

    def _silence(self, now_ns: int) -> NoFrame | None:
        silent = age_s(now_ns if self._good_ns is None else self._good_ns, now_ns)
        if silent <= self._settings.camera_timeout_s:
            return None
        return NoFrame(
            CameraFault.TIMEOUT,
            f"no usable sighting for {silent:.2f} s, bound {self._settings.camera_timeout_s} s: "
            f"{self._why}",
        )
