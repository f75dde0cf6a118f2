"""Sessions through the real-time loop: the same law, and nobody at the helm is no danger."""

from collections.abc import Callable

import numpy as np
import pytest

from arm_control import (
    ArmControlError,
    ArmModel,
    ArmStatus,
    Enter,
    Fault,
    FaultKind,
    GoalError,
    Hold,
    Limits,
    MoveJoints,
    Phase,
    Wipe,
    Withdraw,
)
from arm_control.clearance import take
from arm_control.exchange import ORDER, Exchange
from arm_control.inbox import PLANNED
from arm_control.law import BRAKE
from arm_control.memory import STATE, record
from arm_control.orders import Answer, OrderKind
from arm_control.shared import publish
from spatial import Vector, Wrench
from tests.unit.arm_control.loop_bench import LoopBench
from tests.unit.arm_control.plant import Plant
from tests.unit.arm_control.rig import HOME
from tests.unit.arm_control.test_controller import CORRIDOR, Bench


@pytest.fixture
def bench(model: ArmModel, limits: Limits, exchange: Exchange) -> LoopBench:
    return LoopBench(model, limits, exchange)


def visit(bench: Bench) -> list[Vector]:
    """Enter, wipe with a pause, come out, go home; return every set-point."""
    bench.enter()
    bench.controller.start(Wipe(bench.put_site(), strokes=1))
    bench.run(lambda r: r.phase is Phase.WIPING)
    bench.controller.pause()
    for _ in range(400):
        bench.cycle()
    bench.controller.resume("Nurse Li")
    assert bench.run(lambda r: r.done or r.fault is not None).strokes == 1
    bench.wall = bench.plant.wall = None
    assert bench.do(Withdraw(0.08)).fault is None
    bench.controller.start(MoveJoints(HOME))
    bench.run(lambda r: r.progress > 0.4)
    bench.controller.stop()
    bench.run(lambda r: r.phase is Phase.STOPPED)
    assert bench.do(MoveJoints(HOME)).position == pytest.approx(HOME, abs=1e-3)
    return bench.commands


def test_a_visit_through_the_loop_is_the_lock_step_controllers_to_the_last_digit(
    bench: LoopBench, model: ArmModel, limits: Limits
) -> None:
    through, direct = visit(bench), visit(Turning(model, limits))
    assert len(through) == len(direct)
    assert np.abs(np.array(through) - np.array(direct)).max() < 1e-12


class Turning(Bench):
    """The lock-step controller's bench, in which an order takes a cycle, as it does in the loop."""

    first = LoopBench.first

    def __init__(self, model: ArmModel, limits: Limits) -> None:
        super().__init__(model, limits)
        ordered = self.controller

        class Orders:
            def __getattr__(_, name: str) -> object:  # noqa: N805 - the bench is self
                def obey(*values: object) -> None:
                    getattr(ordered, name)(*values)
                    Bench.cycle(self)

                orders = ("start", "stop", "pause", "resume")
                return obey if name in orders else getattr(ordered, name)

        self.controller = Orders()  # type: ignore[assignment]  # stands for it


def at_rest(bench: LoopBench) -> bool:
    return bool(np.abs(bench.loop.state["v"]).max() < 1e-3)


def keeps_limits(bench: LoopBench, limits: Limits, since: int = 250) -> None:
    q, n = np.array(bench.commands[since:]), limits.joints.joints
    v, a, j = (np.diff(q, k, axis=0)[:, :n] * 1000.0**k for k in (1, 2, 3))
    joints = limits.joints
    assert (np.abs(v) <= joints.velocity * (1 + 1e-6)).all()
    assert (np.abs(a) <= joints.acceleration * (1 + 1e-6)).all()
    assert (np.abs(j) <= joints.jerk * (1 + 1e-3)).all()


@pytest.mark.parametrize(
    ("spoil", "kind"),
    [
        (lambda plant: setattr(plant, "bias", Wrench((3.0, 0.0, 0.0))), FaultKind.FORCE),
        (lambda plant: setattr(plant, "status", ArmStatus.PROTECTIVE_STOP), FaultKind.ARM),
    ],
)
def test_a_trip_latches_the_tip_leaves_the_mouth_and_a_person_resets(
    bench: LoopBench, limits: Limits, spoil: Callable[[Plant], None], kind: FaultKind
) -> None:
    bench.enter()
    spoil(bench.plant)
    report = bench.run(lambda r: r.fault is not None and r.fault.latched, 1.0)
    assert report.fault is not None
    assert report.fault.kind is kind
    assert bench.controller.latched
    with pytest.raises(GoalError, match="reset"):
        bench.controller.start(Hold())
    with pytest.raises(GoalError, match="reset"):
        bench.controller.pause()
    last = bench.run(lambda r: r.done, 10.0)
    inside = (bench.mouth().base_mouth.inverse() @ last.base_tip).translation[0] < 0.0
    assert inside == bench.plant.stopped == (kind is FaultKind.ARM)
    if kind is FaultKind.ARM:  # not mended yet
        with pytest.raises(ArmControlError, match="not ready"):
            bench.controller.reset("Nurse Li")
    bench.plant.mend()
    bench.turn()
    with pytest.raises(ArmControlError, match="person"):
        bench.controller.reset(" ")
    bench.controller.reset("Nurse Li")
    bench.run(lambda r: r.fault is None, 0.1)
    assert bench.do(Withdraw(0.08)).fault is None
    assert not bench.plant.stopped
    if kind is not FaultKind.ARM:  # which begins anew where it stands, at rest
        keeps_limits(bench, limits)


