"""A node's process: its executor, its signals, its end in good order."""

import signal
import sys
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import rclpy
from rclpy.exceptions import ParameterException
from rclpy.experimental import EventsExecutor
from rclpy.impl.implementation_singleton import rclpy_implementation
from rclpy.signals import SignalHandlerOptions

from arm_control.errors import ArmControlError
from booth_common.parameters import ParameterError
from booth_queue.errors import BoothQueueError
from sim.errors import SimError
from spatial import SpatialError
from station.errors import StationError
from vision.errors import VisionError

if TYPE_CHECKING:
    from booth_common.node import BoothNode

RCLError = rclpy_implementation.RCLError

_SPIN_S = 0.2  # the longest a signal may wait
_REST_S = 7.0  # for a node's work to end; who ends the process insists after 8 s
_WRONG_TRANSITION = "Transition is not registered"

EXPECTED = (
    ArmControlError,
    VisionError,
    SpatialError,
    StationError,
    SimError,
    BoothQueueError,
    ParameterError,
    OSError,
)
"""What the libraries raise when they cannot start; their messages carry the remedy."""


def events_executor(context: Any = None) -> Any:
    """Return rclpy's executor driven by events; signals stay with whom they were.

    It takes them for itself, and would close the context at once: a node could no longer bring its
    session to an end, nor say goodbye.
    """
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    executor = EventsExecutor(context=context)
    for number, handler in before.items():
        signal.signal(number, handler)
    return executor


class Spinner:
    """Runs a node's callbacks one after the other in the main thread, until a signal.

    rclpy's executors that wait on sets cost 0.4 to 1.3 ms a callback, and six nodes at their usual
    rates a core and a half of a small machine; the one driven by events costs a tenth. It has one
    thread: what a callback has to wait for belongs into a thread of its own (`booth_common.later`,
    `booth_common.actions`).
    """

    def __init__(self) -> None:
        self.ending = threading.Event()
        self._executor = events_executor()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: self.ending.set())

    def add(self, node: Any) -> None:
        """Take in a node's callbacks."""
        self._executor.add_node(node)

    def spin(self) -> None:
        """Run callbacks until the end is asked for.

        An exception of a callback ends the process: who watches it sees that at once, and the arm
        stops, which is better than a node that goes on with half of its callbacks.
        """
        while not self.ending.is_set():
            self._once(_SPIN_S)

    def spin_beside(self, work: Callable[[], None], timeout_s: float) -> None:
        """Run callbacks while ``work`` is done beside, but no longer than ``timeout_s`` [s]."""
        worker = threading.Thread(target=work, name="ending", daemon=True)
        worker.start()
        end = time.monotonic() + timeout_s
        while worker.is_alive() and time.monotonic() < end:
            self._once(_SPIN_S / 10)

    def close(self) -> None:
        """Take the callbacks away."""
        self._executor.shutdown(timeout_sec=2.0)

    def _once(self, timeout_s: float) -> None:
        try:
            self._executor.spin_once(timeout_sec=timeout_s)
        except RCLError as error:
            # rclpy raises where another's lifecycle request is out of order: no fault of ours
            if _WRONG_TRANSITION not in str(error):
                raise


def run(make: "Callable[[], BoothNode[Any]]") -> None:
    """Run one node until it is asked to end; end with one line and code 1 if it cannot start."""
    rclpy.init(signal_handler_options=SignalHandlerOptions.NO)
    spinner = Spinner()
    try:
        node = make()
    except (*EXPECTED, ParameterException) as error:
        rclpy.try_shutdown()
        sys.exit(f"{error}")
    spinner.add(node)
    try:
        spinner.spin()
        if not node.broken:
            spinner.spin_beside(node.rest, _REST_S)  # a session ends by what the arm tells of it
            node.heartbeat.say_goodbye()
    except BaseException:
        node.broken = True  # a death is told by silence
        raise
    finally:
        if node.broken:
            node.rest()
        node.release()
        spinner.close()
        node.destroy_node()
        rclpy.try_shutdown()
    if node.broken:
        sys.exit(1)
