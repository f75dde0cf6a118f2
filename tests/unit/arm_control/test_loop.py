"""The real-time loop with whatever rights the machine gives; nothing here asserts a time."""

import time

import numpy as np

from arm_control import ArmInfo, ArmModel, Limits
from arm_control.configuration import configure
from arm_control.law import BRAKE
from arm_control.loop import RealTimeLoop, RehearsalArm, wake
from arm_control.memory import INPUT, STATE, record
from arm_control.realtime import LATENESS, monotonic_ns, note_wake, probe
from arm_control.safety import SAMPLE
from arm_control.shared import snapshot
from tests.unit.arm_control.rig import HOME, JOINTS


def test_every_cycle_reaches_monitor_and_black_box(model: ArmModel, limits: Limits) -> None:
    config = configure(model, limits, ArmInfo("rehearsal", JOINTS, 1000.0, 0.002, "holds"))
    monitor = np.zeros(SAMPLE.itemsize // 8 + 1, np.uint64)
    loop = RealTimeLoop(
        config, RehearsalArm(config, HOME), monitor, black_box_s=1.0, brake_after=10_000
    )
    loop.state["q"][0, :7] = HOME
    durations = np.zeros(200, np.int64)
    loop.run(200, durations)
    assert loop.punctuality.cycles == 200
    assert (durations > 0).all()
    assert loop.black_box.entries()["count"].tolist() == list(range(1, 201))
    sample = np.zeros(1, SAMPLE)
    assert snapshot(monitor, sample.view(np.uint64), 10)
    assert sample["sequence"][0] == 200
    assert np.abs(sample["q"][0] - HOME).max() < 1e-9
    loop.restart()
    assert loop.punctuality.cycles == 0


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


def test_a_loop_that_is_late_again_and_again_brakes(model: ArmModel, limits: Limits) -> None:
    config = configure(model, limits, ArmInfo("rehearsal", JOINTS, 1000.0, 0.002, "holds"))
    inputs, state, stats = record(INPUT), record(STATE), record(LATENESS)
    stats["brake_after"] = 3
    clock = np.zeros(2, np.int64)
    for row in range(1, 4):
        stats["deadline"] = monotonic_ns(clock) - 500_000  # woken half a period late
        wake(config, inputs, state, stats, clock)
        assert state["mode"][0] == (BRAKE if row == 3 else 0)


def test_the_kernels_clock_is_pythons() -> None:
    before = time.monotonic_ns()
    now = monotonic_ns(np.zeros(2, np.int64))
    assert before <= now <= time.monotonic_ns()


def test_probing_for_rights_leaves_this_process_as_it_is() -> None:
    import gc  # noqa: PLC0415 - only here

    rights = probe()
    assert gc.isenabled()
    assert rights.full or rights.notes
