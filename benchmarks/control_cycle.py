"""How long one control cycle takes inside the running 1 kHz loop, and what its parts cost.

The loop runs in its own process with whatever rights the machine gives: 600,000 cycles; with
--quick 60,000, by two loops on two cores at once so that it ends within 45 s, or 30,000 on fewer
than four cores. A 7-axis arm follows a swaying mouth and wipes it: kinematics of the measured and
of the commanded arm, mouth filter, force filter, contact law, quadratic program, limits, set-point,
the monitor's sample and the black box are all on. The arm and its tissue are another thread on
another core; state and set-points cross by shared memory. A cycle's time runs from the wake-up to
the set-point handed over and the cycle noted, by two clocks: ``cycle_us_*`` is the processor time
that the loop's thread is charged with, what computing takes in whatever caches it finds;
``elapsed_us_*`` goes by the clock on the wall, with what the kernel and, on a guest, its host take
in between. Late wake-ups belong to the machine and are counted apart.
"""

import multiprocessing
import os
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, NamedTuple, Self

import numpy as np
import pinocchio as pin
import pybullet_data
from common import Figure, arguments, cannot_run, report
from numba.core.runtime import _nrt_python, rtsys
from ruckig import InputParameter, OutputParameter, Ruckig

from arm_control import law
from arm_control.compiled import kernel, unlocked
from arm_control.configuration import configure
from arm_control.exchange import MEASUREMENT, MOUTH, SETPOINT, Exchange
from arm_control.kinematics import tip_kinematics, tool_acceleration
from arm_control.limits import JointLimits, Limits
from arm_control.linear import multiply, rotate_back
from arm_control.loop import CLOCKED, PARTS, RealTimeLoop
from arm_control.memory import INPUT, STATE, record
from arm_control.model import ArmModel
from arm_control.motion import Wipe
from arm_control.planning import Planner
from arm_control.ports import ArmInfo
from arm_control.realtime import claim, monotonic_ns, sleep_until
from arm_control.report import Phase
from arm_control.shared import publish, snapshot
from arm_control.target import SiteTarget
from arm_control.tool import Tool
from arm_control.urdf import reduced_model
from spatial import Pose

FULL, QUICK = 600_000, 30_000
JOINTS = tuple(f"lbr_iiwa_joint_{i}" for i in range(1, 8))
LINKS = ("lbr_iiwa_link_0", "lbr_iiwa_link_7")
START = np.array((0.0, 0.75, 0.0, -1.70, 0.0, -0.88, -np.pi / 2))
WIPING = tuple(Phase).index(Phase.WIPING)


def urdf() -> Path:
    """Return the 7-axis arm's file."""
    return Path(pybullet_data.getDataPath()) / "kuka_iiwa" / "model.urdf"


def make_model() -> ArmModel:
    """Return the arm with a swab."""
    tool = Tool(
        flange_tip=Pose(translation=(0.0, 0.0, 0.325)),
        flange_camera=Pose(translation=(0.0, -0.055, 0.125)),
        flange_sensor=Pose(translation=(0.0, 0.0, 0.045)),
        mass=0.62,
        center_of_mass=(0.0, -0.008, 0.107),
        shaft_stiffness=3.4,
    )
    return ArmModel.from_urdf(urdf(), *LINKS, JOINTS, tool)


class Way(NamedTuple):
    """One direction: shared words, the record on this side, and its words."""

    port: np.ndarray
    record: np.ndarray
    words: np.ndarray


