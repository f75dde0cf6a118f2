"""The pump between an arm's driver and the loop's shared records, in a process of its own.

What the loop and the driver need of each other crosses here, and nothing else: measurements one
way, set-points the other. A set-point that grows old stops the arm by its own means, whatever has
become of the loop.
"""

import time
from collections.abc import Callable

import numpy as np

from arm_control.exchange import MEASUREMENT, SETPOINT, Exchange
from arm_control.memory import record
from arm_control.ports import ArmDriver, ArmStatus, JointCommand
from spatial import SpatialError, Vector

STALE_S = 0.02
"""A set-point older than this [s], and than three periods of the arm, is none."""


class Pump:
    """Carries measurements and set-points of one ``driver``. All methods are for one thread.

    ``now_ns`` is the clock that the loop's stamps are in.
    """

    def __init__(
        self,
        driver: ArmDriver,
        exchange: Exchange,
        now_ns: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        self._driver = driver
        self._exchange = exchange
        self._now_ns = now_ns
        self._joints = driver.info.joints
        self._measurement = record(MEASUREMENT)
        self._setpoint = record(SETPOINT)
        self._cycle = 0
        self._stale_s = max(STALE_S, 3.0 / driver.info.rate_hz)
        self._stalled = False
        self._told_to_stop = False
        self._standing: Vector | None = None  # since a reset, until the loop goes on

    @property
    def stalled(self) -> bool:
        """Whether the arm was stopped, for old set-points or on the loop's word, until a reset."""
        return self._stalled

    def turn(self) -> None:
        """Pass the newest measurement on, then the newest set-point."""
        self._pass_measurement()
        self._pass_setpoint()

    def reset(self) -> None:
        """Take set-points again, on a person's word. Set-points begun before are not resumed."""
        self._driver.reset()
        if self._exchange.setpoint.read(self._setpoint):
            self._cycle = int(self._setpoint["cycle"][0])
            self._told_to_stop = bool(self._setpoint["stop"][0])  # heard, and answered for
        self._stalled = False
        self._standing = None

    def run(self, over: Callable[[], bool]) -> None:
        """Turn at the driver's rate until ``over`` says so, then stop the arm."""
        period = round(1e9 / self._driver.info.rate_hz)
        deadline = time.monotonic_ns()
        try:
            while not over():
                deadline = max(deadline + period, time.monotonic_ns())
                time.sleep(max(deadline - time.monotonic_ns(), 0) * 1e-9)
                self.turn()
        finally:
            self._driver.stop()

    def _pass_measurement(self) -> None:
        try:
            state = self._driver.read()
        except SpatialError:
            return  # no number: what was passed on last grows old, and the loop brakes
        n = self._joints
        m = self._measurement[0]
        m["stamp"] = state.stamp_ns
        m["arm_ok"] = state.status is ArmStatus.READY and not self._stalled
        m["q"][:n] = state.position
        m["v"][:n] = state.velocity
        m["wrench"][:3] = state.wrench.force
        m["wrench"][3:] = state.wrench.torque
        self._exchange.measurement.write(self._measurement)

    def _pass_setpoint(self) -> None:
        if not self._exchange.setpoint.read(self._setpoint):
            return
        s = self._setpoint[0]
        n = self._joints
        if s["stop"]:
            if not self._told_to_stop:
                self._told_to_stop = True
                self._stall()
            elif not self._stalled:
                self._stand()
            return
        self._told_to_stop = False
        if self._stalled:
            return
        age = (self._now_ns() - int(s["stamp"])) * 1e-9
        fresh = int(s["cycle"]) != self._cycle
        if fresh and age <= self._stale_s:
            self._cycle = int(s["cycle"])
            self._driver.write(JointCommand(s["q"][:n], s["v"][:n]))
        elif self._cycle > 0 and age > self._stale_s:
            self._stall()

    def _stand(self) -> None:
        """Keep an arm that was reset where it stands until the loop goes on: some count silence."""
        if self._standing is None:
            self._standing = self._measurement["q"][0, : self._joints].copy()
        self._driver.write(JointCommand(self._standing, np.zeros(self._joints)))

    def _stall(self) -> None:
        self._stalled = True
        self._driver.stop()
