"""Touching, wiping and letting go of a site: force along its normal, motion along its path."""

import numpy as np

from arm_control.compiled import kernel
from arm_control.linear import dot, norm, rotate_back
from arm_control.memory import Record
from arm_control.scratch import scratch
from arm_control.stiffness import estimate
from arm_control.stroke import WIPING, advance, face, in_air, search_speed

_SWIFT = 40.0  # [rad/s] how fast the offset takes up its wished velocity along the normal
_CALM = 25.0  # [rad/s] and across it, where a soft shaft turns the tool's inertia into position
_REFLEX = 80.0  # [rad/s] and away from too much force
_YIELD = 30.0  # [rad/s] bandwidth at which too much force is given way to
_YIELD_SPEED_ASIDE = 0.04  # [m/s]; out of the mouth it is the retreat's
_YIELD_OUT = 0.06  # [m] out of the mouth: a gag's jerk and a little more
_YIELD_ASIDE = 0.015  # [m] in any other direction, for a sensor may lie and the teeth are near
_YIELD_S = 0.1  # for so long after the force was too much the reflex's limits hold
_FARTHEST = 0.025  # [m] the offset that makes the force: a shaft bent further whips when let go
_DEEPEST = 0.020  # [m] of it along the normal: the rest is for friction, across
_UNFELT = 200.0  # [N/m] of what pushes before any site was felt


@kernel
def regulate(c: Record, i: Record, s: Record) -> None:
    """Advance the contact: the reference on the site's path, and the offset that makes the force.

    All in m. Along the normal an admittance, M d¨ + D d˙ = force error, with D = k/w: whatever the
    stiffness k, the force then closes at the bandwidth w. Across the normal the bent tip, known
    from posture and lateral force, is led along the path, which overcomes friction. In the air the
    tissue is looked for along the normal.
    """
    dt = i.step
    n = s.surface
    force = scratch(3)
    rotate_back(s.M, s.force_slow, force)
    _lean(s, force, dt)
    rotate_back(s.M, s.force, force)
    s.normal_force = dot(force, n)
    s.contact = 1 if s.normal_force > c.touch_force else 0
    advance(c, s, force, dt)
    estimate(s, -dot(s.offset, n) - s.gap, c.delay + 2.0 / c.filter_bandwidth, dt)
    wish = scratch(3)  # from the bent tip to its place on the path, as it was met
    for k in range(3):
        wish[k] = s.p[k] - s.tip_m[k]
    high = _meet(s, wish, n)
    # along the normal
    err = s.force_wish - s.normal_force
    pressing = s.phase == WIPING
    rate = 0.0
    if pressing:
        # 1/D, no larger than the lightest virtual mass the tool's own inertia allows
        gain = min(c.force_bandwidth / s.stiffness, 1.0 / (c.virtual_mass * _SWIFT))
        if in_air(s):
            s.integral = 0.0
            rate = search_speed(c, s, n)
        else:
            s.integral += 0.15 * gain * s.stiffness * err * dt
            s.integral = max(min(s.integral, 0.3), -0.3)
            rate = s.force_rate / s.stiffness + gain * (err + s.integral)
            most = 0.04 if s.contact else c.touch_speed
            # soft tissue gives way long before the force is reached: the depth is bounded as well
            most = min(most, 6.0 * (c.indentation - s.depth))
            rate = max(min(rate, most), -0.04)
        rate = min(rate, 6.0 * (_DEEPEST + dot(s.offset, n)))
    over = norm(force) - c.force_soft
    if over > 0.0:
        rate = min(rate, 0.0)
    # across it
    for k in range(3):
        if pressing:
            across = 4.0 * (wish[k] - high * n[k])
            wish[k] = max(min(across, 0.025), -0.025) - rate * n[k]
        else:
            wish[k] = max(min(-8.0 * s.offset[k], 0.04), -0.04)
    if pressing:
        if in_air(s):
            _no_deeper(c, s, wish)
        _stay_near(s, wish)
    _flee(c, s, force, over, dt, wish)
    _move_offset(c, s, force, wish, _SWIFT, dt)


@kernel
def _no_deeper(c: Record, s: Record, wish: np.ndarray) -> None:
    """Take out of a search's ``wish`` [m/s] what leads deeper along the shaft than it may.

    That is a standoff below where the first touch was looked for. Across it goes on.
    """
    deep = 0.0
    axial = 0.0
    for k in range(3):
        deep += (s.gap * s.normal[k] + s.offset[k]) * s.p_R[k, 2]
        axial += wish[k] * s.p_R[k, 2]
    over = axial - max(6.0 * (min(s.near + c.standoff, s.travel) - deep), 0.0)
    if over > 0.0:
        for k in range(3):
            wish[k] -= over * s.p_R[k, 2]