@unlocked
def be_arm(
    config: np.ndarray,
    setpoint: Way,
    measurement: Way,
    mouth: Way,
    body: np.ndarray,
    noise: np.ndarray,
    past: np.ndarray,
    stop: np.ndarray,
) -> None:
    """Be an arm that follows its set-points 3 ms late and presses on a swaying wall, until told.

    The wall stands 5 mm inside the mouth, gives way with 100 N/m, and sways with the mouth by 2 mm
    at 0.35 Hz; the mouth is seen every 33 ms. The wrist reads contact, the tool's weight and
    inertia, and noise. ``body`` is a STATE record (1,) for the arm's kinematics.
    """
    c = config[0]
    s = body[0]
    m = measurement.record[0]
    p = setpoint.record[0]
    o = mouth.record[0]
    clock = np.zeros(2, np.int64)
    S = np.empty((3, 3))
    load = np.empty(3)
    lips = o.t[0]
    w = 2.0 * np.pi * 0.35
    deadline = monotonic_ns(clock)
    begin = deadline
    count = 0
    while not stop[0]:
        deadline += 1_000_000
        sleep_until(deadline, clock)
        count += 1
        slot = count % past.shape[0]
        past[slot, 0, :] = m.q
        past[slot, 1:, :] = 0.0
        if snapshot(setpoint.port, setpoint.words, 100) and p.cycle > 0:
            past[slot, 0, :] = p.q
            past[slot, 1, :] = p.v
            past[slot, 2, :] = p.a
        now = monotonic_ns(clock)
        sway = 0.002 * np.sin(w * (now - begin) * 1e-9)
        if count % 33 == 0:
            o.stamp = now
            o.t[0] = lips + sway
            o.v[0] = 0.002 * w * np.cos(w * (now - begin) * 1e-9)
            publish(mouth.port, mouth.words)
        slot = (count + 1) % past.shape[0]
        m.q[:] = past[slot, 0]
        m.v[:] = past[slot, 1]
        s.q[:] = m.q
        s.v[:] = m.v
        tip_kinematics(c, s)
        tool_acceleration(c, s, past[slot, 2], load)
        for k in range(3):
            load[k] = c.tool_mass * (c.gravity[k] - load[k])
        load[0] -= 100.0 * max(s.t[0] - (lips + sway + 0.005), 0.0)
        multiply(s.flange_R, c.sensor_R, S)
        rotate_back(S, load, load)
        for k in range(3):
            m.wrench[k] = load[k] + noise[count % noise.shape[0], k]
            m.wrench[3 + k] = 0.05 * noise[count % noise.shape[0], 3 + k]
        m.stamp = now
        m.arm_ok = 1
        publish(measurement.port, measurement.words)


class SwayingArm:
    """The arm, its tissue and the camera, in a thread of their own while the context lasts."""

    def __init__(self, config: np.ndarray, exchange: Exchange, mouth: Pose) -> None:
        self.stop = np.zeros(1, np.int64)
        measurement, view, setpoint = record(MEASUREMENT), record(MOUTH), record(SETPOINT)
        measurement["q"][0, :7] = START
        view["known"] = 1
        view["R"], view["t"] = mouth.rotation, mouth.translation
        past = np.zeros((4, 3, 7))
        past[:, 0] = START
        noise = np.random.default_rng(1).normal(size=(997, 6)) * 0.003
        self._arguments = (
            config,
            Way(exchange.setpoint.words, setpoint, setpoint.view(np.uint64)),
            Way(exchange.measurement.words, measurement, measurement.view(np.uint64)),
            Way(exchange.mouth.words, view, view.view(np.uint64)),
            record(STATE),
            noise,
            past,
            self.stop,
        )
        self._thread = threading.Thread(target=self._live)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def _live(self) -> None:
        with suppress(OSError):  # without rights an arm that is late now and then is what there is
            os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(70))
        be_arm(*self._arguments)

    def __exit__(self, *_: object) -> None:
        self.stop[0] = 1
        self._thread.join()


def allocations(work: Callable[[], None]) -> int:
    """Return how many blocks ``work`` takes from the heap: the kernels' and Python's own."""
    _nrt_python.memsys_enable_stats()
    compiled, blocks = rtsys.get_allocation_stats().alloc, sys.getallocatedblocks()
    work()
    blocks = sys.getallocatedblocks() - blocks
    return int(rtsys.get_allocation_stats().alloc - compiled) + max(blocks, 0)


