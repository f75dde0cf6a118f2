import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from station import cli
from station.doctor import Grade, arm
from station.instructions import instruction_for
from tests.unit.arm_control.wire import loopback
from vision.target import RefusalReason


def booth(*arguments: str) -> subprocess.CompletedProcess[str]:
    program = "from station.cli import main; main()"
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    return subprocess.run(
        [sys.executable, "-c", program, *arguments],
        capture_output=True,
        text=True,
        env=environment,
        check=False,
    )


def test_help_names_every_command_without_importing_what_is_heavy() -> None:
    done = booth("--help")
    assert done.returncode == 0
    for name in ("demo", "doctor", "record", "station", "sim", "arm", "vision", "queue"):
        assert name in done.stdout
    check = (
        "import sys; from station.cli import run, app; run(app, ['--help']); "
        "heavy = {'numba', 'pybullet', 'pinocchio', 'onnxruntime', 'moderngl', 'fastapi', 'cv2'}; "
        "sys.exit(', '.join(heavy & set(sys.modules)) or 0)"
    )
    light = subprocess.run(
        [sys.executable, "-c", check], capture_output=True, text=True, check=False
    )
    assert light.returncode == 0, light.stderr


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["nonsense"], "no such command 'nonsense'"),
        (["doctor", "--bogus"], "no such option: --bogus"),
        (["station", "diagram", "--format", "jpeg"], "'jpeg' is not one of"),
        (["record", "verify"], "missing argument"),
    ],
)
def test_misuse_is_one_line_and_exit_code_2(arguments: list[str], told: str) -> None:
    done = booth(*arguments)
    assert done.returncode == 2
    assert done.stdout == ""
    assert len(done.stderr.strip().splitlines()) == 1
    assert told in done.stderr
    assert "--help`" in done.stderr


def test_a_foreseen_error_is_one_line_and_exit_code_1(tmp_path: Path) -> None:
    done = booth("record", "show", str(tmp_path / "none.json"))
    assert done.returncode == 1
    assert len(done.stderr.strip().splitlines()) == 1
    assert "none.json" in done.stderr


def test_the_diagram_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(cli.app, ["station", "diagram"]) == 0
    assert capsys.readouterr().out.startswith("stateDiagram-v2")


def test_the_doctor_says_each_line_and_how_it_stands(capsys: pytest.CaptureFixture[str]) -> None:
    cli.run(cli.app, ["doctor"])
    out = capsys.readouterr().out
    for subject in ("Python", "packages", "graphics", "real time", "camera", "arm", "database"):
        assert subject in out
    for line in out.splitlines():
        assert line.split()[0] in ("ok", "note", "FAIL")
        if not line.startswith("ok"):
            assert "->" in line, f"no remedy in: {line}"


@pytest.mark.parametrize(("port", "maker"), [(30004, "Universal Robots"), (1337, "Franka")])
def test_the_doctor_knows_an_arm_by_where_its_controller_listens(port: int, maker: str) -> None:
    address = loopback()
    with socket.create_server((address, port)):
        found = arm({"BOOTH_ARM_HOST": address})
    assert found.grade is Grade.GOOD
    assert maker in found.detail
    assert arm({"BOOTH_ARM_HOST": address}).grade is Grade.BAD


def test_a_refusal_that_the_person_can_mend_has_an_instruction() -> None:
    not_theirs = {
        RefusalReason.DEPTH_INVALID,
        RefusalReason.LIGHT,
        RefusalReason.MODEL_UNSURE,
        RefusalReason.CAMERA,
    }
    for reason in RefusalReason:
        assert (instruction_for(reason) is None) == (reason in not_theirs), reason


@pytest.mark.parametrize(
    ("raised", "code", "told"),
    [
        ("KeyboardInterrupt", 130, "booth: interrupted"),
        ("typer.Exit(3)", 3, ""),
        ("StationError('no room')", 1, "booth: no room"),
    ],
)
def test_how_a_mounted_command_ends_is_how_booth_ends(raised: str, code: int, told: str) -> None:
    program = (
        "import sys, types, typer\nfrom station import cli\n"
        "from station.errors import StationError\n"
        "room = types.ModuleType('room')\nroom.app = typer.Typer()\n"
        f"def go() -> None:\n    raise {raised}\n"
        "room.app.command()(go)\nsys.modules['room'] = room\n"
        "cli._mount('room', 'room', 'a room')\ncli.main(['room'])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr.strip()) == (code, told)
