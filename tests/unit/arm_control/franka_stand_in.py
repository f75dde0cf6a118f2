"""A stand-in for Franka's control box: the Franka Control Interface, version 10, of a research arm.

Facts of the wire, ports, message numbers and the order of fields, are those of the maker's public
headers (libfranka-common: service_types.h, rbk_types.h): requests and answers over TCP in frames of
command, number and size, all packed and little-endian; states and set-points over UDP, one of each
a millisecond. Its arm is where the last set-point led, and stops itself as the real one does: when
set-points leap, when 20 in a row are lost, when it collides, when a person presses the stop.

One thing is kinder than the real box: while a motion runs, its time stands still until the answer
to its last state has come, so that a busy machine loses no packets of its own.
"""

import contextlib
import socket
import struct
import threading
import time
from enum import IntEnum
from types import MappingProxyType

import numpy as np

from tests.unit.arm_control.wire import exactly, loopback

PORT = 1337
VERSION = 10
_FRAME = struct.Struct("<III")
_PATIENCE_S = 20.0  # for an answer, while a motion runs
_LOST = 20  # in a row: the arm stops itself
_LIMITS = (10.0, 5000.0)  # acceleration [rad/s²] and jerk [rad/s³] of every joint


class Command(IntEnum):
    """What is asked for over TCP."""

    CONNECT = 0
    MOVE = 1
    STOP_MOVE = 2
    SET_COLLISION_BEHAVIOR = 3
    SET_JOINT_IMPEDANCE = 4
    SET_CARTESIAN_IMPEDANCE = 5
    SET_GUIDING_MODE = 6
    SET_EE_TO_K = 7
    SET_NE_TO_EE = 8
    SET_LOAD = 9
    AUTOMATIC_ERROR_RECOVERY = 10
    GET_ROBOT_MODEL = 11


class Mode(IntEnum):
    """What the arm says it is doing; OTHER while its brakes are locked."""

    OTHER = 0
    IDLE = 1
    MOVE = 2
    GUIDING = 3
    REFLEX = 4
    USER_STOPPED = 5


class Move(IntEnum):
    """Answers to MOVE: the first at once, the second when the motion is over."""

    SUCCESS = 0
    STARTED = 1
    PREEMPTED = 2
    NOT_POSSIBLE = 5
    REFLEX = 8
    EMERGENCY = 9


ERRORS = MappingProxyType(
    {
        "joint_reflex": 6,
        "cartesian_reflex": 7,
        "joint_position_motion_generator_start_pose_invalid": 11,
        "joint_motion_generator_velocity_discontinuity": 14,
        "joint_motion_generator_acceleration_discontinuity": 15,
        "communication_constraints_violation": 25,
    }
)

