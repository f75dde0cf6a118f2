"""Where the tip ought to be: the goal's profile, carried by the smoothed mouth."""

import math

from arm_control.compiled import kernel
from arm_control.linear import (
    cross,
    dot,
    multiply,
    norm,
    orthonormalise,
    rotate,
    turn,
    turn_between,
    turn_by,
)
from arm_control.memory import Record
from arm_control.profile import sample
from arm_control.scratch import scratch, scratch_matrix


@kernel
def chase(error: float, ahead: float, v: float, a: float, w: float, A: float, J: float) -> float:
    """Return the jerk that leads a value onto a moving target without a jump.

    ``error`` is target less value, ``ahead`` the target's velocity, ``v`` and ``a`` the value's own
    motion. Linear, it puts a triple pole at ``w`` [rad/s]; far away the wished velocity is what
    still can be braked with half of ``A``, and acceleration and jerk are cut at ``A`` and ``J``.
    """
    approach = error * w / 3.0
    most = math.sqrt(A * abs(error))
    approach = max(min(approach, most), -most)
    wish = max(min(w * (ahead + approach - v), A), -A)
    return max(min(3.0 * w * (wish - a), J), -J)


@kernel
def smooth_mouth(c: Record, i: Record, s: Record) -> None:
    """Advance the smoothed mouth towards its newest estimate, predicted to now.

    The estimates come at the camera's rate and jump; the smoothed pose has bounded acceleration and
    jerk, and no lag behind a head moving at constant velocity. While nothing follows the mouth, an
    estimate farther off than ``mouth_jump`` is taken as it is: the mouth was mistaken before, and
    no head moved.
    """
    if not i.mouth_known:
        return
    age = min(max((i.now - i.mouth_stamp) * 1e-9, 0.0), c.motion_age)
    R = scratch_matrix(3, 3)
    D = scratch_matrix(3, 3)
    e = scratch(3)
    for k in range(3):
        e[k] = i.mouth_w[k] * age
    turn_by(e, D)
    multiply(D, i.mouth_R, R)
    for k in range(3):
        e[k] = i.mouth_t[k] + i.mouth_v[k] * age - s.M_t[k]
    mistaken = not s.follow and norm(e) > c.mouth_jump
    if not s.M_known or mistaken:
        s.M_known = 1
        for k in range(3):
            s.M_t[k] = i.mouth_t[k] + i.mouth_v[k] * age
            s.M_v[k] = i.mouth_v[k]
            s.M_v[3 + k] = i.mouth_w[k]
            s.M_a[k] = 0.0
            s.M_a[3 + k] = 0.0
            for j in range(3):
                s.M[k, j] = R[k, j]
        return
    dt = i.step
    turn_between(s.M, R, e)
    w = c.mouth_bandwidth
    for k in range(3):
        error = i.mouth_t[k] + i.mouth_v[k] * age - s.M_t[k]
        jerk = chase(error, i.mouth_v[k], s.M_v[k], s.M_a[k], w, 2.0, 60.0)
        s.M_a[k] += jerk * dt
        s.M_v[k] += s.M_a[k] * dt
        s.M_t[k] += s.M_v[k] * dt
        jerk = chase(e[k], i.mouth_w[k], s.M_v[3 + k], s.M_a[3 + k], w, 10.0, 300.0)
        s.M_a[3 + k] += jerk * dt
        s.M_v[3 + k] += s.M_a[3 + k] * dt
        e[k] = s.M_v[3 + k] * dt
    turn_by(e, D)
    multiply(D, s.M, R)
    orthonormalise(R)
    for k in range(3):
        for j in range(3):
            s.M[k, j] = R[k, j]


@kernel
def follow_profile(s: Record) -> None:
    """Fill the reference ``p`` from the tip's profile at the goal's clock."""
    x = scratch(3)
    rate = s.rate
    for k in range(3):
        sample(s.tip_profile, k, s.clock, x)
        s.p[k] = x[0]
        s.p_v[k] = x[1] * rate
        s.p_a[k] = x[2] * rate * rate
    sample(s.tip_profile, 3, s.clock, x)
    D = scratch_matrix(3, 3)
    turn(s.turn, x[0], D)
    multiply(D, s.start_R, s.p_R)
    for k in range(3):
        s.p_w[k] = s.turn[k] * x[1] * rate
        s.p_wa[k] = s.turn[k] * x[2] * rate * rate


@kernel
def nominal_reference(c: Record, s: Record) -> None:
    """Fill the nominal (unbent) tip's reference in b from ``p`` and ``offset``.

    The offset's part along the shaft shifts the tool; its lateral part turns it about the shaft's
    bending centre, so that the bent shaft keeps to its way through the mouth while the tip presses.
    """
    u = scratch(3)
    x = scratch(3)
    b = scratch(3)
    R = scratch_matrix(3, 3)
    D = scratch_matrix(3, 3)
    for k in range(3):
        u[k] = s.p_R[k, 2]
    axial = dot(s.offset, u)
    for k in range(3):
        b[k] = c.segment * u[k] + s.offset[k] - axial * u[k]
    length = norm(b)
    for k in range(3):
        b[k] /= length
        x[k] = s.p[k] + axial * u[k] + c.segment * (b[k] - u[k])
    cross(u, b, u)  # sine times the axis that turns u into b
    sine = norm(u)
    if sine > 1e-9:
        angle = math.asin(min(sine, 1.0))
        for k in range(3):
            u[k] *= angle / sine
    turn_by(u, D)
    multiply(D, s.p_R, R)
    # velocity of the offset, as a shift along the shaft and a turn about the bending centre
    v = scratch(3)
    w = scratch(3)
    a = scratch(3)
    cross(b, s.offset_v, w)
    for k in range(3):
        v[k] = s.p_v[k] + s.offset_v[k]
        a[k] = s.p_a[k] + s.offset_a[k]
        w[k] = w[k] / c.segment + s.p_w[k]
    if not s.follow:
        for k in range(3):
            s.ref_t[k] = x[k]
            s.ref_v[k] = v[k]
            s.ref_v[3 + k] = w[k]
            s.ref_a[k] = a[k]
            s.ref_a[3 + k] = s.p_wa[k]
            for j in range(3):
                s.ref_R[k, j] = R[k, j]
        return
    multiply(s.M, R, s.ref_R)
    rotate(s.M, x, x)
    rotate(s.M, v, v)
    rotate(s.M, a, a)
    rotate(s.M, w, w)
    W = s.M_v[3:6]
    alpha = s.M_a[3:6]
    cross(W, x, b)
    for k in range(3):
        s.ref_t[k] = s.M_t[k] + x[k]
        s.ref_v[k] = s.M_v[k] + b[k] + v[k]
        s.ref_v[3 + k] = W[k] + w[k]
        u[k] = b[k] + 2.0 * v[k]
    cross(W, u, u)
    cross(alpha, x, x)
    for k in range(3):
        s.ref_a[k] = s.M_a[k] + x[k] + u[k] + a[k]
        s.ref_a[3 + k] = alpha[k] + s.p_wa[k]
