"""The clockwork of a wipe: looking for the surface, force ramp, dwell, strokes, letting go."""

import math

import numpy as np

from arm_control.compiled import kernel
from arm_control.linear import dot, norm
from arm_control.memory import Record
from arm_control.profile import sample
from arm_control.scratch import scratch

# sub-phases of a wipe, as codes of arm_control.report.Phase
REACHING = 3
TOUCHING = 4
WIPING = 5
RELEASING = 6

FORCE = 0
NO_CONTACT = 12
LOST_CONTACT = 13

_AIR_S = 0.05  # without contact for longer the tip is in the air: shorter is a bump, or noise
_FELT = 0.04  # [N] from any side: who is held fast is not in the air
_SIDEWAYS = 0.025  # [m/s] at which a shaft so soft across looks for what it presses across
_ASIDE = 0.012  # [m] so far a slanted site is looked for across the mouth
_OFF = 0.7  # of the speed out of the mouth, for letting go: the bent shaft straightens, too
_STRIDE = 10.0  # [1/s] at which a stroke's pace follows contact


@kernel
def in_air(s: Record) -> bool:
    """Say whether a wiping tip has lost the tissue."""
    return s.lost_s > _AIR_S and norm(s.force) < _FELT


@kernel
def search_speed(c: Record, s: Record, n: np.ndarray) -> float:
    """Return how fast [m/s] the tissue is looked for along ``n`` (3,).

    Along the shaft no faster than the touch's speed, for along itself it is stiff; across it gives
    way, and so slowly does the force rise there that haste does no harm.
    """
    axial = abs(n[0] * s.p_R[0, 2] + n[1] * s.p_R[1, 2] + n[2] * s.p_R[2, 2])
    return float(min(c.touch_speed / max(axial, 1e-3), _SIDEWAYS))


@kernel
def advance(c: Record, s: Record, force: np.ndarray, dt: float) -> None:
    """Move the wipe on by ``dt`` [s]: phase, gap, wished force and strokes; put ``p`` there.

    A slanted site is looked for along its normal first, then across the mouth; ``force`` (3,) [N,
    m] from either side is a touch.
    """
    speed = 0.0
    sideways = 0.0
    if s.phase == TOUCHING:
        if s.contact:
            _touch(s)
        elif s.slanted and dot(force, s.across) > c.touch_force:
            face(s, s.surface)
            _touch(s)
        elif s.gap > -s.near:
            speed = -search_speed(c, s, s.normal)
        elif s.slanted and s.aside < _ASIDE:
            sideways = search_speed(c, s, s.across)
        else:
            s.fault = NO_CONTACT
            s.phase = RELEASING
    elif s.phase == WIPING:
        _wipe(c, s, dt)
    elif s.phase == RELEASING:
        speed = c.leaving_speed * _OFF
        s.force_wish = 0.0
        if s.gap >= c.standoff:
            speed = 0.0
            if norm(s.offset) < 0.002 and abs(s.gap_v) < 1e-3:
                s.done = 1
    s.gap_v += max(min(speed - s.gap_v, 0.3 * dt), -0.3 * dt)
    s.gap += s.gap_v * dt
    s.aside_v += max(min(sideways - s.aside_v, 0.3 * dt), -0.3 * dt)
    s.aside += s.aside_v * dt
    _reference(s)


@kernel
def face(s: Record, out: np.ndarray) -> None:
    """Fill ``out`` (3,), where a site faces: slanted, half way from the normal seen to across.

    A slanted site is not known to face where it was seen to, and seldom felt along the shaft.
    """
    size = 0.0
    for k in range(3):
        out[k] = s.normal[k] + s.across[k]
        size += out[k] ** 2
    size = math.sqrt(size)
    for k in range(3):
        out[k] /= size


@kernel
def _touch(s: Record) -> None:
    s.phase = WIPING
    s.clock = 0.0
    s.going = 0.0
    s.force_wish = s.normal_force
    s.dwell_s = 0.0
    s.settling_s = 0.0
    s.lost_s = 0.0


@kernel
def _wipe(c: Record, s: Record, dt: float) -> None:
    """Ramp the wished force, wait for it, and stroke: in the air all three stand still."""
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
    air = in_air(s)
    ramp = min(0.6, 0.03 * s.stiffness) * dt
    wish = c.touch_force if air else s.force_goal
    ramp = max(min(wish - s.force_wish, ramp), -ramp)
    s.force_wish += ramp
    s.force_rate = ramp / dt
    going = 0.0 if air or s.dwell_s < s.dwell else 1.0
    s.going += max(min(going - s.going, _STRIDE * dt), -_STRIDE * dt)
    if s.dwell_s < s.dwell:
        if not air:
            s.settling_s += dt
        reached = abs(s.force_goal - s.normal_force) < 0.25 * s.force_goal
        if reached or s.depth > 0.8 * c.indentation or s.settling_s > c.settling:
            s.dwell_s += dt
        s.clock = 0.0
        return
    x = scratch(3)
    rate = s.rate * s.going
    s.clock += rate * dt
    sample(s.stroke_profile, 0, s.clock, x)
    back = s.strokes % 2 == 1
    s.along = 1.0 - x[0] if back else x[0]
    s.along_v = (-x[1] if back else x[1]) * rate
    if s.clock >= s.stroke_profile.duration:
        s.strokes += 1
        s.clock = 0.0
        if s.strokes >= s.strokes_wanted:
            s.phase = RELEASING


@kernel
def _reference(s: Record) -> None:
    """Put ``p`` on the path at ``along``, ``gap`` above it and ``aside`` of it."""
    length = s.path_length[s.path_points - 1]
    want = s.along * length
    k = 0
    while k + 2 < s.path_points and s.path_length[k + 1] < want:
        k += 1
    span = s.path_length[k + 1] - s.path_length[k]
    part = (want - s.path_length[k]) / span
    for j in range(3):
        edge = s.path[k + 1, j] - s.path[k, j]
        s.p[j] = s.path[k, j] + part * edge + s.gap * s.normal[j] - s.aside * s.across[j]
        s.p_v[j] = edge / span * s.along_v * length
        s.p_v[j] += s.gap_v * s.normal[j] - s.aside_v * s.across[j]
        s.p_a[j] = 0.0
        s.p_w[j] = 0.0
        s.p_wa[j] = 0.0
