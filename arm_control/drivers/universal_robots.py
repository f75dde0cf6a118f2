"""Universal Robots' arms, through ur_rtde: state and set-points by RTDE, recovery by the dashboard.

Extra ``ur``. The client holds Python's lock while it connects, so give the driver a process of its
own (`arm_control.pump`). Its set-points go to ``servoj``, which the arm's controller filters over
``lookahead_s``; that, and not the network, is most of the delay.
"""

import threading
import time
from collections.abc import Sequence

import numpy as np

from arm_control.drivers.clock import ArmClock
from arm_control.errors import ArmControlError
from arm_control.ports import ArmInfo, ArmState, ArmStatus, JointCommand
from spatial import Vector, Wrench

try:
    from dashboard_client import DashboardClient
    from rtde_control import RTDEControlInterface
    from rtde_receive import RTDEReceiveInterface
except ImportError as error:
    raise ArmControlError("Universal Robots' arms need ur_rtde: install swab-booth[ur]") from error

JOINTS = (
    "shoulder_pan_joint",
    "shoulder_lift_joint",
    "elbow_joint",
    "wrist_1_joint",
    "wrist_2_joint",
    "wrist_3_joint",
)
_FIELDS = [
    "timestamp",
    "actual_q",
    "actual_qd",
    "target_moment",
    "ft_raw_wrench",
    "robot_mode",
    "robot_status_bits",
    "safety_status_bits",
]
_MODE_RUNNING = 7
_PROGRAM_RUNNING = 1 << 1  # of robot_status_bits
_PROTECTIVE = 1 << 2  # of safety_status_bits
_EMERGENCY = 1 << 5 | 1 << 6 | 1 << 7  # system's, robot's, and stopped by either
_FAULT = 1 << 8 | 1 << 9
_SAFEGUARD = 1 << 4 | 1 << 10
SENSOR_DELAY_S = 0.010  # of ``ft_raw_wrench`` (assumed: the maker names none)
_UNLOCK_S = 6.0  # the arm's controller unlocks no sooner than 5 s after a protective stop


def info_of(
    address: str,
    joint_names: Sequence[str] = JOINTS,
    rate_hz: float = 500.0,
    lookahead_s: float = 0.03,
    watchdog_hz: float = 20.0,
    deceleration: float = 10.0,
    sensor_delay_s: float = SENSOR_DELAY_S,
) -> ArmInfo:
    """Return what `UniversalRobotsArm` with these arguments will state, without connecting."""
    return ArmInfo(
        f"Universal Robots at {address}",
        tuple(joint_names),
        rate_hz,
        lookahead_s + 2.0 / rate_hz,
        f"servo stop at {deceleration} rad/s²; without set-points for {1.0 / watchdog_hz} s "
        "the arm's own program ends and it brakes",
        sensor_delay_s,
    )


