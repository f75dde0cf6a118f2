"""The control law: one compiled function from measurement to joint command."""

import math

import numpy as np

from arm_control.braking import easing, highest, stopping, stopping_rate
from arm_control.compiled import kernel
from arm_control.contact import give_way, regulate
from arm_control.dynamics import within_torque
from arm_control.kinematics import measured_kinematics, tip_kinematics, tool_acceleration
from arm_control.linear import norm, turn_between
from arm_control.memory import DELAY_SLOTS, MAX_JOINTS, Record
from arm_control.pace import HARDEST, set_pace, speed_rows
from arm_control.profile import sample
from arm_control.qp import MOST, SOLVED, factor, minimise
from arm_control.reference import follow_profile, nominal_reference, smooth_mouth
from arm_control.scratch import scratch, scratch_matrix
from arm_control.sensing import bend, sense
from arm_control.stroke import FORCE, REACHING, TOUCHING

HOLD = 0
JOINT = 1
TIP = 2
WIPE = 3
BRAKE = 4

TRACKING = 3
STALE_MOUTH = 8
UNREACHED = 16

_BRISK = 0.4  # of the joints' acceleration; what is beyond this is for braking
_HOMEWARD = 0.4  # [rad/s] at which the null space is led back to the arm's own posture
_FIRM = 0.01  # weight of the joints in a stop, which has to end in time; the tip's is 1
_SETTLING_S = 0.03  # in which a servo has made of a command what it will, beyond its delay
_PATIENCE_S = 2.0  # a goal not reached so long after its profile's end is given up


@kernel
def cycle(config: np.ndarray, inputs: np.ndarray, state: np.ndarray) -> None:
    """Advance the commanded motion by one step; all three are records (1,) of arm_control.memory.

    The law runs on the commanded joints, whose motion is exactly integrated; measurements enter
    through the wrench, the bent tip and the tracking error.
    """
    c = config[0]
    i = inputs[0]
    s = state[0]
    measured_kinematics(c, i, s)
    tip_kinematics(c, s)
    smooth_mouth(c, i, s)
    sense(c, i, s)
    bend(c, s)
    set_pace(c, s, i.step)
    _guard(c, i, s)
    _pace(s, i.step)
    _bounds(c, s, i.step)
    if s.mode == JOINT:
        _joint(c, s, i.step)
    elif s.mode in (TIP, WIPE):
        if s.mode == TIP or s.phase == REACHING:
            s.clock += s.rate * i.step
            follow_profile(s)
            if s.clock >= s.tip_profile.duration:
                _arrive(c, s)
        if s.mode == WIPE and s.phase != REACHING:
            regulate(c, i, s)
        else:
            give_way(c, s, i.step)
        nominal_reference(c, s)
        _tip(c, s, i.step)
    else:
        _halt(c, s, i.step)
    _limit(c, s, i.step)
    s.cycles += 1


@kernel
def _pace(s: Record, dt: float) -> None:
    """Lead the goal's clock to run or to stand, within a quarter of a second."""
    s.rate += max(min(s.rate_wish - s.rate, 4.0 * dt), -4.0 * dt)


@kernel
def _arrive(c: Record, s: Record) -> None:
    if s.mode == WIPE:
        s.phase = TOUCHING
        s.gap = c.standoff
        s.gap_v = 0.0
        s.along = 0.0
        s.along_v = 0.0
        return
    away = 0.0
    for k in range(3):
        away += (s.ref_t[k] - s.t[k]) ** 2
    if math.sqrt(away) < 1e-3:
        s.done = 1
    _persevere(s, s.tip_profile.duration)


@kernel
def _persevere(s: Record, duration: float) -> None:
    """Give a goal up that is not reached though its profile ended long ago."""
    if not s.done and s.fault < 0 and s.clock > duration + _PATIENCE_S:
        s.fault = UNREACHED
        s.mode = BRAKE


