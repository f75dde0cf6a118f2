"""Records each session from the call to its end as one MCAP file."""

import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import rclpy
from booth_common import topics
from booth_common.parameters import ParameterError, declare, number, text
from booth_common.process import Spinner
from rclpy.clock import Clock, ClockType
from rclpy.node import Node
from rclpy.signals import SignalHandlerOptions

from booth_bringup.recording import Recording

_OVER = frozenset({"done", "refused", "aborted"})
_AFTERGLOW_S = 0.5  # what follows the end still belongs to it


@dataclass(frozen=True, slots=True)
class Settings:
    """The recorder's parameters."""

    folder: str = text("out/ros/recordings", "folder of the recordings, one file a session")
    picture_period_s: float = number(
        0.2, 0.0, 10.0, "least time between two recorded pictures of a topic; 0 keeps all [s]"
    )


class Recorder(Node):  # type: ignore[misc] # rclpy ships no types
    """Listens to every recorded topic in serialised form and writes while a session runs.

    It is no part of the safety of anything: should it die, a recording is missing and the session
    goes on.
    """

    def __init__(self) -> None:
        super().__init__("recorder")
        self.settings = declare(self, Settings)
        self._recording: Recording | None = None
        self._session = ""
        self._over_s: float | None = None
        self._picture_s: dict[str, float] = {}
        self._latched: dict[str, tuple[topics.Topic, bytes]] = {}
        self._lock = threading.Lock()
        for topic in topics.TOPICS:
            if topic.recorded:
                self._listen(topic)
        self.create_subscription(
            topics.interface(topics.SESSION.type),
            topics.SESSION.name,
            self._on_session,
            topics.profile(topics.SESSION.quality),
        )
        steady = Clock(clock_type=ClockType.STEADY_TIME)
        self.create_timer(0.1, self._maybe_close, clock=steady)

    def finish(self) -> None:
        """Close the file that is open."""
        with self._lock:
            self._close()

    def _listen(self, topic: topics.Topic) -> None:
        name = self.resolve_topic_name(topic.name)

        def take(message: bytes) -> None:
            with self._lock:
                if topic.quality.latched:
                    self._latched[name] = (topic, message)
                if self._recording is not None and self._wanted(topic):
                    self._recording.write(topic, name, message)

        self.create_subscription(
            topics.interface(topic.type), topic.name, take, topics.profile(topic.quality), raw=True
        )

    def _wanted(self, topic: topics.Topic) -> bool:
        if topic.quality is not topics.PICTURE:
            return True
        now = time.monotonic()
        # colour, depth and intrinsics of one frame come together: half a period keeps them so
        if now - self._picture_s.get(topic.name, 0.0) < self.settings.picture_period_s:
            return False
        self._picture_s[topic.name] = now
        return True

    def _on_session(self, message: Any) -> None:
        with self._lock:
            if message.session_id and message.session_id != self._session:
                self._close()
                self._session = message.session_id
                path = Path(self.settings.folder) / f"{message.session_id}.mcap"
                self._recording = Recording(path)
                self._over_s = None
                for name, (topic, latched) in self._latched.items():
                    self._recording.write(topic, name, latched)
            if message.state in _OVER and self._over_s is None:
                self._over_s = time.monotonic()

    def _maybe_close(self) -> None:
        with self._lock:
            if self._over_s is not None and time.monotonic() - self._over_s > _AFTERGLOW_S:
                self._close()

    def _close(self) -> None:
        if self._recording is not None:
            path = self._recording.close(session=self._session, namespace=self.get_namespace())
            self.get_logger().info(f"session {self._session} is recorded in {path}")
        self._recording = self._over_s = None


def main() -> None:
    """Run the recorder."""
    rclpy.init(signal_handler_options=SignalHandlerOptions.NO)
    spinner = Spinner()
    try:
        recorder = Recorder()
    except (ParameterError, OSError) as error:
        sys.exit(str(error))
    spinner.add(recorder)
    try:
        spinner.spin()
    finally:
        recorder.finish()
        spinner.close()
        rclpy.try_shutdown()


if __name__ == "__main__":
    main()
