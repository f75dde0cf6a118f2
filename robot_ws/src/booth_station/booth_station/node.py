"""The station node: a person's swab as an action, one goal at a time."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from booth_common import topics
from booth_common.heartbeat import HeartbeatWatch
from booth_common.node import BoothNode, run
from booth_common.parameters import number, text
from booth_common.pulse import Pulse
from booth_common.verdict import Verdict

from booth_station import convert
from booth_station.calls import ArmCalls
from booth_station.collect import Collection, Request
from booth_station.layout import home, layout, provenance
from booth_station.remote import SIMULATED, Patience, RemoteArm, RemoteGripper
from booth_station.server import CollectServer, Sampling, Tell
from booth_station.sight import TopicSight
from booth_station.snapshot import Collected
from spatial import SpatialError, Vector
from station.config import SessionSettings
from station.errors import StationError
from station.places import Places
from station.reasons import Reason
from station.sight import TRACKER
from station.signing import BoothKey
from station.store import RecordStore
from station.swab import SwabHolder
from vision.errors import VisionError
from vision.tracking import MouthTracker
from vision.watch import SwabWatch

_MODE_S = 0.05  # between two looks whether the mode has changed


@dataclass(frozen=True, slots=True)
class Settings:
    """The station node's parameters."""

    layout: str = text("sim:kuka_iiwa", "where the booth's things are: sim:ARM, or a YAML file")
    records: str = text("out/ros/records", "folder of the signed records and the booth's key")
    patience_s: float = number(8.0, 2.0, 60.0, "how long a site is looked for [s]", live=True)
    picture_age_limit_s: float = number(0.5, 0.05, 1.0, "an older sighting moves nothing [s]")
    camera_timeout_s: float = number(
        1.0, 0.2, 5.0, "silence of the camera that ends the session [s]", live=True
    )


class StationNode(BoothNode[Settings]):
    """Runs `station.SamplingSession` against the arm's and the vision's topics."""

    def __init__(self) -> None:
        super().__init__("station", Settings)
        patience = SIMULATED if self.stamps.simulated else Patience()
        self._calls = ArmCalls(self, patience.answer_s)
        calls = self._calls
        self._arm = RemoteArm(calls.start, calls.stop, calls.follow, patience)
        self._watch = HeartbeatWatch(self, ("arm", "safety"), self._on_lost)
        # a swab held already counts as used: a station that died may have left it there
        self._swab = SwabHolder(RemoteGripper(self._arm, calls.grip))
        self._server: CollectServer | None = None
        self._sight: TopicSight | None = None
        self._places: Places | None = None
        self._home: Vector | None = None
        self._store: RecordStore | None = None
        self._mode = convert.AUTOMATIC
        self._verdict = Verdict(Pulse(patient=self.stamps.simulated))
        self._said: int | None = None
        self._session = self.plain_publisher(topics.SESSION)
        self._modes = self.plain_publisher(topics.MODE)
        self.listen(topics.ARM_STATE, self._on_arm)
        self.listen(topics.SIGHTING, self._on_sighting)
        self.listen(topics.SAFETY, self._on_safety)
        self.serve(topics.SET_MODE, self._on_set_mode)
        self.create_timer(_MODE_S, self._tell_mode, clock=self.steady_clock)

    def acquire(self) -> None:
        """Read the layout, open the record store."""
        self._places, self._home = layout(self.settings.layout), home(self.settings.layout)
        folder = Path(self.settings.records)
        folder.mkdir(parents=True, exist_ok=True)
        self._store = RecordStore(folder, BoothKey.load_or_create(folder / "booth.key"))
        self._store.check()
        self._sight = TopicSight(
            MouthTracker(TRACKER),
            SwabWatch(),
            self._arm.base_camera_at,
            self._session_settings(),
        )

    def work(self) -> None:
        """Begin to take goals."""
        sampling = Sampling(
            self._refusal, self._collection, self._record, self._publish_session, self._calls.stop
        )
        self._server = CollectServer(self, sampling)
        self._said = None
        self._publish_session(convert.Snapshot(stamp_ns=self.stamps.now_ns()))

    def rest(self) -> None:
        """End the session that runs, the swab first; take no more goals."""
        if self._server is not None:
            self._server.close(Reason.STATION_ENDING)
            self._server = None

    def condition(self) -> tuple[str, dict[str, str]]:
        """Return why nobody can be taken, if so."""
        busy = self._server is not None and self._server.busy
        return self._refusal(), {"busy": str(busy)}

    # The action

    def _collection(self, request: Request, tell: Tell) -> Collection:
        if self._sight is None or self._places is None:
            raise StationError("the station node is not configured; bring the booth up")
        settings = self._session_settings()
        sight, places = self._sight, self._places
        return Collection(
            request, self._arm, self._swab, sight, self.stamps, places, settings, tell, self._home
        )

    def _record(self, collection: Collection) -> Collected:
        if self._store is None:
            raise StationError("the station node has no record store; bring the booth up")
        return collection.record(self.booth, provenance(self.settings.layout), self._store)

    def _refusal(self) -> str:
        if not self.active:
            return "the station node is not active; bring the booth up"
        if objection := self._verdict.objection:
            return objection
        if self._mode != convert.AUTOMATIC:
            return "the booth is not in automatic mode; set it with station/set_mode"
        return ""

    # Topics in and out

    def _on_arm(self, message: Any) -> None:
        stamp = self.stamps.stamp_ns(message.header.stamp)
        try:
            report = convert.report_from_message(message, stamp)
            camera = convert.pose_from_message(message.base_camera)
        except (SpatialError, ValueError, KeyError) as error:
            self.report_fault("arm_state", f"arm: its state makes no sense ({error})")
            return
        self._arm.take(report, message.goal_id, camera, holding=message.gripper_holding)

    def _on_sighting(self, message: Any) -> None:
        if self._sight is None:
            return
        stamp = self.stamps.stamp_ns(message.header.stamp)
        try:
            self._sight.take(
                convert.sighting_from_message(message, stamp), convert.swab_from_message(message)
            )
        except (SpatialError, VisionError, ValueError) as error:
            self.report_fault("sighting", f"vision: its sighting makes no sense ({error})")

    def _on_lost(self, node: str, why: str) -> None:
        (self._arm if node == "arm" else self._verdict).lose(why)

    def _on_safety(self, message: Any) -> None:
        self._verdict.hear(convert.objection_from_message(message))

    def _on_set_mode(self, request: Any, response: Any) -> Any:
        response.accepted = bool(request.person.strip()) and request.mode.value in convert.SETTABLE
        if response.accepted:
            self._mode = request.mode.value
        else:
            response.message = "name the person who asks; modes are automatic, paused, maintenance"
        return response

    def _tell_mode(self) -> None:
        mode = convert.FAULT if self._verdict.objection else self._mode
        if self.active and mode != self._said:
            self._said = mode
            self._modes.publish(convert.mode_message(mode))

    def _publish_session(self, snapshot: convert.Snapshot) -> None:
        header = convert.header_message(self.stamps.header_stamp(snapshot.stamp_ns), self.booth)
        self._session.publish(convert.session_message(snapshot, header))

    def _session_settings(self) -> SessionSettings:
        s = self.settings
        return SessionSettings(
            patience_s=s.patience_s,
            picture_age_limit_s=s.picture_age_limit_s,
            camera_timeout_s=s.camera_timeout_s,
        )


def main() -> None:
    """Run the station node."""
    run(StationNode)


if __name__ == "__main__":
    main()