def test_a_session_that_falls_silent_stops_the_arm_which_waits_for_staff(
    bench: LoopBench, limits: Limits
) -> None:
    bench.enter()
    bench.controller.start(Enter(CORRIDOR, 0.07))
    bench.run(lambda r: r.progress > 0.2)
    for _ in range(600):  # the session's process hangs
        bench.turn()
    assert bench.loop.state["mode"][0] == BRAKE
    assert at_rest(bench)
    report = bench.cycle()  # and is back
    assert report.fault is not None
    assert report.fault.kind is FaultKind.HEARTBEAT
    assert report.fault.latched
    out = bench.run(lambda r: r.done and r.phase is Phase.WITHDRAWING, 10.0)
    assert (bench.mouth().base_mouth.inverse() @ out.base_tip).translation[0] > 0.05
    with pytest.raises(GoalError, match="reset"):
        bench.controller.start(MoveJoints(HOME))
    bench.controller.reset("Nurse Li")
    assert bench.resets == ["Nurse Li"]
    assert bench.do(MoveJoints(HOME)).fault is None
    keeps_limits(bench, limits)


def test_silence_beside_a_standing_arm_is_no_fault(bench: LoopBench) -> None:
    assert bench.do(MoveJoints(HOME + 0.02)).done
    for _ in range(600):
        bench.turn()
    assert bench.cycle().fault is None


def test_a_loop_that_dies_is_told_and_stays_told(bench: LoopBench) -> None:
    bench.controller.start(MoveJoints(HOME + 0.2))
    bench.run(lambda r: r.progress > 0.2)
    bench.dead.add("loop")
    report = bench.run(lambda r: r.fault is not None, 1.0)
    assert report.fault is not None
    assert report.fault.latched
    assert "loop ended" in report.fault.detail
    with pytest.raises(GoalError, match="reset"):
        bench.controller.start(Hold())
    with pytest.raises(ArmControlError, match="start its processes again"):
        bench.controller.reset("Nurse Li")
    bench.dead.clear()
    assert bench.cycle().fault is not None
    bench.controller.reset("Nurse Li")
    assert bench.cycle().fault is None


def test_the_sessions_own_word_latches_too(bench: LoopBench) -> None:
    bench.enter()
    bench.controller.trip(Fault(FaultKind.HEARTBEAT, "the vision node is gone", latched=True))  # type: ignore[attr-defined]  # the loop's alone
    report = bench.run(lambda r: r.done, 10.0)
    assert report.phase is Phase.WITHDRAWING
    assert report.fault is not None
    assert report.fault.detail == "the vision node is gone"


STATES: dict[str, Callable[[LoopBench], object]] = {
    "holding": lambda b: b.cycle(),
    "moving": lambda b: (
        b.controller.start(MoveJoints(HOME + 0.3, scale=1.0)),
        b.run(lambda r: r.progress > 0.5),
    ),
    "entering": lambda b: (
        b.enter(),
        b.controller.start(Enter(CORRIDOR, 0.07)),
        b.run(lambda r: r.progress > 0.3),
    ),
    "wiping": lambda b: (
        b.enter(),
        b.controller.start(Wipe(b.put_site(), strokes=2)),
        b.run(lambda r: r.phase is Phase.WIPING),
    ),
    "paused": lambda b: (STATES["moving"](b), b.controller.pause()),
    "stopping": lambda b: (STATES["moving"](b), b.controller.stop()),
    "tripped": lambda b: (
        STATES["moving"](b),
        b.controller.trip(Fault(FaultKind.OPERATOR, "stop", latched=True)),  # type: ignore[attr-defined]  # as above
    ),
}


@pytest.mark.parametrize("name", STATES)
def test_every_order_from_every_state_is_answered_and_a_stop_ends_in_bounded_time(
    bench: LoopBench, limits: Limits, name: str
) -> None:
    STATES[name](bench)
    latched = name == "tripped"
    loop, steering = bench.loop, bench.steering
    assert steering is not None
    for kind in (OrderKind.PAUSE, OrderKind.RESUME, OrderKind.WAY_OUT, OrderKind.HOLD):
        refused = kind is OrderKind.WAY_OUT or latched
        assert (steering._tell(kind, plan=loop.state) is not Answer.DONE) == refused
        assert steering._tell(OrderKind.GOAL, plan=loop.state) is not Answer.DONE  # no fresh plan
    joints = limits.joints
    v = float(np.abs(loop.state["v"]).max())
    bound = v / joints.acceleration.min() + 4.0 * (joints.acceleration / joints.jerk).max() + 0.01
    assert steering._tell(OrderKind.STOP) is Answer.DONE
    for _ in range(round(bound * 1000)):
        bench.turn()
    assert at_rest(bench)
    keeps_limits(bench, limits)


