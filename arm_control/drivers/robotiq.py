"""Robotiq's two-finger grippers, through the text protocol of their URCap on the arm's controller.

One line a command on TCP port 63352: `SET NAME VALUE ...` is answered by `ack`, `GET NAME` by
`NAME VALUE` (Robotiq, 2F-85 & 2F-140 instruction manual for e-series, "control over a socket").
"""

import queue
import socket
import threading
import time

from arm_control.errors import ArmControlError

PORT = 63352
_OPEN, _CLOSED = 0, 255
_ACTIVE = 3  # of STA: activation is complete
_CAUGHT = 2  # of OBJ: the fingers were stopped by something while closing
_LOOK_S = 0.02  # between two looks at the fingers
_FRESH_S = 0.2  # how long a look counts
_ANSWER_S = 1.0
_ACTIVATE_S = 15.0  # a gripper that was off opens and closes once


class RobotiqGripper:
    """The gripper on the arm at ``address``; any thread may call, none ever waits.

    A thread of its own speaks with the gripper: a control loop has no time for a network. ``force``
    and ``speed`` are in the gripper's own steps, 0 to 255; a swab's shaft wants little of either.
    Raises ArmControlError from the constructor where no gripper answers or becomes active.
    """

    def __init__(
        self, address: str, port: int = PORT, *, force: int = 10, speed: int = 128
    ) -> None:
        for name, value in (("force", force), ("speed", speed)):
            if not 0 <= value <= 255:
                raise ArmControlError(f"gripper {name} {value} is outside 0 to 255")
        self._where = f"{address}:{port}"
        self._manner = f"SPE {speed} FOR {force} GTO 1"
        self._wanted: queue.SimpleQueue[int] = queue.SimpleQueue()
        self._caught_until_s = 0.0
        self._lost = ""
        try:
            self._link = socket.create_connection((address, port), _ANSWER_S)
            self._lines = self._link.makefile("r", encoding="ascii")
            self._activate()
        except OSError as error:
            raise ArmControlError(
                f"no Robotiq gripper at {self._where} ({error}); check that its URCap runs on the "
                "arm's controller"
            ) from error
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, name="gripper", daemon=True)
        self._thread.start()

    @property
    def holding(self) -> bool:
        """Whether the fingers were stopped by a shaft; no where the gripper is silent."""
        return time.monotonic() < self._caught_until_s

    def grasp(self) -> None:
        """Close on the swab in front of it. Raises ArmControlError where the gripper is lost."""
        self._want(_CLOSED)

    def release(self) -> None:
        """Open. Raises ArmControlError where the gripper is lost."""
        self._want(_OPEN)

    def close(self) -> None:
        """Hang up; the fingers stay as they are."""
        self._ending.set()
        self._thread.join(timeout=2.0 * _ANSWER_S)
        self._lines.close()
        self._link.close()

    def _want(self, position: int) -> None:
        if self._lost:
            raise ArmControlError(
                f"the gripper at {self._where} is lost ({self._lost}); look at its cable, then "
                "bring the arm up again"
            )
        self._wanted.put(position)

    def _run(self) -> None:
        try:
            while not self._ending.wait(_LOOK_S):
                while not self._wanted.empty():
                    self._set(f"POS {self._wanted.get()} {self._manner}")
                    self._caught_until_s = 0.0
                caught = self._get("OBJ") == _CAUGHT
                self._caught_until_s = time.monotonic() + _FRESH_S if caught else 0.0
        except OSError as error:
            self._lost = str(error) or type(error).__name__

    def _activate(self) -> None:
        if self._get("STA") != _ACTIVE:
            self._set("ACT 1")
        end = time.monotonic() + _ACTIVATE_S
        while self._get("STA") != _ACTIVE:
            if time.monotonic() > end:
                raise ArmControlError(
                    f"the gripper at {self._where} is not active after {_ACTIVATE_S:.0f} s; look "
                    "at its light and its fault on the arm's panel"
                )
            time.sleep(_LOOK_S)

    def _set(self, values: str) -> None:
        if self._ask(f"SET {values}") != "ack":
            raise OSError(f"no ack to SET {values}")

    def _get(self, name: str) -> int:
        answer = self._ask(f"GET {name}")
        given, _, value = answer.partition(" ")
        if given != name or not value.isdigit():
            raise OSError(f"GET {name} was answered {answer!r}")
        return int(value)

    def _ask(self, line: str) -> str:
        self._link.sendall(f"{line}\n".encode("ascii"))
        answer = self._lines.readline()
        if not answer:
            raise OSError("it hung up")
        return answer.strip()
