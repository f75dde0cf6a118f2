"""A stand-in for a Universal Robots controller: the RTDE protocol, the dashboard, the script port.

It speaks the wire protocols the maker documents: RTDE version 2 (big-endian packages of size, type
and payload; recipes of outputs and inputs), the dashboard's lines, and a script port that takes a
program. Ports are the real ones, so each stand-in needs a loopback address of its own. Its arm goes
where servoj says, at once, while the uploaded program runs and no protective stop holds it. It
lives in a process of its own: the maker's client holds Python's lock while it connects.
"""

import contextlib
import multiprocessing
import random
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from multiprocessing.managers import BaseManager
from typing import Any

from tests.unit.arm_control.wire import exactly

RTDE_PORT, DASHBOARD_PORT, SCRIPT_PORT = 30004, 29999, 30003
_RUNNING, _NORMAL, _PROTECTIVE = 7, 1, 3
_READY, _DONE = 1, 2
_TYPES = {
    "timestamp": "DOUBLE",
    "actual_q": "VECTOR6D",
    "actual_qd": "VECTOR6D",
    "target_moment": "VECTOR6D",
    "ft_raw_wrench": "VECTOR6D",
    "actual_TCP_force": "VECTOR6D",
    "external_force_torque": "VECTOR6D",
    "robot_mode": "INT32",
    "safety_mode": "INT32",
    "safety_status": "INT32",
    "robot_status_bits": "UINT32",
    "safety_status_bits": "UINT32",
    "runtime_state": "UINT32",
}
_CODES = {"DOUBLE": ">d", "VECTOR6D": ">6d", "INT32": ">i", "UINT32": ">I", "BOOL": ">?"}


def type_of(name: str) -> str:
    """The RTDE type of a field; NOT_FOUND as the real controller answers."""
    if "int_register" in name:
        return "INT32"
    if "double_register" in name:
        return "DOUBLE"
    return _TYPES.get(name, "NOT_FOUND")


def _is_servo(values: dict[str, float]) -> bool:
    return values.get("input_int_register_0") == 11 and "input_double_register_10" in values


class Session:
    """One RTDE client: its recipes, and the packages it is sent."""

    def __init__(self, robot: "StandIn", link: socket.socket) -> None:
        self._robot = robot
        self._link = link
        self.outputs: list[str] = []
        self.inputs: list[list[str]] = []
        self.started = False
        self._lock = threading.Lock()

    def serve(self) -> None:
        """Answer until the client hangs up."""
        with contextlib.suppress(OSError):
            while True:
                head = exactly(self._link, 3)
                size, kind = struct.unpack(">HB", head)
                self._answer(chr(kind), exactly(self._link, size - 3))
        self.started = False

    def _send(self, kind: str, payload: bytes) -> None:
        with self._lock:
            self._link.sendall(struct.pack(">HB", len(payload) + 3, ord(kind)) + payload)

    def _answer(self, kind: str, payload: bytes) -> None:
        if kind == "V":
            self._send("V", bytes([struct.unpack(">H", payload)[0] == 2]))
        elif kind == "v":
            self._send("v", struct.pack(">4I", 5, 11, 0, 0))
        elif kind == "O":
            self.outputs = payload[8:].decode().rstrip(",").split(",")
            self._send("O", b"\1" + ",".join(map(type_of, self.outputs)).encode())
        elif kind == "I":
            self.inputs.append(payload.decode().rstrip(",").split(","))
            types = ",".join(map(type_of, self.inputs[-1])).encode()
            self._send("I", bytes([len(self.inputs)]) + types)
        elif kind in "SP":
            self.started = kind == "S"
            self._send(kind, b"\1")
        elif kind == "U":
            names = self.inputs[payload[0] - 1]
            values, at = {}, 1
            for name in names:
                code = _CODES[type_of(name)]
                values[name] = struct.unpack_from(code, payload, at)[0]
                at += struct.calcsize(code)
            self._robot.take(values)

    def publish(self, state: dict[str, object]) -> None:
        """Send one data package."""
        data = b"\1"
        for name in self.outputs:
            code = _CODES[type_of(name)]
            value = state.get(name, 0)
            data += struct.pack(code, *value) if code == ">6d" else struct.pack(code, value)
        with contextlib.suppress(OSError):
            self._send("U", data)


