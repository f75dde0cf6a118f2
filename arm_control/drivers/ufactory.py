"""UFACTORY's xArm 5, 6, 7 and 850, through the maker's xarm-python-sdk.

Extra ``xarm``. States come on the arm's real-time report port, set-points go to its servo mode. The
client prints, and when it connects anew it sets a time limit for every socket of its process: give
the driver a process of its own (`arm_control.pump`). The reports bear no time of their own: they
count as measured when they arrive, and velocity is the difference of two.
"""

import socket
import threading
import time
from collections.abc import Sequence

import numpy as np

from arm_control.errors import ArmControlError
from arm_control.ports import ArmInfo, ArmState, ArmStatus, JointCommand
from spatial import Wrench

try:
    from xarm.wrapper import XArmAPI
except ImportError as error:
    raise ArmControlError("UFACTORY's arms need its client: install swab-booth[xarm]") from error

_SERVO = 1  # the mode that takes set-points one by one
_GO, _STOP = 0, 4  # states that are asked for
_PAUSED = 3  # states that are told, beside _STOP; less than that is ready
_SILENT_S = 0.3  # without a report for so long the arm is not there
_COLLISION = frozenset({22, 31, 35})  # the controller's errors: itself, something, its fence
SENSOR_DELAY_S = 0.020  # two of the reports' periods (assumed: the maker names no delay)
_PERIODS = 2.0  # from the set-point's arrival to the motion (assumed)


def info_of(
    address: str,
    joint_names: Sequence[str],
    rate_hz: float = 100.0,
    sensor_delay_s: float = SENSOR_DELAY_S,
) -> ArmInfo:
    """Return what `UFactoryArm` with these arguments will state, without connecting."""
    return ArmInfo(
        f"UFACTORY arm at {address}",
        tuple(joint_names),
        rate_hz,
        _PERIODS / rate_hz,
        "state 4: the control box brakes all joints; without set-points the arm holds the last",
        sensor_delay_s,
    )


class UFactoryArm:
    """One arm with its maker's six-axis force sensor at the flange, at ``address``.

    Parameters
    ----------
    address
        IP address of the arm's control box.
    joint_names
        As in the URDF, base first: five, six or seven.
    rate_hz
        Of set-points: the control box takes up to 250 a second and reports 100.
    sensor_delay_s
        From load to reading of the wrist sensor; see `arm_control.identification.identify_delay`.
    """

    def __init__(
        self,
        address: str,
        joint_names: Sequence[str],
        *,
        rate_hz: float = 100.0,
        sensor_delay_s: float = SENSOR_DELAY_S,
    ) -> None:
        if not 5 <= len(joint_names) <= 7 or not 50.0 <= rate_hz <= 250.0:
            raise ArmControlError(
                f"{len(joint_names)} joints at {rate_hz} Hz: an xArm has 5 to 7 and takes 50 to "
                "250 set-points a second"
            )
        self._info = info_of(address, joint_names, rate_hz, sensor_delay_s)
        self._news = threading.Condition()
        self._angles = np.zeros(len(joint_names))
        self._velocity = np.zeros(len(joint_names))
        self._stamp_ns = 0
        self._stopped = False
        self._arm = XArmAPI(
            address, is_radian=True, report_type="real", do_not_open=True, timed_comm=False
        )
        self._arm.register_report_location_callback(self._reported, report_cartesian=False)
        self._connect(address)
        if self._arm.axis != len(joint_names):
            axes = self._arm.axis
            self._arm.disconnect()
            raise ArmControlError(
                f"the arm at {address} has {axes} joints, not {len(joint_names)}; give its names"
            )
        self._prepare()

    @property
    def info(self) -> ArmInfo:
        """What the driver states of its arm."""
        return self._info

    def read(self) -> ArmState:
        """Return the newest report; where reports are lost, the last one, growing old."""
        with self._news:
            force = np.array(self._arm.ft_raw_force, float)
            n = len(self._angles)
            return ArmState(
                self._stamp_ns,
                self._angles,
                self._velocity,
                np.array(self._arm.joints_torque[:n], float),
                Wrench(force[:3], force[3:]),
                self._status(),
            )

    def write(self, command: JointCommand) -> None:
        """Hand over the next set-point; dropped while stopped, or while the arm is not ready."""
        if not self._stopped and self._status() is ArmStatus.READY:
            self._arm.set_servo_angle_j(command.position.tolist(), is_radian=True)

    def stop(self) -> None:
        """Brake, and drop set-points until ``reset``; any thread may call."""
        self._stopped = True
        self._arm.set_state(_STOP)

    def reset(self) -> None:
        """Clear what stopped the arm, and take set-points.

        Raises ArmControlError where the arm stays unready.
        """
        self._arm.clean_error()
        self._arm.clean_warn()
        self._arm.get_err_warn_code()
        self._prepare()
        self._stopped = False

    def close(self) -> None:
        """Stop the arm, and hang up."""
        self.stop()
        self._arm.disconnect()

    def _connect(self, address: str) -> None:
        limit = socket.getdefaulttimeout()
        try:
            self._arm.connect()
        except Exception as error:
            self._arm.disconnect()
            raise ArmControlError(
                f"no UFACTORY control box at {address} ({error}); check power, cable and address"
            ) from error
        finally:
            socket.setdefaulttimeout(limit)  # the client set one for the whole process

    def _prepare(self) -> None:
        """Enable the motors and the sensor, and go into the servo mode."""
        self._arm.motion_enable(enable=True)
        self._arm.set_ft_sensor_enable(1)
        self._arm.set_mode(_SERVO)
        self._arm.set_state(_GO)
        with self._news:
            ready = self._news.wait_for(lambda: self._status() is ArmStatus.READY, 3.0)
            felt = self._news.wait_for(lambda: any(self._arm.ft_raw_force), 1.0)
        if not ready:
            raise ArmControlError(
                f"{self._info.name} stays {self._status().value} (error {self._arm.error_code}); "
                "look at its emergency stop and its own page, then reset again"
            )
        if not felt:
            raise ArmControlError(
                f"{self._info.name} reports no force; mount and enable its six-axis sensor"
            )

    def _reported(self, report: dict[str, Sequence[float]]) -> None:
        """Take a report in; called by the client's own thread."""
        now = time.monotonic_ns()
        with self._news:
            angles = np.array(report["joints"][: len(self._angles)], float)
            if self._stamp_ns:
                self._velocity = (angles - self._angles) / ((now - self._stamp_ns) * 1e-9)
            self._angles, self._stamp_ns = angles, now
            self._news.notify_all()
        if self._arm.state >= _STOP and not self._arm.error_code:
            self._arm.get_err_warn_code()  # the real-time report does not say why it stands

    def _status(self) -> ArmStatus:
        silence = (time.monotonic_ns() - self._stamp_ns) * 1e-9
        if not self._arm.connected or silence > _SILENT_S:
            return ArmStatus.OFFLINE
        if self._arm.error_code in _COLLISION:
            return ArmStatus.PROTECTIVE_STOP
        if self._arm.error_code:
            return ArmStatus.FAULT
        if self._arm.state >= _PAUSED or self._arm.mode != _SERVO:
            return ArmStatus.STOPPED
        return ArmStatus.READY
