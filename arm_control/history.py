"""Where the arm was: joint positions of the last seconds, for pictures that arrive late."""

import numpy as np

from arm_control.errors import ArmControlError
from spatial import Vector, vector

_SPAN_S = 2.0


class PoseHistory:
    """A ring of stamped joint positions. One thread writes and reads."""

    def __init__(self, rate_hz: float, joints: int) -> None:
        self._size = int(_SPAN_S * rate_hz) + 1
        self._stamps = np.zeros(self._size, np.int64)
        self._positions = np.zeros((self._size, joints))
        self._count = 0

    def add(self, stamp_ns: int, position: Vector) -> None:
        """Note the ``position`` (n,) [rad] at ``stamp_ns``; stamps that do not rise are ignored."""
        if self._count and stamp_ns <= self._stamps[(self._count - 1) % self._size]:
            return
        slot = self._count % self._size
        self._stamps[slot] = stamp_ns
        self._positions[slot] = position
        self._count += 1

    def at(self, stamp_ns: int) -> Vector:
        """Return the position (n,) [rad] at ``stamp_ns``, interpolated between two notes.

        Raises ArmControlError outside the span kept.
        """
        first = max(0, self._count - self._size)
        if self._count == 0:
            raise ArmControlError("no joint position was noted yet; run a cycle before asking")
        low, high = first, self._count - 1
        oldest = int(self._stamps[low % self._size])
        newest = int(self._stamps[high % self._size])
        if not oldest <= stamp_ns <= newest:
            raise ArmControlError(
                f"stamp {stamp_ns} ns is outside the positions kept, {oldest} to {newest} ns; "
                "use the picture sooner, or check the camera's clock"
            )
        while high - low > 1:
            middle = (low + high) // 2
            if self._stamps[middle % self._size] <= stamp_ns:
                low = middle
            else:
                high = middle
        a, b = low % self._size, high % self._size
        span = int(self._stamps[b] - self._stamps[a])
        part = (stamp_ns - int(self._stamps[a])) / span if span else 0.0
        return vector(self._positions[a] + part * (self._positions[b] - self._positions[a]), None)
