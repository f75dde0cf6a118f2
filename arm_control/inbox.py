"""Where orders reach the real-time loop: read once, checked, carried out or refused.

A goal is planned where planning may take its time (`arm_control.planning`), on a copy of the loop's
state, and handed over as the planned part of that state, which the loop takes up at the start of a
cycle. Whatever the words of an order are, the law keeps the arm's limits; what is checked here
keeps the loop's memory and the arm's way whole.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np

from arm_control.compiled import kernel
from arm_control.exchange import ORDER
from arm_control.law import JOINT, TIP, WIPE
from arm_control.linear import dot, multiply_transposed, norm, rotate_back, turn_between
from arm_control.memory import MAX_PATH, STATE, TIP_DOFS, Record, record, state_words
from arm_control.orders import (
    Answer,
    OrderKind,
    begin,
    brake,
    hold,
    pause,
    resume,
    tare,
    trip,
)
from arm_control.profile import sample as sample_profile
from arm_control.report import FaultKind, Phase
from arm_control.scratch import scratch, scratch_matrix
from arm_control.shared import snapshot

_ALWAYS = ("mode", "phase", "done", "clock", "over_s", "free_s", "follow")
_TIP = ("tip_profile", "start_R", "turn", "offset", "offset_v", "offset_a")
_WIPE = (
    "stroke_profile", "normal", "surface", "path", "path_length", "path_points", "force_goal",
    "force_wish", "integral", "strokes", "strokes_wanted", "dwell", "dwell_s", "lost_s",
    "contact_s", "travel", "stiffness", "stiffness_num", "stiffness_den", "smooth_force",
    "late_press", "smooth_press", "near", "slanted", "across", "aside", "aside_v", "met",
)  # fmt: skip
PLANNED: Mapping[int, tuple[str, ...]] = MappingProxyType(
    {
        JOINT: (*_ALWAYS, "joint_profile"),
        TIP: (*_ALWAYS, *_TIP),
        WIPE: (*_ALWAYS, *_TIP, *_WIPE),
    }
)
"""Which fields of STATE a plan of each mode is; an entry takes the wrist's bias in the loop."""


class Inbox(NamedTuple):
    """Where orders arrive: the shared words, and the record each is copied into, as words too."""

    port: np.ndarray  # (n + 1,) uint64
    order: np.ndarray  # (1,) ORDER
    words: np.ndarray  # (n,) uint64
    planned: np.ndarray  # its STATE as words, uint64
    numbers: np.ndarray  # the same, float64

    @classmethod
    def of(cls, port: np.ndarray) -> "Inbox":
        """Return the inbox behind the shared words ``port``, or behind none if it has but one."""
        order = record(ORDER)
        words = order.view(np.uint64)
        planned = words[_STATE_IN_ORDER:]
        return cls(port, order, words, planned, planned.view(np.float64))


def _fields(kind: np.dtype) -> Mapping[str, tuple[Any, ...]]:
    return kind.fields or {}


def _offset(kind: np.dtype, name: str) -> int:
    """Return in which 8-byte word of ``kind`` the field ``name`` begins."""
    return int(_fields(kind)[name][1]) // 8


_STATE_IN_ORDER = _offset(ORDER, "state")


