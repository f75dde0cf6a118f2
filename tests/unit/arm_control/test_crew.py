"""The arm's processes: they hold the arm, are watched, and end with their parent."""

import os
import signal
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest

from arm_control import ArmControlError, ArmInfo, ArmModel, Limits
from arm_control.crew import ArmCrew
from arm_control.drivers.rehearsal import RehearsalArm
from arm_control.exchange import SETPOINT
from arm_control.memory import record
from arm_control.ports import ArmDriver
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