STATE = np.dtype(
    [("message_id", "<u8")]
    + [(name, "<f4", (16,)) for name in ("O_T_EE", "O_T_EE_d", "F_T_EE")]
    + [(name, "<f4", (16,)) for name in ("EE_T_K", "F_T_NE", "NE_T_EE")]
    + [("m_ee", "<f4"), ("I_ee", "<f4", (9,)), ("F_x_Cee", "<f4", (3,))]
    + [("m_load", "<f4"), ("I_load", "<f4", (9,)), ("F_x_Cload", "<f4", (3,))]
    + [("elbow", "<f4", (2,)), ("elbow_d", "<f4", (2,))]
    + [(name, "<f4", (7,)) for name in ("tau_J", "tau_J_d", "dtau_J")]
    + [(name, "<f4", (7,)) for name in ("q", "q_d", "dq", "dq_d", "ddq_d")]
    + [("joint_contact", "<f4", (7,)), ("cartesian_contact", "<f4", (6,))]
    + [("joint_collision", "<f4", (7,)), ("cartesian_collision", "<f4", (6,))]
    + [("tau_ext_hat_filtered", "<f4", (7,))]
    + [(name, "<f4", (6,)) for name in ("O_F_ext_hat_K", "K_F_ext_hat_K", "O_dP_EE_d")]
    + [("O_ddP_O", "<f4", (3,))]
    + [(name, "<f4", (2,)) for name in ("elbow_c", "delbow_c", "ddelbow_c")]
    + [("O_T_EE_c", "<f4", (16,)), ("O_dP_EE_c", "<f4", (6,)), ("O_ddP_EE_c", "<f4", (6,))]
    + [("theta", "<f4", (7,)), ("dtheta", "<f4", (7,))]
    + [("accelerometer_top", "<f4", (6, 3)), ("accelerometer_bottom", "<f4", (6, 3))]
    + [("motion_generator_mode", "u1"), ("controller_mode", "u1")]
    + [("errors", "?", (41,)), ("reflex_reason", "?", (41,))]
    + [("robot_mode", "u1"), ("control_command_success_rate", "<f4")]
)
SET_POINT = np.dtype(
    [
        ("message_id", "<u8"),
        ("q_c", "<f8", (7,)),
        ("dq_c", "<f8", (7,)),
        ("O_T_EE_c", "<f8", (16,)),
        ("O_dP_EE_c", "<f8", (6,)),
        ("elbow_c", "<f8", (2,)),
        ("valid_elbow", "?"),
        ("motion_generation_finished", "?"),
        ("tau_J_d", "<f8", (7,)),
        ("torque_command_finished", "?"),
    ]
)
_MOVE = struct.Struct("<II6d?7d")  # controller, generator, two deviations, asynchronous, velocities
_JOINT = '<joint name="joint{0}"><limit lower="-2.9" upper="2.9" velocity="2.6"/>{1}</joint>'
_BY_POSITION = '<position_based_velocity_limits velocity_offset="0.3" deceleration_limit="6"/>'
MODEL = f"<robot name='fr3'>{''.join(_JOINT.format(k, _BY_POSITION) for k in range(1, 8))}</robot>"
_EYE = np.eye(4).ravel()
_FLANGE_DOWN = np.diag([1.0, -1.0, -1.0, 1.0])  # in the base's frame, as at rest over a table


