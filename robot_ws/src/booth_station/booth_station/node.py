"""The station node: a person's swab as an action, one goal at a time."""

import threading
import traceback
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from booth_common import topics
from booth_common.heartbeat import HeartbeatWatch
from booth_common.node import BoothNode, run
from booth_common.parameters import number, text
from rclpy.action import ActionServer, CancelResponse, GoalResponse
from rclpy.callback_groups import MutuallyExclusiveCallbackGroup, ReentrantCallbackGroup

from arm_control.errors import ArmControlError
from arm_control.motion import Goal
from arm_control.procedure import Procedure, shipped_procedures
from arm_control.target import MouthMotion
from booth_station import convert
from booth_station.collect import Collection, Request
from booth_station.layout import layout, provenance
from booth_station.remote import (
    SIMULATED,
    Patience,
    RemoteArm,
    RemoteGripper,
)
from booth_station.sight import TopicSight
from spatial import SpatialError
from station.config import SessionSettings
from station.places import Places
from station.signing import BoothKey
from station.store import RecordStore
from station.swab import SwabHolder
from vision.errors import VisionError
from vision.tracking import MouthTracker


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
        group = ReentrantCallbackGroup()
        self._group = group
        self._patience = SIMULATED if self.stamps.simulated else Patience()
        self._arm = RemoteArm(self._start_motion, self._stop_arm, self._follow, self._patience)
        self._watch = HeartbeatWatch(
            self, ("arm",), lambda _, why: self._arm.lose(why), callback_group=group
        )
        gripper = RemoteGripper(self._arm, self._move_gripper)
        self._swab = SwabHolder(gripper, fresh=True)  # who starts the nodes answers for it
        self._sight: TopicSight | None = None
        self._collection: Collection | None = None
        self._claim = threading.Lock()  # held while a person is in the chair
        self._mode = convert.AUTOMATIC
        self._unsafe = "safety: its state was never heard"
        self._session = self.plain_publisher(topics.SESSION)
        self._modes = self.plain_publisher(topics.MODE)
        self._motion = self.plain_publisher(topics.MOUTH_MOTION)
        self._start = self.caller(topics.START_MOTION, callback_group=group)
        self._stop = self.caller(topics.STOP, callback_group=group)
        self._grip = self.caller(topics.GRIPPER, callback_group=group)
        # one after the other, in the order of their coming, but beside the session's own calls
        self.listen(topics.ARM_STATE, self._on_arm, callback_group=MutuallyExclusiveCallbackGroup())
        self.listen(
            topics.SIGHTING, self._on_sighting, callback_group=MutuallyExclusiveCallbackGroup()
        )
        self.listen(topics.SAFETY, self._on_safety, callback_group=group)
        self.serve(topics.SET_MODE, self._on_set_mode, callback_group=group)
        self._server: ActionServer | None = None
        self._places: Places | None = None
        self._store: RecordStore | None = None

    def acquire(self) -> None:
        """Read the layout, open the record store."""
        self._places = layout(self.settings.layout)
        folder = Path(self.settings.records)
        folder.mkdir(parents=True, exist_ok=True)
        self._store = RecordStore(folder, BoothKey.load_or_create(folder / "booth.key"))
        self._store.check()
        self._sight = TopicSight(MouthTracker(), self._arm.base_camera_at, self._session_settings())

    def work(self) -> None:
        """Begin to take goals."""
        self._server = ActionServer(
            self,
            topics.interface(topics.COLLECT_SAMPLE.type),
            topics.COLLECT_SAMPLE.name,
            execute_callback=self._execute,
            goal_callback=self._judge_goal,
            cancel_callback=lambda _goal: CancelResponse.ACCEPT,
            callback_group=self._group,
        )
        self._publish_mode()
        self._publish_session(convert.Snapshot())

    def rest(self) -> None:
        """End the session that runs, the swab first; take no more goals."""
        collection = self._collection
        if collection is not None:
            collection.cancel("station is ending")
            self._claim.acquire(timeout=5.0) and self._claim.release()
        if self._server is not None:
            self._server.destroy()
            self._server = None

    def condition(self) -> tuple[str, dict[str, str]]:
        """Return why nobody can be taken, if so."""
        return self._refusal(), {"busy": str(self._collection is not None)}

    # The action

    def _judge_goal(self, goal: Any) -> GoalResponse:
        why = self._refusal()
        if not why and goal.procedure not in shipped_procedures():
            why = f"no procedure {goal.procedure!r}; choose of {', '.join(shipped_procedures())}"
        if not why and not self._claim.acquire(blocking=False):
            why = "a person is in the chair; one goal at a time"
        if why:
            self.get_logger().warning(f"goal for ticket {goal.ticket_key!r} refused: {why}")
            return GoalResponse.REJECT
        return GoalResponse.ACCEPT

    def _execute(self, handle: Any) -> Any:
        try:
            return self._collect(handle)
        except Exception as error:  # noqa: BLE001 - a session that breaks must stop the arm and say so
            self._stop_arm()
            self.report_fault("session", f"{traceback.format_exc()}")
            handle.abort()
            return convert.broken_message(f"unforeseen: {type(error).__name__}: {error}")
        finally:
            self._collection = None
            self._claim.release()

    def _collect(self, handle: Any) -> Any:
        goal = handle.request
        if self._sight is None or self._places is None or self._store is None:
            raise ArmControlError("the station node is not configured; bring the booth up")
        request = Request(
            uuid.uuid4().hex, goal.ticket_key, goal.tube, Procedure.shipped(goal.procedure)
        )

        def tell(snapshot: convert.Snapshot) -> None:
            if handle.is_cancel_requested:
                collection.cancel("cancelled")
            self._publish_session(snapshot)
            stamp = self.stamps.header_stamp(self.stamps.now_ns())
            handle.publish_feedback(convert.feedback_message(snapshot, stamp))

        collection = Collection(
            request,
            self._arm,
            self._swab,
            self._sight,
            self.stamps,
            self._places,
            self._session_settings(),
            tell,
        )
        self._collection = collection
        collection.run()
        collected = collection.record(self.booth, provenance(self.settings.layout), self._store)
        cancelled = handle.is_cancel_requested and collected.outcome is not convert.SAMPLED
        if cancelled:
            handle.canceled()
        elif collected.outcome is convert.ABORTED:
            handle.abort()
        else:
            handle.succeed()
        return convert.result_message(collected, cancelled=cancelled)

    def _refusal(self) -> str:
        if not self.active:
            return "the station node is not active; bring the booth up"
        if self._unsafe:
            return self._unsafe
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
            self._sight.take(convert.sighting_from_message(message, stamp))
        except (SpatialError, VisionError, ValueError) as error:
            self.report_fault("sighting", f"vision: its sighting makes no sense ({error})")

    def _on_safety(self, message: Any) -> None:
        before, self._unsafe = self._unsafe, "" if message.safe else convert.unsafe_reason(message)
        if bool(before) != bool(self._unsafe):
            self._publish_mode()

    def _on_set_mode(self, request: Any, response: Any) -> Any:
        response.accepted = bool(request.person.strip()) and request.mode.value in convert.SETTABLE
        if response.accepted:
            self._mode = request.mode.value
            self._publish_mode()
        else:
            response.message = "name the person who asks; modes are automatic, paused, maintenance"
        return response

    def _publish_mode(self) -> None:
        latched = self._unsafe and self.active
        self._modes.publish(convert.mode_message(convert.FAULT if latched else self._mode))

    def _publish_session(self, snapshot: convert.Snapshot) -> None:
        stamp = self.stamps.header_stamp(self.stamps.now_ns())
        header = convert.header_message(stamp, self.booth)
        self._session.publish(convert.session_message(snapshot, header))

    # Calls to the arm

    def _start_motion(self, goal: Goal) -> Any:
        return self._call(self._start, convert.start_request(goal))

    def _stop_arm(self) -> Any:
        return self._call(self._stop, self._stop.srv_type.Request())

    def _move_gripper(self, close: bool) -> Any:
        return self._call(self._grip, self._grip.srv_type.Request(data=close))

    def _follow(self, motion: MouthMotion) -> None:
        stamp = self.stamps.header_stamp(motion.stamp_ns)
        header = convert.header_message(stamp, self.frame("base"))
        self._motion.publish(convert.motion_message(motion, header))

    def _call(self, client: Any, request: Any) -> Any:
        """Return the answer, or None where none came in time."""
        done = threading.Event()
        future = client.call_async(request)
        future.add_done_callback(lambda _future: done.set())
        if done.wait(self._patience.answer_s):
            return future.result()
        client.remove_pending_request(future)
        return None

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
