"""Runs the JavaScript tests: shared scripts, and the mini-program without a network."""

import os
import subprocess
from collections.abc import Mapping

import pytest

from .tools import HERE, javascript_tools


def jest(suite: str, environment: Mapping[str, str] | None = None) -> None:
    """Run the tests of one folder."""
    tools = javascript_tools()
    ran = subprocess.run(
        [tools / ".bin" / "jest", "--runInBand", "--roots", HERE / suite],
        cwd=HERE,
        env={**os.environ, **(environment or {})},
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr[-6000:]


@pytest.mark.timeout(600)
@pytest.mark.parametrize("suite", ["shared", "miniprogram"])
def test_javascript(suite: str) -> None:
    jest(suite)