@kernel
def _joint(c: Record, s: Record, dt: float) -> None:
    x = scratch(3)
    w = c.track_bandwidth
    s.clock += s.rate * dt
    away = 0.0
    for k in range(c.joints):
        sample(s.joint_profile, k, s.clock, x)
        s.wish[k] = (
            x[2] * s.rate * s.rate + 2.0 * w * (x[1] * s.rate - s.v[k]) + w * w * (x[0] - s.q[k])
        )
        away = max(away, abs(x[0] - s.q[k]))
        most = _BRISK * c.acceleration[k]
        s.wish[k] = max(min(s.wish[k], most), -most)
    if s.clock >= s.joint_profile.duration and away < 1e-4:
        s.done = 1
    _persevere(s, s.joint_profile.duration)
    H = scratch_matrix(MOST, MOST)
    for r in range(c.joints):
        for col in range(r + 1):
            H[r, col] = 1.0 if r == col else 0.0
    _solve(c, s, H, dt)


@kernel
def _bounds(c: Record, s: Record, dt: float) -> None:
    """Fill the viable accelerations of each joint, and those of them that a goal may ask for."""
    for k in range(c.joints):
        A = c.acceleration[k]
        J = c.jerk[k]
        s.top[k] = highest(s.q[k], s.v[k], s.a[k], c.upper[k], c.velocity[k], A, J, dt)
        s.low[k] = -highest(-s.q[k], -s.v[k], -s.a[k], -c.lower[k], c.velocity[k], A, J, dt)
        up = easing(c.upper[k] - s.q[k], s.v[k])
        down = -easing(s.q[k] - c.lower[k], -s.v[k])
        s.goal_top[k] = max(min(s.top[k], up), s.low[k])
        s.goal_low[k] = min(max(s.low[k], down), s.top[k])


@kernel
def _tip(c: Record, s: Record, dt: float) -> None:
    """Fill the joint accelerations that lead the nominal tip onto its reference.

    The quadratic program min |W(J q¨ + J˙ q˙ - x¨)|² + d |q¨ - q¨n|², the null space drawn to the
    arm's own posture, subject to each joint's viable accelerations and to the tip's
    pace (`arm_control.pace`). Where the two contradict each other, the arm brakes.
    """
    e = scratch(6)
    turn = scratch(3)
    turn_between(s.R, s.ref_R, turn)
    w = c.track_bandwidth
    for k in range(6):
        error = s.ref_t[k] - s.t[k] if k < 3 else turn[k - 3]
        e[k] = s.ref_a[k] + 2.0 * w * (s.ref_v[k] - s.twist[k]) + w * w * error
    # harder than this it could not be turned round before the tip's bound is passed
    size = max(norm(e[0:3]) / HARDEST, 1.0)
    turning = max(norm(e[3:6]) * c.segment / HARDEST, 1.0)
    for k in range(6):
        e[k] = e[k] / (size if k < 3 else turning) - s.bias_acceleration[k]
    for r in range(c.joints):
        s.wish[r] = 4.0 * (max(min(s.rest[r] - s.q[r], _HOMEWARD), -_HOMEWARD) - s.v[r])
    H = scratch_matrix(MOST, MOST)
    _weigh(c, s, e, c.damping, H)
    _solve(c, s, H, dt)


@kernel
def _weigh(c: Record, s: Record, e: np.ndarray, damping: float, H: np.ndarray) -> None:
    """Fill Hessian and, in ``s.wish``, gradient of |W(J q¨ - e)|² + d |q¨ - wish|²."""
    for r in range(c.joints):
        s.wish[r] *= damping
        for k in range(6):
            s.wish[r] += c.task_weight[k] * s.J[k, r] * e[k]
        for col in range(r + 1):
            H[r, col] = damping if r == col else 0.0
            for k in range(6):
                H[r, col] += c.task_weight[k] * s.J[k, r] * s.J[k, col]


@kernel
def _halt(c: Record, s: Record, dt: float) -> None:
    """Fill the joint accelerations of a stop in which the tip slows down on its way.

    All velocities fall at the rate of the joint that takes longest, the tip's first of all. Were
    each joint to brake for itself, a tip that is slow only because fast joints agree would swing
    out.
    """
    rate = stopping_rate(c, s, dt)
    e = scratch(6)
    H = scratch_matrix(MOST, MOST)
    for k in range(6):
        e[k] = -rate * s.twist[k] - s.bias_acceleration[k]
    for k in range(c.joints):
        s.wish[k] = -rate * s.v[k]
    _weigh(c, s, e, _FIRM, H)
    none = scratch_matrix(1, MOST)
    limit = scratch(1)
    solved = factor(H, c.joints) and (
        minimise(H, s.wish, s.low, s.top, none, limit, c.joints, 0) == SOLVED
    )
    for k in range(c.joints):
        if not solved:
            s.wish[k] = stopping(s.v[k], s.a[k], c.acceleration[k], c.jerk[k], dt)


