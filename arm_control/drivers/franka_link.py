"""The maker's client of a Franka arm, in a process of its own.

pylibfranka waits for the arm with Python's lock held, and for some answers without an end. The arm
wants an answer to every state within its millisecond. So the client lives here, alone:
`arm_control.drivers.franka` starts it, and the two share a pipe and two records. It ends, and the
arm is told to stop before, when its pipe closes; an alarm ends it when the client hangs.
"""

import contextlib
import gc
import signal
import sys
import time
from dataclasses import dataclass
from enum import StrEnum
from multiprocessing.connection import Connection

import numpy as np
import pylibfranka as fci

from arm_control.drivers.clock import ArmClock
from arm_control.drivers.smoothing import Smoother
from arm_control.errors import ArmControlError
from arm_control.memory import record
from arm_control.realtime import hurry
from arm_control.shared import SharedRecord

JOINTS = 7
REPORT = np.dtype(
    [
        ("stamp", "i8"),  # of the state [ns]
        ("mode", "i8"),  # as `fci.RobotMode`
        ("moving", "i8"),  # whether set-points are taken
        ("received", "f8"),  # share of the last 100 set-points that reached the arm in time
        ("q", "f8", (JOINTS,)),  # [rad]
        ("v", "f8", (JOINTS,)),
        ("effort", "f8", (JOINTS,)),  # [N·m]
        ("wrench", "f8", (6,)),  # of the arm on what is around it, in K [N, N·m]
        ("flange_K", "f8", (4, 4)),
        ("base_flange", "f8", (3, 3)),  # the rotation
    ],
    align=True,
)
GOAL = np.dtype(
    [
        ("stamp", "i8"),  # when it was given [ns]
        ("q", "f8", (JOINTS,)),
        ("v", "f8", (JOINTS,)),
    ],
    align=True,
)
ERRORS = (fci.FrankaException, RuntimeError)  # the client's others are kinds of the second
_PERIOD_S = 1e-3  # of the arm
_TURN_S = 3.0  # the client's own bound on a silent arm is 1 s
_ORDER_S = 20.0  # recovering takes the arm seconds
_ACCELERATION, _JERK = 10.0, 5000.0  # of every joint: rate_limiting.h of libfranka 0.21


class Word(StrEnum):
    """What goes over the pipe: START and RECOVER and STOP there, the others back."""

    START = "start"
    RECOVER = "recover"  # clear what stopped the arm, then start
    STOP = "stop"
    OPEN = "open"
    MOVING = "moving"
    REFUSED = "refused"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class Settings:
    """What the arm is told before it moves: thresholds of a collision, and its load.

    ``torques`` (7,) [N·m] and ``forces`` (6,) [N, N·m] end a motion; half of them count as contact.
    ``mass`` [kg], ``center`` (3,) [m, flange] and ``inertia`` (9,) [kg·m²] are of what it carries.
    """

    address: str
    torques: tuple[float, ...]
    forces: tuple[float, ...]
    mass: float
    center: tuple[float, ...]
    inertia: tuple[float, ...]
    silence_s: float


def connect(address: str) -> tuple[fci.Robot, str]:
    """Return the arm at ``address``, and what the machine refused of real time (or nothing).

    Raises one of ERRORS where no arm answers, or one of another version.
    """
    try:
        return fci.Robot(address, fci.RealtimeConfig.kEnforce), ""
    except fci.RealtimeException as error:
        return fci.Robot(address, fci.RealtimeConfig.kIgnore), str(error)


class Motion:
    """One motion of the arm, begun where ``state`` has it; letting go of it stops the arm."""

    def __init__(
        self,
        control: fci.ActiveControlBase,
        state: fci.RobotState,
        goals: SharedRecord,
        silence_s: float,
    ) -> None:
        self._control, self._goals, self._silence_s = control, goals, silence_s
        self._smoother = Smoother(np.array(state.q_d), _ACCELERATION, _JERK)
        self._goal = record(GOAL)
        self._goal["q"] = state.q_d
        self._time_s = state.time.to_sec() - _PERIOD_S
        self._begun_ns = time.monotonic_ns()  # older set-points are of another motion
        self.answer(state)

    def next_state(self) -> fci.RobotState:
        """Wait for the arm's next state. Raises ControlException where the arm has stopped."""
        return self._control.readOnce()[0]

    def answer(self, state: fci.RobotState) -> None:
        """Send the arm on, or hold it where no set-point has come yet.

        Raises ArmControlError where set-points leap or stay away, or the client's ControlException.
        """
        goal = record(GOAL)
        if self._goals.read(goal) and goal["stamp"][0] > self._begun_ns:
            self._goal = goal
        g = self._goal[0]
        age_s = 0.0 if g["stamp"] == 0 else (time.monotonic_ns() - int(g["stamp"])) * 1e-9
        if age_s > self._silence_s:
            raise ArmControlError(
                f"no set-point for {age_s:.3f} s, bound {self._silence_s} s; see what became of "
                "the loop"
            )
        time_s = state.time.to_sec()
        step_s, self._time_s = time_s - self._time_s, time_s
        joints = self._smoother.step(step_s, age_s, g["q"], g["v"])
        self._control.writeOnce(fci.JointPositions(joints.tolist()))


