"""How gently the arm touches: force on still and moving heads, at touch and when the head jerks.

The whole controller runs in lock-step against the simulator's arm, wrist sensor, bending swab and
tissue (a plane of the given stiffness in place of the throat, so that the surface is known). The
force is the simulator's own, on the swab. The mouth's pose reaches the controller as a camera would
give it: 33 ms old, at 30 Hz, with 0.2 mm of noise. Without --quick, stiffness and sensor delay are
swept as well, and heads are drawn from the simulator's populations.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from common import Figure, arguments, cannot_run, report

from arm_control.controller import ArmController
from arm_control.limits import JointLimits, Limits, TipLimits
from arm_control.motion import Corridor, Enter, MoveJoints, MoveTip, Reference, Wipe, Withdraw
from arm_control.report import CycleReport, Phase
from arm_control.safety import LocalSafety
from arm_control.target import MouthMotion, SiteTarget
from sim.anatomy import Part
from sim.bullet import BulletEngine
from sim.head import HeadMotion
from sim.scene import Scene
from sim.temperament import Temperament
from sim.tissue import Tissue
from sim.world import Options, World
from sim.wrist import WristSensorModel
from spatial import Pose, Twist, Vector

WALL = -0.085  # x of the wall in the mouth [m]
CORRIDOR = Corridor((0.0, 0.0, 0.0), (-1.0, 0.0, 0.0))
RELAXATION_S = 0.02  # of the tissue: its damping over its stiffness, as the simulator's
PROTOTYPE_JERK_PEAK_N = 28.8  # 20 mm at 0.3 m/s, anchors of the project
Motion = Callable[[float], tuple[float, float]]


def still(_: float) -> tuple[float, float]:
    """Do not move."""
    return 0.0, 0.0


def sway(amplitude: float, frequency: float) -> Motion:
    """Move to and fro along the mouth's axis [m, Hz]."""
    w = 2.0 * math.pi * frequency

    def motion(t: float) -> tuple[float, float]:
        return amplitude * math.sin(w * t), amplitude * w * math.cos(w * t)

    return motion


def jerk(start: float, distance: float, speed: float) -> Motion:
    """Jump towards the arm at ``start`` [s], minimum-jerk with this peak speed."""
    duration = 1.875 * distance / speed

    def motion(t: float) -> tuple[float, float]:
        u = min(max((t - start) / duration, 0.0), 1.0)
        x = distance * u**3 * (10.0 + u * (6.0 * u - 15.0))
        return x, distance * 30.0 * (u * (1.0 - u)) ** 2 / duration

    return motion


def lunge(start: float, distance: float, speed: float) -> Motion:
    """Jump towards the arm at ``start`` [s] at this speed at once: harder than any head can."""

    def motion(t: float) -> tuple[float, float]:
        u = t - start
        return min(max(u * speed, 0.0), distance), speed if 0.0 <= u * speed < distance else 0.0

    return motion


class Wall:
    """A flat throat: the surface x = WALL, all of it posterior wall."""

    opening = 0.05

    def signed_distance(self, points: Vector) -> tuple[Vector, Vector, Any]:
        """Return distance, normal and part, as the anatomy does."""
        n = len(points)
        normal = np.zeros((n, 3))
        normal[:, 0] = 1.0
        return points[:, 0] - WALL, normal, np.full(n, Part.POSTERIOR_WALL, np.uint8)


class Head:
    """A head that moves along the mouth's axis as told."""

    def __init__(self, base_mouth: Pose, motion: Motion) -> None:
        self._rest = base_mouth
        self._motion = motion
        self.rotation = base_mouth.rotation.copy()
        self.position = base_mouth.translation.copy()
        self.linear = np.zeros(3)
        self.angular = np.zeros(3)

    def advance(self, t: float) -> None:
        """Move to where the head is at ``t`` [s]."""
        x, v = self._motion(t)
        self.position[:] = self._rest.translation + self._rest.rotation[:, 0] * x
        self.linear[:] = self._rest.rotation[:, 0] * v

    @property
    def base_mouth(self) -> Pose:
        """The mouth now."""
        return Pose(self.rotation, self.position)

    @property
    def twist(self) -> Twist:
        """Its velocity."""
        return Twist(self.linear, self.angular)


class Sitter:
    """What the world needs of a person: a head and a throat."""

    seated = True
    opening = 0.05

    def __init__(self, head: Head | HeadMotion) -> None:
        self.head = head
        self.cavity = Wall()
        self.person = None

    def advance(self, t: float) -> None:
        """Move the head."""
        self.head.advance(t)

    def feel(self, *_: object) -> None:
        """Bear it."""


