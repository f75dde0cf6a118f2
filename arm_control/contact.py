"""Touching, wiping and letting go of a site: force along its normal, motion along its path."""

import numpy as np

from arm_control.compiled import kernel
from arm_control.linear import dot, norm, rotate_back
from arm_control.memory import Record
from arm_control.profile import sample
from arm_control.scratch import scratch
from arm_control.stiffness import estimate

# sub-phases of a wipe, as codes of arm_control.report.Phase
REACHING = 3
TOUCHING = 4
WIPING = 5
RELEASING = 6

_SWIFT = 40.0  # [rad/s] how fast the offset takes up its wished velocity along the normal
_CALM = 25.0  # [rad/s] and across it, where a soft shaft turns the tool's inertia into position

FORCE = 0
NO_CONTACT = 12
LOST_CONTACT = 13


@kernel
def regulate(c: Record, i: Record, s: Record) -> None:
    """Advance the contact: the reference on the site's path, and the offset that makes the force.

    All in m. Along the normal an admittance, M d¨ + D d˙ = force error, with D = k/w: whatever the
    stiffness k, the force then closes at the bandwidth w. Across the normal the bent tip, known
    from posture and lateral force, is led along the path, which overcomes friction.
    """
    dt = i.step
    n = s.surface
    force = scratch(3)
    rotate_back(s.M, s.force_slow, force)
    _lean(s, force, dt)
    rotate_back(s.M, s.force, force)
    s.normal_force = dot(force, n)
    s.contact = 1 if s.normal_force > c.touch_force else 0
    _advance(c, s, dt)
    _reference(s)
    estimate(s, -dot(s.offset, n) - s.gap, c.delay + 2.0 / c.filter_bandwidth, dt)
    # along the normal
    err = s.force_wish - s.normal_force
    pressing = s.phase == WIPING
    rate = 0.0
    if pressing:
        # 1/D, no larger than the lightest virtual mass the tool's own inertia allows
        gain = min(c.force_bandwidth / s.stiffness, 1.0 / (c.virtual_mass * _SWIFT))
        s.integral += 0.15 * gain * s.stiffness * err * dt
        s.integral = max(min(s.integral, 0.3), -0.3)
        rate = s.force_rate / s.stiffness + gain * (err + s.integral)
        most = 0.04 if s.contact else c.touch_speed
        # soft tissue gives way long before the force is reached: the depth is bounded as well
        s.depth = _depth(s, n)
        most = min(most, 6.0 * (c.indentation - s.depth))
        rate = max(min(rate, most), -0.04)
    # across it
    wish = scratch(3)
    for k in range(3):
        wish[k] = s.p[k] - s.tip_m[k]
    high = dot(wish, n)
    for k in range(3):
        if pressing:
            across = 4.0 * (wish[k] - high * n[k])
            wish[k] = max(min(across, 0.025), -0.025) - rate * n[k]
        else:
            wish[k] = max(min(-8.0 * s.offset[k], 0.04), -0.04)
    for k in range(3):
        wish[k] -= s.offset_v[k]
    high = dot(wish, n)
    for k in range(3):
        a = _CALM * wish[k] + (_SWIFT - _CALM) * high * n[k]
        a = max(min(a, 2.0), -2.0)
        s.offset_a[k] += min(max(a - s.offset_a[k], -60.0 * dt), 60.0 * dt)
        s.offset_v[k] += s.offset_a[k] * dt
        s.offset[k] += s.offset_v[k] * dt


@kernel
def _lean(s: Record, force: np.ndarray, dt: float) -> None:
    """Turn the surface's normal towards the force felt, no further than 60 degrees from the seen.

    The vision's normal is of the site's middle; what the tip meets may face elsewhere. Friction
    pulls the force aside, but to opposite sides on the way there and back.
    """
    size = norm(force)
    if s.phase != WIPING or size < 0.03:
        return
    way = scratch(3)
    for k in range(3):
        way[k] = s.surface[k] + min(dt / 0.3, 1.0) * (force[k] / size - s.surface[k])
    size = norm(way)
    if size > 0.1 and dot(way, s.normal) > 0.5 * size:
        for k in range(3):
            s.surface[k] = way[k] / size


