"""The tool's inertia is no contact: it never trips the monitor, and hides no contact from it."""

import numpy as np
import pytest

from arm_control import (
    ArmInfo,
    ArmModel,
    Fault,
    FaultKind,
    JointCommand,
    Limits,
    MoveJoints,
    MoveTip,
    Wipe,
)
from arm_control.configuration import configure
from arm_control.safety import KINDS, OK, SAMPLE, WATCH, default_rules, judge
from spatial import Pose, Vector
from tests.unit.arm_control.plant import Plant
from tests.unit.arm_control.rig import HOME, JOINTS
from tests.unit.arm_control.test_controller import Bench, derivatives

SERVO_HZ = 48.0
AWAY = HOME + np.array((0.5, -0.3, 0.2, 0.4, 0.3, 0.3, 0.2))
MASS = 0.62  # kg
CLAIMS = ("tool_acceleration", "tool_least", "tool_greatest")
FORCE = KINDS.index(FaultKind.FORCE)


JITTER = 3e-4  # s
DELAY = 3e-3  # s


class Uneven(Plant):
    """A plant whose cycles come by up to 0.3 ms sooner or later than they ought.

    Its servos take the newest set-point that is old enough, and go on from it at its velocity.
    """

    def __init__(self, model: ArmModel, mass: float) -> None:
        super().__init__(model, HOME, delay=3, noise=0.003, servo_hz=SERVO_HZ, mass=mass)
        self.said = [(self.now, HOME, np.zeros(7))]

    def sleep_until(self, deadline_ns: int) -> None:  # noqa: ARG002 - the port's; uneven is the point
        """Wait for about a period, whatever the deadline."""
        dt = 1e-3 + self.rng.uniform(-JITTER, JITTER)
        due = self.now + round((dt - DELAY) * 1e9)
        old = [said for said in self.said if said[0] <= due] or self.said[:1]
        self.said = self.said[len(old) - 1 :]
        stamp, q, v = old[-1]
        self.queue = [(q + v * max(due - stamp, 0) * 1e-9, v)]
        self.step(dt)

    def write(self, command: JointCommand) -> None:
        """Note the set-point."""
        self.said.append((self.now, command.position, command.velocity))
        super().write(command)


def in_free_air(model: ArmModel, limits: Limits, plant: Plant) -> Bench:
    """Return an arm with nothing around and nobody there, its sensor's bias taken."""
    bench = Bench(model, limits, plant=plant)
    bench.camera = False
    bench.controller.forget()
    bench.controller._planner.tare()
    return bench


def aside(model: ArmModel, way: float) -> MoveTip:
    """Return a move of ``way`` [m] across, in which the tool keeps its posture."""
    home = model.base_tip(HOME)
    return MoveTip(Pose(home.rotation, home.translation + np.array((0.0, way, 0.0))), speed=0.5)


@pytest.mark.parametrize("mass", [0.8 * MASS, MASS, 1.2 * MASS])
def test_the_hardest_moves_and_stops_in_free_air_never_trip(
    model: ArmModel, limits: Limits, mass: float
) -> None:
    """Uneven cycles, a servo's lag and a tool weighed wrongly by a fifth once read as 2 N."""
    bench = in_free_air(model, limits, Uneven(model, mass))
    turned = [MoveJoints(AWAY, scale=1.0)] if mass == MASS else []  # in which weight is felt anew
    for goal in (aside(model, 0.3), aside(model, -0.3), *turned):
        bench.controller.start(goal)
        for _ in range(700):
            assert bench.cycle().fault is None
        bench.controller.stop()
        for _ in range(300):
            assert bench.cycle().fault is None
    _, _, a, _ = derivatives(bench.commands)
    assert np.abs(a).max() > 0.6 * limits.joints.acceleration.max()


@pytest.mark.parametrize("after", [2, 20, 60, 150])
def test_a_reset_in_the_middle_of_a_way_is_no_blow(
    model: ArmModel, limits: Limits, after: int
) -> None:
    """An arm that still moved was once told to stand at once, where it was, and tripped again."""
    bench = in_free_air(model, limits, Plant(model, HOME, delay=3, noise=0.003, servo_hz=SERVO_HZ))
    bench.controller.start(MoveJoints(AWAY, scale=1.0))
    for _ in range(700):
        bench.cycle()
    bench.safety.trip(Fault(FaultKind.OPERATOR, "stopped by staff", latched=True))
    for _ in range(after):
        assert bench.cycle().fault is not None
    bench.controller.reset("Nurse Li")
    assert bench.cycle().fault is None
    bench.controller.start(MoveJoints(HOME, scale=1.0))
    for _ in range(500):
        assert bench.cycle().fault is None
    _, v, a, j = derivatives(bench.commands[600:])
    joints = limits.joints
    assert (np.abs(v) <= joints.velocity * (1 + 1e-6)).all()
    assert (np.abs(a) <= joints.acceleration * (1 + 1e-6)).all()
    assert (np.abs(j) <= joints.jerk * (1 + 1e-3)).all()


