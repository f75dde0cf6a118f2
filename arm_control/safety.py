"""What the safety monitor checks, apart from the process it runs in.

The monitor sees only what the arm measured and what the goal allows, computes kinematics and force
itself, and knows two answers: go on, or a trip. A trip latches until a person resets it.
"""

from typing import Self

import numpy as np

from arm_control.compiled import kernel
from arm_control.configuration import configure
from arm_control.errors import ArmControlError
from arm_control.kinematics import forward
from arm_control.limits import Limits
from arm_control.linear import multiply, norm, rotate, rotate_back
from arm_control.memory import MAX_JOINTS, STATE, Record
from arm_control.model import ArmModel
from arm_control.motion import Corridor
from arm_control.pace import AWAY, TOWARDS, allowed, part, relative, zone_at
from arm_control.ports import ArmInfo
from arm_control.report import Fault, FaultKind
from arm_control.scratch import scratch, scratch_matrix
from spatial import Vector

SAMPLE = np.dtype(
    [
        ("sequence", "i8"),
        ("stamp", "i8"),  # of the measurement [ns]
        ("now", "i8"),  # of the cycle [ns]
        ("q", "f8", (MAX_JOINTS,)),  # measured [rad]
        ("wrench", "f8", (6,)),  # raw, sensor frame
        ("tare", "f8", (6,)),
        ("tared", "i8"),
        ("tool_acceleration", "f8", (3,)),  # commanded, as late as the arm is told to be, in b
        ("tool_least", "f8", (3,)),  # and what it may be, however late and smoothed
        ("tool_greatest", "f8", (3,)),
        ("mouth_R", "f8", (3, 3)),  # the mouth the controller follows, in the base
        ("mouth_t", "f8", (3,)),
        ("mouth_v", "f8", (3,)),
        ("mouth_w", "f8", (3,)),
        ("mouth_stamp", "i8"),
        ("mouth_known", "i8"),
        ("following", "i8"),  # the goal depends on the mouth
        ("arm_ok", "i8"),
        # corridor in the mouth frame; radius 0: none
        ("corridor_entry", "f8", (3,)),
        ("corridor_axis", "f8", (3,)),
        ("corridor_radius", "f8"),
        ("corridor_depth", "f8"),
    ],
    align=True,
)

RULES = np.dtype(
    [
        ("force", "f8"),  # abort [N]
        ("force_time", "f8"),  # above it for so long [s]
        ("acceleration", "f8"),  # the hardest the tool can be commanded to [m/s²]
        ("slack", "f8"),  # of the tool's inertia, per axis, where its lag is not known [N]
        ("mass_error", "f8"),  # by which the tool may weigh more or less than told
        ("speed_margin", "f8"),  # times what the law may ask, plus
        ("speed_slack", "f8"),  # [m/s] for noise and what a servo makes of its command
        ("touching", "f8"),  # from this force on the shaft is bent against tissue [N]
        ("pressed_time", "f8"),  # and counts as bent for so long after [s]
        ("state_age", "f8"),  # [s]
        ("mouth_age", "f8"),  # [s]
        ("frozen_time", "f8"),  # the wrench has not changed by a bit for so long [s]
        ("silence", "f8"),  # no sample from the controller for so long, in real time [s]
    ],
    align=True,
)

WATCH = np.dtype(
    [
        ("fault", "i8"),
        ("value", "f8"),
        ("bound", "f8"),
        ("started", "i8"),
        ("last_now", "i8"),
        ("last_wrench", "f8", (6,)),
        ("frozen_s", "f8"),
        ("over_s", "f8"),
        ("pressed_s", "f8"),
        ("last_tip", "f8", (3,)),
        ("velocity", "f8", (3,)),
        ("force", "f8"),
        ("peak", "f8"),
        ("scratch", STATE),
    ],
    align=True,
)

MISSED_PERIODS = 3
"""So many of the arm's periods may pass without anything new before silence is a fault."""

SLOWEST_HZ = 30.0
"""A slower arm [Hz] is not watched: its silence would be noticed after more than 0.1 s."""

