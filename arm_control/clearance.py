"""How near the arm comes to what stands around it: a goal's whole way, looked at before it starts.

The compiled law itself flies the way ahead on copies of its records, so that what is looked at is
what the arm will do, null space and limits included.
"""

from dataclasses import dataclass

import numpy as np

from arm_control import law
from arm_control.compiled import kernel
from arm_control.errors import GoalError
from arm_control.kinematics import forward
from arm_control.linear import dot, rotate
from arm_control.memory import INPUT, STATE, Record, record
from arm_control.motion import Enter, Goal, MoveJoints, MoveTip
from arm_control.planning import Planner
from arm_control.scratch import scratch, scratch_matrix
from arm_control.surroundings import Surroundings
from spatial import Vector

_STRIDE = 4  # periods of the loop in one step ahead; the law takes no longer ones
_HORIZON_S = 30.0
_NONE = -1
_BASE, _MOUTH = 0.0, 1.0


@dataclass(frozen=True, slots=True)
class Approach:
    """The nearest the arm comes on its way: ``distance`` [m] of ``part`` from ``body`` at ``time``.

    ``part`` is the number of the joint that moves it, from 1; the tool is the last joint's.
    """

    distance: float
    body: str
    part: int
    time: float


class Outlook:
    """Looks at a goal's way before it is begun. Its methods are for the controller's thread."""

    def __init__(self, config: np.ndarray, jaws: Vector, surroundings: Surroundings) -> None:
        self._config = config
        self._around = surroundings
        self._tool = np.array([*jaws, surroundings.link_radius, surroundings.tool_radius])
        bodies = (*surroundings.booth, *surroundings.person)
        self._bodies = np.array(
            [
                [_BASE if k < len(surroundings.booth) else _MOUTH, *b.start, *b.end, b.radius]
                for k, b in enumerate(bodies)
            ]
        ).reshape(-1, 8)
        self._names = [*(body.name for body in bodies), "the floor"]
        self._floor = -np.inf if surroundings.floor is None else surroundings.floor
        self._inputs, self._state = record(INPUT), record(STATE)
        self._nearest = np.zeros(4)

    def look(self, inputs: np.ndarray, state: np.ndarray) -> Approach | None:
        """Return where the goal that ``state`` has taken comes nearest; None with no bodies."""
        self._inputs[:], self._state[:] = inputs, state
        self._nearest[:] = np.inf, _NONE, 0.0, 0.0
        fly_ahead(
            self._config,
            self._inputs,
            self._state,
            self._bodies,
            self._floor,
            self._tool,
            self._nearest,
        )
        distance, body, part, time = self._nearest.tolist()
        if body == _NONE:
            return None
        return Approach(distance, self._names[int(body)], int(part), time)

    def approve(self, inputs: np.ndarray, state: np.ndarray) -> None:
        """Raise GoalError where the goal that ``state`` has taken comes too near to something.

        A way that only leads away from where the arm is too near already is approved: it must be
        able to leave.
        """
        nearest = self.look(inputs, state)
        if nearest is None or nearest.distance >= self._around.margin or nearest.time <= 0.0:
            return
        raise GoalError(
            f"{nearest.time:.1f} s on the way the body of joint {nearest.part} would be "
            f"{nearest.distance * 1e3:.0f} mm from {nearest.body}, bound "
            f"{self._around.margin * 1e3:.0f} mm; choose another pose, or come from elsewhere"
        )


def take(
    goal: Goal,
    planner: Planner,
    outlook: Outlook | None,
    inputs: np.ndarray,
    state: np.ndarray,
) -> None:
    """Plan ``goal`` into ``state``, the planner's, and look at its way if it is one in.

    Raises GoalError, and leaves ``state`` as it was, where the goal cannot be taken from there or
    would lead too near to anything.
    """
    before = state.copy()
    try:
        planner.take(goal)
        if outlook is not None and isinstance(goal, MoveJoints | MoveTip | Enter):
            outlook.approve(inputs, state)
    except GoalError:
        state[:] = before
        raise