class Link:
    """Answers the arm's states with set-points, and passes both on."""

    def __init__(
        self,
        robot: fci.Robot,
        settings: Settings,
        pipe: Connection,
        reports: SharedRecord,
        goals: SharedRecord,
    ) -> None:
        self._robot, self._settings = robot, settings
        self._pipe, self._reports, self._goals = pipe, reports, goals
        self._clock = ArmClock()
        self._report = record(REPORT)
        self._motion: Motion | None = None

    def run(self) -> None:
        """Go on until the pipe closes or the arm is lost; the arm is stopped then."""
        try:
            while True:
                signal.setitimer(signal.ITIMER_REAL, _TURN_S)
                self.turn()
                if self._pipe.poll():
                    signal.setitimer(signal.ITIMER_REAL, _ORDER_S)
                    self._obey(Word(self._pipe.recv()))
        except EOFError:
            self._motion = None
        except ERRORS as error:
            self._say(Word.STOPPED, str(error))

    def turn(self) -> None:
        """Wait for the arm's next state, answer it, and pass it on."""
        state = None
        if self._motion is not None:
            try:
                state = self._motion.next_state()
                self._motion.answer(state)
            except (ArmControlError, fci.ControlException) as error:
                self._motion = None
                self._say(Word.STOPPED, str(error))
        self._tell(state or self._robot.read_once())

    def _obey(self, order: Word) -> None:
        self._motion = None
        if order is Word.STOP:
            return
        try:
            self._begin(recover=order is Word.RECOVER)
        except fci.NetworkException:
            raise
        except ERRORS as error:
            self._say(Word.REFUSED, str(error))
        else:
            self._say(Word.MOVING)

    def _begin(self, *, recover: bool) -> None:
        if recover and self._robot.read_once().robot_mode == fci.RobotMode.Reflex:
            self._robot.automatic_error_recovery()
        s = self._settings
        self._robot.set_collision_behavior(
            [0.5 * x for x in s.torques], s.torques, [0.5 * x for x in s.forces], s.forces
        )
        self._robot.set_load(s.mass, s.center, s.inertia)
        control = self._robot.start_joint_position_control(fci.ControllerMode.JointImpedance)
        state, _ = control.readOnce()
        self._motion = Motion(control, state, self._goals, s.silence_s)
        self._tell(state)

    def _tell(self, state: fci.RobotState) -> None:
        r = self._report[0]
        r["stamp"] = self._clock.stamp(state.time.to_sec())
        r["mode"] = int(state.robot_mode)
        r["moving"] = self._motion is not None
        r["received"] = state.control_command_success_rate
        r["q"], r["v"], r["effort"] = state.q, state.dq, state.tau_J
        r["wrench"] = state.K_F_ext_hat_K
        base_ee, flange_ee, ee_k = (  # told column by column
            np.reshape(m, (4, 4)).T for m in (state.O_T_EE, state.F_T_EE, state.EE_T_K)
        )
        r["flange_K"] = flange_ee @ ee_k
        r["base_flange"] = base_ee[:3, :3] @ flange_ee[:3, :3].T
        self._reports.write(self._report)

    def _say(self, word: Word, why: str = "") -> None:
        with contextlib.suppress(OSError):  # nobody hears it: the next look at the pipe ends this
            self._pipe.send((word, " ".join(why.split())))


def main() -> None:
    """Serve over the inherited descriptors: the pipe, the reports' memory, the set-points'."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to handle
    pipe_fd, reports_fd, goals_fd = map(int, sys.argv[1:])
    pipe = Connection(pipe_fd)
    reports = SharedRecord.inherit(reports_fd, REPORT)
    goals = SharedRecord.inherit(goals_fd, GOAL)
    report = record(REPORT)
    reports.read(report)
    reports.write(report)  # compiled now, where nobody waits yet
    settings: Settings = pipe.recv()
    signal.setitimer(signal.ITIMER_REAL, _ORDER_S)
    try:
        robot, refused = connect(settings.address)
    except ERRORS as error:
        pipe.send((Word.REFUSED, " ".join(str(error).split())))
        return
    gc.freeze()
    gc.disable()  # a collection would cost the arm set-points
    hurry()
    pipe.send((Word.OPEN, refused))
    Link(robot, settings, pipe, reports, goals).run()
