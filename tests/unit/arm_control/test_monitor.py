"""The monitor in its own process: verdicts, latch, and what happens when it dies."""

import os
import signal
import threading
import time
from collections.abc import Iterator
from multiprocessing import shared_memory

import numpy as np
import pytest

from arm_control import ArmControlError, ArmModel, FaultKind, Limits, MonitorError
from arm_control.memory import record
from arm_control.monitor import VERDICT, MonitorProcess, Pace
from arm_control.ports import ArmInfo
from arm_control.safety import SAMPLE, LocalSafety, fault_of
from arm_control.shared import SharedRecord
from tests.unit.arm_control.rig import HOME, JOINTS

INFO = ArmInfo("plant", JOINTS, 1000.0, 0.002, "holds")


def sample(k: int, model: ArmModel, **changes: object) -> np.ndarray:
    record = np.zeros(1, SAMPLE)
    x = record[0]
    x["sequence"] = k
    x["now"] = k * 1_000_000
    x["stamp"] = x["now"]
    x["q"] = HOME
    x["wrench"][:3] = model.tool_weight(HOME).force
    x["wrench"] += 1e-4 * np.sin(k + np.arange(6))
    x["tared"] = 1
    x["arm_ok"] = 1
    for name, value in changes.items():
        x[name] = value
    return record


@pytest.fixture
def monitor(model: ArmModel, limits: Limits) -> Iterator[MonitorProcess]:
    process = MonitorProcess.for_arm(model, limits, INFO)
    yield process
    process.close()


def test_good_samples_pass_and_a_bad_one_latches_until_a_person_resets(
    monitor: MonitorProcess, model: ArmModel
) -> None:
    assert monitor.pid != os.getpid()
    for k in range(1, 50):
        assert monitor.check(sample(k, model)) is None
    assert monitor.check(sample(50, model, wrench=np.full(6, np.nan))) is None
    fault = monitor.check(sample(51, model))  # in lock-step exactly one sample later
    assert fault is not None
    assert fault.kind is FaultKind.NOT_A_NUMBER
    assert monitor.check(sample(52, model)) == fault
    with pytest.raises(MonitorError, match="name"):
        monitor.reset("")
    monitor.reset("Nurse Li")
    for k in range(53, 60):
        assert monitor.check(sample(k, model)) is None


def test_in_lock_step_a_verdict_comes_one_sample_late_however_fast_the_monitor_is(
    monitor: MonitorProcess, model: ArmModel
) -> None:
    for k in range(1, 20):
        assert monitor.check(sample(k, model)) is None
        time.sleep(0.002 * (k % 3))
    assert monitor.check(sample(20, model, arm_ok=0)) is None
    time.sleep(0.05)  # the verdict is there long before it is asked for
    fault = monitor.check(sample(21, model))
    assert fault is not None
    assert fault.kind is FaultKind.ARM


def die() -> None:
    """End the process that unpickles `Deadly`."""
    os._exit(3)


class Deadly:
    """What cannot arrive in another process alive."""

    def __reduce__(self) -> tuple[object, tuple[()]]:
        return die, ()

    def __call__(self) -> None:
        """Never called."""


def test_a_monitor_that_dies_while_starting_is_told_at_once(
    model: ArmModel, limits: Limits
) -> None:
    begin = time.monotonic()
    with pytest.raises(MonitorError, match="died while starting"):
        MonitorProcess.for_arm(model, limits, INFO, on_trip=Deadly())
    assert time.monotonic() - begin < 60.0  # far below the 120 s of a slow start


def test_a_dead_monitor_is_a_trip_and_cannot_be_reset(
    monitor: MonitorProcess, model: ArmModel
) -> None:
    assert monitor.check(sample(1, model)) is None
    os.kill(monitor.pid, signal.SIGKILL)
    monitor.check(sample(2, model))
    fault = monitor.check(sample(3, model))
    assert fault is not None
    assert fault.kind is FaultKind.MONITOR
    assert fault.latched
    with pytest.raises(MonitorError, match="dead"):
        monitor.reset("Nurse Li")


def test_a_hanging_monitor_is_a_trip(model: ArmModel, limits: Limits) -> None:
    template = LocalSafety.for_arm(model, limits, INFO)
    monitor = MonitorProcess(template._config, answer_s=0.2)
    try:
        assert monitor.check(sample(1, model)) is None
        os.kill(monitor.pid, signal.SIGSTOP)
        monitor.check(sample(2, model))
        fault = monitor.check(sample(3, model))
        assert fault is not None
        assert fault.kind is FaultKind.MONITOR
    finally:
        os.kill(monitor.pid, signal.SIGCONT)
        monitor.close()


def test_closing_leaves_neither_process_nor_memory(model: ArmModel, limits: Limits) -> None:
    monitor = MonitorProcess.for_arm(model, limits, INFO)
    pid, name = monitor.pid, monitor._samples.name
    monitor.close()
    monitor.close()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    with pytest.raises(FileNotFoundError):
        shared_memory.SharedMemory(name=name)


def judged(model: ArmModel, limits: Limits, **changes: object) -> FaultKind | None:
    """The verdict of the same rules in this process, after 60 ms of good and 60 ms of bad."""
    local = LocalSafety.for_arm(model, limits, INFO)
    for k in range(1, 60):
        assert local.check(sample(k, model)) is None
    for k in range(60, 120):
        fault = local.check(sample(k, model, **changes))
        if fault is not None:
            assert fault.latched
            return fault.kind
    return None