@kernel
def _depth(s: Record, n: np.ndarray) -> float:
    """Return how far [m] the bent tip is below where the site was touched."""
    depth = 0.0
    for k in range(3):
        depth += (s.p[k] - s.tip_m[k]) * n[k]
    return depth


@kernel
def _advance(c: Record, s: Record, dt: float) -> None:
    """Move the contact's own clockwork: gap to the surface, force ramp, dwell and strokes."""
    speed = 0.0
    if s.phase == TOUCHING:
        speed = -c.touch_speed
        if s.contact:
            s.phase = WIPING
            s.clock = 0.0
            s.force_wish = s.normal_force
            s.dwell_s = 0.0
            s.settling_s = 0.0
            s.lost_s = 0.0
        elif s.gap < -s.travel:
            s.fault = NO_CONTACT
            s.phase = RELEASING
    elif s.phase == WIPING:
        _stroke(c, s, dt)
    elif s.phase == RELEASING:
        speed = c.speed[2] * 0.8
        s.force_wish = 0.0
        if s.gap >= c.standoff:
            speed = 0.0
            if norm(s.offset) < 0.002 and abs(s.gap_v) < 1e-3:
                s.done = 1
    s.gap_v += max(min(speed - s.gap_v, 0.3 * dt), -0.3 * dt)
    s.gap += s.gap_v * dt


@kernel
def _stroke(c: Record, s: Record, dt: float) -> None:
    ramp = min(0.6, 0.03 * s.stiffness) * dt
    ramp = max(min(s.force_goal - s.force_wish, ramp), -ramp)
    s.force_wish += ramp
    s.force_rate = ramp / dt
    if s.contact:
        s.contact_s += dt
        s.lost_s = 0.0
    else:
        s.lost_s += dt
    if norm(s.force) > c.force_soft:
        s.over_s += dt
    else:
        s.over_s = 0.0
    if s.over_s > 0.25:
        s.fault = FORCE
        s.phase = RELEASING
        return
    if s.lost_s > 2.0:
        s.fault = LOST_CONTACT
        s.phase = RELEASING
        return
    if s.dwell_s < s.dwell:
        s.settling_s += dt
        reached = abs(s.force_goal - s.normal_force) < 0.25 * s.force_goal
        if reached or s.depth > 0.8 * c.indentation or s.settling_s > c.settling:
            s.dwell_s += dt
        s.clock = 0.0
        return
    x = scratch(3)
    s.clock += s.rate * dt
    sample(s.stroke_profile, 0, s.clock, x)
    back = s.strokes % 2 == 1
    s.along = 1.0 - x[0] if back else x[0]
    s.along_v = (-x[1] if back else x[1]) * s.rate
    if s.clock >= s.stroke_profile.duration:
        s.strokes += 1
        s.clock = 0.0
        if s.strokes >= s.strokes_wanted:
            s.phase = RELEASING


@kernel
def _reference(s: Record) -> None:
    """Put ``p`` on the path at ``along``, ``gap`` above it."""
    length = s.path_length[s.path_points - 1]
    want = s.along * length
    k = 0
    while k + 2 < s.path_points and s.path_length[k + 1] < want:
        k += 1
    span = s.path_length[k + 1] - s.path_length[k]
    part = (want - s.path_length[k]) / span
    for j in range(3):
        edge = s.path[k + 1, j] - s.path[k, j]
        s.p[j] = s.path[k, j] + part * edge + s.gap * s.normal[j]
        s.p_v[j] = edge / span * s.along_v * length + s.gap_v * s.normal[j]
        s.p_a[j] = 0.0
        s.p_w[j] = 0.0
        s.p_wa[j] = 0.0
