"""Puts a device's own clock on the machine's monotonic one."""

from vision.errors import VisionError

_DRIFT = 100e-6  # seconds a second: the worst a camera's quartz is expected to run off


class DeviceClock:
    """Maps device stamps to monotonic nanoseconds by the shortest delay seen.

    A frame can arrive late, never early: the least difference between arrival and device stamp is
    the offset plus the smallest delay (Cristian 1989's bound, one way). The bound is let go by the
    quartz's worst drift, so that it follows a clock that runs slow.
    """

    def __init__(self) -> None:
        self._offset: float | None = None
        self._last = 0.0

    def monotonic_ns(self, device_s: float, arrival_ns: int) -> int:
        """Return the stamp [ns] of a frame stamped ``device_s`` [s] by the device.

        Raises VisionError where the device's clock ran backwards by more than a second, which
        is a restart: make a new clock then.
        """
        if self._offset is not None and device_s < self._last - 1.0:
            raise VisionError(
                f"device clock went from {self._last:.3f} s back to {device_s:.3f} s; "
                "restart the camera"
            )
        difference = arrival_ns * 1e-9 - device_s
        if self._offset is None:
            self._offset = difference
        else:
            let_go = self._offset + _DRIFT * max(0.0, device_s - self._last)
            self._offset = min(difference, let_go)
        self._last = max(self._last, device_s)
        return round((device_s + self._offset) * 1e9)
