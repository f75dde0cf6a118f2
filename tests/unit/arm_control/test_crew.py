"""The arm's processes: they hold the arm, are watched, and end with their parent."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from arm_control import (
    ArmControlError,
    ArmInfo,
    ArmModel,
    Corridor,
    CycleReport,
    Enter,
    Goal,
    Hold,
    Limits,
    MouthMotion,
    MoveJoints,
    MoveTip,
    Phase,
    Reference,
    Withdraw,
)
from arm_control.crew import ArmCrew
from arm_control.drivers.rehearsal import RehearsalArm
from arm_control.exchange import SETPOINT
from arm_control.loop_controller import LoopController
from arm_control.memory import record
from arm_control.ports import ArmDriver
from arm_control.shared import SharedRecord
from spatial import Pose, Twist
from tests.unit.arm_control.rig import HOME, JOINTS
from tests.waiting import eventually

RATE_HZ = 250.0  # a loaded machine has to keep up
INFO = ArmInfo("no arm", JOINTS, RATE_HZ, 1.0 / RATE_HZ, "stands at once")


def lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def open_arm(model: ArmModel) -> ArmDriver:
    return RehearsalArm(model, HOME, RATE_HZ)


def broken_arm() -> ArmDriver:
    raise ArmControlError("no arm answers")


def test_the_loop_holds_the_arm_says_how_punctual_it_was_and_is_missed_when_dead(
    model: ArmModel, limits: Limits
) -> None:
    with ArmCrew(model, limits, INFO, partial(open_arm, model)) as crew:
        assert eventually(lambda: crew.report().punctuality.cycles > 50)
        setpoint = record(SETPOINT)
        assert eventually(lambda: crew.exchange.setpoint.read(setpoint))
        assert setpoint["q"][0] == pytest.approx(HOME, abs=1e-6)
        assert crew.missing == ()
        pids = crew.pids
        os.kill(pids[1], signal.SIGKILL)
        assert eventually(lambda: crew.missing == ("loop",))
    assert eventually(lambda: not any(map(lives, pids)))


def test_a_driver_that_does_not_open_is_told_and_nothing_stays_behind(
    model: ArmModel, limits: Limits
) -> None:
    crew = ArmCrew(model, limits, INFO, broken_arm)
    with pytest.raises(ArmControlError, match="pump ended while starting"):
        crew.__enter__()


PARENT = """
import sys, time
from functools import partial
from arm_control import ArmModel, JointLimits, Limits
from tests.unit.arm_control import test_crew
from tests.unit.arm_control.conftest import tool
from tests.unit.arm_control.rig import JOINTS, LINKS, URDF

if __name__ == "__main__":
    model = ArmModel.from_urdf(URDF, *LINKS, JOINTS, tool.__wrapped__())
    make = partial(test_crew.open_arm, model)
    with test_crew.ArmCrew(model, Limits(JointLimits.of(model)), test_crew.INFO, make) as crew:
        print(*crew.pids, flush=True)
        time.sleep(600)
"""


def test_a_killed_parent_leaves_no_process_behind(tmp_path: Path) -> None:
    script = tmp_path / "parent.py"
    script.write_text(PARENT)
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(Path.cwd()), *sys.path])}
    with subprocess.Popen(
        [sys.executable, script], stdout=subprocess.PIPE, env=environment, text=True
    ) as parent:
        assert parent.stdout is not None
        pids = [int(word) for word in parent.stdout.readline().split()]
        assert len(pids) == 3
        assert all(map(lives, pids))
        parent.kill()
    assert eventually(lambda: not any(map(lives, pids)))


MOUTH = Pose(np.diag([-1.0, -1.0, 1.0]), (1.05, 0.0, 0.35))
CORRIDOR = Corridor((0.0, 0.0, 0.0), (-1.0, 0.0, 0.0))


class Session:
    """A session's thread: it looks at the arm and tells where the mouth is, all the time."""

    def __init__(self, controller: LoopController) -> None:
        self.controller = controller

    def look(self) -> CycleReport:
        self.controller.follow(MouthMotion(MOUTH, Twist(), time.monotonic_ns()))
        return self.controller.cycle()

    def do(self, goal: Goal) -> CycleReport:
        """Reach ``goal``."""

        def reach() -> CycleReport:
            self.controller.start(goal)
            return self.until(lambda r: r.done or r.fault is not None)

        return self.again(reach)

    def again(self, act: Callable[[], CycleReport]) -> CycleReport:
        """Do it without a fault; where a busy machine was too slow for that, as staff would."""
        for _ in range(30):
            report = self.look()
            try:
                if report.fault is not None and report.fault.latched:
                    assert self.until(lambda r: r.done)
                    self.controller.reset("Nurse Li")
                report = act()
                if report.fault is None:
                    return report
            except ArmControlError as error:
                print(error)
                time.sleep(0.1)
        raise AssertionError(f"not without a fault: {report}")

    def until(self, there: Callable[[CycleReport], bool]) -> CycleReport:
        reports: list[CycleReport] = []

        def look() -> bool:
            reports[:] = [self.look()]
            return there(reports[0])

        assert eventually(look), reports[0]
        return reports[0]


