"""The shape every node of the booth has: lifecycle, settings, heartbeat, diagnostics, faults."""

import os
import signal
import sys
import threading
import traceback
from collections.abc import Callable
from typing import Any, Generic, TypeVar

import rclpy
from rcl_interfaces.msg import SetParametersResult
from rclpy.clock import Clock, ClockType
from rclpy.exceptions import ParameterException
from rclpy.executors import MultiThreadedExecutor
from rclpy.impl.implementation_singleton import rclpy_implementation
from rclpy.lifecycle import LifecycleNode, LifecycleState, TransitionCallbackReturn
from rclpy.signals import SignalHandlerOptions

from arm_control.errors import ArmControlError
from booth_common import convert, parameters, topics
from booth_common.clock import NodeClock
from booth_common.heartbeat import Heartbeat
from booth_queue.errors import BoothQueueError
from sim.errors import SimError
from spatial import SpatialError
from station.errors import StationError
from vision.errors import VisionError

S = TypeVar("S")

RCLError = rclpy_implementation.RCLError

_SPIN_S = 0.2  # the longest a signal may wait
_WRONG_TRANSITION = "Transition is not registered"

DIAGNOSTICS_PERIOD_S = 1.0

EXPECTED = (
    ArmControlError,
    VisionError,
    SpatialError,
    StationError,
    SimError,
    BoothQueueError,
    parameters.ParameterError,
    OSError,
)
"""What the libraries raise when they cannot start; their messages carry the remedy."""


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

    def listen(
        self, topic: topics.Topic, callback: Callable[[Any], None], *, callback_group: Any = None
    ) -> Any:
        """Subscribe to a topic in the table."""
        return self.create_subscription(
            topics.interface(topic.type),
            topic.name,
            callback,
            topics.profile(topic.quality),
            callback_group=callback_group,
        )

    def serve(
        self, call: topics.Call, callback: Callable[[Any, Any], Any], *, callback_group: Any = None
    ) -> Any:
        """Serve a service in the table."""
        return self.create_service(
            topics.interface(call.type), call.name, callback, callback_group=callback_group
        )

    def caller(self, call: topics.Call, *, callback_group: Any = None) -> Any:
        """Return a client of a service in the table."""
        return self.create_client(
            topics.interface(call.type), call.name, callback_group=callback_group
        )

    def worker(self, name: str, work: Callable[[], None]) -> threading.Thread:
        """Start a thread that does ``work``; should that raise, the node dies as by a crash.

        A node whose work has ended and whose heart still beats would look well to everybody.
        """

        def guarded() -> None:
            try:
                work()
            except Exception:  # noqa: BLE001 - said aloud, and the end of the process
                self.get_logger().fatal(traceback.format_exc())
                self.broken = True
                os.kill(os.getpid(), signal.SIGTERM)  # wakes `spin`, whatever it waits for

        thread = threading.Thread(target=guarded, name=name, daemon=True)
        thread.start()
        return thread

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


def run(make: Callable[[], BoothNode[Any]]) -> None:
    """Run one node until it is asked to end; end with one line and code 1 if it cannot start."""
    ending = ending_by_signal()
    rclpy.init(signal_handler_options=SignalHandlerOptions.NO)
    try:
        node = make()
    except (*EXPECTED, ParameterException) as error:
        rclpy.try_shutdown()
        sys.exit(f"{error}")
    executor = MultiThreadedExecutor(num_threads=4)
    executor.add_node(node)
    try:
        spin(executor, ending)
    except BaseException:
        node.broken = True
        raise
    finally:
        if not node.broken:  # a death is told by silence
            node.heartbeat.say_goodbye()
        node.rest()
        node.release()
        executor.shutdown(timeout_sec=2.0)
        node.destroy_node()
        rclpy.try_shutdown()
    if node.broken:
        sys.exit(1)


def ending_by_signal() -> threading.Event:
    """Return an event that a terminal's Ctrl-C or the supervisor's SIGTERM sets.

    rclpy's own handlers would close the context at once, and a node could no longer bring its
    session to an end, nor say goodbye.
    """
    ending = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ending.set())
    return ending


def spin(executor: Any, ending: threading.Event) -> None:
    """Spin until ``ending``.

    An exception of a callback ends the process: who watches it sees that at once, and the arm
    stops, which is better than a node that goes on with half of its callbacks.
    """
    while not ending.is_set():
        try:
            executor.spin_once(timeout_sec=_SPIN_S)
        except RCLError as error:
            # rclpy raises where another's lifecycle request is out of order: no fault of ours
            if _WRONG_TRANSITION not in str(error):
                raise
