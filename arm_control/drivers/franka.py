"""Franka's seven-axis research arms, through the maker's pylibfranka over its control interface.

Extra ``franka``. The arm sends a state every millisecond and wants a set-point back in the same
one; the client that does so has a process of its own (`arm_control.drivers.franka_link`), and this
one is never kept waiting by it. Set-points may come at any even rate: they are led on smoothly.

The arm has no wrist sensor. The wrench is its controller's estimate from the joints' torques, with
the tool's weight, which that leaves out, put back: far coarser than a sensor at the wrist.
"""

import contextlib
import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from multiprocessing import Pipe
from pathlib import Path

from arm_control.errors import ArmControlError
from arm_control.memory import Record, record
from arm_control.model import ArmModel
from arm_control.ports import ArmInfo, ArmState, ArmStatus, JointCommand
from arm_control.shared import SharedRecord
from spatial import Pose, Wrench
from spatial.pose import skew

try:
    from arm_control.drivers.franka_link import GOAL, JOINTS, REPORT, Settings, Word
except ImportError as error:
    raise ArmControlError("Franka's arms need pylibfranka: install swab-booth[franka]") from error

_PROGRAM = "from arm_control.drivers.franka_link import main; main()"
_log = logging.getLogger(__name__)

_PERIOD_S = 1e-3  # of the arm
SENSOR_DELAY_S = 0.020  # of the estimate from filtered torques (assumed: the maker names none)
_PERIODS = 3.0  # from the set-point's arrival to the motion (assumed)
_SILENT_S = 0.3  # without a state for so long the arm is not there
_OPEN_S = 60.0  # to start the client's process, on a busy machine
_ANSWER_S = 25.0  # more than the client's process is given for one order
_END_S = 5.0
_LOAD_RADIUS = 0.05  # [m] of a ball of the tool's mass: its inertia matters little (assumed)
# The maker's examples end a motion at 20 N and at these torques of the joints [N·m].
_EXAMPLE_N, _EXAMPLE_NM = 20.0, (20.0, 20.0, 18.0, 18.0, 16.0, 14.0, 12.0)
_STATUS = {
    2: ArmStatus.READY,
    1: ArmStatus.STOPPED,  # idle
    3: ArmStatus.STOPPED,  # guided by hand
    5: ArmStatus.STOPPED,  # by a person, at the external activation device
    4: ArmStatus.PROTECTIVE_STOP,  # a reflex
    6: ArmStatus.PROTECTIVE_STOP,  # recovering from one
}  # by the client's RobotMode; with locked brakes, as with others to come, the arm is not there


def info_of(
    address: str,
    joint_names: Sequence[str],
    rate_hz: float = 1000.0,
    watchdog_hz: float = 20.0,
    sensor_delay_s: float = SENSOR_DELAY_S,
) -> ArmInfo:
    """Return what `FrankaArm` with these arguments will state, without connecting."""
    return ArmInfo(
        f"Franka arm at {address}",
        tuple(joint_names),
        rate_hz,
        _PERIODS * _PERIOD_S,
        "its controller brakes all joints (StopMove), as it does without set-points for "
        f"{1.0 / watchdog_hz} s; 20 set-points lost in a row are a reflex, and it brakes itself",
        sensor_delay_s,
    )


class _HungError(ArmControlError):
    """The maker's client waited without an end for some answer to its connecting."""


