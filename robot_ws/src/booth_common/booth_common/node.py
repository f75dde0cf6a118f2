"""The shape every node of the booth has: lifecycle, settings, heartbeat, diagnostics, faults."""

import os
import signal
import threading
import traceback
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Generic, TypeVar

from rcl_interfaces.msg import SetParametersResult
from rclpy.clock import Clock, ClockType
from rclpy.lifecycle import LifecycleNode, LifecycleState, TransitionCallbackReturn

from booth_common import convert, parameters, topics
from booth_common.clock import NodeClock
from booth_common.heartbeat import Heartbeat
from booth_common.later import answer_later
from booth_common.process import EXPECTED, run

__all__ = ["BoothNode", "run"]

S = TypeVar("S")

DIAGNOSTICS_PERIOD_S = 1.0

_ANSWERERS = 4  # threads: a stop must not wait for the answer to another order


class BoothNode(LifecycleNode, Generic[S]):  # type: ignore[misc] # rclpy ships no types
    """A lifecycle node with settings of type ``S``.

    A subclass says what it acquires in ``acquire`` (at configure), what runs in ``work`` (at
    activate), and undoes them in ``rest`` and ``release``. Any of ``EXPECTED`` raised there fails
    the transition with its message, and the node stays as it was.
    """

    def __init__(self, name: str, settings_type: type[S]) -> None:
        super().__init__(name)
        self.settings: S = parameters.declare(self, settings_type)
        self.add_on_set_parameters_callback(self._on_parameters)
        self.steady_clock = Clock(clock_type=ClockType.STEADY_TIME)
        self.stamps = NodeClock(self)
        self.broken = False
        self.heartbeat = Heartbeat(self, name)
        self._answerers = ThreadPoolExecutor(_ANSWERERS, thread_name_prefix="answer")
        self._faults = self.plain_publisher(topics.FAULTS)
        self._diagnostics = self.plain_publisher(topics.DIAGNOSTICS)
        self.create_timer(DIAGNOSTICS_PERIOD_S, self._diagnose, clock=self.steady_clock)

    # What a subclass fills in

    def acquire(self) -> None:
        """Take hold of devices, models and processes."""

    def work(self) -> None:
        """Begin the node's work."""

    def rest(self) -> None:
        """End the node's work; the arm, if it is held, comes to a safe stop."""

    def release(self) -> None:
        """Let go of everything; called also on the way out, whatever happened before."""

    def condition(self) -> tuple[str, dict[str, str]]:
        """Return what is wrong (empty if nothing) and values for /diagnostics."""
        return "", {}

    def settings_changed(self) -> None:
        """React to a run-time change of the settings."""

    # What a subclass uses

    @property
    def lifecycle_state_id(self) -> int:
        """The lifecycle state as lifecycle_msgs/State counts."""
        return int(self._state_machine.current_state[0])

    @property
    def active(self) -> bool:
        """Whether the node is active."""
        return self.lifecycle_state_id == convert.ACTIVE_STATE

    @property
    def booth(self) -> str:
        """The booth's name: the namespace without its slashes, or ``booth``."""
        return self.get_namespace().strip("/").replace("/", "_") or "booth"

    def frame(self, name: str) -> str:
        """Return the frame id of ``name`` in this booth."""
        return f"{self.booth}/{name}"

    def plain_publisher(self, topic: topics.Topic) -> Any:
        """Return a publisher of a topic in the table."""
        return self.create_publisher(
            topics.interface(topic.type), topic.name, topics.profile(topic.quality)
        )

    def listen(self, topic: topics.Topic, callback: Callable[[Any], None]) -> Any:
        """Subscribe to a topic in the table."""
        return self.create_subscription(
            topics.interface(topic.type), topic.name, callback, topics.profile(topic.quality)
        )

    def serve(self, call: topics.Call, callback: Callable[[Any, Any], Any]) -> Any:
        """Serve a service in the table with a callback that returns at once."""
        return self.create_service(topics.interface(call.type), call.name, callback)

    def serve_later(self, call: topics.Call, work: Callable[[Any, Any], Any]) -> None:
        """Serve a service in the table from threads of its own: ``work`` may take its time."""

        def guarded(request: Any, response: Any) -> Any:
            try:
                return work(request, response)
            except Exception:
                self._die()
                raise

        answer_later(self.serve(call, work), guarded, self._answerers)

    def caller(self, call: topics.Call) -> Any:
        """Return a client of a service in the table; any thread may call it."""
        return self.create_client(topics.interface(call.type), call.name)

    def worker(self, name: str, work: Callable[[], None]) -> threading.Thread:
        """Start a thread that does ``work``; should that raise, the node dies as by a crash.

        A node whose work has ended and whose heart still beats would look well to everybody.
        """

        def guarded() -> None:
            try:
                work()
            except Exception:  # noqa: BLE001 - said aloud, and the end of the process
                self._die()

        thread = threading.Thread(target=guarded, name=name, daemon=True)
        thread.start()
        return thread

    def _die(self) -> None:
        """Say the exception aloud that a thread has raised, and end the process."""
        self.get_logger().fatal(traceback.format_exc())
        self.broken = True
        os.kill(os.getpid(), signal.SIGTERM)  # wakes the spinner, whatever it waits for

    def report_fault(self, name: str, detail: str) -> None:
        """Say a fault aloud: in the log and on the faults topic."""
        self.get_logger().error(f"{name}: {detail}")
        stamp = self.stamps.header_stamp(self.stamps.now_ns())
        self._faults.publish(convert.fault_message(stamp, self.get_name(), name, detail))

    # Lifecycle

    def on_configure(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Acquire, or fail with the reason."""
        return self._attempt(self.acquire, super().on_configure, state, undo=self.release)

    def on_activate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Begin to work, or fail with the reason."""
        return self._attempt(self.work, super().on_activate, state, undo=self.rest)

    def on_deactivate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Rest."""
        return self._attempt(self.rest, super().on_deactivate, state)

    def on_cleanup(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Release."""
        return self._attempt(self.release, super().on_cleanup, state)

    def on_shutdown(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Rest and release."""
        self.rest()
        return self._attempt(self.release, super().on_shutdown, state)

    def on_error(self, _state: LifecycleState) -> TransitionCallbackReturn:
        """Release everything and be unconfigured again."""
        self.rest()
        self.release()
        return TransitionCallbackReturn.SUCCESS

    def _attempt(
        self,
        act: Callable[[], None],
        then: Callable[[LifecycleState], TransitionCallbackReturn],
        state: LifecycleState,
        *,
        undo: Callable[[], None] | None = None,
    ) -> TransitionCallbackReturn:
        try:
            act()
        except EXPECTED as error:
            self.get_logger().error(str(error))
            if undo is not None:
                undo()
            return TransitionCallbackReturn.FAILURE
        except Exception:  # rclpy would turn it into an error without a word
            self.get_logger().fatal(traceback.format_exc())
            raise
        return then(state)

    def _on_parameters(self, changes: list[Any]) -> SetParametersResult:
        try:
            self.settings = parameters.changed(self.settings, changes)
        except parameters.ParameterError as error:
            return SetParametersResult(successful=False, reason=str(error))
        self.settings_changed()
        return SetParametersResult(successful=True)

    def _diagnose(self) -> None:
        problem, values = self.condition()
        values["missed_heartbeat_deadlines"] = str(self.heartbeat.missed_deadlines)
        stamp = self.get_clock().now().to_msg()
        self._diagnostics.publish(
            convert.diagnostics_message(
                stamp, self.get_fully_qualified_name(), self.booth, problem, values
            )
        )