OK = -1
KINDS = tuple(FaultKind)
_FORCE = KINDS.index(FaultKind.FORCE)
_SPEED = KINDS.index(FaultKind.SPEED)
_CORRIDOR = KINDS.index(FaultKind.CORRIDOR)
_NAN = KINDS.index(FaultKind.NOT_A_NUMBER)
_FROZEN = KINDS.index(FaultKind.FROZEN_SENSOR)
_STALE_STATE = KINDS.index(FaultKind.STALE_STATE)
_STALE_MOUTH = KINDS.index(FaultKind.STALE_MOUTH)
_ARM = KINDS.index(FaultKind.ARM)
_HEARTBEAT = KINDS.index(FaultKind.HEARTBEAT)

_UNITS = {
    FaultKind.FORCE: ("contact force", "N"),
    FaultKind.SPEED: ("tip speed", "m/s"),
    FaultKind.CORRIDOR: ("distance from the corridor", "m"),
    FaultKind.NOT_A_NUMBER: ("measurements that are no number", ""),
    FaultKind.FROZEN_SENSOR: ("time the wrist sensor has not changed", "s"),
    FaultKind.STALE_STATE: ("age of the arm's state", "s"),
    FaultKind.STALE_MOUTH: ("age of the mouth's pose", "s"),
    FaultKind.HEARTBEAT: ("silence of the controller", "s"),
    FaultKind.ARM: ("arm not ready", ""),
}


def default_rules(
    force_abort: float = 1.0, mouth_age: float = 0.5, period: float = 0.001
) -> np.ndarray:
    """Return a RULES record (1,) with the bounds of docs/safety.md.

    ``force_abort`` [N]; ``mouth_age`` [s] at which the law gives the mouth up, 0.1 s before the
    monitor trips; ``period`` [s] of the arm. State, wrist and controller may be silent for
    `MISSED_PERIODS` of those, and for the bounds of a fast arm where they are longer.
    """
    missed = MISSED_PERIODS * period
    rules = np.zeros(1, RULES)
    r = rules[0]
    r["force"], r["force_time"] = force_abort, 0.010
    r["acceleration"], r["slack"], r["mass_error"] = 20.0, 1.0, 0.25
    r["speed_margin"], r["speed_slack"] = 1.13, 0.05
    r["touching"], r["pressed_time"] = 0.02, 0.3
    r["state_age"] = r["frozen_time"] = max(0.05, missed)
    r["mouth_age"] = mouth_age + 0.1
    r["silence"] = max(0.03, missed)
    return rules


def rules_for(limits: Limits, info: ArmInfo) -> np.ndarray:
    """Return the RULES record (1,) of one arm, by its limits and the rate its driver states.

    Raises ArmControlError for an arm slower than `SLOWEST_HZ`.
    """
    if not info.rate_hz >= SLOWEST_HZ:
        raise ArmControlError(
            f"{info.name} takes {info.rate_hz:g} set-points a second, the safety monitor wants at "
            f"least {SLOWEST_HZ:g}: it would notice silence too late; drive the arm faster"
        )
    return default_rules(limits.force.abort, limits.motion_age_s, 1.0 / info.rate_hz)


@kernel
def fill_sample(inputs: np.ndarray, state: np.ndarray, sample: np.ndarray, arm_ok: int) -> None:
    """Fill ``sample`` from this cycle's records, all (1,); the corridor is the goal's to set."""
    i = inputs[0]
    s = state[0]
    x = sample[0]
    x.sequence += 1
    x.stamp = i.stamp
    x.now = i.now
    for k in range(MAX_JOINTS):
        x.q[k] = i.q[k]
    for k in range(6):
        x.wrench[k] = i.wrench[k]
        x.tare[k] = s.tare[k]
    x.tared = s.tared
    for k in range(3):
        x.tool_acceleration[k] = s.tool_acceleration[k]
        x.tool_least[k] = s.tool_least[k]
        x.tool_greatest[k] = s.tool_greatest[k]
        x.mouth_t[k] = s.M_t[k]
        x.mouth_v[k] = s.M_v[k]
        x.mouth_w[k] = s.M_v[3 + k]
        for j in range(3):
            x.mouth_R[k, j] = s.M[k, j]
    x.mouth_stamp = i.mouth_stamp
    x.mouth_known = s.M_known
    x.following = s.follow
    x.arm_ok = arm_ok


def corridor_of(corridor: Corridor) -> dict[str, Vector | float]:
    """Return the fields of a SAMPLE (and of an ORDER) in which the monitor is told a corridor."""
    return {
        "corridor_entry": corridor.entry,
        "corridor_axis": corridor.axis,
        "corridor_radius": corridor.radius,
        "corridor_depth": corridor.depth + 0.02,
    }


