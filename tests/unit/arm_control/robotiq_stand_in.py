"""A stand-in for the URCap of Robotiq's grippers: lines on a port, fingers that take time."""

import contextlib
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

_TRAVEL_S = 0.1  # from open to closed
_SHAFT = 220  # of 255, where the fingers meet a shaft between them


class RobotiqStandIn:
    """Serves one client after the other until its port is closed."""

    def __init__(self, address: str, port: int) -> None:
        self.door = socket.create_server((address, port))
        self.shaft = True  # whether one stands between the fingers
        self.mute = False
        self.wanted = 0
        self.active_from_s = float("inf")
        self.lines: list[str] = []
        self._moved_s = 0.0
        self._link: socket.socket | None = None

    def serve(self) -> None:
        with contextlib.suppress(OSError):  # the port was closed
            while True:
                self._link, _ = self.door.accept()
                with self._link, contextlib.suppress(OSError):  # the client hung up, or we did
                    self._answer(self._link)

    def hang_up(self) -> None:
        if self._link is not None:
            with contextlib.suppress(OSError):
                self._link.shutdown(socket.SHUT_RDWR)

    def _answer(self, link: socket.socket) -> None:
        with link.makefile("rw", encoding="ascii") as lines:
            for line in lines:
                self.lines.append(line.strip())
                lines.write(self._reply(line.split()) + "\n")
                lines.flush()

    def _reply(self, words: list[str]) -> str:
        if words[0] == "SET":
            values = dict(zip(words[1::2], map(int, words[2::2]), strict=True))
            if values.get("ACT") == 1:
                self.active_from_s = time.monotonic() + _TRAVEL_S
            if values.get("GTO") == 1:
                self.wanted, self._moved_s = values["POS"], time.monotonic()
            return "what" if self.mute else "ack"
        return f"{words[1]} {self._value(words[1])}"

    def _value(self, name: str) -> int:
        if name == "STA":
            return 3 if time.monotonic() >= self.active_from_s else 1
        if time.monotonic() < self._moved_s + _TRAVEL_S:
            return 0
        return 2 if self.shaft and self.wanted > _SHAFT else 3


@contextmanager
def robotiq_stand_in(address: str, port: int = 0) -> Iterator[RobotiqStandIn]:
    """Run a stand-in at ``address``; port 0 is a free one."""
    gripper = RobotiqStandIn(address, port)
    thread = threading.Thread(target=gripper.serve, daemon=True)
    thread.start()
    try:
        yield gripper
    finally:
        gripper.door.shutdown(socket.SHUT_RDWR)
        gripper.door.close()
        gripper.hang_up()
        thread.join(10.0)
