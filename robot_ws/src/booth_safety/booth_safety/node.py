"""The safety node: one verdict on the whole booth, latched until a named person resets it."""

import threading
import time
from dataclasses import dataclass
from typing import Any

from booth_common import topics
from booth_common.heartbeat import HeartbeatWatch
from booth_common.node import BoothNode, run
from booth_common.parameters import names, number

from booth_safety import convert
from booth_safety.latch import Latch, Tripped

PERIOD_S = 0.05
RESTARTED = "safety: started again beside an arm in use; look at the booth, then reset"
WATCHED = tuple(name for name in topics.NODES if name != "safety")


@dataclass(frozen=True, slots=True)
class Settings:
    """The safety node's parameters."""

    watched: tuple[str, ...] = names(
        WATCHED, "nodes whose death stops the arm, from the first time they are active", WATCHED
    )
    required: tuple[str, ...] = names(
        ("arm", "vision", "station"), "nodes without which the arm may not move", WATCHED
    )
    reset_timeout_s: float = number(2.0, 0.2, 10.0, "how long the loop may take to reset [s]")


class SafetyNode(BoothNode[Settings]):
    """Watches heartbeats and the loop's own latch.

    It does not command the arm: it says ``safe`` or not, 20 times a second, and the arm node gives
    the loop its permit only while it hears ``safe``. So its own death stops the arm as well.
    """

    def __init__(self) -> None:
        super().__init__("safety", Settings)
        self._latch = Latch()
        self._publisher = self.plain_publisher(topics.SAFETY)
        self._timer: Any = None
        self._watch = HeartbeatWatch(self, self.settings.watched, self._on_lost)
        self.listen(topics.ARM_STATE, self._on_arm)
        self._loop_latched = False
        self._loop_heard = False
        self._loop_clear = threading.Event()
        self._reset_loop = self.caller(topics.RESET_LOOP)
        self.serve_later(topics.RESET, self._on_reset)

    def work(self) -> None:
        """Begin to publish the verdict."""
        self._timer = self.create_timer(PERIOD_S, self._publish, clock=self.steady_clock)

    def rest(self) -> None:
        """Fall silent, which the arm takes for a stop."""
        if self._timer is not None:
            self.destroy_timer(self._timer)
            self._timer = None

    def condition(self) -> tuple[str, dict[str, str]]:
        """Return the oldest fault."""
        faults = self._latch.faults
        return (faults[0].detail if faults else ""), {"missing": ", ".join(self._watch.missing)}

    def _missing(self) -> list[str]:
        missing = [name for name in self._watch.missing if name in self.settings.required]
        # a safety node started again must not call an arm safe whose latch it has not heard of
        return missing if self._loop_heard or "arm" in missing else [*missing, "arm"]

    def _publish(self) -> None:
        stamps = self.stamps
        header = convert.header_message(stamps.header_stamp(stamps.now_ns()), self.booth)
        faults = [(stamps.header_stamp(fault.stamp_ns), fault) for fault in self._latch.faults]
        missing = self._missing()
        if not missing:
            self._latch.whole()
        self._publisher.publish(convert.safety_state_message(header, faults, missing))

    def _trip(self, source: str, name: str, detail: str) -> None:
        self._tell(
            self._latch.trip(Tripped(self.stamps.now_ns(), source, name, detail)), name, detail
        )

    def _on_lost(self, node: str, detail: str) -> None:
        if self.active:
            lost = Tripped(self.stamps.now_ns(), node, "node_lost", detail)
            self._tell(self._latch.lose(lost), lost.name, detail)

    def _tell(self, news: bool, name: str, detail: str) -> None:
        if news:
            self.report_fault(name, detail)
            if self._timer is not None:
                self._publish()  # at once: each 50 ms count

    def _on_arm(self, message: Any) -> None:
        latched = bool(message.fault_latched)
        if not self._loop_heard and message.goal_id:
            # nobody watched meanwhile, and what had tripped is forgotten
            self._trip("safety", "restarted", RESTARTED)
        self._loop_heard = True
        if latched and not self._loop_latched:
            self._trip("arm", message.fault_kind, message.fault_detail)
        self._loop_latched = latched
        if not latched:
            self._loop_clear.set()

    def _on_reset(self, request: Any, response: Any) -> Any:
        response.accepted, response.message = self._reset(request)
        if not response.accepted:
            self.get_logger().warning(f"reset refused: {response.message}")
        return response

    def _reset(self, request: Any) -> tuple[bool, str]:
        if not request.person.strip():
            return False, "a reset needs the name of the person who looked at the booth"
        if not request.reason.strip():
            return False, "a reset needs a reason: what was found and mended"
        if missing := self._watch.missing_of_seen:
            return False, f"not up: {', '.join(missing)}; bring them back first"
        if refusal := self._refusal_of_loop(request):
            return False, refusal
        cleared = self._latch.clear()
        if self._loop_latched:
            self._trip(
                "arm", "loop", "arm: its loop has tripped again; look at the booth, then reset"
            )
            return False, "the control loop has tripped again"
        self.get_logger().warning(
            f"reset by {request.person} ({request.reason}): "
            + ("; ".join(f"{fault.source} {fault.name}" for fault in cleared) or "nothing latched")
        )
        return True, ""

    def _refusal_of_loop(self, request: Any) -> str:
        """Have the loop clear its own latch; return why it does not, or an empty text.

        It counts as clear when it says so itself: a state sent before would trip the latch again.
        """
        end = time.monotonic() + self.settings.reset_timeout_s
        done = threading.Event()
        future = self._reset_loop.call_async(request)
        future.add_done_callback(lambda _future: done.set())
        if not done.wait(self.settings.reset_timeout_s):
            self._reset_loop.remove_pending_request(future)
            return "the arm node did not answer; is it up?"
        if not future.result().accepted:
            return f"the control loop refuses: {future.result().message}"
        self._loop_clear.clear()
        if not self._loop_clear.wait(max(PERIOD_S, end - time.monotonic())):
            return "the control loop does not say that it is clear; try again"
        return ""


def main() -> None:
    """Run the safety node."""
    run(SafetyNode)


if __name__ == "__main__":
    main()