class StandIn:
    """One control box on a loopback address of its own; ``close`` it.

    ``rate_hz`` is how many states a second it sends.
    """

    def __init__(self, rate_hz: int = 250) -> None:
        self.address = loopback()
        self.version = VERSION
        self.mode = Mode.IDLE
        self.wrench = np.zeros(6)  # that it believes to exert, as the real one tells it
        self.settings: dict[Command, tuple[float, ...]] = {}
        self.asked: list[Command] = []
        self.set_points: list[np.ndarray] = []
        self.silent = False  # its states get lost
        self.mute = False  # its answers get lost
        self.manual = False  # errors want a person at the arm's own page
        self.bars_stops = False  # STOP_MOVE is refused where nothing moves
        self._deaf = 0  # set-points still to be lost
        self._period_s = 1.0 / rate_hz
        self._begun = time.monotonic()
        self._time = 0  # [ms]
        self._step_s = self._period_s  # since the last state
        self._q = np.array([0.0, -0.8, 0.0, -2.3, 0.0, 1.5, 0.8])
        self._v, self._a = np.zeros(7), np.zeros(7)
        self._received: list[bool] = []  # since the motion's first set-point
        self._move: int | None = None  # the running MOVE's number
        self._errors: set[str] = set()
        self._reasons: set[str] = set()
        self._lock = threading.RLock()
        self._over = threading.Event()
        self._link: socket.socket | None = None
        self._links: list[socket.socket] = []
        self._client: tuple[str, int] | None = None
        self._states = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._states.bind((self.address, 0))
        self._states.settimeout(0.02)
        self._door = socket.create_server((self.address, PORT))
        self._threads = [
            threading.Thread(target=work, daemon=True) for work in (self._welcome, self._tick)
        ]
        for thread in self._threads:
            thread.start()

    @property
    def position(self) -> np.ndarray:
        """Where its joints are [rad]."""
        return self._q.copy()

    @property
    def moving(self) -> bool:
        """Whether a motion runs."""
        return self._move is not None

    def lose_set_points(self, count: int) -> None:
        """Let the next ``count`` of them get lost."""
        self._deaf = count

    def reflex(self, reason: str) -> None:
        """Stop by itself, for ``reason``; only a recovery ends it."""
        with self._lock:
            self._end(Move.REFLEX)
            self.mode, self._errors, self._reasons = Mode.REFLEX, {reason}, {reason}

    def press_user_stop(self) -> None:
        """Stop as when a person presses the external activation device."""
        with self._lock:
            self._end(Move.EMERGENCY)
            self.mode = Mode.USER_STOPPED

    def become(self, mode: Mode) -> None:
        """Be in this mode, at rest and without errors."""
        with self._lock:
            self._end(Move.PREEMPTED)
            self.mode, self._errors = mode, set()

    def hang_up(self) -> None:
        """Close the connection, as a box that is switched off."""
        self._client = None
        for link in self._links:
            with contextlib.suppress(OSError):
                link.shutdown(socket.SHUT_RDWR)
            link.close()

    def close(self) -> None:
        """Close everything."""
        self._over.set()
        with contextlib.suppress(OSError):
            self._door.shutdown(socket.SHUT_RDWR)
        self.hang_up()
        for thread in self._threads:
            thread.join(30.0)
        self._door.close()
        self._states.close()

    def _welcome(self) -> None:
        with contextlib.suppress(OSError):
            while not self._over.is_set():
                link, peer = self._door.accept()
                self._links.append(link)
                thread = threading.Thread(target=self._serve, args=(link, peer[0]), daemon=True)
                self._threads.append(thread)
                thread.start()

    def _serve(self, link: socket.socket, host: str) -> None:
        with contextlib.suppress(OSError):
            while True:
                command, number, size = _FRAME.unpack(exactly(link, _FRAME.size))
                data = exactly(link, size - _FRAME.size)
                with self._lock:
                    self.asked.append(Command(command))
                    self._obey(link, host, Command(command), number, data)
        with self._lock:
            if self._link is link:  # nobody is there to move it
                self._link, self._client = None, None
                self._end(Move.PREEMPTED)

    def _answer(self, link: socket.socket, command: Command, number: int, data: bytes) -> None:
        if not self.mute:
            with contextlib.suppress(OSError):
                link.sendall(_FRAME.pack(command, number, _FRAME.size + len(data)) + data)

    def _obey(
        self, link: socket.socket, host: str, command: Command, number: int, data: bytes
    ) -> None:
        answer = b"\0"
        if command is Command.CONNECT:
            version, port = struct.unpack("<HH", data)
            known = version == self.version
            answer = struct.pack("<BH", not known, self.version)
            if known:
                self._link, self._client = link, (host, port)
        elif command is Command.GET_ROBOT_MODEL:
            answer = b"\0" + MODEL.encode()
        elif command is Command.MOVE:
            answer = bytes([self._begin(number, data)])
        elif command is Command.STOP_MOVE:
            if self.bars_stops and self._move is None:
                answer = b"\1"
            self._end(Move.PREEMPTED)
        elif command is Command.AUTOMATIC_ERROR_RECOVERY:
            answer = bytes([self._recover()])
        elif self._move is None and self.mode is Mode.IDLE:
            self.settings[command] = struct.unpack(f"<{len(data) // 8}d", data)
        else:
            answer = b"\1"
        self._answer(link, command, number, answer)

    def _begin(self, number: int, data: bytes) -> Move:
        if self.mode is not Mode.IDLE:
            return Move.NOT_POSSIBLE
        controller, generator, *_ = _MOVE.unpack(data)
        assert (controller, generator) == (0, 0), "joint impedance and joint positions are spoken"
        self._move, self.mode = number, Mode.MOVE
        self._received = []
        self._reasons = set()
        return Move.STARTED

    def _end(self, how: Move) -> None:
        if self._move is not None and self._link is not None:
            self._answer(self._link, Command.MOVE, self._move, bytes([how]))
        self._move = None
        self._v, self._a = np.zeros(7), np.zeros(7)
        if self.mode is Mode.MOVE:
            self.mode = Mode.IDLE

    def _recover(self) -> int:
        if self.mode is not Mode.REFLEX:
            return 1  # not possible
        if self.manual:
            return 3
        self.mode, self._errors = Mode.IDLE, set()
        return 0

    def _tick(self) -> None:
        while not self._over.wait(self._period_s):
            with self._lock:
                client = self._client
                if client is None or self.silent:
                    continue
                now = max(self._time + 1, round(1e3 * (time.monotonic() - self._begun)))
                self._time, self._step_s = now, 1e-3 * (now - self._time)
                moved = self._move
                with contextlib.suppress(OSError):
                    self._states.sendto(self._state(), client)
            if moved is not None:
                self._follow(moved)

    def _follow(self, move: int) -> None:
        """Take the answer to the newest state in."""
        set_point = None if self._deaf else self._await(move)
        self._deaf = max(0, self._deaf - 1)
        with self._lock:
            if self._move != move or (set_point is None and not self._received):
                return  # over, or its client has not begun yet
            self._received = [*self._received[-99:], set_point is not None]
            if not any(self._received[-_LOST:]):
                self.reflex("communication_constraints_violation")
            elif set_point is None:  # gone on as it was going
                self._q = self._q + self._v * self._step_s
            elif set_point["motion_generation_finished"]:
                self._end(Move.SUCCESS)
            else:
                self._go(np.array(set_point["q_c"]))

    def _await(self, move: int) -> np.ndarray | None:
        patience = _PATIENCE_S if self._received else self._period_s
        deadline = time.monotonic() + patience
        while time.monotonic() < deadline and self._move == move and not self._over.is_set():
            with contextlib.suppress(TimeoutError):
                data = self._states.recv(4096)
                set_point: np.ndarray = np.frombuffer(data, SET_POINT)[0]
                if set_point["message_id"] == self._time:
                    return set_point
        return None

    def _go(self, goal: np.ndarray) -> None:
        step = self._step_s
        velocity = (goal - self._q) / step
        acceleration = (velocity - self._v) / step
        jerk = (acceleration - self._a) / step
        if np.any(np.abs(acceleration) > _LIMITS[0]):
            self.reflex("joint_motion_generator_velocity_discontinuity")
        elif np.any(np.abs(jerk) > _LIMITS[1]):
            self.reflex("joint_motion_generator_acceleration_discontinuity")
        else:
            self._q, self._v, self._a = goal, velocity, acceleration
            self.set_points.append(goal)

    def _state(self) -> bytes:
        state = np.zeros((), STATE)
        state["message_id"] = self._time
        for name in ("EE_T_K", "F_T_EE", "F_T_NE", "NE_T_EE"):
            state[name] = _EYE
        state["O_T_EE"] = _FLANGE_DOWN.T.ravel()
        state["q"] = state["q_d"] = state["theta"] = self._q
        state["dq"] = state["dq_d"] = self._v
        state["tau_J"] = 0.5
        state["K_F_ext_hat_K"] = self.wrench + 1e-4 * (self._time % 7)
        state["O_ddP_O"] = (0.0, 0.0, -9.81)
        state["motion_generator_mode"] = self._move is not None  # joint positions, or none
        state["controller_mode"] = 0 if self._move is not None else 3
        for name in self._errors:
            state["errors"][ERRORS[name]] = True
        for name in self._reasons:
            state["reflex_reason"][ERRORS[name]] = True
        state["robot_mode"] = self.mode
        if self._move is not None:
            state["control_command_success_rate"] = np.mean(self._received or 0.0)
        return state.tobytes()
