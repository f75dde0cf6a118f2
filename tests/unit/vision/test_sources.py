import threading
from dataclasses import replace

import numpy as np
import pytest

from tests.unit.vision.painted import Scene
from vision.camera import CameraFault, NoFrame
from vision.errors import VisionError
from vision.frame import Frame, Intrinsics
from vision.health import FrameWatch, HealthSettings, picture_fault
from vision.sources.clock import DeviceClock
from vision.sources.latest import LatestCamera

RNG = np.random.default_rng(0)
FRAME = Scene().frame(Intrinsics(320, 240, 215.0, 215.0, 159.5, 119.5))


def alive(number: int, stamp_ns: int | None = None) -> Frame:
    """A frame with the noise of a living sensor."""
    noise = RNG.integers(0, 4, FRAME.rgb.shape).astype(np.uint8)
    stamp = 1_000_000 * (number + 1) if stamp_ns is None else stamp_ns
    depth = FRAME.depth + RNG.normal(0.0, 1e-4, FRAME.depth.shape).astype(np.float32)
    return replace(FRAME, rgb=FRAME.rgb + noise, depth=depth, sequence=number, stamp_ns=stamp)


def test_a_healthy_stream_passes() -> None:
    watch = FrameWatch()
    for k in range(5):
        frame = alive(k)
        assert watch.check(frame, frame.stamp_ns + 10_000_000) is None


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"rgb": np.zeros_like(FRAME.rgb)}, CameraFault.DARK),
        ({"rgb": np.full_like(FRAME.rgb, 255)}, CameraFault.SATURATED),
        ({"depth": np.full_like(FRAME.depth, np.nan)}, CameraFault.HALF_EMPTY),
        (
            {"depth": np.where(np.arange(240)[:, None] < 130, np.nan, FRAME.depth)},
            CameraFault.HALF_EMPTY,
        ),
        (
            {"depth": np.where(np.arange(320)[None] > 160, np.nan, FRAME.depth)},
            CameraFault.HALF_EMPTY,
        ),
    ],
)
def test_a_bad_picture_is_noticed(change: dict[str, np.ndarray], fault: CameraFault) -> None:
    typed = {k: v.astype(getattr(FRAME, k).dtype) for k, v in change.items()}
    found = picture_fault(replace(FRAME, **typed), HealthSettings())
    assert found is not None
    assert found.fault is fault


def test_a_healthy_picture_has_no_fault() -> None:
    assert picture_fault(FRAME, HealthSettings()) is None


@pytest.mark.parametrize(("stuck", "said"), [("rgb", "equal pictures"), ("depth", "equal depth")])
def test_equal_pictures_under_new_numbers_are_a_stuck_camera(stuck: str, said: str) -> None:
    # the sensors of colour and depth fail singly: an arm led by depth that stood still hit a face
    watch, faults = FrameWatch(), []
    for k in range(4):
        frame = replace(alive(k), **{stuck: getattr(FRAME, stuck)})
        faults.append(watch.check(frame, frame.stamp_ns))
    assert faults[0] is None
    assert faults[-1] is not None
    assert faults[-1].fault is CameraFault.STUCK
    assert said in faults[-1].detail


@pytest.mark.parametrize(
    ("frame", "now_ns", "fault"),
    [
        (alive(5, 2_000_000), 2_000_000, CameraFault.UNSYNCHRONISED),  # stamp went back
        (alive(1, 9_000_000), 9_000_000, CameraFault.STUCK),  # number repeated
        (alive(6, 9_000_000), 500_000_000, CameraFault.TIMEOUT),  # too old
        (alive(6, 90_000_000), 9_000_000, CameraFault.UNSYNCHRONISED),  # from the future
    ],
)
def test_order_and_age_are_watched(frame: Frame, now_ns: int, fault: CameraFault) -> None:
    watch = FrameWatch()
    assert watch.check(alive(2, 5_000_000), 5_000_000) is None
    found = watch.check(frame, now_ns)
    assert found is not None
    assert found.fault is fault


class Scripted:
    """A camera that gives what it was told to, then times out."""

    name = "scripted"
    intrinsics = FRAME.intrinsics

    def __init__(self, script: list[Frame | NoFrame]) -> None:
        self._script, self.closed, self.drained = script, False, threading.Event()

    def next_frame(self, timeout_s: float) -> Frame | NoFrame:
        if self._script:
            return self._script.pop(0)
        self.drained.set()
        threading.Event().wait(min(timeout_s, 0.01))
        return NoFrame(CameraFault.TIMEOUT, "script is over")

    def close(self) -> None:
        self.closed = True


def test_only_the_newest_frame_is_handed_over_and_only_once() -> None:
    source = Scripted([alive(k) for k in range(5)])
    camera = LatestCamera(source, now_ns=lambda: 6_000_000)
    assert source.drained.wait(5.0)
    got = camera.next_frame(1.0)
    again = camera.next_frame(0.02)
    camera.close()
    assert isinstance(got, Frame)
    assert got.sequence == 4
    assert isinstance(again, NoFrame)
    assert again.fault is CameraFault.TIMEOUT
    assert source.closed
    closed = camera.next_frame(0.02)
    assert isinstance(closed, NoFrame)
    assert closed.fault is CameraFault.DISCONNECTED


def test_an_old_frame_is_not_handed_over() -> None:
    source = Scripted([alive(0)])
    camera = LatestCamera(source, now_ns=lambda: 10_000_000_000)
    got = camera.next_frame(1.0)
    camera.close()
    assert isinstance(got, NoFrame)
    assert got.fault is CameraFault.TIMEOUT


def test_a_disconnected_camera_is_told() -> None:
    camera = LatestCamera(Scripted([NoFrame(CameraFault.DISCONNECTED, "unplugged")]))
    got = camera.next_frame(1.0)
    camera.close()
    assert isinstance(got, NoFrame)
    assert got.fault is CameraFault.DISCONNECTED


def test_device_stamps_land_on_the_monotonic_clock() -> None:
    clock, rng = DeviceClock(), np.random.default_rng(1)
    errors = []
    for k in range(600):
        device_s = 100.0 + k / 30
        true_ns = 5_000_000_000 + round(k / 30 * 1e9 * (1 + 20e-6))  # 20 ppm off
        arrival = true_ns + round(1e9 * (0.004 + rng.exponential(0.003)))
        errors.append(clock.monotonic_ns(device_s, arrival) - true_ns)
    settled = np.array(errors[30:]) * 1e-9
    assert settled.min() > 0.0  # a frame is never stamped before it was taken
    assert settled.max() < 0.010


def test_a_clock_that_runs_back_is_refused() -> None:
    clock = DeviceClock()
    clock.monotonic_ns(100.0, 0)
    with pytest.raises(VisionError, match="restart the camera"):
        clock.monotonic_ns(50.0, 1_000_000_000)
