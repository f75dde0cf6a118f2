"""How long one control cycle takes inside the running 1 kHz loop, and what its parts cost.

The loop runs in its own process with whatever rights the machine gives: 600,000 cycles, or 30,000
with --quick, so that it ends within 45 s. A 7-axis arm follows a swaying mouth and wipes: forward
kinematics twice, mouth filter, force filter, contact law, quadratic program, limits, the monitor's
sample and the black box are all on. Late wake-ups belong to the machine and are counted apart.
"""

import multiprocessing
import sys
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np
import pinocchio as pin
import pybullet_data
from common import Figure, arguments, cannot_run, report
from ruckig import InputParameter, OutputParameter, Ruckig

from arm_control import law
from arm_control.compiled import kernel
from arm_control.configuration import configure
from arm_control.limits import JointLimits, Limits
from arm_control.loop import RealTimeLoop, RehearsalArm
from arm_control.memory import STATE, record
from arm_control.model import ArmModel
from arm_control.motion import Wipe
from arm_control.planning import Planner
from arm_control.ports import ArmInfo
from arm_control.realtime import claim
from arm_control.report import Phase
from arm_control.safety import SAMPLE
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


@kernel
def sense_wall(inputs: np.ndarray, state: np.ndarray, mouth: np.ndarray, weight: float) -> None:
    """Move the mouth, and put the weight and a contact of about 0.3 N into the wrist's reading."""
    i = inputs[0]
    s = state[0]
    t = i.now * 1e-9
    phase = 2.0 * np.pi * 0.35 * t
    if i.now - i.mouth_stamp > 33_000_000:
        i.mouth_stamp = i.now
        i.mouth_t[0] = mouth[0] + 0.002 * np.sin(phase)
        i.mouth_v[0] = 0.002 * 2.0 * np.pi * 0.35 * np.cos(phase)
    for k in range(3):
        push = 0.3 * (1.0 + 0.1 * np.sin(5.0 * phase))
        total = 0.0
        for j in range(3):
            load = push * s.surface[0] * s.M[j, 0] + (-weight if j == 2 else 0.0)
            total += s.sensor_R[j, k] * load
        i.wrench[k] += total


class WipingArm(RehearsalArm):
    """A rehearsal arm whose swab is pressed on, in front of a swaying mouth."""

    def __init__(self, config: np.ndarray, state: np.ndarray, mouth: np.ndarray) -> None:
        super().__init__(config, START)
        self._state = state
        self._mouth = mouth
        self._weight = float(config["tool_mass"][0] * 9.80665)

    def read_into(self, inputs: np.ndarray) -> None:
        """Fill joints, wrench, stamp and mouth."""
        super().read_into(inputs)
        sense_wall(inputs, self._state, self._mouth, self._weight)


def measure(pipe: Connection, cycles: int) -> None:
    """Run the loop in this process and send back what was measured."""
    model = make_model()
    limits = Limits(JointLimits.of(model))
    config = configure(model, limits, ArmInfo("iiwa", JOINTS, 1000.0, 0.003, "holds"))
    monitor = np.zeros(SAMPLE.itemsize // 8 + 1, np.uint64)
    rights = claim()
    loop = RealTimeLoop(config, RehearsalArm(config, START), monitor, brake_after=cycles)
    tip = model.base_tip(START).translation
    arm = WipingArm(config, loop.state, tip)
    loop._driver = arm  # noqa: SLF001 - the arm needs the loop's state, the loop an arm
    i, s = loop.inputs[0], loop.state[0]
    s["q"][:7] = START
    mouth_R = np.diag([-1.0, -1.0, 1.0])
    i["mouth_R"], i["mouth_t"], i["mouth_known"] = mouth_R, tip, 1
    s["M"], s["M_t"], s["M_known"], s["tared"] = mouth_R, tip, 1, 1
    planner = Planner(limits, config, loop.state)
    loop.run(300)
    path = np.outer((-0.006, 0.0, 0.006), (0.0, 0.0, 1.0)) - (0.005, 0.0, 0.0)
    s["fault"] = -1
    planner.take(Wipe(SiteTarget("wall", path[1], (1.0, 0.0, 0.0), path), strokes=20))
    s["strokes_wanted"] = 1_000_000
    loop.run(1_500)
    durations = np.zeros(cycles, np.int64)
    loop.restart()
    blocks = sys.getallocatedblocks()
    loop.run(cycles, durations)
    blocks = sys.getallocatedblocks() - blocks
    pipe.send((durations, blocks, loop.punctuality, rights, int(s["phase"]), int(s["infeasible"])))


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


def law_alone() -> float:
    """Time the law by itself, hot: its share of the cycle."""
    model = make_model()
    limits = Limits(JointLimits.of(model))
    config = configure(model, limits, ArmInfo("iiwa", JOINTS, 1000.0, 0.003, "holds"))
    loop = RealTimeLoop(config, RehearsalArm(config, START), np.zeros(400, np.uint64))
    state = record(STATE)
    state[0] = loop.state[0]
    loop.inputs["step"] = 0.001
    return hot(lambda: law.cycle(config, loop.inputs, state))


def main() -> None:
    """Measure and report."""
    options = arguments(__doc__ or "").parse_args()
    cycles = QUICK if options.quick else FULL
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=measure, args=(theirs, cycles), daemon=True)
    process.start()
    theirs.close()
    try:
        durations, blocks, punctual, rights, phase, infeasible = ours.recv()
    except EOFError:
        cannot_run("the loop's process died; run it again and read what it printed")
    process.join()
    if phase != WIPING:
        cannot_run(f"the loop left the wiping phase (it is in phase {phase}); nothing was measured")
    for line in rights.notes:
        print(line)
    micro = durations / 1e3
    p50, p99, p999 = np.percentile(micro, [50.0, 99.0, 99.9])
    print(
        f"real-time class {'yes' if rights.fifo else 'no'}, core {rights.core}, memory locked "
        f"{'yes' if rights.locked else 'no'}; {infeasible} cycles braked for want of a solution"
    )
    figures = [
        Figure("cycle_us_p50", float(p50), "µs", "lower", 10.0),
        Figure("cycle_us_p99", float(p99), "µs", "lower", 20.0),
        Figure("cycle_us_p999", float(p999), "µs", "lower"),
        Figure("cycle_us_max", float(micro.max()), "µs", "lower"),
        Figure("cycles_over_1_ms", int((micro > 1e3).sum()), "cycles", "lower", 2),
        Figure("allocations_per_cycle", max(blocks, 0) // cycles, "blocks", "lower", 0),
        Figure("late_cycles", punctual.late, "cycles", "lower"),
        Figure("late_episodes", punctual.episodes, "episodes", "lower"),
        Figure("longest_episode", punctual.longest_row, "cycles", "lower"),
        Figure("worst_lateness_us", punctual.worst * 1e6, "µs", "lower"),
        Figure("law_hot_us_p50", law_alone(), "µs", "lower"),
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