@kernel
def fly_ahead(
    config: np.ndarray,
    inputs: np.ndarray,
    state: np.ndarray,
    bodies: np.ndarray,
    floor: float,
    tool: np.ndarray,
    nearest: np.ndarray,
) -> None:
    """Run the law until its goal is done; ``nearest`` takes distance [m], body, joint, time [s].

    The records are copies, used up. The arm is perfect, the mouth as last seen and still, nothing
    touches. ``bodies`` (k, 8): frame, ends, radius. ``tool`` (5,): the jaws in the flange's frame,
    radius of links and of tool.
    """
    c = config[0]
    i = inputs[0]
    s = state[0]
    s.tared = 0  # nothing is felt
    i.step = _STRIDE * c.period
    for k in range(3):
        i.mouth_v[k] = i.mouth_w[k] = 0.0
    time = 0.0
    while time < _HORIZON_S:
        i.q[:] = s.q
        i.v[:] = s.v
        i.now += int(i.step * 1e9)
        i.stamp = i.mouth_stamp = i.now
        _measure(c, s, bodies, floor, tool, time, nearest)
        law.cycle(config, inputs, state)
        time += i.step
        if s.done or s.mode in (law.HOLD, law.BRAKE):
            break


@kernel
def _measure(
    c: Record,
    s: Record,
    bodies: np.ndarray,
    floor: float,
    tool: np.ndarray,
    time: float,
    nearest: np.ndarray,
) -> None:
    """Note in ``nearest`` any body nearer to the commanded arm than what is noted there."""
    R = scratch_matrix(3, 3)
    t = scratch(3)
    jaws = scratch(3)
    a = scratch(3)
    b = scratch(3)
    forward(c, s.q, R, t, s)
    rotate(R, tool[:3], jaws)
    for k in range(3):
        jaws[k] += t[k]
    for link in range(1, c.joints + 1):  # the first joint turns a body that stands on the base
        last = link == c.joints
        radius = tool[4] if last else tool[3]
        start = t if last else s.origins[link - 1]
        end = jaws if last else s.origins[link]
        low = min(start[2], end[2]) - radius - floor
        if low < nearest[0] and link > 1:
            nearest[0], nearest[1], nearest[2], nearest[3] = low, bodies.shape[0], link, time
        for body in range(bodies.shape[0]):
            if bodies[body, 0] > 0.0:
                if not s.M_known:
                    continue
                rotate(s.M, bodies[body, 1:4], a)
                rotate(s.M, bodies[body, 4:7], b)
                for k in range(3):
                    a[k] += s.M_t[k]
                    b[k] += s.M_t[k]
            else:
                for k in range(3):
                    a[k] = bodies[body, 1 + k]
                    b[k] = bodies[body, 4 + k]
            distance = apart(start, end, a, b) - radius - bodies[body, 7]
            if distance < nearest[0]:
                nearest[0], nearest[1], nearest[2], nearest[3] = distance, body, link, time


@kernel
def apart(p1: np.ndarray, q1: np.ndarray, p2: np.ndarray, q2: np.ndarray) -> float:
    """Return the distance [m] of two segments (Ericson 2005, Real-Time Collision Detection, 5.1.9).

    Either may be a point.
    """
    d1 = scratch(3)
    d2 = scratch(3)
    r = scratch(3)
    for k in range(3):
        d1[k] = q1[k] - p1[k]
        d2[k] = q2[k] - p2[k]
        r[k] = p1[k] - p2[k]
    a, e, f = dot(d1, d1), dot(d2, d2), dot(d2, r)
    s, t = 0.0, 0.0
    if a > 1e-12 or e > 1e-12:
        c, b = dot(d1, r), dot(d1, d2)
        if a <= 1e-12:
            t = _clip(f / e)
        elif e <= 1e-12:
            s = _clip(-c / a)
        else:
            spread = a * e - b * b
            s = _clip((b * f - c * e) / spread) if spread > 1e-12 * a * e else 0.0
            t = (b * s + f) / e
            if t < 0.0:
                t, s = 0.0, _clip(-c / a)
            elif t > 1.0:
                t, s = 1.0, _clip((b - c) / a)
    total = 0.0
    for k in range(3):
        total += (r[k] + s * d1[k] - t * d2[k]) ** 2
    return float(np.sqrt(total))


@kernel
def _clip(x: float) -> float:
    return min(max(x, 0.0), 1.0)
