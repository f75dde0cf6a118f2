"""What the ROS wheels share a process with."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

RECORD = """
import sys
from pathlib import Path

sys.path[:0] = [{root!r}, {here!r}]
import conftest  # the built workspace, loaded as for the tests
from vision.frame import Intrinsics
from vision.sources.realsense import SoftwareCamera

SoftwareCamera(Intrinsics(64, 48, 60.0, 60.0, 32.0, 24.0), record=Path({path!r})).close()
print("recorded")
"""


@pytest.mark.ros
def test_librealsense_records_beside_the_built_interfaces(tmp_path: Path) -> None:
    """Both carry a librcutils: bound to the wrong one, librealsense's recorder crashes."""
    script = RECORD.format(
        root=str(ROOT), here=str(Path(__file__).parent), path=str(tmp_path / "a.db3")
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert "recorded" in done.stdout
