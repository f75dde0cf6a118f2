"""Every benchmark starts from a checkout in which only the packages are installed."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
INSTALLED = ("arm_control", "booth_queue", "sim", "spatial", "station", "vision")
BENCHMARKS = sorted(
    path.stem for path in (ROOT / "benchmarks").glob("[a-z]*.py") if path.stem != "common"
)


@pytest.mark.parametrize(
    "call",
    [*(f"benchmarks/{name}.py" for name in BENCHMARKS), "-m benchmarks.vision_latency"],
)
def test_a_benchmark_tells_what_it_measures(call: str, tmp_path: Path) -> None:
    for package in INSTALLED:
        (tmp_path / package).symlink_to(ROOT / package)
    told = subprocess.run(
        [sys.executable, *call.split(), "--help"],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert told.returncode == 0, told.stderr
    assert "--json" in told.stdout