def measure(pipe: Connection, cycles: int, core: int) -> None:
    """Run the loop in this process and send back what was measured."""
    model = make_model()
    limits = Limits(JointLimits.of(model))
    config = configure(model, limits, ArmInfo("iiwa", JOINTS, 1000.0, 0.003, "holds"))
    exchange = Exchange.create()
    try:
        loop = RealTimeLoop(config, exchange, brake_after=cycles)
        mouth = Pose(np.diag([-1.0, -1.0, 1.0]), model.base_tip(START).translation)
        with SwayingArm(config, exchange, mouth):
            while exchange.mouth.sequence == 0:  # once it is compiled, the arm is seen at once
                time.sleep(0.01)
            rights = claim(core)
            s = loop.state[0]
            planner = Planner(limits, config, loop.state)
            loop.run(500)
            planner.tare()
            s["fault"] = -1
            path = np.outer((-0.006, 0.0, 0.006), (0.0, 0.0, 1.0)) - (0.005, 0.0, 0.0)
            planner.take(Wipe(SiteTarget("wall", path[1], (1.0, 0.0, 0.0), path), strokes=20))
            s["strokes_wanted"] = 1_000_000_000
            loop.run(2_500)
            durations = np.zeros((cycles, len(CLOCKED)), np.int64)
            entering = max(allocations(lambda: loop.run(10, durations)) for _ in range(3))
            loop.restart()
            taken = allocations(lambda: loop.run(cycles, durations)) - entering
        outcome = (int(s["phase"]), int(s["fault"]), int(s["infeasible"]), float(s["contact_s"]))
        pipe.send((durations, taken, loop.punctuality, rights, outcome))
    finally:
        exchange.close()
        exchange.unlink()


def hot(work: Callable[[], Any], count: int = 20_000) -> float:
    """Return the median time [µs] of ``work``, called in a row."""
    times = np.empty(count, np.int64)
    for _ in range(200):
        work()
    for k in range(count):
        begin = time.perf_counter_ns()
        work()
        times[k] = time.perf_counter_ns() - begin
    return float(np.median(times)) / 1e3


def ruckig_alone() -> float:
    """Re-plan and step seven axes on line, as a loop without our profiles would."""
    otg = Ruckig(7, 0.001)
    wish, out = InputParameter(7), OutputParameter(7)
    wish.current_position = [0.0] * 7
    wish.target_position = [0.5, -0.3, 0.2, 0.8, -0.6, 0.4, 0.1]
    wish.max_velocity, wish.max_acceleration, wish.max_jerk = [1.5] * 7, [15.0] * 7, [1000.0] * 7
    flip = [0]

    def work() -> None:
        flip[0] += 1
        wish.target_position = [0.5 + 1e-4 * (flip[0] % 7), -0.3, 0.2, 0.8, -0.6, 0.4, 0.1]
        otg.update(wish, out)
        out.pass_to_input(wish)

    return hot(work)


def pinocchio_alone() -> float:
    """Forward kinematics, Jacobian and inverse dynamics."""
    model = reduced_model(urdf(), JOINTS)
    data = model.createData()
    frame = model.getFrameId(LINKS[1])
    v = np.full(7, 0.1)

    def work() -> None:
        pin.computeJointJacobians(model, data, START)
        pin.getFrameJacobian(model, data, frame, pin.ReferenceFrame.LOCAL_WORLD_ALIGNED)
        pin.rnea(model, data, START, v, v)

    return hot(work)


def numpy_alone() -> float:
    """Forward kinematics, Jacobian and damped least squares, in plain NumPy."""
    model = make_model()
    wish = np.full(6, 0.1)

    def work() -> None:
        J = model.jacobian(START)
        np.linalg.solve(J.T @ J + 1e-4 * np.eye(7), J.T @ wish)

    return hot(work, 2_000)


@kernel
def repeat_law(config: np.ndarray, inputs: np.ndarray, state: np.ndarray, times: int) -> None:
    """Run the law ``times`` in a row."""
    for _ in range(times):
        law.cycle(config, inputs, state)


def law_alone() -> float:
    """Return the mean time [µs] of the law of a holding arm, called in a row."""
    model = make_model()
    limits = Limits(JointLimits.of(model))
    config = configure(model, limits, ArmInfo("iiwa", JOINTS, 1000.0, 0.003, "holds"))
    inputs, state = record(INPUT), record(STATE)
    inputs["step"] = 0.001
    inputs["q"][0, :7] = state["q"][0, :7] = START
    repeat_law(config, inputs, state, 100)
    begin = time.perf_counter_ns()
    repeat_law(config, inputs, state, 20_000)
    return (time.perf_counter_ns() - begin) / 20_000 / 1e3