def test_a_session_steers_the_loop_in_its_process(model: ArmModel, limits: Limits) -> None:
    """Approach, enter, pause, withdraw, rest, through processes; no tissue pushes back here."""
    before = Pose(Pose.from_axes((-1.0, 0, 0), (0, 1.0, 0)).rotation, (0.03, 0.0, 0.0))
    with ArmCrew(model, limits, INFO, partial(open_arm, model), posture=HOME) as crew:
        session = Session(crew.controller())
        session.do(MoveTip(before, Reference.MOUTH))
        inside = session.do(Enter(CORRIDOR, 0.03))
        tip = (MOUTH.inverse() @ inside.base_tip).translation
        assert tip == pytest.approx([-0.03, 0.0, 0.0], abs=2e-3)
        assert inside.phase is Phase.ENTERING
        session.do(Withdraw(0.05))
        goal = MoveJoints(HOME + 0.1)

        def with_a_pause() -> CycleReport:
            session.controller.start(goal)
            session.controller.pause()
            assert not session.look().done
            session.controller.resume("Nurse Li")
            return session.until(lambda r: r.done or r.fault is not None)

        session.again(with_a_pause)
        assert session.do(goal).position == pytest.approx(HOME + 0.1, abs=1e-3)
        session.controller.stop()
        session.do(MoveJoints(HOME))
        assert crew.missing == ()
        assert session.controller.read().position == pytest.approx(HOME, abs=1e-3)
        os.kill(crew.pids[1], signal.SIGKILL)
        lost = session.until(lambda r: r.fault is not None)
        assert lost.fault is not None
        assert lost.fault.latched
        with pytest.raises(ArmControlError, match="reset"):
            session.controller.start(Hold())


MOVING = """
import sys, time
from functools import partial
from arm_control import ArmModel, JointLimits, Limits, MoveJoints
from arm_control.exchange import Exchange
from tests.unit.arm_control import test_crew
from tests.unit.arm_control.conftest import tool
from tests.unit.arm_control.rig import HOME, JOINTS, LINKS, URDF

if __name__ == "__main__":
    model = ArmModel.from_urdf(URDF, *LINKS, JOINTS, tool.__wrapped__())
    make = partial(test_crew.open_arm, model)
    with test_crew.ArmCrew(model, Limits(JointLimits.of(model)), test_crew.INFO, make) as crew:
        session = test_crew.Session(crew.controller())
        print(*crew.pids, flush=True)
        print(crew.exchange.setpoint.name, flush=True)
        while True:
            session.do(MoveJoints(HOME + 0.4))
            session.do(MoveJoints(HOME - 0.4))
"""


def test_a_session_killed_in_motion_leaves_an_arm_at_rest(tmp_path: Path) -> None:
    """Braked by the loop, smoothly, and not by its last set-point growing old."""
    script = tmp_path / "session.py"
    script.write_text(MOVING)
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(Path.cwd()), *sys.path])}
    last, seen = record(SETPOINT), record(SETPOINT)
    with subprocess.Popen(
        [sys.executable, script], stdout=subprocess.PIPE, env=environment, text=True
    ) as session:
        assert session.stdout is not None
        pids = [int(word) for word in session.stdout.readline().split()]
        setpoints = SharedRecord.attach(session.stdout.readline().strip(), SETPOINT)

        def fast() -> bool:
            return setpoints.read(last) and bool(np.abs(last["v"]).max() > 0.1)

        assert eventually(fast)
        session.kill()
        killed = time.monotonic()
    assert eventually(lambda: not any(map(lives, pids)))
    assert setpoints.read(seen)
    setpoints.close()
    assert seen["cycle"][0] > last["cycle"][0]
    assert np.abs(seen["v"]).max() < 1e-3
    assert (int(seen["stamp"][0]) - killed * 1e9) * 1e-9 < 5.0
