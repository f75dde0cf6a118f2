"""Set-points that come on our clock, asked for on the arm's: led on evenly between them.

Two clocks of 1 kHz that nobody ties together slip: now and then a period of the arm has two
set-points and another none. Passed on as they come, each slip is a step of the velocity, at which
an arm that watches its set-points stops.
"""

import math

import numpy as np

from arm_control.errors import ArmControlError
from spatial import Vector

_BANDWIDTH = 40.0  # [rad/s]: far above the motions of a head, far below the slips' kilohertz


class Smoother:
    """Leads n joints from ``position`` (n,) [rad], at rest, after the set-points.

    Critically damped in the frame that moves with the set-point, so that an even motion is followed
    without lag; solved exactly, so that any step of time will do. ``acceleration`` [rad/s²] and
    ``jerk`` [rad/s³] are what each joint may be asked for.
    """

    def __init__(self, position: Vector, acceleration: float, jerk: float) -> None:
        self._position = np.array(position, float)
        self._velocity = np.zeros_like(self._position)
        self._acceleration = np.zeros_like(self._position)
        self._limits = (("rad/s²", acceleration), ("rad/s³", jerk))

    def step(self, step_s: float, age_s: float, position: Vector, velocity: Vector) -> Vector:
        """Go on for ``step_s`` [s] after a set-point ``age_s`` [s] old; return the joints (n,).

        ``position`` [rad] and ``velocity`` [rad/s], both (n,), are the set-point's. Raises
        ArmControlError, and stays where it is, where that asks too much of a joint.
        """
        goal = position + velocity * age_s
        # x'' = -2 w x' - w² x, with x the distance to the led set-point, from the step's beginning
        x = self._position - (goal - velocity * step_s)
        x_rate = self._velocity - velocity
        c = x_rate + _BANDWIDTH * x
        decay = math.exp(-_BANDWIDTH * step_s)
        new_velocity = velocity + (x_rate - _BANDWIDTH * c * step_s) * decay
        new_acceleration = (new_velocity - self._velocity) / step_s
        jerk = (new_acceleration - self._acceleration) / step_s
        for asked, (unit, bound) in zip((new_acceleration, jerk), self._limits, strict=True):
            joint = int(np.argmax(np.abs(asked)))
            if not abs(asked[joint]) <= bound:
                raise ArmControlError(
                    f"set-points leap: joint {joint + 1} would want {abs(asked[joint]):.0f} "
                    f"{unit}, the arm takes {bound:.0f}; begin where it is, and plan within that"
                )
        self._position = goal + (x + c * step_s) * decay
        self._velocity, self._acceleration = new_velocity, new_acceleration
        return self._position
