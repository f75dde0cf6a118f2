"""Where the vision node's pictures come from, and which of them are understood."""

import os

import numpy as np
import pytest
from booth_vision.cameras import open_camera
from booth_vision.turns import Turns

from vision.errors import VisionError

pytestmark = pytest.mark.ros

MS = 1_000_000


def taken(camera_hz: float, rate_hz: float, start_s: float = 0.0) -> list[int]:
    turns = Turns()
    stamps = [round(1e9 * (start_s + n / camera_hz)) for n in range(300)]
    return [stamp for stamp in stamps if turns.comes(stamp, rate_hz)]


@pytest.mark.parametrize(("camera_hz", "rate_hz"), [(30.0, 30.0), (10.0, 30.0), (15.0, 15.0)])
def test_a_camera_no_quicker_than_wanted_loses_no_picture(camera_hz: float, rate_hz: float) -> None:
    assert len(taken(camera_hz, rate_hz)) == 300


@pytest.mark.parametrize("rate_hz", [1.0, 7.0, 10.0, 12.5, 20.0])
def test_a_quicker_camera_is_held_to_the_rate(rate_hz: float) -> None:
    stamps = taken(30.0, rate_hz, start_s=100.0)
    assert len(stamps) == pytest.approx(10.0 * rate_hz, abs=2)
    assert min(np.diff(stamps)) > 0.5e9 / rate_hz


def test_an_irregular_camera_loses_no_picture() -> None:
    rng = np.random.default_rng(3)
    turns = Turns()
    stamps = [round(1e8 * n + rng.uniform(-1e7, 1e7)) for n in range(10, 200)]
    assert all(turns.comes(stamp, 10.0) for stamp in stamps)


def test_a_clock_that_starts_anew_is_followed() -> None:
    turns = Turns()
    assert turns.comes(50_000 * MS, 10.0)
    assert turns.comes(1 * MS, 10.0)
    assert not turns.comes(30 * MS, 10.0)
    assert turns.comes(101 * MS, 10.0)


def test_a_camera_that_is_not_there_is_refused() -> None:
    with pytest.raises(VisionError, match="000000000000 is connected"):
        open_camera("realsense", f"swab_test_{os.getpid()}", serial="000000000000")
    with pytest.raises(VisionError, match="choose shared or realsense"):
        open_camera("webcam", f"swab_test_{os.getpid()}")
