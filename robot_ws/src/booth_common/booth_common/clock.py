"""One machine's monotonic stamps and ROS time, mapped to each other."""

import time
from typing import Any

from booth_common.convert import stamp_from_message, stamp_message
from spatial import NANOSECONDS_PER_SECOND


def ros_minus_monotonic_ns() -> int:
    """Return ROS time less the machine's monotonic clock, now [ns]."""
    return time.time_ns() - time.monotonic_ns()


class NodeClock:
    """The clock a node reads: ``arm_control.ports.Clock`` over the node's own time.

    Inside the stack a stamp is nanoseconds of the machine's monotonic clock; in a message header it
    is ROS time, as every ROS tool expects. With ``use_sim_time`` both are the simulator's time and
    the mapping is the identity. Otherwise the mapping is a constant taken when the node starts, so
    that a step of the wall clock cannot make fresh measurements old; a node started after a step
    disagrees with the others by that step, its data look stale or from the future, and the booth
    stops until it is brought up again as a whole.
    """

    def __init__(self, node: Any) -> None:
        self._clock = node.get_clock()
        self._simulated = bool(node.get_parameter("use_sim_time").value)
        self._ros_minus_monotonic = 0 if self._simulated else ros_minus_monotonic_ns()

    @property
    def simulated(self) -> bool:
        """Whether time is the simulator's."""
        return self._simulated

    def now_ns(self) -> int:
        """Return the time [ns] on the clock of the measurements."""
        return int(self._clock.now().nanoseconds) if self._simulated else time.monotonic_ns()

    def sleep_until(self, deadline_ns: int) -> None:
        """Return at ``deadline_ns`` [ns] or soon after; at once if it has passed."""
        while (left := deadline_ns - self.now_ns()) > 0:
            # Simulated time may run slower than the wall's or stand still: look often.
            longest = 0.002 if self._simulated else left / NANOSECONDS_PER_SECOND
            time.sleep(min(longest, left / NANOSECONDS_PER_SECOND))

    def header_stamp(self, stamp_ns: int) -> Any:
        """Return the message time of a measurement at ``stamp_ns`` [ns]."""
        return stamp_message(stamp_ns + self._ros_minus_monotonic)

    def stamp_ns(self, header_stamp: Any) -> int:
        """Return when [ns] a message with this header stamp was measured."""
        return stamp_from_message(header_stamp) - self._ros_minus_monotonic