class NoLedger:
    """Keeps no account: the benchmark looks at the force itself."""

    def note(self, *_: object) -> None:
        """Ignore."""

    def bump(self, *_: object) -> None:
        """Ignore."""


@dataclass(frozen=True, slots=True)
class Case:
    """One run: tissue [N/m], head, sensor delay [s]."""

    stiffness: float = 100.0
    motion: Motion = still
    delay_s: float = 0.001
    strokes: int = 3
    temperament: Temperament | None = None  # a person's own head, in place of ``motion``


@dataclass(frozen=True, slots=True)
class Trace:
    """One run over time, all (k,): time [s], true force [N], whether wiping, whether in a stroke.

    ``aside`` [m] is how far the true tip is beside its path, across path and normal.
    """

    time: Vector
    force: Vector
    wiping: Vector
    steady: Vector
    aside: Vector
    cycle_s: float
    fault: str

    @property
    def rmse(self) -> float:
        """Of the force about 0.3 N while the strokes run."""
        return float(np.sqrt(np.mean((self.force[self.steady] - 0.3) ** 2)))

    @property
    def touch_peak(self) -> float:
        """Highest force before the strokes began."""
        early = self.wiping & ~self.steady
        return float(self.force[early].max(initial=0.0))

    @property
    def in_band(self) -> float:
        """Share of the strokes' time with 0.15 to 0.5 N."""
        force = self.force[self.steady]
        return float(np.mean((force > 0.15) & (force < 0.5)))

    @property
    def kept(self) -> float:
        """Share of the strokes' time in contact."""
        return float(np.mean(self.force[self.steady] > 0.01))

    def __str__(self) -> str:
        if not self.steady.any():
            return f"no stroke, fault {self.fault or 'none'}"
        aside = 1e3 * float(np.sqrt(np.mean(self.aside[self.steady] ** 2)))
        return (
            f"RMSE {self.rmse:.4f} N, touch {self.touch_peak:.3f} N, peak {self.force.max():.2f} "
            f"N, in 0.15-0.5 N {100 * self.in_band:.1f} %, contact kept {100 * self.kept:.1f} %, "
            f"beside the path {aside:.2f} mm RMS, fault {self.fault or 'none'}"
        )


class Bench:
    """World, controller and the clockwork between them."""

    def __init__(self, case: Case, engine: Callable[[Scene], Any]) -> None:
        scene = Scene()
        wrist = replace(WristSensorModel(), delay_s=case.delay_s)
        self.world = World(scene, 3, Options(wrist=wrist, engine=engine))
        self.head: Head | HeadMotion = Head(scene.nominal_base_mouth, case.motion)
        if case.temperament is not None:
            self.head = HeadMotion(
                scene.nominal_base_mouth,
                case.temperament,
                chin_rest=True,
                rng=np.random.default_rng(4),
            )
        self._side = 0.0
        # a flat throat stands in for a person: there is no public way, for no booth needs one
        self.world._behaviour = Sitter(self.head)  # type: ignore[assignment]  # noqa: SLF001
        self.world._ledger = NoLedger()  # type: ignore[assignment]  # noqa: SLF001
        parts = np.ones(len(Part))
        self.world._tissue = Tissue(  # noqa: SLF001
            parts * case.stiffness, parts * case.stiffness * RELAXATION_S, parts * 0.2
        )
        model = scene.arm_model()
        limits = Limits(JointLimits.of(model))
        driver = self.world.arm
        safety = LocalSafety.for_arm(model, limits, driver.info)
        self.controller = ArmController(driver, self.world.clock, model, limits, safety)
        self.home = scene.home
        self.period = round(1e9 / driver.info.rate_hz)
        self.rows: list[tuple[float, float, float, float, float]] = []
        self._past: list[MouthMotion] = []
        self._rng = np.random.default_rng(9)
        for _ in range(300):
            self.cycle()

    def cycle(self) -> CycleReport:
        """Advance by one period."""
        clock = self.world.clock
        clock.sleep_until(clock.now_ns() + self.period)
        now = clock.now_ns()
        pose = self.head.base_mouth
        noisy = Pose(pose.rotation, pose.translation + self._rng.normal(size=3) * 2e-4)
        self._past.append(MouthMotion(noisy, self.head.twist, now))
        if len(self._past) > 34 and len(self.rows) % 33 == 0:
            self.controller.follow(self._past[-34])
        del self._past[:-40]
        out = self.controller.cycle()
        force = float(np.linalg.norm(self.world.contact_force))
        wiping = out.phase is Phase.WIPING
        aside = 0.0
        if wiping:
            tip = pose.inverse().apply(self.world.base_tip.translation)
            aside = float(tip[1] - self._side)
        self.rows.append((now * 1e-9, force, wiping, wiping and out.progress > 0.0, aside))
        return out

    def do(self, goal: Any, seconds: float = 20.0) -> str:  # noqa: ANN401 - any goal
        """Carry out ``goal``; return the fault that ended it, if any."""
        self.controller.start(goal)
        for _ in range(round(seconds * 1e9 / self.period)):
            out = self.cycle()
            if out.fault is not None:
                return out.fault.kind.value
            if out.done:
                return ""
        return "time"

    def enter(self) -> str:
        """Go before the lips and in."""
        aim = Pose.from_axes((-1.0, 0.0, 0.0), (0.0, 1.0, 0.0)).rotation
        first = self.do(MoveTip(Pose(aim, (0.03, 0.0, 0.0)), Reference.MOUTH))
        return first or self.do(Enter(CORRIDOR, 0.05))

    def wipe(self, case: Case, side: float = 0.0) -> str:
        """Wipe the wall, ``side`` [m] beside its middle."""
        self._side = side
        middle = np.array((WALL, side, 0.0))
        path = middle + np.outer((-0.006, 0.0, 0.006), (0.0, 0.0, 1.0))
        return self.do(
            Wipe(SiteTarget("wall", middle, (1.0, 0.0, 0.0), path), strokes=case.strokes)
        )

    def trace(self, begin: int, fault: str) -> Trace:
        """Return what happened since row ``begin``."""
        rows = np.array(self.rows[begin:], dtype=float)
        steady = rows[:, 3].astype(bool)
        return Trace(
            rows[:, 0],
            rows[:, 1],
            rows[:, 2].astype(bool),
            steady,
            rows[:, 4],
            float(rows[-1, 0] - rows[0, 0]),
            fault,
        )


