"""The quick start, executed as it is written."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[2] / "docs/quick-start.md"
BLOCKS = re.findall(r"```console\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
PROGRAM = "from station.cli import main; main()"


def booth(command: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", PROGRAM, *shlex.split(command)[1:]],
        capture_output=True,
        text=True,
        cwd=folder,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        check=False,
        timeout=200,
    )


@pytest.mark.slow  # two whole sessions
def test_the_commands_by_hand_do_what_they_say(tmp_path: Path) -> None:
    commands = BLOCKS[1].splitlines()
    assert commands[0] == ". .venv/bin/activate"
    told = {}
    for command in commands[1:]:
        done = booth(command, tmp_path)
        assert done.returncode == 0, (command, done.stderr)
        told[" ".join(command.split()[1:3])] = done.stdout
    assert "2 records are complete" in told["record verify"]
    assert "record 1 of booth" in told["record show"]


@pytest.mark.parametrize("command", BLOCKS[2].splitlines())
def test_every_other_command_is_there(command: str, tmp_path: Path) -> None:
    done = booth(command, tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout


def test_make_knows_the_targets() -> None:
    makefile = (PAGE.parents[1] / "Makefile").read_text(encoding="utf-8")
    for target in re.findall(r"make (\w+)", PAGE.read_text(encoding="utf-8")):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target