def run_loops(cycles: int, loops: int) -> list[Any]:
    """Run ``loops`` processes at once, each on its own core, and collect what they measured."""
    context = multiprocessing.get_context("spawn")
    cores = sorted(os.sched_getaffinity(0))
    started = []
    for k in range(loops):
        ours, theirs = context.Pipe()
        process = context.Process(target=measure, args=(theirs, cycles, cores[-1 - k]), daemon=True)
        process.start()
        theirs.close()
        started.append((process, ours))
    results = []
    for process, pipe in started:
        try:
            results.append(pipe.recv())
        except EOFError:
            cannot_run("the loop's process died; run it again and read what it printed")
        process.join()
    return results


def main() -> None:
    """Measure and report."""
    options = arguments(__doc__ or "").parse_args()
    loops = 2 if options.quick and len(os.sched_getaffinity(0)) >= 4 else 1
    results = run_loops(QUICK if options.quick else FULL, loops)
    for _, _, _, _, (phase, fault, _, contact) in results:
        if phase != WIPING or contact < 5.0:
            cannot_run(
                f"the loop left the wiping phase (phase {phase}, fault {fault}, {contact:.1f} s in "
                "contact); nothing was measured"
            )
    clocked = np.concatenate([durations for durations, *_ in results]) / 1e3
    parts, computing = clocked[:, : len(PARTS)], clocked[:, len(PARTS)]
    elapsed = parts.sum(axis=1)
    punctual = [result[2] for result in results]
    rights = results[0][3]
    for line in rights.notes:
        print(line)
    print(
        f"{len(elapsed)} cycles, {loops} loop(s), "
        f"real-time class {'yes' if rights.fifo else 'no'}, core {rights.core}, "
        f"memory locked {'yes' if rights.locked else 'no'}; "
        f"{sum(result[4][2] for result in results)} cycles braked for want of a solution"
    )
    for name, column in zip(PARTS, parts.T, strict=True):
        print(f"{name}: p50 {np.median(column):.2f}, p99 {np.percentile(column, 99):.2f} µs")
    taken = max(sum(result[1] for result in results), 0)
    figures = [
        Figure("cycle_us_p50", float(np.median(computing)), "µs", "lower", 10.0),
        Figure("cycle_us_p99", float(np.percentile(computing, 99.0)), "µs", "lower", 20.0),
        Figure("cycle_us_p999", float(np.percentile(computing, 99.9)), "µs", "lower"),
        Figure("cycle_us_max", float(computing.max()), "µs", "lower"),
        Figure("cycles_over_1_ms", int((computing > 1e3).sum()), "cycles", "lower", 2),
        Figure("elapsed_us_p50", float(np.median(elapsed)), "µs", "lower"),
        Figure("elapsed_us_p99", float(np.percentile(elapsed, 99.0)), "µs", "lower"),
        Figure("elapsed_us_p999", float(np.percentile(elapsed, 99.9)), "µs", "lower"),
        Figure("elapsed_us_max", float(elapsed.max()), "µs", "lower"),
        Figure("elapsed_over_1_ms", int((elapsed > 1e3).sum()), "cycles", "lower"),
        Figure("allocations_per_cycle", taken / len(elapsed), "blocks", "lower", 0),
        Figure("late_cycles", sum(p.late for p in punctual), "cycles", "lower"),
        Figure("late_episodes", sum(p.episodes for p in punctual), "episodes", "lower"),
        Figure("longest_episode", max(p.longest_row for p in punctual), "cycles", "lower"),
        Figure("worst_lateness_us", max(p.worst for p in punctual) * 1e6, "µs", "lower"),
        Figure("law_hot_us", law_alone(), "µs", "lower"),
        Figure("ruckig_us_p50", ruckig_alone(), "µs", "lower"),
        Figure("pinocchio_us_p50", pinocchio_alone(), "µs", "lower"),
        Figure("numpy_us_p50", numpy_alone(), "µs", "lower"),
    ]
    report(
        "control_cycle",
        figures,
        quick=options.quick,
        json_file=options.json,
        packages=("numpy", "numba", "pin", "ruckig"),
    )


if __name__ == "__main__":
    main()
