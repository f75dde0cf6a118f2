"""Orders to the control law: what there is, how they are answered, and those that need no plan.

The kernels are those of both controllers: of `ArmController`, which calls them between two cycles,
and of the real-time loop, which is told to by an order (`arm_control.inbox`).
"""

from collections.abc import Mapping
from enum import IntEnum
from types import MappingProxyType

import numpy as np

from arm_control.compiled import kernel
from arm_control.law import BRAKE, HOLD, WIPE
from arm_control.report import Phase


class OrderKind(IntEnum):
    """What the loop may be told."""

    GOAL = 1  # take up a planned goal
    WAY_OUT = 2  # the same, of a planned way out of the mouth, after a trip
    HOLD = 3
    STOP = 4
    PAUSE = 5
    RESUME = 6
    TRIP = 7  # latch a fault on the word of whoever supervises the loop
    RESET = 8


class Answer(IntEnum):
    """What the loop says to an order; all but DONE are refusals, and change nothing."""

    DONE = 0
    UNKNOWN = 1
    NOT_BEGUN = 2
    LATCHED = 3
    STALE = 4
    ELSEWHERE = 5
    SENSELESS = 6
    STOPPED = 7
    NOTHING_LATCHED = 8


WORDS: Mapping[Answer, str] = MappingProxyType(
    {
        Answer.UNKNOWN: "the loop does not know this order; run one version of the software",
        Answer.NOT_BEGUN: "no goal before the first cycle: where the arm stands is not known yet",
        Answer.LATCHED: "the safety monitor has tripped; a person must look and reset it first",
        Answer.STALE: "the goal was planned from a state more than 0.1 s old; look at the load of "
        "the machine, then ask again",
        Answer.ELSEWHERE: "the arm is elsewhere than where the goal's plan begins; stop it, then "
        "ask again",
        Answer.SENSELESS: "the order's plan has values that no plan has; it was not taken up",
        Answer.STOPPED: "the arm has stopped by its own means and is not ready; look at its "
        "controller, then reset",
        Answer.NOTHING_LATCHED: "a way out is for after a trip; start a goal instead",
    }
)
"""What each refusal means, and what helps."""

HELM = np.dtype(
    [
        ("seen", "u8"),  # sequence of the order read last
        ("order", "i8"),  # its number
        ("answer", "i8"),
        ("tripped", "i8"),  # code of the latched fault, -1 for none
        ("stopped", "i8"),  # the arm, by its own means: 1, or 2 while it is still not ready
        ("pulse", "i8"),  # the session's last
        ("pulsed", "i8"),  # when it came [ns]
        ("interval", "i8"),  # cycles from one VIEW to the next
        ("countdown", "i8"),  # cycles to the next
    ],
    align=True,
)
"""What the loop remembers of who steers it."""

_PHASES = tuple(Phase)
_HOLDING = _PHASES.index(Phase.HOLDING)
_TOUCHING = _PHASES.index(Phase.TOUCHING)
_WIPING = _PHASES.index(Phase.WIPING)
_RELEASING = _PHASES.index(Phase.RELEASING)
_STOPPING = _PHASES.index(Phase.STOPPING)


@kernel
def settle(state: np.ndarray, mode: int, phase: int) -> None:
    """Begin ``mode`` and ``phase`` in ``state`` (1,), with the goal's clock at zero."""
    s = state[0]
    s.mode = mode
    s.phase = phase
    s.done = 0
    s.clock = 0.0
    s.over_s = 0.0
    s.free_s = 0.0


@kernel
def hold(state: np.ndarray) -> None:
    """Brake, then stay."""
    settle(state, HOLD, _HOLDING)
    state[0].follow = 0


@kernel
def brake(state: np.ndarray) -> None:
    """Brake as fast as the joints may, then stay."""
    settle(state, BRAKE, _STOPPING)
    state[0].follow = 0


@kernel
def pause(state: np.ndarray) -> None:
    """Stop the goal's clock; in contact, let go first."""
    s = state[0]
    s.rate_wish = 0.0
    if s.mode == WIPE and s.phase in (_TOUCHING, _WIPING):
        s.phase = _RELEASING


@kernel
def resume(state: np.ndarray) -> None:
    """Let the goal's clock run; a site that was let go of is touched again."""
    s = state[0]
    s.rate_wish = 1.0
    if s.mode == WIPE and s.phase == _RELEASING:
        s.phase = _TOUCHING
        s.along = float(s.strokes % 2)
        s.along_v = 0.0
        s.done = 0


@kernel
def tare(state: np.ndarray) -> None:
    """Take the sensor's free-air mean as its bias."""
    s = state[0]
    for k in range(6):
        s.tare[k] = s.raw_mean[k]
    s.tared = 1
    for k in range(3):
        s.force[k] = 0.0
        s.force_1[k] = 0.0
        s.force_slow[k] = 0.0
        s.force_1_slow[k] = 0.0
        s.torque[k] = 0.0


@kernel
def trip(state: np.ndarray, helm: np.ndarray, code: int) -> None:
    """Latch the fault ``code``, and brake; what is latched already stays."""
    if helm[0].tripped >= 0:
        return
    helm[0].tripped = code
    brake(state)
    state[0].fault = code
    state[0].rate = 1.0
    state[0].rate_wish = 1.0


@kernel
def begin(inputs: np.ndarray, state: np.ndarray) -> None:
    """Let the commanded arm stand where the measured one does, holding."""
    s = state[0]
    for k in range(s.q.size):
        s.q[k] = inputs[0].q[k]
        s.v[k] = 0.0
        s.a[k] = 0.0
        for slot in range(s.tool_past.shape[0]):
            if k < 3:
                s.tool_past[slot, k] = 0.0
    s.fault = -1
    s.rate = 1.0
    s.rate_wish = 1.0
    hold(state)
