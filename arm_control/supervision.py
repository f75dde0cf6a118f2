"""What the real-time loop watches: the arm, the safety monitor's word, and whoever steers it."""

from typing import NamedTuple

import numpy as np

from arm_control.compiled import kernel
from arm_control.law import BRAKE, HOLD
from arm_control.memory import Record
from arm_control.orders import brake, trip
from arm_control.report import FaultKind
from arm_control.shared import snapshot

_KINDS = tuple(FaultKind)
_STALE = _KINDS.index(FaultKind.STALE_STATE)
_ARM = _KINDS.index(FaultKind.ARM)
_MONITOR = _KINDS.index(FaultKind.MONITOR)
_HEARTBEAT = _KINDS.index(FaultKind.HEARTBEAT)
_FAULTS = len(_KINDS)

OLD_NS = 50_000_000
"""A measurement older than this is none."""

UNWATCHED_NS = 100_000_000
"""So long the monitor may be silent while the arm moves; it judges every millisecond."""

UNSTEERED_NS = 200_000_000
"""So long the session may be silent while the arm moves or follows."""

_TRIES = 100


class Watched(NamedTuple):
    """The monitor's verdict and the session's pulse: shared words, record and its words of each."""

    verdict_port: np.ndarray
    verdict: np.ndarray
    verdict_words: np.ndarray
    pulse_port: np.ndarray
    pulse: np.ndarray
    pulse_words: np.ndarray


@kernel
def supervise(
    inputs: np.ndarray, state: np.ndarray, helm: np.ndarray, arm_ok: int, x: Watched
) -> None:
    """Latch a trip, an arm not ready, a silent monitor or session; brake on an old measurement.

    Silence counts only while the arm moves or follows a mouth: a standing one has nothing to lose.
    """
    i = inputs[0]
    s = state[0]
    h = helm[0]
    stale = i.now - i.stamp > OLD_NS
    if arm_ok == 0:
        h.stopped = 2
    elif h.stopped == 2 and not stale:
        h.stopped = 1
    heard = x.pulse_port.size > 1 and snapshot(x.pulse_port, x.pulse_words, _TRIES)
    if heard and x.pulse[0].number != h.pulse:
        h.pulse = x.pulse[0].number
        h.pulsed = i.now
    code = _found(i, s, h, x)
    if code >= 0:
        trip(state, helm, code)
    if stale and s.mode not in (HOLD, BRAKE):
        brake(state)
        s.fault = _STALE


@kernel
def _found(i: Record, s: Record, h: Record, x: Watched) -> int:
    """Return the code of what must latch, or -1."""
    if h.stopped:
        return _ARM
    busy = s.mode not in (HOLD, BRAKE) and not (s.done and not s.follow)
    if x.verdict_port.size > 1:
        fault = -1
        if snapshot(x.verdict_port, x.verdict_words, _TRIES):
            fault = x.verdict[0].fault
        if fault >= 0:
            return fault if fault < _FAULTS else _MONITOR
        if busy and i.now - x.verdict[0].stamp > UNWATCHED_NS:
            return _MONITOR
    if busy and h.pulse != 0 and i.now - h.pulsed > UNSTEERED_NS:
        return _HEARTBEAT
    return -1
