"""How fast the tip may move, by place and direction: one bound for the law and for the monitor.

Speed is that of the unbent tip, relative to the mouth. Near the face it is judged in two parts: out
of the mouth, where haste is what spares a person who gags, and all the rest, inward and aside. The
law keeps within `allowed`; the monitor trips at that times a margin, plus a slack for noise and for
what a servo makes of its command. So the law never asks for what the monitor refuses.
"""

import math

import numpy as np

from arm_control.compiled import kernel
from arm_control.linear import cross, dot, norm, rotate_back
from arm_control.memory import Record
from arm_control.scratch import scratch

TOWARDS = 0  # parts of a velocity, and of what is allowed
AWAY = 1

_OVER = 1.15  # times a zone's limit: what following a moving mouth may take on top of the plan
_FALL = 2.0  # [m/s²] at which a bound is let down: before a slower zone, and after pressing
_PRESSED_S = 0.2  # pressing counts for so long after the tissue was last felt
HARDEST = 5.0  # [m/s²] the tip is accelerated or braked with: the reflex's, and a little more


@kernel
def zone_at(c: Record, d: np.ndarray) -> int:
    """Return the zone of a tip at ``d`` (3,) [m] in the mouth frame, as `arm_control.limits.Zone`.

    The mouth's zone is all that lies behind a plane before the lips, near the face.
    """
    if norm(d) >= c.face_distance:
        return 0
    return 2 if d[0] < c.mouth_margin else 1


@kernel
def allowed(c: Record, zone: int, pressing: bool, out: np.ndarray) -> None:
    """Fill ``out`` (2,) [m/s]: what the law may ask in ``zone``, by TOWARDS and AWAY.

    While the tip presses, the unbent one runs ahead of it by as much as the shaft bends.
    """
    out[TOWARDS] = _OVER * c.speed[zone]
    if zone == 2 and pressing:
        out[TOWARDS] += c.bending_speed
    out[AWAY] = _OVER * (c.retreat_speed if zone > 0 else c.speed[0])


@kernel
def relative(
    M_t: np.ndarray, M_v: np.ndarray, M_w: np.ndarray, t: np.ndarray, v: np.ndarray
) -> None:
    """Take the mouth's velocity at ``t`` (3,) [m] out of ``v`` (3,) [m/s], all in b."""
    r = scratch(3)
    for k in range(3):
        r[k] = t[k] - M_t[k]
    cross(M_w, r, r)
    for k in range(3):
        v[k] -= M_v[k] + r[k]


@kernel
def part(M: np.ndarray, zone: int, v: np.ndarray) -> float:
    """Take from ``v`` (3,) [m/s, b] its motion out of the mouth, and return that [m/s].

    Far from the face, in zone 0, no direction is out.
    """
    if zone == 0:
        return 0.0
    out = 0.0
    for k in range(3):
        out += M[k, 0] * v[k]
    out = max(out, 0.0)
    for k in range(3):
        v[k] -= out * M[k, 0]
    return out


@kernel
def set_pace(c: Record, s: Record, dt: float) -> None:
    """Fill ``s.pace`` (2,) [m/s], by which the commanded tip is bound in this cycle.

    It falls no faster than it can be followed: ahead of a slower zone by v² = v₀² + 2 a d, and by
    time where what allowed more has ended.
    """
    d = scratch(3)
    bound = scratch(2)
    slower = scratch(2)
    if s.tared and norm(s.force) > c.touch_force:
        s.pressed_s = _PRESSED_S
    else:
        s.pressed_s = max(s.pressed_s - dt, 0.0)
    own = 0
    if s.M_known:
        for k in range(3):
            d[k] = s.t[k] - s.M_t[k]
        rotate_back(s.M, d, d)
        own = zone_at(c, d)
    # the bent tip may be in the mouth before the unbent one; from afar no shaft bends so far
    zone = max(own, s.zone) if own > 0 else 0
    s.pace_zone = zone
    allowed(c, zone, s.pressed_s > 0.0, bound)
    if s.M_known:
        for ahead in range(own + 1, 3):
            allowed(c, ahead, False, slower)
            room = norm(d) - c.face_distance
            if ahead == 2:
                room = max(room, d[0] - c.mouth_margin)
            most = math.sqrt(slower[TOWARDS] ** 2 + 2.0 * _FALL * max(room, 0.0))
            bound[TOWARDS] = min(bound[TOWARDS], most)
    for k in range(2):
        s.pace[k] = max(bound[k], s.pace[k] - _FALL * dt)


@kernel
def speed_rows(c: Record, s: Record, A: np.ndarray, b: np.ndarray) -> int:
    """Fill the rows A q¨ <= b that keep the commanded tip to ``s.pace``; return how many.

    Each part of the relative velocity may grow no faster than it nears its bound exponentially,
    which no jerk limit contradicts; above the bound the tip is braked.
    """
    v = scratch(3)
    out = scratch(3)
    for k in range(3):
        v[k] = s.twist[k]
    if s.pace_zone > 0:
        relative(s.M_t, s.M_v[0:3], s.M_v[3:6], s.t, v)
    away = part(s.M, s.pace_zone, v)
    for k in range(3):
        out[k] = s.M[k, 0]
    rows = 0
    towards = norm(v)
    if towards > 1e-3:
        for k in range(3):
            v[k] /= towards
        _row(c, s, v, s.pace[TOWARDS] - towards, A, b, rows)
        rows += 1
    if away > 1e-3:
        _row(c, s, out, s.pace[AWAY] - away, A, b, rows)
        rows += 1
    return rows


@kernel
def _row(
    c: Record, s: Record, way: np.ndarray, room: float, A: np.ndarray, b: np.ndarray, row: int
) -> None:
    """Fill one row: along ``way`` (3,) the tip, relative to the mouth, has ``room`` [m/s] left."""
    own = dot(way, s.bias_acceleration[0:3])
    if s.pace_zone > 0:
        own -= dot(way, s.M_a[0:3])
    for j in range(c.joints):
        A[row, j] = 0.0
        for k in range(3):
            A[row, j] += way[k] * s.J[k, j]
    b[row] = max(c.pace_bandwidth * room, -HARDEST) - own
