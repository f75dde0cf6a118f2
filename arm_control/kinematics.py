"""Forward kinematics, Jacobian and bias acceleration of the chain, compiled."""

import numpy as np

from arm_control.compiled import kernel
from arm_control.linear import cross, multiply, rotate, turn
from arm_control.memory import Record
from arm_control.profile import sample
from arm_control.scratch import scratch, scratch_matrix
from spatial import Vector


@kernel
def forward(c: Record, q: np.ndarray, R: np.ndarray, t: np.ndarray, s: Record) -> None:
    """Fill the flange's pose ``R`` (3, 3), ``t`` (3,) in b; axes, origins, bodies into ``s``."""
    A = scratch_matrix(3, 3)
    B = scratch_matrix(3, 3)
    u = scratch(3)
    for i in range(3):
        t[i] = 0.0
        for j in range(3):
            R[i, j] = 1.0 if i == j else 0.0
    for i in range(c.joints):
        rotate(R, c.place_t[i], u)
        for k in range(3):
            t[k] += u[k]
            s.origins[i, k] = t[k]
        multiply(R, c.place_R[i], A)
        rotate(A, c.axis[i], s.axes[i])
        turn(c.axis[i], q[i], B)
        multiply(A, B, R)
        for k in range(3):
            for j in range(3):
                s.bodies[i, k, j] = R[k, j]
    rotate(R, c.flange_t, u)
    for k in range(3):
        t[k] += u[k]
    multiply(R, c.flange_R, A)
    for i in range(3):
        for j in range(3):
            R[i, j] = A[i, j]


@kernel
def flange(
    q: Vector,
    place_R: np.ndarray,
    place_t: np.ndarray,
    axis: np.ndarray,
    flange_R: np.ndarray,
    flange_t: np.ndarray,
    R: np.ndarray,
    t: np.ndarray,
) -> None:
    """Fill the flange's pose ``R`` (3, 3), ``t`` (3,) in b; for callers without the records."""
    A = scratch_matrix(3, 3)
    B = scratch_matrix(3, 3)
    u = scratch(3)
    for i in range(3):
        t[i] = 0.0
        for j in range(3):
            R[i, j] = 1.0 if i == j else 0.0
    for i in range(q.size):
        rotate(R, place_t[i], u)
        for k in range(3):
            t[k] += u[k]
        multiply(R, place_R[i], A)
        turn(axis[i], q[i], B)
        multiply(A, B, R)
    rotate(R, flange_t, u)
    for k in range(3):
        t[k] += u[k]
    multiply(R, flange_R, A)
    for i in range(3):
        for j in range(3):
            R[i, j] = A[i, j]


@kernel
def joint_tip(c: Record, profile: Record, times: np.ndarray, tips: np.ndarray) -> None:
    """Fill ``tips`` (k, 3) [m, b]: the unbent tip at ``times`` (k,) [s] of a joint profile."""
    q = np.empty(c.joints)
    x = scratch(3)
    R = scratch_matrix(3, 3)
    for k in range(times.size):
        for i in range(c.joints):
            sample(profile, i, times[k], x)
            q[i] = x[0]
        flange(q, c.place_R, c.place_t, c.axis, c.flange_R, c.flange_t, R, tips[k])
        rotate(R, c.tip_t, x)
        for i in range(3):
            tips[k, i] += x[i]


@kernel
def tip_kinematics(c: Record, s: Record) -> None:
    """Fill tip pose, Jacobian, twist and bias acceleration of the commanded motion in ``s``.

    The bias acceleration J̇ q̇ is the tip's acceleration at zero joint acceleration, by the forward
    recursion of Featherstone 2008, Rigid Body Dynamics Algorithms, section 5.3, in base axes.
    """
    forward(c, s.q, s.flange_R, s.flange_t, s)
    multiply(s.flange_R, c.tip_R, s.R)
    rotate(s.flange_R, c.tip_t, s.t)
    w = scratch(3)
    dw = scratch(3)
    acc = scratch(3)
    arm = scratch(3)
    e = scratch(3)
    f = scratch(3)
    for k in range(3):
        s.t[k] += s.flange_t[k]
        w[k] = dw[k] = acc[k] = 0.0
    for k in range(6):
        s.twist[k] = 0.0
    for i in range(c.joints):
        for k in range(3):
            arm[k] = s.t[k] - s.origins[i, k]
        cross(s.axes[i], arm, e)
        for k in range(3):
            s.J[k, i] = e[k]
            s.J[3 + k, i] = s.axes[i, k]
            s.twist[k] += e[k] * s.v[i]
            s.twist[3 + k] += s.axes[i, k] * s.v[i]
        # angular: the new axis turns with the bodies before it
        cross(w, s.axes[i], e)
        for k in range(3):
            dw[k] += e[k] * s.v[i]
            w[k] += s.axes[i, k] * s.v[i]
        # linear: from this origin to the next, or to the tip
        for k in range(3):
            end = s.origins[i + 1, k] if i + 1 < c.joints else s.t[k]
            arm[k] = end - s.origins[i, k]
        cross(dw, arm, e)
        cross(w, arm, f)
        cross(w, f, f)
        for k in range(3):
            acc[k] += e[k] + f[k]
    for k in range(3):
        s.bias_acceleration[k] = acc[k]
        s.bias_acceleration[3 + k] = dw[k]


@kernel
def tool_acceleration(c: Record, s: Record, a: np.ndarray, out: np.ndarray) -> None:
    """Fill the tip's acceleration at joint accelerations ``a`` and, in ``out`` (3,), the tool's.

    Both [m/s²] in b; the tool's is that of its centre of mass. Twist, Jacobian and bias are those
    that `tip_kinematics` left in ``s``.
    """
    w = scratch(3)
    r = scratch(3)
    for k in range(6):
        s.acceleration[k] = s.bias_acceleration[k]
        for j in range(c.joints):
            s.acceleration[k] += s.J[k, j] * a[j]
    for k in range(3):
        lever = 0.0
        for j in range(3):
            lever += s.flange_R[k, j] * (c.tool_center[j] - c.tip_t[j])
        r[k] = lever
    cross(s.twist[3:6], r, w)
    cross(s.twist[3:6], w, w)
    cross(s.acceleration[3:6], r, r)
    for k in range(3):
        out[k] = s.acceleration[k] + r[k] + w[k]


@kernel
def measured_kinematics(c: Record, i: Record, s: Record) -> None:
    """Fill the measured, unbent tip pose, the sensor's axes and the tool's velocity, all in b.

    The velocity is that of the tool's centre of mass. Axes and origins in ``s`` are left those of
    the measured joints, until `tip_kinematics` fills them anew.
    """
    R = scratch_matrix(3, 3)
    t = scratch(3)
    lever = scratch(3)
    forward(c, i.q, R, t, s)
    multiply(R, c.tip_R, s.measured_R)
    rotate(R, c.tip_t, s.measured_t)
    rotate(R, c.tool_center, lever)
    for k in range(3):
        s.measured_t[k] += t[k]
        t[k] += lever[k]
        s.tool_velocity[k] = 0.0
    multiply(R, c.sensor_R, s.sensor_R)
    for j in range(c.joints):
        for k in range(3):
            lever[k] = t[k] - s.origins[j, k]
        cross(s.axes[j], lever, lever)
        for k in range(3):
            s.tool_velocity[k] += lever[k] * i.v[j]