def test_a_plan_that_is_old_elsewhere_or_senseless_is_not_taken_up(bench: LoopBench) -> None:
    steering, planner_state = bench.steering, bench.loop.state
    assert steering is not None
    steering._look()
    take(MoveJoints(HOME + 0.1), steering._planner, None, steering._input, steering._state)
    plan = steering._state.copy()

    def told(**changes: object) -> Answer:
        spoiled = plan.copy()
        spoiled["cycles"] = planner_state["cycles"]
        for name, value in changes.items():
            spoiled[name] = value
        return steering._tell(OrderKind.GOAL, plan=spoiled)

    profile = plan["joint_profile"].copy()
    profile["state"][0, 0, 0, 0] += 0.1
    spoiled = plan["joint_profile"].copy()
    spoiled["state"][0, 3, 1, 2] = np.nan
    backwards = plan["joint_profile"].copy()
    backwards["start"][0, 2, 1] = -1.0
    assert told(cycles=planner_state["cycles"] - 150) is Answer.STALE
    assert told(cycles=planner_state["cycles"] + 5) is Answer.STALE
    assert told(joint_profile=profile) is Answer.ELSEWHERE
    assert told(joint_profile=spoiled) is Answer.SENSELESS
    assert told(joint_profile=backwards) is Answer.SENSELESS
    assert told(mode=99) is Answer.SENSELESS
    assert told(phase=99) is Answer.SENSELESS
    assert told(follow=1) is Answer.SENSELESS
    assert steering._tell(OrderKind.WAY_OUT, plan=plan) is Answer.NOTHING_LATCHED
    assert bench.cycle().phase is Phase.HOLDING
    assert np.ptp(np.array(bench.commands[-20:]), axis=0).max() < 1e-9
    assert told() is Answer.DONE
    assert bench.cycle().phase is Phase.MOVING


@pytest.mark.parametrize("seed", range(2))
def test_whatever_a_hostile_writer_orders_the_arm_keeps_its_limits(
    bench: LoopBench, limits: Limits, seed: int
) -> None:
    """Noise is never taken up; a plan with a few words spoiled may be, and keeps the limits."""
    rng = np.random.default_rng(seed)
    steering, loop = bench.steering, bench.loop
    assert steering is not None
    bench.enter()
    goals = [MoveJoints(HOME), Wipe(bench.put_site()), Enter(CORRIDOR, 0.07), Withdraw(0.08)]
    plans = []
    for goal in goals:
        steering._look()
        take(goal, steering._planner, None, steering._input, steering._state)
        plans.append(steering._state.copy())
    order = record(ORDER)
    words, port = order.view(np.uint64), bench.exchange.order.words
    since = len(bench.commands)
    for turn in range(1_200):
        noise = bool(rng.random() < 0.5)
        if noise:
            words[:] = rng.integers(0, 2**64, words.size, dtype=np.uint64)
            order["kind"] = OrderKind.GOAL
        else:
            order["state"] = plans[rng.integers(len(plans))]
            order["kind"] = rng.choice([OrderKind.GOAL, OrderKind.WAY_OUT, OrderKind.TRIP, 77])
            hit = rng.integers(0, words.size, 3)
            values = rng.normal(size=3) * 10.0 ** rng.integers(-3, 9)
            order.view(np.float64)[hit] = values
        order["number"], order["cycle"] = 10_000 + turn, loop.state["cycles"]
        publish(port, words)
        torn = bool(rng.random() < 0.2)
        if torn:  # its writer dies at the next one
            port[0] += np.uint64(1)
        before = loop.state["phase"][0], loop.state["mode"][0]
        bench.turn()
        steering._look()
        seen = int(steering._view["order"][0]) == 10_000 + turn
        assert not (torn and seen)
        if noise:
            assert not seen or steering._view["answer"][0] != Answer.DONE
            assert torn or not seen or loop.state["mode"][0] in (before[1], BRAKE)
    keeps_limits(bench, limits, since - 3)
    for name in ("q", "v", "a", "clock", "offset"):
        assert np.isfinite(loop.state[name]).all()


def test_a_plan_is_what_planning_changes(bench: LoopBench) -> None:
    bench.enter()
    steering = bench.steering
    assert steering is not None
    fields = STATE.names or ()
    for goal in (MoveJoints(HOME), Withdraw(0.08), Enter(CORRIDOR, 0.07), Wipe(bench.put_site())):
        steering._look()
        bench.cycle()
        before = steering._state.copy()
        take(goal, steering._planner, None, steering._input, steering._state)
        after = steering._state
        changed = {name for name in fields if before[name].tobytes() != after[name].tobytes()}
        assert changed <= set(PLANNED[int(after["mode"][0])])
        assert changed & {"joint_profile", "tip_profile"}