def test_an_arm_that_stopped_by_its_own_means_begins_where_it_stands(
    model: ArmModel, limits: Limits
) -> None:
    plant = Plant(model, HOME, noise=0.003, servo_hz=SERVO_HZ)
    bench = in_free_air(model, limits, plant)
    bench.safety.trip(Fault(FaultKind.ARM, "protective stop", latched=True))
    bench.cycle()
    assert plant.stopped
    plant.q = HOME + 0.02  # moved by hand
    plant.queue = [(plant.q.copy(), plant.v * 0.0)]
    bench.controller.reset("Nurse Li")
    assert not plant.stopped
    bench.cycle()
    assert bench.commands[-1] == pytest.approx(HOME + 0.02, abs=1e-3)


def samples(model: ArmModel, contact: Vector, **claims: object) -> np.ndarray:
    """Return 60 samples of an arm at home, 1 ms apart, that feels ``contact`` (60, 3) [N, base]."""
    out = np.zeros(60, SAMPLE)
    sensor = model.base_sensor(HOME).rotation
    for k, x in enumerate(out, start=1):
        x["sequence"] = k
        x["now"] = x["stamp"] = k * 1_000_000
        x["q"] = HOME
        x["wrench"][:3] = model.tool_weight(HOME).force + sensor.T @ contact[k - 1]
        x["wrench"] += 1e-4 * np.sin(k + np.arange(6))
        x["tared"] = x["arm_ok"] = 1
        for name, value in claims.items():
            x[name] = value
    return out


def verdict(model: ArmModel, limits: Limits, stream: np.ndarray) -> int:
    """Return after how many milliseconds the monitor trips on the force, or OK."""
    info = ArmInfo("plant", JOINTS, 1000.0, 0.002, "holds")
    config, rules = configure(model, limits, info), default_rules()
    watch = np.zeros(1, WATCH)
    watch["fault"] = OK
    for k in range(len(stream)):
        if judge(config, rules, stream[k : k + 1], watch) == FORCE:
            return k
    return OK


def steady(force: float) -> np.ndarray:
    return np.tile(np.array((force, 0.0, 0.0)), (60, 1))


def test_at_rest_nothing_is_forgiven(model: ArmModel, limits: Limits) -> None:
    assert verdict(model, limits, samples(model, steady(0.97))) == OK
    assert 0 < verdict(model, limits, samples(model, steady(1.03))) < 40
    assert 0 < verdict(model, limits, samples(model, steady(3.0))) < 15


def test_an_acceleration_that_is_no_number_explains_nothing(
    model: ArmModel, limits: Limits
) -> None:
    """It once made the force no number either, and no number exceeds a bound."""
    for name in CLAIMS:
        stream = samples(model, steady(1.2), **{name: np.nan})
        assert 0 < verdict(model, limits, stream) < 30


@pytest.mark.parametrize("seed", range(8))
def test_whatever_is_claimed_no_more_is_forgiven_than_stated(
    model: ArmModel, limits: Limits, seed: int
) -> None:
    """Twenty metres a second squared at most, and a newton per axis for what is not known of it."""
    rng = np.random.default_rng(seed)
    rules = default_rules()[0]
    claims = {name: 10.0 ** rng.uniform(0, 6) * rng.normal(size=3) for name in CLAIMS}
    forgiven = MASS * rules["acceleration"] + rules["slack"]
    contact = steady(1.1 + np.sqrt(3.0) * forgiven)
    assert 0 < verdict(model, limits, samples(model, contact, **claims)) < 40


@pytest.mark.parametrize("lag", [0.0, 0.3, 1.0])
def test_contact_trips_during_a_stop_as_well(model: ArmModel, limits: Limits, lag: float) -> None:
    """The tool is braked at 5 m/s², or just not yet: forgiven is a newton, not the contact."""
    braking = np.array((-5.0, 0.0, 0.0))
    inertia = -MASS * lag * braking
    contact = np.tile(np.array((0.0, 0.0, 1.0)), (60, 1))
    claims = {"tool_acceleration": braking, "tool_least": braking, "tool_greatest": 0.0 * braking}
    free = samples(model, np.tile(inertia, (60, 1)), **claims)
    assert verdict(model, limits, free) == OK or lag < 0.6  # more than a newton off is contact
    touched = samples(model, inertia + 2.1 * contact, **claims)
    assert 0 < verdict(model, limits, touched) < 30


def test_a_head_that_jerks_into_the_swab_trips_or_is_given_way_to(
    model: ArmModel, limits: Limits
) -> None:
    """50 mm at 300 mm/s onto bone: above the bound for 25 ms, slack and all, means a trip."""
    bench = Bench(model, limits, plant=Plant(model, HOME, delay=3, noise=0.003, servo_hz=SERVO_HZ))
    bench.enter()
    bench.controller.start(Wipe(bench.put_site(500.0)))
    bench.run(lambda report: report.contact and report.strokes == 1)
    assert bench.wall is not None
    point, normal, stiffness = bench.wall
    over, tripped = 0, False
    for step in range(600):
        bench.wall = (point + min(0.3e-3 * step, 0.05) * normal, normal, stiffness)
        report = bench.cycle()
        tripped = tripped or (report.fault is not None and report.fault.latched)
        over = over + 1 if np.linalg.norm(bench.plant.force) > 2.0 else 0
        assert tripped or over < 25
    assert np.linalg.norm(bench.plant.force) < 1.0