class FrankaArm:
    """One arm at ``address``, with its brakes open and its control interface (FCI) enabled.

    Parameters
    ----------
    address
        Host name or IP address of the arm's control box.
    model
        Of the arm and its tool; the tool is what the arm is told it carries.
    collision_force
        At which the arm ends a motion by itself [N], 5 to 65; torques in proportion. 65 N is what
        a face may feel (ISO/TS 15066, table A.2); 10 N leaves the arm's estimate room for error.
    rate_hz
        Of set-points, 250 to 1000.
    watchdog_hz
        Without set-points at this rate the arm is stopped.
    sensor_delay_s
        From load to estimate of the wrench; see `arm_control.identification.identify_delay`.
    """

    def __init__(
        self,
        address: str,
        model: ArmModel,
        *,
        collision_force: float = 10.0,
        rate_hz: float = 1000.0,
        watchdog_hz: float = 20.0,
        sensor_delay_s: float = SENSOR_DELAY_S,
    ) -> None:
        if len(model.joint_names) != JOINTS:
            raise ArmControlError(
                f"{len(model.joint_names)} joints: a Franka arm has {JOINTS}; give its model"
            )
        if not 250.0 <= rate_hz <= 1000.0:
            raise ArmControlError(
                f"{rate_hz} set-points a second are outside 250 to 1000, between which the arm "
                "can be led on smoothly"
            )
        if not 5.0 <= collision_force <= 65.0:
            raise ArmControlError(
                f"collision force {collision_force} N is outside 5 to 65 N, what the arm tells "
                "from its own motion and what a face may feel"
            )
        self._info = info_of(address, model.joint_names, rate_hz, watchdog_hz, sensor_delay_s)
        self._model = model
        self._settings = _settings(address, model, collision_force, 1.0 / watchdog_hz)
        self._rooms = tuple(map(SharedRecord.room_for, (REPORT, GOAL)))
        self._reports, self._goals = map(SharedRecord.inherit, self._rooms, (REPORT, GOAL))
        self._report = record(REPORT)
        self._sending = threading.Lock()
        self._stopped = False
        self._why = ""
        try:
            self._open()
            self._order(Word.START)
        except ArmControlError:
            self.close()
            raise

    @property
    def info(self) -> ArmInfo:
        """What the driver states of its arm."""
        return self._info

    @property
    def received(self) -> float:
        """The share of the last 100 set-points that reached the arm in time, as it counts them."""
        return float(self._look()["received"])

    @property
    def why(self) -> str:
        """Why the arm last stopped by itself, in its controller's or its client's words."""
        self._listen()
        return self._why

    def read(self) -> ArmState:
        """Return the newest state; where states are lost, the last one, growing old."""
        r = self._look()
        return ArmState(
            int(r["stamp"]), r["q"], r["v"], r["effort"], self._sensor.wrench(r), self._status(r)
        )

    def write(self, command: JointCommand) -> None:
        """Hand over the next set-point; dropped while stopped, or while the arm is not ready."""
        if not self._stopped:
            goal = record(GOAL)
            goal["stamp"] = time.monotonic_ns()
            goal["q"], goal["v"] = command.position, command.velocity
            self._goals.write(goal)

    def stop(self) -> None:
        """Brake, and drop set-points until ``reset``; any thread may call."""
        self._stopped = True
        with contextlib.suppress(OSError):  # its client has ended, and the arm brakes by itself
            self._send(Word.STOP)

    def reset(self) -> None:
        """Clear what stopped the arm, connect anew where it was lost, take set-points.

        Raises ArmControlError where the arm stays unready.
        """
        self._stopped = False  # a stop while the arm recovers has the last word
        try:
            if self._status(self._look()) is ArmStatus.OFFLINE:
                self._leave()
                self._open()
            self._order(Word.RECOVER)
        except ArmControlError:
            self._stopped = True
            raise

    def close(self) -> None:
        """Stop the arm, and hang up."""
        self._stopped = True
        self._leave()
        self._reports.close()
        self._goals.close()
        for room in self._rooms:
            os.close(room)
        self._rooms = ()

    def _open(self) -> None:
        """Have a client's process connect; once more where the client hung at it."""
        try:
            try:
                refused = self._connect()
            except _HungError as hung:
                _log.warning("%s; connecting once more", hung)
                refused = self._connect()
        except ArmControlError as error:
            raise ArmControlError(
                f"{error}; check power, cable and address, and that the brakes are open and FCI "
                "enabled in the arm's own page (Desk)"
            ) from error
        if refused:
            _log.warning("%s without real time: %s", self._info.name, refused)

    def _connect(self) -> str:
        """Start the client's process; return what the machine refused of real time, or nothing.

        Raises _HungError where its alarm ended it, ArmControlError where it is refused.
        """
        self._pipe, theirs = Pipe()
        handed = (theirs.fileno(), *self._rooms)
        house = str(Path(__file__).parents[2])
        self._process = subprocess.Popen(  # noqa: S603 - our own module, no shell
            [sys.executable, "-c", _PROGRAM, *map(str, handed)],
            env=os.environ | {"PYTHONPATH": os.pathsep.join([house, *sys.path])},
            stdout=subprocess.DEVNULL,  # where the client's library tells of itself
            pass_fds=handed,
            start_new_session=True,
        )
        theirs.close()
        self._send(self._settings)
        try:
            return self._await(Word.OPEN, _OPEN_S)
        except ArmControlError as error:
            self._leave()
            if self._process.returncode == -signal.SIGALRM:
                raise _HungError(str(error)) from error
            raise

    def _leave(self) -> None:
        """Let the client stop the arm and end, or end it."""
        self._pipe.close()
        try:
            self._process.wait(_END_S)
        except subprocess.TimeoutExpired:
            self._process.kill()  # it hangs in the maker's library
            self._process.wait()

    def _order(self, order: Word) -> None:
        self._listen()
        self._send(order)
        self._await(Word.MOVING, _ANSWER_S)
        self._sensor = _EstimatedSensor(self._model, Pose.from_matrix(self._look()["flange_K"]))

    def _send(self, what: Word | Settings) -> None:
        with self._sending:
            self._pipe.send(what)

    def _await(self, wanted: Word, seconds: float) -> str:
        """Return what comes with the ``wanted`` word. Raises ArmControlError at a refusal."""
        deadline = time.monotonic() + seconds
        try:
            while self._pipe.poll(max(0.0, deadline - time.monotonic())):
                word, text = self._pipe.recv()
                if word == wanted:
                    return str(text)
                if word == Word.REFUSED:
                    raise ArmControlError(f"{self._info.name} refuses: {text}")
                self._why = text
            why = f"no answer within {seconds:.0f} s"
        except (EOFError, OSError):
            why = self._why or f"its client ended ({self._process.wait(_END_S)})"
        raise ArmControlError(f"{self._info.name} is lost: {why}")

    def _listen(self) -> None:
        """Take in what the client says by itself."""
        try:
            while self._pipe.poll():
                _, self._why = self._pipe.recv()
        except (EOFError, OSError):
            pass  # it has ended: the status tells

    def _look(self) -> Record:
        fresh = record(REPORT)
        if self._reports.read(fresh):
            self._report = fresh
        return self._report[0]

    def _status(self, r: Record) -> ArmStatus:
        age_s = (time.monotonic_ns() - int(r["stamp"])) * 1e-9
        if age_s > _SILENT_S or self._process.poll() is not None:
            return ArmStatus.OFFLINE
        status = _STATUS.get(int(r["mode"]), ArmStatus.OFFLINE)
        if status is ArmStatus.READY and not r["moving"]:
            return ArmStatus.STOPPED
        return status


