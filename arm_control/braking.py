"""Joint motion that can always be stopped: hard bounds on the next acceleration.

A joint's state (p, v, a) is viable when braking with jerk J and deceleration A keeps it within its
velocity and position limits. From a viable state, the acceleration of the next step is bounded such
that the state after the step is viable again; braking itself is always within the bounds, so they
are never empty. The step applies one constant acceleration, the jerk being its change per step.
"""

import math

from arm_control.compiled import kernel
from arm_control.memory import Record

_EASING = 8.0  # [1/s] at which a joint may near its end
_NEARING = 40.0  # [1/s] at which it may near that velocity


@kernel
def reach(v: float, a: float, A: float, J: float) -> float:
    """Return how far [m or rad] a joint still runs in the positive direction when it brakes.

    From velocity ``v`` and acceleration ``a``, time-optimal with deceleration ``A`` and jerk ``J``;
    zero where it already runs back. Closed form of the three phases: jerk -J, hold -A, jerk +J.
    """
    if v <= 0.0 and a <= 0.0:
        return 0.0
    if a <= 0.0 and 2.0 * J * v <= a * a:
        # braking hard enough: let go of the brake at +J, and find where the velocity vanishes
        t = (-a - math.sqrt(max(a * a - 2.0 * J * v, 0.0))) / J
        return ((J * t / 6.0 + 0.5 * a) * t + v) * t
    if v <= 0.0 and a > 0.0 and v + 0.5 * a * a / J <= 0.0:
        return 0.0  # runs back, and still does when the acceleration has gone
    # peak deceleration if no hold is needed: v + a²/2J = d²/J
    d = math.sqrt(max(J * v + 0.5 * a * a, 0.0))
    hold = 0.0
    if d > A:
        hold = (d * d - A * A) / (J * A)
        d = A
    t1 = (a + d) / J
    p = ((-J * t1 / 6.0 + 0.5 * a) * t1 + v) * t1
    v1 = v + (a - 0.5 * J * t1) * t1
    p += (v1 - 0.5 * d * hold) * hold
    v1 -= d * hold
    t3 = d / J
    return p + ((J * t3 / 6.0 - 0.5 * d) * t3 + v1) * t3


@kernel
def highest(
    p: float, v: float, a: float, upper: float, V: float, A: float, J: float, dt: float
) -> float:
    """Return the highest viable acceleration of the next step, at least ``max(a - J dt, -A)``.

    The velocity bound solves v + a' dt + a'²/2J = V; the position bound is found by bisection,
    which is entered only near the limit.
    """
    low = max(a - J * dt, -A)
    high = min(a + J * dt, A)
    room = J * J * dt * dt + 2.0 * J * (V - v)
    fastest = -J * dt + math.sqrt(room) if v < V else (V - v) / dt
    high = max(min(high, fastest), low)
    if _runs_to(p, v, high, A, J, dt) <= upper:
        return high
    below = low
    for _ in range(30):
        middle = 0.5 * (below + high)
        if _runs_to(p, v, middle, A, J, dt) <= upper:
            below = middle
        else:
            high = middle
    return below


@kernel
def _runs_to(p: float, v: float, a: float, A: float, J: float, dt: float) -> float:
    after = v + a * dt
    top = p
    if v > 0.0 and after < 0.0:
        top = p + 0.5 * v * v / -a  # turns round within the step
    end = p + (v + 0.5 * a * dt) * dt
    return max(top, end + reach(after, a, A, J))


@kernel
def easing(room: float, v: float) -> float:
    """Return the highest acceleration [rad/s²] with which a joint eases up to its end.

    ``room`` [rad] is what is left to it, ``v`` [rad/s] the velocity towards it. A velocity damper,
    v <= w room (Faverjon and Tournassud 1987, A local based approach for path planning of
    manipulators with a high number of degrees of freedom), itself neared exponentially: it asks
    for w v of deceleration, which the other joints of a tip on its way can make up for, where
    braking at the last moment asks for all a joint has.
    """
    return -_EASING * v + _NEARING * (_EASING * room - v)


@kernel
def stopping(v: float, a: float, A: float, J: float, dt: float) -> float:
    """Return the acceleration of the next step that brings ``v`` to rest soonest."""
    root = math.sqrt(J * J * dt * dt + 2.0 * J * abs(v))
    wish = J * dt - root if v > 0.0 else root - J * dt
    return max(min(wish, a + J * dt, A), a - J * dt, -A)


@kernel
def stopping_rate(c: Record, s: Record, dt: float) -> float:
    """Return the rate [1/s] at which all joints' velocities may fall in proportion.

    It is that of the joint that takes longest; see `stopping`.
    """
    rate = 1.0 / dt
    for k in range(c.joints):
        speed = abs(s.v[k])
        if speed > 1e-12:
            step = c.jerk[k] * dt
            most = min(math.sqrt(step * step + 2.0 * c.jerk[k] * speed) - step, c.acceleration[k])
            rate = min(rate, most / speed)
    return rate
