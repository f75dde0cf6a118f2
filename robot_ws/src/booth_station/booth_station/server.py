"""The action by which one person's swab is taken: one goal at a time."""

import threading
import traceback
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from booth_common import topics
from booth_common.actions import ThreadedActionServer
from booth_common.node import BoothNode
from rclpy.action import CancelResponse, GoalResponse

from arm_control.procedure import Procedure, shipped_procedures
from booth_station import convert
from booth_station.collect import Collection, Request
from booth_station.snapshot import Collected
from station.reasons import Reason

Tell = Callable[[convert.Snapshot], None]


@dataclass(frozen=True, slots=True)
class Sampling:
    """What the action does, given by the node.

    ``refusal`` says why nobody can be taken now, or nothing; ``collection`` makes one person's
    collection; ``record`` signs and keeps what came of it; ``publish`` shows where it stands;
    ``stop_arm`` stops the arm where a session breaks.
    """

    refusal: Callable[[], str]
    collection: Callable[[Request, Tell], Collection]
    record: Callable[[Collection], Collected]
    publish: Tell
    stop_arm: Callable[[], Any]


class CollectServer:
    """Serves ``collect_sample`` from its making to ``close``."""

    def __init__(self, node: BoothNode[Any], sampling: Sampling) -> None:
        self._node = node
        self._sampling = sampling
        self._claim = threading.Lock()  # held while a person is in the chair
        self._running: Collection | None = None
        self._server = ThreadedActionServer(
            node,
            topics.interface(topics.COLLECT_SAMPLE.type),
            topics.COLLECT_SAMPLE.name,
            execute_callback=self._execute,
            goal_callback=self._judge,
            cancel_callback=lambda _goal: CancelResponse.ACCEPT,
        )

    @property
    def busy(self) -> bool:
        """Whether a session runs."""
        return self._running is not None

    def close(self, reason: Reason) -> None:
        """End the session that runs for ``reason``, the swab first; take no more goals."""
        running = self._running
        if running is not None:
            running.cancel(reason)
            if self._claim.acquire(timeout=5.0):
                self._claim.release()
        self._server.destroy()

    def _judge(self, goal: Any) -> GoalResponse:
        why = self._sampling.refusal()
        if not why and goal.procedure not in shipped_procedures():
            why = f"no procedure {goal.procedure!r}; choose of {', '.join(shipped_procedures())}"
        if not why and not self._claim.acquire(blocking=False):
            why = "a person is in the chair; one goal at a time"
        if why:
            self._node.get_logger().warning(f"goal for ticket {goal.ticket_key!r} refused: {why}")
            return GoalResponse.REJECT
        return GoalResponse.ACCEPT

    def _execute(self, handle: Any) -> Any:
        try:
            return self._collect(handle)
        except Exception as error:  # noqa: BLE001 - a session that breaks must stop the arm and say so
            self._sampling.stop_arm()
            self._node.report_fault("session", traceback.format_exc())
            handle.abort()
            return convert.broken_message(f"{Reason.UNFORESEEN}: {type(error).__name__}: {error}")
        finally:
            self._running = None
            self._claim.release()

    def _collect(self, handle: Any) -> Any:
        goal = handle.request
        procedure = Procedure.shipped(goal.procedure)
        request = Request(uuid.uuid4().hex, goal.ticket_key, goal.tube, procedure)

        def tell(snapshot: convert.Snapshot) -> None:
            if handle.is_cancel_requested:
                collection.cancel(Reason.CANCELLED)
            self._sampling.publish(snapshot)
            stamp = self._node.stamps.header_stamp(snapshot.stamp_ns)
            handle.publish_feedback(convert.feedback_message(snapshot, stamp))

        collection = self._sampling.collection(request, tell)
        self._running = collection
        collection.run()
        collected = self._sampling.record(collection)
        cancelled = handle.is_cancel_requested and collected.outcome is not convert.SAMPLED
        if cancelled:
            handle.canceled()
        elif collected.outcome is convert.ABORTED:
            handle.abort()
        else:
            handle.succeed()
        return convert.result_message(collected, cancelled=cancelled)