class _EstimatedSensor:
    """A wrist sensor made of the arm's estimate, told in the frame ``flange_K`` of the flange.

    The estimate is of what the arm does to its surroundings, beyond the weight of its declared
    load; a sensor feels what they do to the tool, and that weight.
    """

    def __init__(self, model: ArmModel, flange_K: Pose) -> None:
        sensor_flange = model.tool.flange_sensor.inverse()
        sensor_K = sensor_flange @ flange_K
        self._turn = sensor_K.rotation
        self._lever = skew(sensor_K.translation) @ sensor_K.rotation
        self._weight = model.tool.mass * model.gravity  # [N], in the base
        self._sensor_flange = sensor_flange.rotation
        self._tool_lever = skew(sensor_flange.apply(model.tool.center_of_mass))

    def wrench(self, report: Record) -> Wrench:
        """Return what a sensor would have read when the ``report`` was made."""
        force, torque = report["wrench"][:3], report["wrench"][3:]
        weight = self._sensor_flange @ (report["base_flange"].T @ self._weight)
        return Wrench(
            weight - self._turn @ force,
            self._tool_lever @ weight - self._turn @ torque - self._lever @ force,
        )


def _settings(address: str, model: ArmModel, force: float, silence_s: float) -> Settings:
    scale = force / _EXAMPLE_N
    tool = model.tool
    inertia = 0.4 * tool.mass * _LOAD_RADIUS**2
    return Settings(
        address,
        tuple(scale * torque for torque in _EXAMPLE_NM),
        (force,) * 3 + (1.25 * force,) * 3,  # the examples' own proportion
        tool.mass,
        tuple(tool.center_of_mass.tolist()),
        (inertia, 0.0, 0.0, 0.0, inertia, 0.0, 0.0, 0.0, inertia),
        silence_s,
    )