def test_each_rule_trips_on_its_own_hazard(model: ArmModel, limits: Limits) -> None:
    push = np.concatenate([model.tool_weight(HOME).force, np.zeros(3)])
    push[2] += 1.5
    frozen = sample(1, model)["wrench"][0]
    tip = model.base_tip(HOME).translation
    noisy = push + np.array([1e-5, 0, 0, 0, 0, 0])
    assert judged(model, limits, wrench=frozen) is FaultKind.FROZEN_SENSOR
    assert judged(model, limits, arm_ok=0) is FaultKind.ARM
    assert judged(model, limits, stamp=0) is FaultKind.STALE_STATE
    assert judged(model, limits, q=np.full(7, np.nan)) is FaultKind.NOT_A_NUMBER
    assert judged(model, limits, q=HOME + 0.1 * np.eye(7)[0]) is FaultKind.SPEED
    assert judged(model, limits, following=1, mouth_stamp=-(10**9)) is FaultKind.STALE_MOUTH
    deep = {
        "mouth_known": 1,
        "mouth_R": np.diag([-1.0, -1.0, 1.0]),
        "mouth_t": tip - (0.12, 0.0, 0.0),
        "corridor_axis": (-1.0, 0.0, 0.0),
        "corridor_radius": 0.014,
        "corridor_depth": 0.1,
    }
    assert judged(model, limits, **deep) is FaultKind.CORRIDOR
    assert judged(model, limits) is None
    local = LocalSafety.for_arm(model, limits, INFO)
    for k in range(1, 30):
        fault = local.check(sample(k, model, wrench=noisy + 1e-5 * np.sin(k + np.arange(6))))
    assert fault is not None
    assert fault.kind is FaultKind.FORCE


def test_a_monitor_interrupted_while_writing_its_verdict_is_waited_for(
    monitor: MonitorProcess, model: ArmModel
) -> None:
    """On two busy cores a writer may rest in the middle of a copy for milliseconds."""
    words = monitor._verdicts._words
    before = int(words[0])
    assert monitor.check(sample(1, model)) is None
    while words[0] == before or words[0] % 2:  # until the verdict stands
        time.sleep(0.01)
    words[0] += 1  # as if its writer slept in the middle
    awake = threading.Timer(0.2, lambda: words.__setitem__(0, words[0] - 1))
    awake.start()
    assert monitor.check(sample(2, model)) is None
    awake.join()
    assert monitor.check(sample(3, model)) is None


def test_in_real_time_a_controller_that_has_not_spoken_yet_is_no_fault(
    model: ArmModel, limits: Limits
) -> None:
    """The empty record was once judged as a sample: an arm that is not ready."""
    monitor = MonitorProcess.for_arm(model, limits, INFO, pace=Pace.REAL_TIME)
    verdicts = SharedRecord.attach(monitor.names[1], VERDICT)
    try:
        first = verdicts.sequence
        deadline = time.monotonic() + 60.0
        while verdicts.sequence < first + 20:
            assert time.monotonic() < deadline, "no verdict in a minute"
            time.sleep(0.001)
        verdict = record(VERDICT)
        assert verdicts.read(verdict)
        assert verdict["fault"][0] < 0
    finally:
        verdicts.close()
        monitor.close()


@pytest.mark.parametrize(("rate_hz", "bound_s"), [(1000.0, 0.03), (50.0, 0.06)])
def test_a_controller_may_be_silent_for_three_of_the_arms_periods(
    model: ArmModel, limits: Limits, rate_hz: float, bound_s: float
) -> None:
    """An arm at 50 Hz speaks every 20 ms: it once tripped after a single cycle that was late."""
    info = ArmInfo("slow", JOINTS, rate_hz, 0.02, "holds")
    monitor = MonitorProcess.for_arm(model, limits, info, pace=Pace.REAL_TIME)
    try:
        fault, deadline = None, time.monotonic() + 60.0
        now = time.monotonic_ns()
        monitor.check(sample(1, model, now=now, stamp=now))  # and then not another word
        verdict = record(VERDICT)
        while fault is None:
            assert time.monotonic() < deadline, "silence is no fault after a minute"
            time.sleep(0.005)
            fault = fault_of(verdict) if monitor._verdicts.read(verdict) else None
        assert fault.kind is FaultKind.HEARTBEAT
        assert float(verdict["bound"][0]) == pytest.approx(bound_s)
        assert float(verdict["value"][0]) > bound_s
    finally:
        monitor.close()


@pytest.mark.parametrize(
    ("missing", "stamp", "wrench"),
    [(2, None, None), (4, FaultKind.STALE_STATE, FaultKind.FROZEN_SENSOR)],
)
def test_state_and_wrist_of_a_slow_arm_may_miss_readings_but_not_many(
    model: ArmModel,
    limits: Limits,
    missing: int,
    stamp: FaultKind | None,
    wrench: FaultKind | None,
) -> None:
    """At 50 Hz a reading is 15 ms old when it is looked at, and 55 ms when two more are lost."""
    period_ns, age_ns = 20_000_000, 15_000_000
    for name, wanted in (("stamp", stamp), ("wrench", wrench)):
        local = LocalSafety.for_arm(model, limits, ArmInfo("slow", JOINTS, 50.0, 0.02, "holds"))
        fault = None
        for k in range(1, 30):
            newest = 10 if 10 < k <= 10 + missing else k
            fresh = sample(k, model, now=k * period_ns, stamp=k * period_ns - age_ns)
            old = sample(newest, model, stamp=newest * period_ns - age_ns)
            fresh[name] = old[name]
            fault = fault or local.check(fresh)
        assert (fault.kind if fault else None) is wanted


@pytest.mark.parametrize("rate_hz", [10.0, 29.9])
def test_an_arm_too_slow_to_be_watched_is_refused(
    model: ArmModel, limits: Limits, rate_hz: float
) -> None:
    with pytest.raises(ArmControlError, match="at least 30"):
        MonitorProcess.for_arm(model, limits, ArmInfo("slow", JOINTS, rate_hz, 0.02, "holds"))