def run(case: Case, engine: Callable[[Scene], Any]) -> Trace:
    """Enter and wipe once."""
    bench = Bench(case, engine)
    try:
        fault = bench.enter()
        begin = len(bench.rows)
        fault = fault or bench.wipe(case)
        for _ in range(1_000):  # a goal that was given up is not over: the worst may be to come
            bench.cycle()
        return bench.trace(begin, fault)
    finally:
        bench.world.close()


def visit(engine: Callable[[Scene], Any]) -> dict[str, float]:
    """Time a cooperative person's whole cycle by phase [s]: three sites, home again."""
    bench = Bench(Case(), engine)
    times = {}
    try:
        for name, work in (
            ("enter", bench.enter),
            ("site 1", lambda: bench.wipe(Case(), -0.012)),
            ("site 2", lambda: bench.wipe(Case(), 0.012)),
            ("site 3", lambda: bench.wipe(Case())),
            ("withdraw", lambda: bench.do(Withdraw())),
            ("home", lambda: bench.do(MoveJoints(bench.home))),
        ):
            begin = len(bench.rows)
            fault = work()
            if fault:
                cannot_run(f"the cooperative visit ended in {name} with {fault}; nothing to time")
            times[name] = (len(bench.rows) - begin) * bench.period * 1e-9
    finally:
        bench.world.close()
    return times


def jerked(engine: Callable[[Scene], Any], motion: Callable[[float], Motion]) -> Vector:
    """Jerk the head while wiping 100 N/m; return the force [N] from then on, every millisecond."""
    start = 8.5
    trace = run(Case(motion=motion(start), strokes=12), engine)
    late = trace.time > start
    if not late.any():
        cannot_run(f"the wipe ended before the jerk ({trace.fault})")
    return trace.force[late]


def bound(motion: Motion, stiffness: float, acceleration: float, delay: float) -> float:
    """Return the peak force [N] that no controller of this arm could avoid, its own 0.3 N included.

    The best that can be done with a head that begins to move at 0 s: after ``delay`` [s] the tip
    flees at the arm's whole reflex, so the head is never less than x(t) - a (t - d)² / 2 closer.
    """
    time = np.arange(0.0, 1.0, 1e-4)
    head = np.array([motion(float(t))[0] for t in time])
    way = 0.5 * acceleration * np.maximum(time - delay, 0.0) ** 2
    return 0.3 + stiffness * float(np.max(head - way))


