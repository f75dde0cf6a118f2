"""The real-time loop with whatever rights the machine gives; nothing here asserts a time."""

import threading
import time
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from arm_control import FaultKind, law
from arm_control.exchange import MEASUREMENT, MOUTH, PULSE, SETPOINT, Exchange
from arm_control.inbox import Inbox
from arm_control.law import BRAKE, JOINT
from arm_control.loop import CLOCKED, Intake, RealTimeLoop, take_in, wake
from arm_control.memory import INPUT, STATE, record
from arm_control.monitor import VERDICT
from arm_control.orders import HELM
from arm_control.realtime import (
    LATENESS,
    charged_ns,
    monotonic_ns,
    note_wake,
    probe,
    sleep_until,
    watch_ns,
)
from arm_control.safety import KINDS, SAMPLE
from arm_control.shared import publish, snapshot
from arm_control.supervision import UNSTEERED_NS, Watched, supervise
from tests.unit.arm_control.rig import HOME


def measure(exchange: Exchange, position: np.ndarray, stamp: int) -> None:
    """Write what the arm's driver would."""
    measurement = record(MEASUREMENT)
    measurement["q"] = position
    measurement["stamp"] = stamp
    measurement["arm_ok"] = 1
    exchange.measurement.write(measurement)


def test_every_cycle_reaches_arm_monitor_and_black_box(
    config: np.ndarray, exchange: Exchange
) -> None:
    samples = np.zeros(SAMPLE.itemsize // 8 + 1, np.uint64)
    verdicts = np.zeros(VERDICT.itemsize // 8 + 1, np.uint64)
    loop = RealTimeLoop(config, exchange, (samples, verdicts), black_box_s=1.0, brake_after=10_000)
    measure(exchange, HOME, time.monotonic_ns())
    durations = np.zeros((200, len(CLOCKED)), np.int64)
    loop.run(200, durations)
    assert loop.punctuality.cycles == 200
    assert (durations > 0).all()
    assert loop.black_box.entries()["count"].tolist() == list(range(1, 201))
    sample = record(SAMPLE)
    assert snapshot(samples, sample.view(np.uint64), 10)
    assert sample["sequence"][0] == 200
    assert np.abs(sample["q"][0] - HOME).max() < 1e-9
    setpoint = record(SETPOINT)
    assert exchange.setpoint.read(setpoint)
    assert setpoint["cycle"][0] == 200
    assert np.abs(setpoint["q"][0] - HOME).max() < 1e-9
    loop.restart()
    assert loop.punctuality.cycles == 0


@given(st.integers(min_value=100_000, max_value=10_000_000))
def test_a_loop_leaves_others_a_part_of_every_period(period_ns: int) -> None:
    assert 0 < watch_ns(period_ns) <= 0.7 * period_ns


def test_a_thread_is_not_charged_with_the_time_it_sleeps() -> None:
    clock = np.zeros(2, np.int64)
    charged, begun = charged_ns(clock), monotonic_ns(clock)
    sleep_until(begun + 50_000_000, clock)
    elapsed = monotonic_ns(clock) - begun
    assert elapsed >= 50_000_000
    assert 0 < charged_ns(clock) - charged < elapsed - 40_000_000


def test_a_loop_ends_when_it_is_told_to(config: np.ndarray, exchange: Exchange) -> None:
    loop = RealTimeLoop(config, exchange, brake_after=10_000)
    thread = threading.Thread(target=loop.run, args=(10**9,))
    thread.start()
    while loop.punctuality.cycles < 3:  # it runs, and lets this thread run too
        time.sleep(0.01)
    loop.quit()
    thread.join(30.0)
    assert not thread.is_alive()


KINDS_IN = {"measurement": MEASUREMENT, "mouth": MOUTH, "verdict": VERDICT, "pulse": PULSE}


def intake(words: dict[str, np.ndarray]) -> Intake:
    parts = {}
    for name, kind in KINDS_IN.items():
        inside = record(kind)
        parts[name] = (words[name], inside, inside.view(np.uint64))
    return Intake(
        *parts["measurement"],
        *parts["mouth"],
        Watched(*parts["verdict"], *parts["pulse"]),
        Inbox.of(np.zeros(1, np.uint64)),
    )


def helm() -> np.ndarray:
    out = record(HELM)
    out["tripped"] = -1
    return out


@pytest.mark.parametrize(
    ("spoil", "fault", "latched"),
    [
        (lambda m, *_: m.__setitem__("stamp", 1), FaultKind.STALE_STATE, False),
        (lambda m, *_: m["q"].__setitem__((0, 2), np.nan), FaultKind.STALE_STATE, False),
        (lambda m, *_: m.__setitem__("arm_ok", 0), FaultKind.ARM, True),
        (
            lambda _, v, *__: v.__setitem__("fault", KINDS.index(FaultKind.FORCE)),
            FaultKind.FORCE,
            True,
        ),
        (lambda _, v, *__: v.__setitem__("stamp", 1), FaultKind.MONITOR, True),
        (
            lambda *a: a[2].__setitem__("pulsed", 10**9 - UNSTEERED_NS - 1),
            FaultKind.HEARTBEAT,
            True,
        ),
        (lambda *_: None, None, False),
    ],
)
def test_stale_or_senseless_measurements_trips_and_silence_brake_a_moving_arm(
    spoil: Callable[[np.ndarray, np.ndarray, np.ndarray], None],
    fault: FaultKind | None,
    latched: bool,
) -> None:
    inputs, state = record(INPUT), record(STATE)
    now = 10**9
    inputs["now"], inputs["stamp"] = now, 1
    inputs["q"][0, :7] = HOME
    state["mode"], state["fault"], state["cycles"] = JOINT, -1, 5
    measurement, verdict, pulse = record(MEASUREMENT), record(VERDICT), record(PULSE)
    measurement["q"], measurement["stamp"], measurement["arm_ok"] = HOME, now - 1_000_000, 1
    verdict["fault"], verdict["stamp"] = -1, now - 1_000_000
    steered = helm()
    steered["pulse"] = pulse["number"] = 7
    steered["pulsed"] = now - 1_000_000
    spoil(measurement, verdict, steered)
    ports = {}
    for name, inside in (
        ("measurement", measurement),
        ("mouth", record(MOUTH)),
        ("verdict", verdict),
        ("pulse", pulse),
    ):
        ports[name] = np.zeros(inside.itemsize // 8 + 1, np.uint64)
        publish(ports[name], inside.view(np.uint64))
    taken = intake(ports)
    take_in(inputs, state, taken)
    supervise(inputs, state, steered, int(taken.measurement["arm_ok"][0]), taken.watched)
    assert np.isfinite(inputs["q"]).all()
    assert state["mode"][0] == (JOINT if fault is None else BRAKE)
    code = -1 if fault is None else KINDS.index(fault)
    assert state["fault"][0] == code
    assert steered["tripped"][0] == (code if latched else -1)


@pytest.mark.parametrize("seed", range(6))
def test_whatever_a_hostile_writer_leaves_the_arm_keeps_its_limits_and_brakes(
    config: np.ndarray, seed: int
) -> None:
    """Any words, any sequence: nothing that is no number gets in, and the arm comes to rest."""
    rng = np.random.default_rng(seed)
    inputs, state = record(INPUT), record(STATE)
    inputs["q"][0, :7] = state["q"][0, :7] = state["rest"][0, :7] = HOME
    state["mode"], state["fault"], state["cycles"] = JOINT, -1, 5
    state["rate"] = state["rate_wish"] = 1.0
    profile = state[0]["joint_profile"]
    profile["start"][:, 1:], profile["duration"] = np.inf, 100.0
    profile["state"][:, 0, 0], profile["state"][:, 0, 1] = HOME, 0.5
    kinds = KINDS_IN
    ports = {name: np.zeros(kind.itemsize // 8 + 1, np.uint64) for name, kind in kinds.items()}
    taken, steered = intake(ports), helm()
    now = 10**9
    for _ in range(1_500):
        now += 1_000_000
        inputs["now"], inputs["step"] = now, 1e-3
        for name, kind in kinds.items():
            inside = record(kind)
            words = inside.view(np.uint64)
            if rng.random() < 0.5:
                words[:] = rng.integers(0, 2**64, words.size, dtype=np.uint64)
            else:
                words.view(np.float64)[:] = rng.normal(size=words.size) * 10.0 ** rng.integers(
                    -3, 9
                )
                stamp = "number" if kind is PULSE else "stamp"
                inside[stamp] = now + rng.integers(-(10**8), 10**8)
            publish(ports[name], words)
            if rng.random() < 0.2:  # and dies in the middle
                ports[name][0] += np.uint64(1)
        take_in(inputs, state, taken)
        supervise(inputs, state, steered, int(taken.measurement["arm_ok"][0]), taken.watched)
        law.cycle(config, inputs, state)
        for name in ("q", "v", "wrench", "mouth_R", "mouth_t"):
            assert np.isfinite(inputs[name]).all()
        q, v = state["q"][0, :7], state["v"][0, :7]
        assert ((q >= config["lower"][0]) & (q <= config["upper"][0])).all()
        assert (np.abs(v) <= config["velocity"][0] * (1.0 + 1e-9)).all()
    assert state["mode"][0] == BRAKE
    assert 0 <= state["fault"][0] < len(KINDS)
    assert np.abs(state["v"]).max() < 1e-6


def test_late_wakes_are_counted_as_episodes_and_missed_deadlines_skipped() -> None:
    stats = record(LATENESS)
    stats["deadline"] = 1_000
    period = 1_000
    for lateness in (0, 300, 500, 0, 2_500, 0):
        note_wake(stats, int(stats["deadline"][0]) + lateness, period)
    s = stats[0]
    assert (s["cycles"], s["late"], s["episodes"], s["longest_row"]) == (6, 3, 2, 2)
    assert s["skipped"] == 2
    assert s["worst"] == 2_500
    assert s["deadline"] == 1_000 + (6 + 2) * period


def test_a_loop_that_is_late_again_and_again_brakes(config: np.ndarray) -> None:
    inputs, state, stats = record(INPUT), record(STATE), record(LATENESS)
    stats["brake_after"], state["mode"] = 3, JOINT
    clock = np.zeros(2, np.int64)
    for row in range(1, 4):
        stats["deadline"] = monotonic_ns(clock) - 500_000  # woken half a period late
        wake(config, inputs, state, stats, clock)
        assert state["mode"][0] == (BRAKE if row == 3 else JOINT)


def test_the_kernels_clock_is_pythons() -> None:
    before = time.monotonic_ns()
    now = monotonic_ns(np.zeros(2, np.int64))
    assert before <= now <= time.monotonic_ns()


def test_probing_for_rights_leaves_this_process_as_it_is() -> None:
    import gc  # noqa: PLC0415 - only here

    rights = probe()
    assert gc.isenabled()
    assert rights.full or rights.notes
