"""Inverse dynamics of the chain, compiled: what torque a motion takes."""

import numpy as np

from arm_control.compiled import kernel
from arm_control.linear import cross, rotate, rotate_back
from arm_control.memory import MAX_JOINTS, Record
from arm_control.scratch import scratch, scratch_matrix


@kernel
def inverse_dynamics(c: Record, s: Record, a: np.ndarray, torque: np.ndarray) -> None:
    """Fill ``torque`` (n,) [N·m] for the commanded motion at joint accelerations ``a`` (n,).

    Recursive Newton-Euler (Featherstone 2008, section 5.3) in base axes, each body seen from its
    joint's origin; axes, origins and body rotations are those that `forward` left in ``s``.
    """
    n = c.joints
    F = scratch_matrix(MAX_JOINTS, 3)
    N = scratch_matrix(MAX_JOINTS, 3)
    w = scratch(3)
    dw = scratch(3)
    acc = scratch(3)
    arm = scratch(3)
    e = scratch(3)
    f = scratch(3)
    center = scratch(3)
    for k in range(3):
        w[k] = dw[k] = 0.0
        acc[k] = -c.gravity[k]
    for i in range(n):
        # from the last origin to this one, with the body before
        for k in range(3):
            arm[k] = s.origins[i, k] - (s.origins[i - 1, k] if i > 0 else 0.0)
        cross(dw, arm, e)
        cross(w, arm, f)
        cross(w, f, f)
        for k in range(3):
            acc[k] += e[k] + f[k]
        cross(w, s.axes[i], e)
        for k in range(3):
            dw[k] += e[k] * s.v[i] + s.axes[i, k] * a[i]
            w[k] += s.axes[i, k] * s.v[i]
        rotate(s.bodies[i], c.center[i], center)
        cross(dw, center, e)
        cross(w, center, f)
        cross(w, f, f)
        for k in range(3):
            F[i, k] = c.mass[i] * (acc[k] + e[k] + f[k])
        # Euler's equation: inertia in body axes, result in base axes
        rotate_back(s.bodies[i], dw, e)
        rotate(c.inertia[i], e, e)
        rotate(s.bodies[i], e, e)
        rotate_back(s.bodies[i], w, f)
        rotate(c.inertia[i], f, f)
        rotate(s.bodies[i], f, f)
        cross(w, f, f)
        cross(center, F[i], arm)
        for k in range(3):
            N[i, k] = e[k] + f[k] + arm[k]
    for i in range(n - 1, -1, -1):
        if i + 1 < n:
            for k in range(3):
                arm[k] = s.origins[i + 1, k] - s.origins[i, k]
            cross(arm, F[i + 1], e)
            for k in range(3):
                N[i, k] += N[i + 1, k] + e[k]
                F[i, k] += F[i + 1, k]
        torque[i] = 0.0
        for k in range(3):
            torque[i] += s.axes[i, k] * N[i, k]


@kernel
def within_torque(c: Record, s: Record, wish: np.ndarray, brake: np.ndarray) -> None:
    """Draw the accelerations ``wish`` (n,) towards ``brake`` until no joint's torque is exceeded.

    Torque is affine in acceleration, so the share follows exactly. Where braking itself takes more
    than a joint has, it brakes: no acceleration is better.
    """
    torque = scratch(MAX_JOINTS)
    inverse_dynamics(c, s, wish, torque)
    over = False
    for k in range(c.joints):
        over = over or abs(torque[k]) > c.torque[k]
    if not over:
        return
    rest = scratch(MAX_JOINTS)
    inverse_dynamics(c, s, brake, rest)
    share = 1.0
    for k in range(c.joints):
        bound = c.torque[k] if torque[k] > 0.0 else -c.torque[k]
        if abs(torque[k]) > c.torque[k]:
            inside = abs(rest[k]) < c.torque[k]
            part = (bound - rest[k]) / (torque[k] - rest[k]) if inside else 0.0
            share = min(share, part)
    for k in range(c.joints):
        wish[k] = brake[k] + share * (wish[k] - brake[k])