def main() -> None:
    """Measure and report."""
    parser = arguments(__doc__ or "")
    parser.add_argument("--engine", choices=("pybullet", "mujoco"), default="pybullet")
    options = parser.parse_args()
    print(f"engine: {options.engine}")
    engine: Callable[[Scene], Any] = BulletEngine
    if options.engine == "mujoco":
        try:
            from sim.mujoco_engine import MujocoEngine  # noqa: PLC0415 - an extra
        except ImportError:
            cannot_run("MuJoCo is not installed; install the extra: pip install swab-booth[mujoco]")
        engine = MujocoEngine
    calm = run(Case(), engine)
    moving = run(Case(motion=sway(0.00125, 0.24), strokes=5), engine)
    stiff = run(Case(stiffness=500.0), engine)
    for name, trace in (("still", calm), ("moving", moving), ("stiff", stiff)):
        print(f"{name}: {trace}")
        if trace.fault or not trace.steady.any():
            cannot_run(f"the case {name} ended with {trace.fault or 'no stroke'}")
    gag = jerked(engine, lambda start: jerk(start, 0.05, 0.3))
    peaks = [f"50 mm at 0.3 m/s, minimum jerk: {gag.max():.2f} N, bound {_least(jerk, 0.05):.2f} N"]
    for motion, name in ((jerk, "minimum jerk"), (lunge, "at once")):
        force = jerked(engine, lambda start, motion=motion: motion(start, 0.02, 0.3))
        least = _least(motion, 0.02)
        peaks.append(f"20 mm at 0.3 m/s, {name}: {force.max():.2f} N, bound {least:.2f} N")
    times = visit(engine)
    print("; ".join(f"{name} {seconds:.2f} s" for name, seconds in times.items()))
    print(
        "a head that jerks into a swab pressing at 0.3 N on 100 N/m, the prototype's peak 28.8 N;"
    )
    print("the bound is of an arm that learns of it 10 ms later and then flees at 4 m/s²:")
    print("\n".join(peaks))
    if not options.quick:
        sweep(engine)
    figures = [
        Figure("still_rmse_n", calm.rmse, "N", "lower", 0.01),
        Figure("moving_rmse_n", moving.rmse, "N", "lower", 0.03),
        Figure("touch_peak_n", max(calm.touch_peak, stiff.touch_peak), "N", "lower", 0.5),
        Figure("jerk_peak_n", float(gag.max()), "N", "lower", PROTOTYPE_JERK_PEAK_N / 2),
        Figure("jerk_ms_to_falling", float(np.argmax(gag)), "ms", "lower"),
        Figure("jerk_bound_n", _least(jerk, 0.05), "N", "lower"),
        Figure("cycle_s", sum(times.values()), "s", "lower", 30.0),
    ]
    report(
        "contact",
        figures,
        quick=options.quick,
        json_file=options.json,
        packages=("pybullet", "mujoco", "numpy"),
    )


def _least(motion: Callable[[float, float, float], Motion], distance: float) -> float:
    return bound(motion(0.0, distance, 0.3), 100.0, TipLimits().reflex_acceleration, 0.01)


def touch_bound(stiffness: float, delay: float) -> float:
    """Return the touch's peak [N] that an arm coming at the law's 10 mm/s could not avoid.

    Tissue is damped, k (x + r v). The arm feels 25 mN by its filter, ``delay`` [s] later than that,
    moves 3 ms after it was told to, and then flees at its whole reflex a: until then the force has
    come to k v (d + r), and while the arm brakes, to more only where v > r a.
    """
    speed, reflex = 0.010, TipLimits().reflex_acceleration
    lag = felt_after(stiffness, speed) + delay + 0.003
    braking = max(speed - RELAXATION_S * reflex, 0.0) ** 2 / (2.0 * reflex)
    return stiffness * (speed * (lag + RELAXATION_S) + braking)


def felt_after(stiffness: float, speed: float) -> float:
    """Return how long [s] after the touch the law's filter, two poles at 250 rad/s, says 25 mN."""
    step, time, once, twice = 1e-5, 0.0, 0.0, 0.0
    while twice < 0.025:
        time += step
        once += 250.0 * step * (stiffness * speed * (time + RELAXATION_S) - once)
        twice += 250.0 * step * (once - twice)
    return time


def sweep(engine: Callable[[Scene], Any]) -> None:
    """Print what happens over stiffness and sensor delay, head swaying 6 mm/s, and over people."""
    for stiffness in (7.0, 30.0, 100.0, 500.0, 3000.0):
        for delay in (0.0, 0.005, 0.010, 0.020):
            case = Case(stiffness, sway(0.0027, 0.35), delay)
            least = touch_bound(stiffness, delay)
            result = run(case, engine)
            print(
                f"{stiffness:6.0f} N/m, {delay * 1e3:4.0f} ms, touch bound {least:.2f} N: {result}"
            )
    rng = np.random.default_rng(12)
    for population in ("adult", "child", "elderly"):
        for _ in range(3):
            temper = Temperament.sample(population, rng)
            case = Case(temper.stiffness, temperament=temper)
            print(f"{population}, sway {temper.sway_speed * 1e3:.1f} mm/s: {run(case, engine)}")


if __name__ == "__main__":
    main()