class StandIn:
    """The controller, between ``start`` and ``close``, on a loopback address of its own."""

    def __init__(self, address: str, rate_hz: float = 250.0) -> None:
        self.address = address
        self.rate_hz = rate_hz
        self.position = [0.0, -1.2, 1.6, -1.9, -1.57, 0.0]
        self.velocity = [0.0] * 6
        self.wrench = [0.0] * 6
        self.noise = 0.0
        self.program: str | None = None
        self.protective = False
        self.locked = False
        self.silent = False  # packages get lost
        self.commands: list[dict[str, float]] = []
        self.dashboard: list[str] = []
        self._state = _READY
        self._sessions: list[Session] = []
        self._links: list[socket.socket] = []
        self._over = threading.Event()
        self._threads: list[threading.Thread] = []

    def start(self) -> None:
        """Open the three ports, and begin to tick."""
        for port, serve in (
            (RTDE_PORT, self._serve_rtde),
            (DASHBOARD_PORT, self._serve_dashboard),
            (SCRIPT_PORT, self._serve_script),
        ):
            door = socket.create_server((self.address, port))
            self._links.append(door)
            self._spawn(self._welcome, door, serve)
        self._spawn(self._tick)

    def close(self) -> None:
        """Close the ports and all connections."""
        self._over.set()
        for link in self._links:
            with contextlib.suppress(OSError):
                link.shutdown(socket.SHUT_RDWR)
            link.close()
        for thread in self._threads:
            thread.join(5.0)

    def _spawn(self, work: Callable[..., None], *arguments: object) -> None:
        thread = threading.Thread(target=work, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _welcome(self, door: socket.socket, serve: Callable[[socket.socket], None]) -> None:
        with contextlib.suppress(OSError):
            while not self._over.is_set():
                link, _ = door.accept()
                self._links.append(link)
                self._spawn(serve, link)

    def _serve_rtde(self, link: socket.socket) -> None:
        session = Session(self, link)
        self._sessions.append(session)
        session.serve()

    def _serve_script(self, link: socket.socket) -> None:
        text = ""
        with contextlib.suppress(OSError):
            while data := link.recv(65536):
                text += data.decode()
                if text.rstrip().endswith("end"):
                    self._run(text)
                    text = ""

    def _run(self, text: str) -> None:
        if not self.protective:
            self.program = text
            self._state = _READY

    def _serve_dashboard(self, link: socket.socket) -> None:
        with contextlib.suppress(OSError):
            link.sendall(b"Connected: Universal Robots Dashboard Server\n")
            for line in link.makefile():
                self.dashboard.append(line.strip())
                link.sendall((self._reply(line.strip()) + "\n").encode())

    def _reply(self, line: str) -> str:
        if line == "PolyscopeVersion":
            return "URSoftware 5.11.0.108249 (Apr 21 2021)"
        known = {
            "is in remote control": "true",
            "get serial number": "20205500001",
            "get robot model": "UR5",
        }
        if line in known:
            return known[line]
        if line == "stop":
            self.program = None
            return "Stopped"
        if line == "unlock protective stop":
            self.protective = self.locked
            return "Protective stop releasing"
        if line == "safetystatus":
            return f"Safetystatus: {'PROTECTIVE_STOP' if self.protective else 'NORMAL'}"
        return line

    def look(self) -> dict[str, Any]:
        """What it did and where it stands, for the test."""
        return {
            "position": self.position,
            "running": self.program is not None,
            "protective": self.protective,
            "commands": [int(values.get("input_int_register_0", -1)) for values in self.commands],
            "servo": next((c for c in reversed(self.commands) if _is_servo(c)), {}),
            "dashboard": self.dashboard,
        }

    def lose_packages(self, lost: bool) -> None:
        """Let all packages get lost, or none."""
        self.silent = lost

    def feel(self, wrench: list[float]) -> None:
        """Let the flange's sensor read this wrench."""
        self.wrench = wrench

    def shiver(self, amplitude: float) -> None:
        """Let the flange's sensor be as noisy as a real one, to which a still one is a dead one."""
        self.noise = amplitude

    def stop_protectively(self, locked: bool = False) -> None:
        """Stop as the arm's own safety does: the program ends, nothing moves until unlocked.

        While ``locked`` the dashboard's word unlocks nothing, as while something presses on.
        """
        self.protective = True
        self.locked = locked
        self.program = None

    def unlock(self) -> None:
        """Let a person clear the stop at the arm's panel."""
        self.protective = self.locked = False

    def take(self, values: dict[str, float]) -> None:
        """Do what the uploaded program does with its input registers."""
        command = int(values.get("input_int_register_0", -1))
        self.commands.append(values)
        if self.program is None:
            return
        if command == 0:
            self._state = _READY
        elif _is_servo(values):
            goal = [values[f"input_double_register_{k}"] for k in range(6)]
            self.velocity = [
                (a - b) * self.rate_hz for a, b in zip(goal, self.position, strict=True)
            ]
            self.position = goal
        elif command != 99:
            self._state = _DONE
            self.velocity = [0.0] * 6
            if command == 255:
                self.program = None

    def _tick(self) -> None:
        begin = time.monotonic()
        while not self._over.wait(1.0 / self.rate_hz):
            if self.silent:
                continue
            wrench = [value + random.uniform(-self.noise, self.noise) for value in self.wrench]
            state: dict[str, object] = {
                "timestamp": time.monotonic() - begin,
                "actual_q": self.position,
                "actual_qd": self.velocity,
                "target_moment": [0.0] * 6,
                "ft_raw_wrench": wrench,
                "actual_TCP_force": wrench,
                "robot_mode": _RUNNING,
                "safety_mode": _PROTECTIVE if self.protective else _NORMAL,
                "safety_status": _PROTECTIVE if self.protective else _NORMAL,
                "robot_status_bits": 1 | (2 if self.program else 0),
                "safety_status_bits": 4 if self.protective else 1,
                "runtime_state": 2 if self.program else 1,
                "output_int_register_0": self._state,
            }
            for session in list(self._sessions):
                if session.started:
                    session.publish(state)


class _Room(BaseManager):
    """The process the stand-in lives in."""


_Room.register("StandIn", StandIn)


@contextlib.contextmanager
def stand_in(address: str) -> Iterator[StandIn]:
    """Run a stand-in at ``address`` in a process of its own; what is yielded passes calls on."""
    room = _Room(ctx=multiprocessing.get_context("spawn"))
    room.start()
    try:
        robot: StandIn = room.StandIn(address)  # type: ignore[attr-defined]  # registered above
        robot.start()
        yield robot
        robot.close()
    finally:
        room.shutdown()
