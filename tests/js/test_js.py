"""Runs the JavaScript tests: shared scripts, and the mini-program without a network."""

import shutil
import subprocess
from pathlib import Path

import pytest

HERE = Path(__file__).parent


@pytest.mark.timeout(600)
@pytest.mark.parametrize("suite", ["shared", "miniprogram"])
def test_javascript(suite: str) -> None:
    if shutil.which("npm") is None:
        pytest.skip("npm is not installed; see requirements/system.txt")
    installed = subprocess.run(
        [HERE / "install.sh"], capture_output=True, text=True, timeout=300, check=False
    )
    assert installed.returncode == 0, f"npm could not install: {installed.stderr}"
    ran = subprocess.run(
        ["npx", "jest", "--runInBand", suite],
        cwd=HERE,
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr[-6000:]