@kernel
def _meet(s: Record, away: np.ndarray, n: np.ndarray) -> float:
    """Take from ``away`` (3,) [m], tip to path, what it was where the tissue was met.

    That place counts as the path's, in depth and across the shaft, however far beside it the
    vision had it; along the path it is led back to it. A tip that lost the tissue meets it again at
    another depth. Returns how far [m] the tip is below, positive in tissue.
    """
    high = dot(away, n)
    if s.phase != WIPING:
        sideways = (dot(away, s.across) - high * dot(n, s.across)) if s.slanted else 0.0
        tilt = max(1.0 - dot(n, s.across) ** 2, 0.1)
        for k in range(3):
            s.met[k] = high * n[k] + sideways / tilt * (s.across[k] - dot(n, s.across) * n[k])
    for k in range(3):
        away[k] -= s.met[k]
    high = dot(away, n)
    if s.phase == WIPING and in_air(s):
        for k in range(3):
            s.met[k] += high * n[k]
            away[k] -= high * n[k]
        high = 0.0
    s.depth = high
    return high


@kernel
def _stay_near(s: Record, wish: np.ndarray) -> None:
    """Take out of ``wish`` [m/s] what would lead the offset further than it may go.

    A tip caught behind an arch does not follow, however far the soft shaft is bent across.
    """
    away = norm(s.offset)
    outward = dot(wish, s.offset)
    if away < 1e-6 or outward <= 0.0:
        return
    kept = max(min((_FARTHEST - away) / 0.005, 1.0), 0.0)
    for k in range(3):
        wish[k] -= (1.0 - kept) * outward / away**2 * s.offset[k]


@kernel
def give_way(c: Record, s: Record, dt: float) -> None:
    """Advance the offset of a goal that ought to touch nothing: off what pushes, and back."""
    force = scratch(3)
    if s.follow:
        rotate_back(s.M, s.force, force)
    else:
        for k in range(3):
            force[k] = s.force[k]
    over = norm(force) - c.force_soft if s.tared else -1.0
    away = norm(s.offset)
    if over <= 0.0 and s.yielding <= 0.0 and away < 1e-5:
        for k in range(3):
            s.offset_v[k] = 0.0
            s.offset_a[k] = 0.0
        return
    wish = scratch(3)
    for k in range(3):
        wish[k] = max(min(-2.0 * s.offset[k], 0.02), -0.02) if over <= 0.0 else 0.0
    _flee(c, s, force, over, dt, wish)
    _move_offset(c, s, force, wish, _CALM, dt)


@kernel
def _flee(
    c: Record, s: Record, force: np.ndarray, over: float, dt: float, wish: np.ndarray
) -> None:
    """Add to ``wish`` the velocity [m/s] that gives way to a force ``over`` [N] the soft limit.

    How far is bounded: a force that stays after that is no head, but a sensor that lies.
    """
    s.yielding = max(s.yielding - dt, 0.0)
    if over <= 0.0:
        return
    s.yielding = _YIELD_S
    stiffness = s.stiffness if s.stiffness > 0.0 else _UNFELT
    size = norm(force)
    for k in range(3):
        out = s.follow and k == 0 and force[k] > 0.0
        rate = min(_YIELD * over / stiffness, c.retreat_speed if out else _YIELD_SPEED_ASIDE)
        room = _YIELD_OUT if out else _YIELD_ASIDE
        used = s.offset[k] if force[k] > 0.0 else -s.offset[k]
        wish[k] += rate * force[k] / size * max(min((room - used) / 0.01, 1.0), 0.0)


@kernel
def _move_offset(
    c: Record, s: Record, force: np.ndarray, wish: np.ndarray, swift: float, dt: float
) -> None:
    """Lead the offset's velocity to ``wish`` [m/s], ``swift`` [rad/s] along the normal.

    While yielding it is fast along the ``force`` (3,) [N] alone: across it the soft shaft trembles.
    """
    n = scratch(3)
    for k in range(3):
        n[k] = s.surface[k]
    most = 2.0
    jerk = 60.0
    size = norm(force)
    if s.yielding > 0.0:
        most = c.reflex_acceleration
        jerk = 20.0 * c.reflex_acceleration / _YIELD_S
        if size > 0.0:
            swift = _REFLEX
            for k in range(3):
                n[k] = force[k] / size
    for k in range(3):
        wish[k] -= s.offset_v[k]
    high = dot(wish, n)
    for k in range(3):
        a = _CALM * wish[k] + (swift - _CALM) * high * n[k]
        a = max(min(a, most), -most)
        s.offset_a[k] += min(max(a - s.offset_a[k], -jerk * dt), jerk * dt)
        s.offset_v[k] += s.offset_a[k] * dt
        s.offset[k] += s.offset_v[k] * dt


@kernel
def _lean(s: Record, force: np.ndarray, dt: float) -> None:
    """Turn the surface's normal towards the force felt, no further than 60 degrees from the seen.

    The vision's normal is of the site's middle; what the tip meets may face elsewhere. Friction
    pulls the force aside, but to opposite sides on the way there and back. In the air it turns back
    to where the site was to be met.
    """
    size = norm(force)
    air = in_air(s)
    if s.phase != WIPING or (size < 0.03 and not air):
        return
    way = scratch(3)
    if air:
        face(s, way)
    else:
        for k in range(3):
            way[k] = force[k] / size
    for k in range(3):
        way[k] = s.surface[k] + min(dt / 0.3, 1.0) * (way[k] - s.surface[k])
    size = norm(way)
    if size > 0.1 and dot(way, s.normal) > 0.5 * size:
        for k in range(3):
            s.surface[k] = way[k] / size