@kernel
def judge(config: np.ndarray, rules: np.ndarray, sample: np.ndarray, watch: np.ndarray) -> int:
    """Return the code of the fault that ``sample`` shows, or OK; the latch is kept in ``watch``."""
    x = sample[0]
    r = rules[0]
    c = config[0]
    w = watch[0]
    if w.fault >= 0:
        return int(w.fault)
    finite = True
    for k in range(c.joints):
        finite = finite and np.isfinite(x.q[k])
    for k in range(6):
        finite = finite and np.isfinite(x.wrench[k]) and np.isfinite(x.tare[k])
    for k in range(3):
        finite = finite and np.isfinite(x.mouth_t[k]) and np.isfinite(x.mouth_v[k])
        finite = finite and np.isfinite(x.mouth_w[k])
    if not finite:
        return _trip(w, _NAN, 1.0, 0.0)
    if not x.arm_ok:
        return _trip(w, _ARM, 1.0, 0.0)
    dt = (x.now - w.last_now) * 1e-9 if w.started else 0.0
    if w.started and dt <= 0.0:
        return int(w.fault)  # this sample was judged before
    age = (x.now - x.stamp) * 1e-9
    if age > r.state_age or age < -1e-3:
        return _trip(w, _STALE_STATE, age, r.state_age)
    mouth_age = (x.now - x.mouth_stamp) * 1e-9
    if x.following and (mouth_age > r.mouth_age or mouth_age < -1e-3):
        return _trip(w, _STALE_MOUTH, mouth_age, r.mouth_age)
    same = True
    for k in range(6):
        same = same and x.wrench[k] == w.last_wrench[k]
        w.last_wrench[k] = x.wrench[k]
    w.frozen_s = w.frozen_s + dt if same else 0.0
    if w.frozen_s > r.frozen_time:
        return _trip(w, _FROZEN, w.frozen_s, r.frozen_time)
    tip = scratch(3)
    _tip_and_force(c, r, x, w, tip)
    w.over_s = w.over_s + dt if x.tared and w.force > r.force else 0.0
    if w.over_s > r.force_time:
        return _trip(w, _FORCE, w.force, r.force)
    code = _geometry(c, r, x, w, tip, dt)
    w.last_now = x.now
    w.started = 1
    return code


@kernel
def _trip(w: Record, code: int, value: float, bound: float) -> int:
    w.fault = code
    w.value = value
    w.bound = bound
    return code


@kernel
def _tip_and_force(c: Record, r: Record, x: Record, w: Record, tip: np.ndarray) -> None:
    """Fill the unbent tip in the base, and the contact force's magnitude."""
    R = scratch_matrix(3, 3)
    S = scratch_matrix(3, 3)
    load = scratch(3)
    lever = scratch(3)
    forward(c, x.q, R, tip, w.scratch)
    multiply(R, c.sensor_R, S)
    rotate(R, c.tip_t, lever)
    for k in range(3):
        tip[k] += lever[k]
        load[k] = c.tool_mass * c.gravity[k]
    rotate_back(S, load, load)
    for k in range(3):
        load[k] = x.wrench[k] - load[k] - x.tare[k]
    rotate(S, load, load)
    for k in range(3):
        load[k] = _unexplained(c, r, x, k, load[k])
    # 3 ms of smoothing against sensor noise; the force must stay above its bound for longer
    w.peak = norm(load)
    w.force += 0.25 * (w.peak - w.force)


@kernel
def _unexplained(c: Record, r: Record, x: Record, k: int, felt: float) -> float:
    """Return what of the force ``felt`` [N] on axis ``k`` of b no commanded motion explains.

    Felt is contact less inertia. Of the accelerations that the tool may have, the one is taken that
    leaves least contact over: within ``slack`` [N] of what it has if the arm lags as told, and a
    ``mass_error`` beyond the commands' own. At rest and at constant acceleration nothing is
    forgiven but the mass. What is no number explains nothing.
    """
    least, told, greatest = x.tool_least[k], x.tool_acceleration[k], x.tool_greatest[k]
    if not (np.isfinite(least) and np.isfinite(told) and np.isfinite(greatest)):
        return felt
    m = c.tool_mass
    told = max(min(told, r.acceleration), -r.acceleration)
    wrong = r.mass_error * max(abs(least), abs(greatest))
    low = felt + m * told + max(m * (min(least, told) - wrong - told), -r.slack)
    high = felt + m * told + min(m * (max(greatest, told) + wrong - told), r.slack)
    return float(max(low, 0.0) + min(high, 0.0))


