"""The queue bridge: people from the service become goals, sessions become reports."""

import json
import threading
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

from booth_common import topics
from booth_common.actions import SharedActionClient
from booth_common.heartbeat import HeartbeatWatch
from booth_common.node import BoothNode, run
from booth_common.parameters import ParameterError, flag, number, text

from booth_queue.client import BoothClient, Retry
from booth_queue.contract import CalledPerson, Outcome
from booth_queue_bridge import convert
from booth_queue_bridge.desk import Desk
from station.reasons import Reason

_REPORT_S = 0.25  # between two reports of a running session
_WITHDRAWN_S = 6.0  # for a cancelled session to withdraw; who ends this node waits 8 s


@dataclass(frozen=True, slots=True)
class Settings:
    """The queue bridge's parameters."""

    url: str = text("http://127.0.0.1:8000", "the queue service's address")
    credentials: str = text("", "JSON file of `booth queue seed`: this booth's id and secret")
    device: int = number(0, 0, 25, "which of the credentials' booths this is")
    memory: str = text("out/ros/open_session.json", "where the open session's id is kept")
    generated_tubes: bool = flag(True, "number the tubes instead of waiting for their scanner")
    tube_prefix: str = text("T", "what generated bar codes begin with")
    poll_s: float = number(1.0, 0.1, 10.0, "between two looks for the next person [s]", live=True)
    patience_s: float = number(3.0, 0.5, 30.0, "how long one report is repeated [s]")


class QueueNode(BoothNode[Settings]):
    """Treats one person after the other in a thread of its own."""

    def __init__(self) -> None:
        super().__init__("queue", Settings)
        self._mode = -1
        self._tube = ""
        self._numbers = count(1)
        self._feedback: Any = None
        self._client: BoothClient | None = None
        self._desk: Desk | None = None
        self._thread: threading.Thread | None = None
        self._ending = threading.Event()
        self._station_lost = threading.Event()
        self._people = 0
        self.listen(topics.MODE, self._on_mode)
        self.listen(topics.TUBE, self._on_tube)
        self._watch = HeartbeatWatch(self, ("station",), self._on_lost)
        self._action = SharedActionClient(
            self, topics.interface(topics.COLLECT_SAMPLE.type), topics.COLLECT_SAMPLE.name
        )

    def acquire(self) -> None:
        """Read the credentials."""
        s = self.settings
        if not s.credentials:
            raise ParameterError("queue: parameter 'credentials' is empty; name the booth's file")
        try:
            booth = json.loads(Path(s.credentials).read_text(encoding="utf-8"))["booths"][s.device]
            self._client = BoothClient(
                s.url, booth["client_id"], booth["secret"], retry=Retry(patience_s=s.patience_s)
            )
        except (ValueError, KeyError, IndexError) as error:
            raise ParameterError(
                f"queue: {s.credentials} holds no booth {s.device} ({error!r}); seed it again"
            ) from error
        self._desk = Desk(self._client, Path(s.memory), self.get_logger().warning)

    def work(self) -> None:
        """Begin to call people."""
        self._ending.clear()
        self._thread = self.worker("queue", self._serve)

    def rest(self) -> None:
        """Call nobody else; a session that runs is finished by the station."""
        self._ending.set()
        if self._thread is not None:
            self._thread.join(timeout=_WITHDRAWN_S)
            self._thread = None

    def release(self) -> None:
        """Close the connection."""
        if self._client is not None:
            self._client.close()
        self._client = self._desk = None

    def condition(self) -> tuple[str, dict[str, str]]:
        """Return how many people were treated."""
        return "", {"people": str(self._people)}

    def _serve(self) -> None:
        desk = self._desk
        if desk is None:
            return
        while not desk.recover():  # who sat there is counted as swabbed by nobody first
            if self._ending.wait(self.settings.poll_s):
                return
        while not self._ending.is_set():
            ready = self._mode == convert.AUTOMATIC and bool(self._tube_code())
            desk.state("IDLE", ready=ready)
            person = desk.next_person() if ready else None
            if person is None or not self._treat(desk, person):
                self._ending.wait(self.settings.poll_s)

    def _treat(self, desk: Desk, person: CalledPerson) -> bool:
        """Have one person swabbed; says whether the booth took the goal."""
        tube = self._tube_code()
        self._station_lost.clear()
        self._feedback = None
        handle = self._wait(
            self._action.send_goal_async(
                convert.goal_message(person, tube), feedback_callback=self._on_feedback
            )
        )
        if handle is None or not handle.accepted:
            return False
        self._people += 1
        future = handle.get_result_async()
        cancelled = False
        while not future.done() and not self._station_lost.wait(_REPORT_S):
            if self._ending.is_set() and not cancelled:
                cancelled = True
                handle.cancel_goal_async()
            self._report(desk, person)
        if future.done():
            ended = convert.ended_from_message(future.result().result)
        else:
            ended = convert.Ended(Outcome.ABORTED, Reason.STATION_LOST, None)
            desk.fault(Reason.STATION_LOST, "the station node died during a session")
        desk.close(person, ended, tube)
        self._tube = ""
        return True

    def _report(self, desk: Desk, person: CalledPerson) -> None:
        feedback = self._feedback
        if feedback is None or feedback.state in ("idle", "called"):
            return
        desk.open(person)
        desk.progress(
            convert.activity(feedback.state), feedback.site, feedback.stroke, feedback.force
        )

    def _tube_code(self) -> str:
        if not self._tube and self.settings.generated_tubes:
            self._tube = f"{self.settings.tube_prefix}-{next(self._numbers):06d}"
        return self._tube

    def _wait(self, future: Any) -> Any:
        done = threading.Event()
        future.add_done_callback(lambda _future: done.set())
        return future.result() if done.wait(self.settings.patience_s) else None

    def _on_mode(self, message: Any) -> None:
        self._mode = message.value

    def _on_tube(self, message: Any) -> None:
        self._tube = message.data.strip()

    def _on_feedback(self, message: Any) -> None:
        self._feedback = message.feedback

    def _on_lost(self, _node: str, detail: str) -> None:
        self.get_logger().error(detail)
        self._station_lost.set()


def main() -> None:
    """Run the queue bridge."""
    run(QueueNode)


if __name__ == "__main__":
    main()