@kernel
def _solve(c: Record, s: Record, H: np.ndarray, dt: float) -> None:
    """Replace the gradient in ``s.wish`` by the best accelerations within the bounds, or brake."""
    n = c.joints
    A = scratch_matrix(2, MOST)
    b = scratch(2)
    rows = speed_rows(c, s, A, b)
    if factor(H, n) and minimise(H, s.wish, s.goal_low, s.goal_top, A, b, n, rows) == SOLVED:
        return
    s.infeasible += 1
    _halt(c, s, dt)


@kernel
def _limit(c: Record, s: Record, dt: float) -> None:
    """Cut the wished accelerations to the viable ones, and advance the commanded joints."""
    brake = scratch(MAX_JOINTS)
    for k in range(c.joints):
        brake[k] = stopping(s.v[k], s.a[k], c.acceleration[k], c.jerk[k], dt)
        brake[k] = max(min(brake[k], s.top[k]), s.low[k])
        if math.isnan(s.wish[k]):
            s.wish[k] = brake[k]
        s.wish[k] = max(min(s.wish[k], s.top[k]), s.low[k])
    within_torque(c, s, s.wish, brake)
    for k in range(c.joints):
        a = s.wish[k]
        s.q[k] += (s.v[k] + 0.5 * a * dt) * dt
        s.v[k] += a * dt
        s.a[k] = a
    felt = scratch(3)
    tool_acceleration(c, s, s.a, felt)
    _remember(c, s, felt)


@kernel
def _remember(c: Record, s: Record, felt: np.ndarray) -> None:
    """Note the tool's commanded acceleration, and fill what the wrist may feel of those before.

    No arm is exactly as late as told, and every servo smooths. But what arrives of a command is a
    weighted mean of the commands of a while, as long as nothing overshoots: per axis it lies
    between their least and their greatest.
    """
    if s.cycles == 0:
        for slot in range(DELAY_SLOTS):
            for k in range(3):
                s.tool_past[slot, k] = 0.0
    now = s.cycles % DELAY_SLOTS
    back = min(int(c.delay / c.period + 0.5), DELAY_SLOTS - 1)
    last = min(back + int(_SETTLING_S / c.period + 0.5), DELAY_SLOTS - 1)
    for k in range(3):
        s.tool_past[now, k] = felt[k]
        s.tool_acceleration[k] = s.tool_past[(now - back) % DELAY_SLOTS, k]
        least = felt[k]
        greatest = felt[k]
        for slot in range(1, last + 1):
            a = s.tool_past[(now - slot) % DELAY_SLOTS, k]
            least = min(least, a)
            greatest = max(greatest, a)
        s.tool_least[k] = least
        s.tool_greatest[k] = greatest


@kernel
def _guard(c: Record, i: Record, s: Record) -> None:
    """End a goal that became unsafe; the monitor in its own process watches apart from this."""
    s.tracking = 0.0
    for k in range(c.joints):
        s.tracking = max(s.tracking, abs(s.q[k] - i.q[k]))
    if s.mode in (HOLD, BRAKE):
        return
    if s.tracking > c.tracking_error:
        # after a trip too: a way out that the arm does not follow sweeps the swab over the face
        if s.fault < 0:
            s.fault = TRACKING
        s.mode = BRAKE
        return
    if s.fault >= 0:
        return
    stale = s.follow and (i.now - i.mouth_stamp) * 1e-9 > c.motion_age
    if stale and s.mode != JOINT:
        s.fault = STALE_MOUTH
        s.mode = BRAKE
        return
    if s.tared and not (s.mode == WIPE and s.phase != REACHING):
        if norm(s.force) > c.force_soft:
            s.over_s += i.step
        else:
            s.over_s = 0.0
        if s.over_s > 0.05:
            s.fault = FORCE
            s.mode = BRAKE
            s.over_s = 0.0