class UniversalRobotsArm:
    """One arm of the CB3 or e-series, at ``address``.

    Parameters
    ----------
    address
        Host name or IP address of the arm's controller, in remote control.
    joint_names
        As in the URDF, base first.
    rate_hz
        Of state and set-points: 500 for the e-series, 125 for CB3.
    lookahead_s, gain
        Of ``servoj``: 0.03 to 0.2 s, 100 to 2000.
    watchdog_hz
        Without set-points at this rate the program on the arm ends, and the arm brakes.
    deceleration
        Of ``stop`` [rad/s²].
    sensor_delay_s
        From load to reading of the wrist sensor; see `arm_control.identification.identify_delay`.
    """

    def __init__(
        self,
        address: str,
        joint_names: Sequence[str] = JOINTS,
        *,
        rate_hz: float = 500.0,
        lookahead_s: float = 0.03,
        gain: float = 1000.0,
        watchdog_hz: float = 20.0,
        deceleration: float = 10.0,
        sensor_delay_s: float = SENSOR_DELAY_S,
    ) -> None:
        if not 0.03 <= lookahead_s <= 0.2 or not 100.0 <= gain <= 2000.0:
            raise ArmControlError(
                f"servoj look-ahead {lookahead_s} s, gain {gain} are outside 0.03 to 0.2 s and 100 "
                "to 2000, what the arm's controller takes"
            )
        self._info = info_of(
            address, joint_names, rate_hz, lookahead_s, watchdog_hz, deceleration, sensor_delay_s
        )
        self._servo = (1.0 / rate_hz, lookahead_s, gain)
        self._watchdog_hz = watchdog_hz
        self._deceleration = deceleration
        self._lock = threading.Lock()  # the client's commands are one conversation
        self._stopped = False
        self._clock = ArmClock()
        try:
            self._dashboard = DashboardClient(address)
            self._dashboard.connect()
            self._receive = RTDEReceiveInterface(address, rate_hz, _FIELDS)
            self._control = RTDEControlInterface(address, rate_hz)
            self._control.setWatchdog(watchdog_hz)
        except RuntimeError as error:
            raise ArmControlError(
                f"no Universal Robots controller at {address} ({error}); check power, cable, "
                "address and that it is in remote control"
            ) from error

    @property
    def info(self) -> ArmInfo:
        """What the driver states of its arm."""
        return self._info

    def read(self) -> ArmState:
        """Return the newest package; where packages are lost, the last one, growing old."""
        receive = self._receive
        return ArmState(
            self._clock.stamp(receive.getTimestamp()),
            _vector(receive.getActualQ()),
            _vector(receive.getActualQd()),
            _vector(receive.getTargetMoment()),
            Wrench(*np.split(_vector(receive.getFtRawWrench()), 2)),
            self._status(),
        )

    def write(self, command: JointCommand) -> None:
        """Hand over the next set-point; dropped while stopped, or while the arm is not ready."""
        if self._stopped or self._status() is not ArmStatus.READY:
            return
        if self._lock.acquire(blocking=False):  # a stop is being said: that is the last word
            try:
                self._control.servoJ(command.position.tolist(), 0.0, 0.0, *self._servo)
            finally:
                self._lock.release()

    def stop(self) -> None:
        """Brake, and drop set-points until ``reset``; any thread may call."""
        self._stopped = True
        with self._lock:
            if not self._control.servoStop(self._deceleration):
                self._dashboard.stop()

    def reset(self) -> None:
        """Unlock a protective stop, start the program again, take set-points.

        Raises ArmControlError where the arm stays unready.
        """
        with self._lock:
            if self._status() is ArmStatus.PROTECTIVE_STOP:
                self._unlock()
            if not self._receive.getRobotStatus() & _PROGRAM_RUNNING:
                self._control.reuploadScript()
                self._control.setWatchdog(self._watchdog_hz)
            status = self._await_ready(2.0)
        if status is not ArmStatus.READY:
            raise ArmControlError(
                f"{self._info.name} stays {status.value}; look at its own panel, then reset again"
            )
        self._stopped = False

    def close(self) -> None:
        """Stop the arm and its program, and hang up."""
        self.stop()
        with self._lock:
            self._control.stopScript()
            self._control.disconnect()
            self._receive.disconnect()
            self._dashboard.disconnect()

    def _unlock(self) -> None:
        self._dashboard.closeSafetyPopup()
        deadline = time.monotonic() + _UNLOCK_S
        while self._status() is ArmStatus.PROTECTIVE_STOP and time.monotonic() < deadline:
            self._dashboard.unlockProtectiveStop()
            time.sleep(0.1)

    def _await_ready(self, seconds: float) -> ArmStatus:
        deadline = time.monotonic() + seconds
        while (status := self._status()) is not ArmStatus.READY and time.monotonic() < deadline:
            time.sleep(0.01)
        return status

    def _status(self) -> ArmStatus:
        if not self._receive.isConnected():
            return ArmStatus.OFFLINE
        safety = self._receive.getSafetyStatusBits()
        if safety & (_FAULT | _EMERGENCY):
            return ArmStatus.FAULT
        if safety & _PROTECTIVE:
            return ArmStatus.PROTECTIVE_STOP
        if safety & _SAFEGUARD:
            return ArmStatus.STOPPED
        if self._receive.getRobotMode() != _MODE_RUNNING:
            return ArmStatus.OFFLINE
        running = self._receive.getRobotStatus() & _PROGRAM_RUNNING
        return ArmStatus.READY if running else ArmStatus.STOPPED


class UniversalRobotsPosture:
    """Where an arm at ``address`` stands that somebody else leads, freedrive for one.

    Only listens, so the arm may be in local control. Raises ArmControlError where it is not there.
    """

    def __init__(self, address: str, rate_hz: float = 125.0) -> None:
        self._address = address
        try:
            self._receive = RTDEReceiveInterface(
                address, rate_hz, ["timestamp", "actual_q", "ft_raw_wrench"]
            )
        except RuntimeError as error:
            raise ArmControlError(
                f"no Universal Robots controller at {address} ({error}); check power, cable and "
                "address"
            ) from error

    def read(self) -> Vector:
        """Return the joints' angles (6,) [rad]; raises ArmControlError when the arm is gone."""
        return self.feel()[0]

    def feel(self) -> tuple[Vector, Wrench]:
        """Return the joints' angles (6,) [rad] and what the wrist sensor reads, raw.

        Raises ArmControlError when the arm is gone.
        """
        if not self._receive.isConnected():
            raise ArmControlError(
                f"the Universal Robots controller at {self._address} hung up; check power and cable"
            )
        wrench = Wrench(*np.split(_vector(self._receive.getFtRawWrench()), 2))
        return _vector(self._receive.getActualQ()), wrench

    def close(self) -> None:
        """Hang up."""
        self._receive.disconnect()


def _vector(values: Sequence[float]) -> Vector:
    return np.array(values, dtype=np.float64)