def _numbers(names: tuple[str, ...]) -> np.ndarray:
    """Return which words of the fields ``names`` have to be finite.

    Not the integers, nor the starts of a profile's phases: the unused ones begin at infinity.
    """
    found: list[int] = []
    for name in names:
        kind, offset = _fields(STATE)[name][:2]
        for part, (inside, shift, *_) in (_fields(kind) or {name: (kind, 0)}).items():
            if inside.base.kind == "f" and part != "start":
                first = (offset + shift) // 8
                found += range(first, first + inside.itemsize // 8)
    return np.array(found, np.int64)


_JOINT_WORDS, _TIP_WORDS, _WIPE_WORDS = (state_words(PLANNED[mode]) for mode in (JOINT, TIP, WIPE))
_JOINT_NUMBERS, _TIP_NUMBERS, _WIPE_NUMBERS = (
    _numbers(PLANNED[mode]) for mode in (JOINT, TIP, WIPE)
)

_PHASES = tuple(Phase)
_MOVING = _PHASES.index(Phase.MOVING)
_ENTERING = _PHASES.index(Phase.ENTERING)
_REACHING = _PHASES.index(Phase.REACHING)
_WITHDRAWING = _PHASES.index(Phase.WITHDRAWING)
_FAULTS = len(FaultKind)

_GOAL, _WAY_OUT, _HOLD, _STOP, _PAUSE, _RESUME, _TRIP, _RESET = (int(k) for k in OrderKind)
_DONE, _UNKNOWN, _NOT_BEGUN, _LATCHED, _STALE, _ELSEWHERE, _SENSELESS, _STOPPED, _NOTHING = (
    int(answer) for answer in Answer
)

FRESH_S = 0.1
"""A plan made from a state older than this [s], or than two cycles, is not taken up."""

_LARGEST = 1e5  # in any unit that a plan has: rad/s³ are the largest
_JOINT_GAP = 0.05  # [rad] between the arm and its plan's beginning
_TIP_GAP = 0.010  # [m]
_TURN_GAP = 0.15  # [rad]
_MOST_STROKES = 20  # as arm_control.motion.Wipe
_LONGEST_DWELL = 3.0
_DEEPEST = 0.03  # [m] that the tip may look for the tissue below where it was seen
_ROUNDING = 1e-6
_NOT_READY = 2  # of HELM.stopped


@kernel
def obey(
    config: np.ndarray,
    inputs: np.ndarray,
    state: np.ndarray,
    state_words: np.ndarray,
    helm: np.ndarray,
    inbox: Inbox,
    sample: np.ndarray,
) -> bool:
    """Read the newest order, carry it out once and note the `Answer`; says whether there was one.

    ``sample`` (1,) of SAMPLE takes a goal's corridor, for the monitor.
    """
    h = helm[0]
    if inbox.port.size < 2:
        return False
    sequence = inbox.port[0]
    # odd: it is being written, or its writer died at it; the next cycle looks again
    if sequence == h.seen or sequence % 2 == 1 or not snapshot(inbox.port, inbox.words, 2):
        return False
    h.seen = sequence
    o = inbox.order[0]
    if o.number == h.order:
        return False
    h.order = o.number
    h.answer = _carry_out(config, inputs, state, state_words, helm, inbox, sample)
    return True


@kernel
def _carry_out(
    config: np.ndarray,
    inputs: np.ndarray,
    state: np.ndarray,
    state_words: np.ndarray,
    helm: np.ndarray,
    inbox: Inbox,
    sample: np.ndarray,
) -> int:
    o = inbox.order[0]
    s = state[0]
    answer = _objection(helm[0], o.kind, o.code)
    if answer == _DONE and o.kind in (_GOAL, _WAY_OUT):
        answer = _flaw(config[0], s, helm[0], inbox)
    if answer != _DONE:
        return answer
    if o.kind in (_GOAL, _WAY_OUT):
        _take_up(state, state_words, inbox, sample)
    elif o.kind == _HOLD:
        hold(state)
        s.rate_wish = 1.0
    elif o.kind == _STOP:
        brake(state)
    elif o.kind == _PAUSE:
        pause(state)
    elif o.kind == _RESUME:
        resume(state)
    elif o.kind == _TRIP:
        trip(state, helm, o.code)
    else:
        _clear(inputs, state, helm)
    if o.kind in (_GOAL, _HOLD):
        s.fault = -1
    return _DONE


@kernel
def _objection(h: Record, kind: int, code: int) -> int:
    """Return why no order of this ``kind`` can be taken now, or DONE."""
    if not _GOAL <= kind <= _RESET or (kind == _TRIP and not 0 <= code < _FAULTS):
        return _UNKNOWN
    if kind == _RESET and h.stopped == _NOT_READY:
        return _STOPPED
    if kind == _WAY_OUT and h.tripped < 0:
        return _NOTHING
    if h.tripped >= 0 and kind in (_GOAL, _HOLD, _PAUSE, _RESUME):
        return _LATCHED
    return _DONE


@kernel
def _flaw(c: Record, s: Record, h: Record, inbox: Inbox) -> int:
    """Return why the order's plan is not taken up, or DONE."""
    o = inbox.order[0]
    p = o.state
    age = s.cycles - o.cycle
    if s.cycles == 0:
        return _NOT_BEGUN
    if h.stopped:
        return _STOPPED
    if age < 0 or age > max(2, int(FRESH_S / c.period + 0.5)):
        return _STALE
    out = p.phase == _WITHDRAWING and p.follow == 1
    if (o.kind == _WAY_OUT and not out) or not _sound(c, o, p, inbox.numbers):
        return _SENSELESS
    return _DONE if _begins_here(c, s, p) else _ELSEWHERE


@kernel
def _clear(inputs: np.ndarray, state: np.ndarray, helm: np.ndarray) -> None:
    """Clear the latch; an arm that had stopped by its own means begins anew where it stands.

    One that follows its commands is braked from them (decision 0117).
    """
    if helm[0].stopped:
        begin(inputs, state)
    else:
        hold(state)
    helm[0].stopped = 0
    helm[0].tripped = -1
    state[0].fault = -1


@kernel
def _take_up(state: np.ndarray, state_words: np.ndarray, inbox: Inbox, sample: np.ndarray) -> None:
    """Copy the planned part of the order's state into ``state``, and its corridor."""
    s = state[0]
    o = inbox.order[0]
    x = sample[0]
    if o.state.mode == JOINT:
        _copy(_JOINT_WORDS, inbox.planned, state_words)
    elif o.state.mode == TIP:
        _copy(_TIP_WORDS, inbox.planned, state_words)
    else:
        _copy(_WIPE_WORDS, inbox.planned, state_words)
    if s.phase == _ENTERING and s.free_s > 0.0:
        tare(state)
    s.rate_wish = 1.0
    if o.corridor_radius > 0.0:
        for k in range(3):
            x.corridor_entry[k] = o.corridor_entry[k]
            x.corridor_axis[k] = o.corridor_axis[k]
        x.corridor_radius = o.corridor_radius
        x.corridor_depth = o.corridor_depth


@kernel
def _copy(words: np.ndarray, source: np.ndarray, target: np.ndarray) -> None:
    for k in range(words.size):
        target[words[k]] = source[words[k]]


@kernel
def _sound(c: Record, o: Record, p: Record, numbers: np.ndarray) -> bool:
    """Whether the plan ``p`` is one: known mode and phase, finite, within the goals' bounds."""
    if p.done != 0 or p.clock != 0.0:
        return False
    if o.corridor_radius != 0.0:
        size = abs(o.corridor_radius) + abs(o.corridor_depth) + norm(o.corridor_entry)
        if not (o.corridor_radius > 0.0 and size < 1.0 and _unit(o.corridor_axis)):
            return False
    if p.mode == JOINT:
        known = p.phase == _MOVING and p.follow == 0 and _ordered(p.joint_profile, c.joints)
        return known and _finite(_JOINT_NUMBERS, numbers)
    if not (_ordered(p.tip_profile, TIP_DOFS) and _orthonormal(p.start_R) and _unit(p.turn)):
        return False
    if p.mode == TIP:
        known = p.phase in (_MOVING, _ENTERING, _WITHDRAWING)
        return known and 0 <= p.follow <= 1 and _finite(_TIP_NUMBERS, numbers)
    known = p.mode == WIPE and p.phase == _REACHING and p.follow == 1
    known = known and 2 <= p.path_points <= MAX_PATH and _ordered(p.stroke_profile, 1)
    known = known and p.strokes == 0 and 1 <= p.strokes_wanted <= _MOST_STROKES
    known = known and 0.0 < p.force_goal <= c.force_soft and 0.0 <= p.travel <= _DEEPEST
    known = known and 0.0 <= p.dwell <= _LONGEST_DWELL and p.stiffness > 0.0
    return known and _unit(p.normal) and _unit(p.surface) and _finite(_WIPE_NUMBERS, numbers)


@kernel
def _finite(words: np.ndarray, numbers: np.ndarray) -> bool:
    good = True
    for k in range(words.size):
        good = good and abs(numbers[words[k]]) <= _LARGEST  # which a NaN is not
    return good


@kernel
def _ordered(profile: Record, dofs: int) -> bool:
    """Whether the phases of each degree of freedom begin at time 0 and follow each other."""
    for d in range(dofs):
        if profile.start[d, 0] != 0.0:
            return False
        for k in range(1, profile.start.shape[1]):
            if not profile.start[d, k] >= profile.start[d, k - 1]:
                return False
    return bool(profile.duration >= 0.0)


@kernel
def _unit(x: np.ndarray) -> bool:
    return bool(abs(norm(x) - 1.0) < _ROUNDING)


@kernel
def _orthonormal(R: np.ndarray) -> bool:
    for k in range(3):
        for j in range(k + 1):
            if not abs(dot(R[k], R[j]) - (1.0 if j == k else 0.0)) < _ROUNDING:
                return False
    return True


@kernel
def _begins_here(c: Record, s: Record, p: Record) -> bool:
    """Whether the plan ``p`` begins where the commanded arm is."""
    x = scratch(3)
    if p.mode == JOINT:
        for k in range(c.joints):
            sample_profile(p.joint_profile, k, 0.0, x)
            if abs(x[0] - s.q[k]) > _JOINT_GAP:
                return False
        return True
    if p.follow and not s.M_known:
        return False
    at = scratch(3)
    turn = scratch(3)
    R = scratch_matrix(3, 3)
    for k in range(3):
        at[k] = s.t[k] - s.M_t[k] if p.follow else s.t[k]
        for j in range(3):
            R[k, j] = s.R[k, j]
    if p.follow:
        rotate_back(s.M, at, at)
        multiply_transposed(s.M, s.R, R)
    for k in range(3):
        sample_profile(p.tip_profile, k, 0.0, x)
        at[k] -= x[0]
    turn_between(R, p.start_R, turn)
    return bool(norm(at) <= _TIP_GAP and norm(turn) <= _TURN_GAP)
