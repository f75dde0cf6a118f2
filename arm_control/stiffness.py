"""How stiff is what the tip presses on: estimated while pressing, for the force loop's gain."""

from arm_control.compiled import kernel
from arm_control.memory import Record

SOFTEST, STIFFEST = 5.0, 3_000.0  # [N/m]
_FORGET_S = 0.6
_SMOOTH_S = 0.025
_ENOUGH = 1.5e-7  # excitation: 2.5 mm/s for 25 ms, weighed by the forgetting


@kernel
def estimate(s: Record, indentation: float, lag_s: float, dt: float) -> None:
    """Update ``stiffness`` from this cycle's normal force and commanded indentation [m].

    Recursive least squares with exponential forgetting (Ljung 1999, System Identification, section
    11.2) of one parameter, k in f˙ = k x˙. Both rates pass the same filter, and the indentation is
    first delayed as the force is, by ``lag_s``, or a fast press would look soft. Rates, not values,
    so that neither the unknown surface nor a slow drift of the sensor matters; without motion the
    estimate stays.
    """
    gain = min(dt / _SMOOTH_S, 1.0)
    late = min(dt / max(lag_s, dt), 1.0)
    s.late_press += late * (indentation - s.late_press)
    rate = (s.normal_force - s.smooth_force) / _SMOOTH_S
    s.smooth_force += gain * (s.normal_force - s.smooth_force)
    press = (s.late_press - s.smooth_press) / _SMOOTH_S
    s.smooth_press += gain * (s.late_press - s.smooth_press)
    if not s.contact:
        return
    keep = 1.0 - min(dt / _FORGET_S, 1.0)
    s.stiffness_num = keep * s.stiffness_num + rate * press * dt
    s.stiffness_den = keep * s.stiffness_den + press * press * dt
    if s.stiffness_den > _ENOUGH:
        k = s.stiffness_num / s.stiffness_den
        k = max(min(k, STIFFEST), SOFTEST)
        # upwards at once, for a gain too high chatters; downwards gently
        follow = 0.02 if k > s.stiffness else 3.0 * dt
        s.stiffness += min(follow, 1.0) * (k - s.stiffness)
