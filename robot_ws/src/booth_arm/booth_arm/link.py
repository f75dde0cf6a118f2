"""The arm node's end of the line to the loop's process: orders out, the newest state in.

The loop's process and the node share three blocks of memory and one pipe. State and permit are
the newest value of one writer each, so neither side ever waits for the other; orders are rare and
each is answered once.
"""

import contextlib
import multiprocessing
import pickle
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from multiprocessing.connection import Connection
from typing import Any

from booth_common.shared import Block, SharedError

from arm_control.errors import ArmControlError
from arm_control.ports import ArmInfo, ArmState
from arm_control.report import CycleReport
from spatial import Pose

STATE_BYTES = 16_384
PERMIT_BYTES = 2_048

PERMIT_AGE_S = 0.4
"""The loop stops the arm when the node's permit is older than this."""


class Order(StrEnum):
    """What the node asks of the loop."""

    START = "start"
    FOLLOW = "follow"
    FORGET = "forget"
    STOP = "stop"
    PAUSE = "pause"
    RESUME = "resume"
    RESET = "reset"
    GRASP = "grasp"
    RELEASE = "release"
    CUE = "cue"
    SEAT = "seat"
    DISMISS = "dismiss"
    UNDERSTOOD = "understood"
    WORKED = "worked"
    ENDED = "ended"
    CLOSE = "close"


@dataclass(frozen=True, slots=True)
class Permit:
    """The node's word that the arm may move, renewed at 20 Hz or more.

    ``stamp_s`` is on the machine's monotonic clock; ``reason`` says why not.
    """

    stamp_s: float
    granted: bool
    reason: str


@dataclass(frozen=True, slots=True, eq=False)
class LoopState:
    """What the loop shows of itself: its newest cycle, joints, camera pose, gripper and goal."""

    report: CycleReport
    joints: ArmState
    base_camera: Pose
    holding: bool
    goal_id: int
    cycles: int
    late_cycles: int
    latched: str


@dataclass(frozen=True, slots=True)
class Answer:
    """The loop's answer to one order; ``message`` says why not."""

    number: int
    accepted: bool
    message: str


@dataclass(frozen=True, slots=True)
class LoopNames:
    """The names of the shared blocks of one booth."""

    booth: str

    @property
    def state(self) -> str:
        """Loop to node."""
        return f"swab_{self.booth}_loop"

    @property
    def permit(self) -> str:
        """Node to loop."""
        return f"swab_{self.booth}_permit"

    @property
    def camera(self) -> str:
        """Simulated pictures to the vision node."""
        return f"swab_{self.booth}_camera"


class LoopLink:
    """Starts the loop's process and speaks with it. Its methods may be called from any thread.

    ``answer_s`` [s] is how long an order may go unanswered.
    Raises ArmControlError from the constructor when the process does not come up in time.
    """

    def __init__(
        self,
        main: Callable[[Connection, Any], None],
        settings: Any,
        names: LoopNames,
        *,
        answer_s: float = 1.0,
        start_timeout_s: float = 400.0,
    ) -> None:
        self._answer_s = answer_s
        context = multiprocessing.get_context("spawn")
        self._pipe, far = context.Pipe()
        self._permit = Block.create(names.permit, PERMIT_BYTES)
        self._asking = threading.Lock()  # one question at a time
        self._sending = threading.Lock()  # never held while an answer is awaited
        self._number = 0
        # not a daemon: when this node dies the loop brings the arm to rest before it ends
        self._process = context.Process(target=main, args=(far, settings), name="loop")
        self._process.start()
        far.close()
        try:
            self.info: ArmInfo = self._await_ready(start_timeout_s)
            self._state = Block.attach(names.state)
        except (ArmControlError, SharedError):
            self.close()
            raise

    @property
    def alive(self) -> bool:
        """Whether the loop's process runs."""
        return self._process.is_alive()

    @property
    def pid(self) -> int:
        """The process id of the loop."""
        return self._process.pid or 0

    def permit(self, *, granted: bool, reason: str) -> None:
        """Renew the permit; the arm stops 0.4 s after the last one, or at once without grant."""
        permit = Permit(time.monotonic(), granted, reason[:1_000])
        self._permit.write(pickle.dumps(permit))

    def state(self) -> LoopState | None:
        """Return the newest state; None before the first cycle, and while one is being written."""
        value = self._state.read()
        return None if value is None else _loaded(value)

    def ask(self, order: Order, *values: Any) -> Answer:
        """Send an order and wait for its answer; a loop that is gone or mute refuses."""
        with self._asking:
            self._number += 1
            number = self._number
            try:
                self._send(number, order, values)
                end = time.monotonic() + self._answer_s
                while self._pipe.poll(max(0.0, end - time.monotonic())):
                    answer = self._pipe.recv()
                    if answer.number == number:
                        return answer  # type: ignore[no-any-return]  # the pipe carries Answers
            except (OSError, EOFError):
                return Answer(number, False, "the control loop has ended; configure the arm again")
        return Answer(number, False, f"the control loop did not answer in {self._answer_s} s")

    def tell(self, order: Order, *values: Any) -> None:
        """Send an order that needs no answer, also while another one's is awaited."""
        # a loop that is gone is told of louder by `alive` and by the missing state
        with contextlib.suppress(OSError):
            self._send(0, order, values)

    def close(self) -> None:
        """Ask the loop to stop the arm and end; wait for it."""
        self.tell(Order.CLOSE)
        self._process.join(timeout=15.0)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()
        self._permit.close()
        self._pipe.close()
        if hasattr(self, "_state"):
            self._state.close()

    def _send(self, number: int, order: Order, values: tuple[Any, ...]) -> None:
        with self._sending:
            self._pipe.send((number, order, values))

    def _await_ready(self, timeout_s: float) -> ArmInfo:
        try:
            if self._pipe.poll(timeout_s):
                first = self._pipe.recv()
                if isinstance(first, ArmInfo):
                    return first
                raise ArmControlError(str(first))
        except EOFError:
            raise ArmControlError(
                "the control loop ended while starting; see the lines above"
            ) from None
        raise ArmControlError(f"the control loop was not ready within {timeout_s} s; look at it")


def _loaded(value: bytes) -> LoopState:
    # written by our own child process into memory that only this user may open
    return pickle.loads(value)  # type: ignore[no-any-return]  # noqa: S301
