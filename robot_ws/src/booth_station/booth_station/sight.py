"""The person's mouth as the session sees it, from the vision node's sightings."""

import threading
from collections.abc import Callable
from dataclasses import dataclass

from spatial import Pose, Vector
from station.config import SessionSettings
from station.ports import Observer, Seen
from station.sense import Sense
from vision.camera import CameraFault
from vision.swab import SwabSighting
from vision.target import Refusal, RefusalReason, Sighting
from vision.tracking import MouthTracker
from vision.watch import Watch

NOBODY = frozenset({RefusalReason.NO_FACE, RefusalReason.CAMERA, RefusalReason.LIGHT})
"""Refusals that do not show that somebody sits there."""


@dataclass(frozen=True, slots=True)
class _News:
    seen: Sighting | Refusal
    swab: SwabSighting | None


class TopicSight(Sense):
    """A ``station.ports.Sight`` over sightings instead of pictures.

    ``take`` is called by the subscription's thread; the session's thread looks and asks. Only the
    newest sighting is kept: an old one is of no use to an arm.
    """

    def __init__(
        self,
        tracker: MouthTracker,
        watch: Watch,
        base_camera_at: Callable[[int], Pose],
        settings: SessionSettings,
    ) -> None:
        super().__init__(tracker, watch, base_camera_at, settings)
        self._lock = threading.Lock()
        self._newest: _News | None = None
        self._taken_ns = -1
        self._why = "no sighting came; is the vision node up?"

    def take(self, seen: Sighting | Refusal, swab: SwabSighting | None = None) -> None:
        """Take in what the vision node saw, and what of a swab."""
        with self._lock:
            unread = self._newest is not None and self._newest.seen.stamp_ns != self._taken_ns
            if unread and isinstance(seen, Refusal) and seen.reason is RefusalReason.CAMERA:
                return  # a gap between two pictures does not undo the one before it
            self._newest = _News(seen, swab)

    @property
    def somebody(self) -> bool:
        """Whether the newest sighting shows that a person is there."""
        with self._lock:
            seen = None if self._newest is None else self._newest.seen
        return isinstance(seen, Sighting) or (seen is not None and seen.reason not in NOBODY)

    def observe(self, observer: Observer) -> None:
        """Accept an observer. It is shown no pictures: those stay with the vision node."""

    def look(self, now_ns: int, base_tip: Vector | None = None) -> Seen:
        """Take in the newest sighting, if it is news; tell of a camera that is silent too long.

        The swab is watched while ``base_tip`` is given. Where its tip should be in the picture the
        vision node knows from the arm's own state.
        """
        self._enter_or_leave(base_tip is not None, now_ns)
        with self._lock:
            news = self._newest
        if news is None or news.seen.stamp_ns == self._taken_ns:
            return self._silence(CameraFault.TIMEOUT, self._why, now_ns)
        seen = news.seen
        self._taken_ns = seen.stamp_ns
        why = self._old(seen.stamp_ns, now_ns)
        if isinstance(seen, Refusal) and seen.reason is RefusalReason.CAMERA:
            why = why or seen.detail
        if why:
            self._why = why
            return self._silence(CameraFault.TIMEOUT, why, now_ns)
        return self._understand(seen, news.swab, now_ns)

    def forget(self) -> None:
        """Start anew: another person, or the same after moving away."""
        with self._lock:
            self._newest = None
        super().forget()
