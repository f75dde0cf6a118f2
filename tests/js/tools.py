"""Where the JavaScript tools are; the first test that needs them installs them."""

import shutil
import subprocess
from pathlib import Path

import pytest

HERE = Path(__file__).parent


def javascript_tools() -> Path:
    """Return the folder of modules; without npm the test is skipped, as on a machine without it."""
    if shutil.which("npm") is None:
        pytest.skip("npm is not installed; see requirements/system.txt")
    ran = subprocess.run(
        [HERE / "install.sh"], capture_output=True, text=True, timeout=280, check=False
    )
    assert ran.returncode == 0, f"npm could not install: {ran.stderr}"
    return HERE / "node_modules"
