"""A stand-in for UFACTORY's control box: its command port and its real-time report port.

It speaks what the maker documents and its client shows: requests and answers in frames of
transaction, protocol 2, length (big-endian) and register; reports of 135 bytes with state and mode,
angles, torques and the force sensor (little-endian floats). Its arm is where the last servo
set-point led, as long as nothing stops it.
"""

import contextlib
import socket
import struct
import threading
import time
from collections.abc import Callable

from arm_control.ports import ArmDriver
from tests.unit.arm_control.wire import exactly, loopback

COMMAND_PORT = 10_502  # the real one, 502, only root may open
REPORT_PORT = 30_003
VERSION = b"7,7,XI130001,AC130001,v2.4.0"
_GET_VERSION, _MOTION_EN, _SET_STATE, _GET_STATE = 1, 11, 12, 13
_GET_ERROR, _CLEAN_ERROR, _SET_MODE, _MOVE_SERVOJ = 15, 16, 19, 29
_SLEEPING, _STOPPED = 2, 4
_ZEROS = bytes(64)


class StandIn:
    """One control box on a loopback address of its own; ``close`` it."""

    def __init__(self, force: tuple[float, ...] = (0.1, -0.2, 6.0, 0.01, 0.0, 0.02)) -> None:
        self.address = loopback()
        self.angles = [0.1 * k for k in range(7)]
        self.force = force
        self.state, self.mode, self.error = _STOPPED, 0, 0
        self.set_points: list[tuple[float, ...]] = []
        self.reporting = True
        self._over = threading.Event()
        self._threads: list[threading.Thread] = []
        self._links: list[socket.socket] = []
        self._command = self._listen(COMMAND_PORT, self._answer)
        self._report = self._listen(REPORT_PORT, self._tell)

    @property
    def position(self) -> list[float]:
        """Where its joints are [rad]."""
        return self.angles

    def collide(self) -> None:
        """Stop as after a collision: error 31."""
        self.state, self.error = _STOPPED, 31

    def press_emergency_stop(self) -> None:
        self.state, self.error = _STOPPED, 2

    def close(self) -> None:
        self._over.set()
        for end in (*self._links, self._command, self._report):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()
        for thread in self._threads:
            thread.join(10.0)

    def _listen(self, port: int, serve: Callable[[socket.socket], None]) -> socket.socket:
        server = socket.create_server((self.address, port))

        def accept() -> None:
            with contextlib.suppress(OSError):
                while not self._over.is_set():
                    link, _ = server.accept()
                    self._links.append(link)
                    self._begin(lambda link=link: serve(link))

        self._begin(accept)
        return server

    def _begin(self, run: Callable[[], None]) -> None:
        thread = threading.Thread(target=run, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _answer(self, link: socket.socket) -> None:
        with contextlib.suppress(OSError, ConnectionResetError):
            while True:
                transaction, protocol, length = struct.unpack(">HHH", exactly(link, 6))
                body = exactly(link, length)
                data = self._obey(body[0], body[1:])
                status = (0x40 if self.error else 0) | (0x10 if self.state == _STOPPED else 0)
                head = struct.pack(">HHHBB", transaction, protocol, 2 + len(data), body[0], status)
                link.sendall(head + data)

    def _obey(self, register: int, data: bytes) -> bytes:
        if register == _GET_VERSION:
            return VERSION.ljust(40, b"\0")
        if register == _SET_STATE:
            stopped = data[0] == _STOPPED or self.error
            self.state = _STOPPED if stopped else _SLEEPING
        elif register == _SET_MODE:
            self.mode = data[0]
        elif register == _CLEAN_ERROR:
            self.error = 0
        elif register == _GET_STATE:
            return bytes([self.state])
        elif register == _GET_ERROR:
            return bytes([self.error, 0])
        elif register == _MOVE_SERVOJ and self.mode == 1 and self.state != _STOPPED:
            self.angles = list(struct.unpack("<7f", data[:28]))
            self.set_points.append(tuple(self.angles))
        return _ZEROS

    def _tell(self, link: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while not self._over.wait(0.01):
                if not self.reporting:
                    continue
                body = struct.pack(">BH", self.mode << 4 | self.state, 0)
                body += struct.pack("<7f6f7f", *self.angles, *[0.0] * 6, *[0.5] * 7)
                wobble = 1e-4 * (time.monotonic_ns() % 7)
                raw = [value and value + wobble for value in self.force]
                body += struct.pack("<6f6f", *[0.0] * 6, *raw)
                link.sendall(struct.pack(">I", 4 + len(body)) + body)


def open_arm(address: str, joint_names: tuple[str, ...], rate_hz: float) -> ArmDriver:
    """Open the driver, in whichever process, on the stand-in's port instead of the real one."""
    from xarm.core.config.x_config import XCONF  # noqa: PLC0415 - an extra

    from arm_control.drivers.ufactory import UFactoryArm  # noqa: PLC0415 - an extra

    XCONF.SocketConf.TCP_CONTROL_PORT = COMMAND_PORT
    return UFactoryArm(address, joint_names, rate_hz=rate_hz)