@kernel
def _geometry(c: Record, r: Record, x: Record, w: Record, tip: np.ndarray, dt: float) -> int:
    """Check the tip's speed in its zone, and the corridor while in the mouth."""
    if x.mouth_known:
        d = scratch(3)
        for k in range(3):
            d[k] = tip[k] - x.mouth_t[k]
        rotate_back(x.mouth_R, d, d)
        zone = zone_at(c, d)
        if x.corridor_radius > 0.0 and zone == 2:
            # the shaft crosses the lips within the corridor: where the line from the tip along the
            # corridor's axis is looked at by the controller; the tip itself must stay in its depth
            depth = 0.0
            for k in range(3):
                depth += (d[k] - x.corridor_entry[k]) * x.corridor_axis[k]
            if depth > x.corridor_depth:
                return _trip(w, _CORRIDOR, depth, x.corridor_depth)
    else:
        zone = 0
    if w.started:
        pressed = x.tared and w.force > r.touching
        w.pressed_s = r.pressed_time if pressed else max(w.pressed_s - dt, 0.0)
        v = scratch(3)
        bound = scratch(2)
        for k in range(3):
            v[k] = (tip[k] - w.last_tip[k]) / dt
        if zone > 0:
            relative(x.mouth_t, x.mouth_v, x.mouth_w, tip, v)
        for k in range(3):
            w.velocity[k] += min(dt / 0.02, 1.0) * (v[k] - w.velocity[k])
            v[k] = w.velocity[k]
        away = part(x.mouth_R, zone, v)
        towards = norm(v)
        allowed(c, zone, w.pressed_s > 0.0, bound)
        for k in range(2):
            bound[k] = bound[k] * r.speed_margin + r.speed_slack
        # above the bound of the force, its time decides, not the speed of the shaft springing
        forced = x.tared and max(w.force, w.peak) > r.force
        if towards > bound[TOWARDS] and not forced:
            return _trip(w, _SPEED, towards, bound[TOWARDS])
        if away > bound[AWAY] and not forced:
            return _trip(w, _SPEED, away, bound[AWAY])
    for k in range(3):
        w.last_tip[k] = tip[k]
    return OK


def fault_of(watch: np.ndarray) -> Fault | None:
    """Return the latched fault of a WATCH record (1,), put into words."""
    code = int(watch["fault"][0])
    if code < 0:
        return None
    kind = KINDS[code]
    what, unit = _UNITS.get(kind, (kind.value, ""))
    value, bound = float(watch["value"][0]), float(watch["bound"][0])
    return Fault(
        kind,
        f"{what} {value:.3g} {unit}, bound {bound:.3g} {unit}; look at the booth, then reset",
        latched=True,
    )


class LocalSafety:
    """The monitor's rules in the controller's own process: for unit tests and dry runs only.

    It shares the controller's fate, so it protects nobody; a booth uses
    `arm_control.monitor.MonitorProcess`.
    """

    def __init__(self, config: np.ndarray, rules: np.ndarray | None = None) -> None:
        self._config = config
        self._rules = default_rules() if rules is None else rules
        self._watch = np.zeros(1, WATCH)
        self._watch["fault"] = OK
        self._own: Fault | None = None

    @classmethod
    def for_arm(cls, model: ArmModel, limits: Limits, info: ArmInfo) -> Self:
        """Return the rules for one arm. Raises ArmControlError for one that is too slow."""
        return cls(configure(model, limits, info), rules_for(limits, info))

    def check(self, sample: np.ndarray) -> Fault | None:
        """Return the latched fault, if any, after ``sample``."""
        judge(self._config, self._rules, sample, self._watch)
        return self._own or fault_of(self._watch)

    def trip(self, fault: Fault) -> None:
        """Latch ``fault``."""
        self._own = self._own or fault

    def reset(self, by: str) -> None:
        """Clear the latch."""
        if not by.strip():
            raise ValueError("a reset needs the name of the person who answers for it")
        self._own = None
        self._watch[:] = 0
        self._watch["fault"] = OK

    def close(self) -> None:
        """Do nothing: there is no process."""
