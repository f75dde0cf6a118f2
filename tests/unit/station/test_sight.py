from dataclasses import dataclass, field

import numpy as np
import pytest

from spatial import Pose, vector
from station.config import SessionSettings
from station.sight import CameraSight
from vision.camera import CameraFault, NoFrame
from vision.frame import Frame, Intrinsics
from vision.target import Refusal, RefusalReason, Sighting
from vision.tracking import MouthTracker, TrackedMouth

INTRINSICS = Intrinsics(64, 48, 60.0, 60.0, 31.5, 23.5)
SECOND = 1_000_000_000
SETTINGS = SessionSettings()


@dataclass
class Camera:
    answers: list[Frame | NoFrame] = field(default_factory=list)
    name: str = "fake"
    intrinsics: Intrinsics = INTRINSICS
    asked: int = 0

    def next_frame(self, timeout_s: float) -> Frame | NoFrame:
        assert timeout_s == 0.0, "a session never waits for a picture"
        self.asked += 1
        return self.answers.pop(0) if self.answers else NoFrame(CameraFault.TIMEOUT, "nothing")

    def close(self) -> None: ...


@dataclass
class Locator:
    opening: float = 0.045
    refusal: RefusalReason | None = None

    def locate(self, frame: Frame) -> Sighting | Refusal:
        if self.refusal is not None:
            return Refusal(self.refusal, frame.stamp_ns, "told so")
        optical_mouth = Pose(translation=vector((0.0, 0.0, 0.3)))
        return Sighting(frame.stamp_ns, optical_mouth, np.eye(6) * 1e-6, self.opening, {})


@dataclass
class Rig:
    camera: Camera = field(default_factory=Camera)
    locator: Locator = field(default_factory=Locator)
    asked: list[int] = field(default_factory=list)

    def base_camera_at(self, stamp_ns: int) -> Pose:
        self.asked.append(stamp_ns)
        return Pose(translation=vector((0.5, 0.0, 0.4)))

    def sight(self) -> CameraSight:
        tracker = MouthTracker()
        return CameraSight(self.camera, self.locator, tracker, self.base_camera_at, SETTINGS)


def frame(stamp_ns: int, sequence: int) -> Frame:
    rgb = np.zeros((48, 64, 3), np.uint8)
    return Frame(rgb, np.ones((48, 64), np.float32), INTRINSICS, stamp_ns, sequence)


def test_a_picture_gives_the_mouth_in_the_base_at_its_own_stamp() -> None:
    rig = Rig(Camera([frame(SECOND, 1)]))
    sight = rig.sight()
    seen = sight.look(SECOND + 50_000_000, inside=False)
    assert isinstance(seen, TrackedMouth)
    assert seen.stamp_ns == SECOND
    assert seen.base_mouth.translation == pytest.approx((0.5, 0.0, 0.7))
    assert rig.asked == [SECOND]
    assert sight.base_eye == pytest.approx((0.5, 0.0, 0.4))


def test_pictures_are_taken_at_the_configured_rate() -> None:
    period = round(SECOND / SETTINGS.picture_rate_hz)
    rig = Rig()
    sight = rig.sight()
    for k in range(1, 101):
        rig.camera.answers = [frame(k * 10_000_000, k)]
        sight.look(k * 10_000_000, inside=False)
    assert rig.camera.asked == pytest.approx(SECOND / period, abs=1)


def test_inside_the_mouth_fewer_pictures_are_taken() -> None:
    rig = Rig()
    sight = rig.sight()
    for k in range(1, 101):
        rig.camera.answers = [frame(k * 10_000_000, k)]
        sight.look(k * 10_000_000, inside=True)
    assert SETTINGS.picture_rate_inside_hz < SETTINGS.picture_rate_hz
    assert rig.camera.asked == pytest.approx(SETTINGS.picture_rate_inside_hz, abs=1)


def test_silence_within_the_bound_is_nothing() -> None:
    sight = Rig().sight()
    assert sight.look(0, inside=False) is None
    assert sight.look(round(0.9 * SETTINGS.camera_timeout_s * SECOND), inside=False) is None


def test_silence_beyond_the_bound_is_a_fault() -> None:
    sight = Rig().sight()
    sight.look(0, inside=False)
    fault = sight.look(round(1.1 * SETTINGS.camera_timeout_s * SECOND), inside=False)
    assert isinstance(fault, NoFrame)
    assert fault.fault is CameraFault.TIMEOUT
    assert str(SETTINGS.camera_timeout_s) in fault.detail


def test_a_stuck_camera_is_a_fault() -> None:
    rig = Rig()
    sight = rig.sight()
    last: object = None
    for k in range(30):
        rig.camera.answers = [frame(k * SECOND // 10, 7)]
        last = sight.look(k * SECOND // 10, inside=False)
    assert isinstance(last, NoFrame)
    assert last.fault is CameraFault.STUCK


@pytest.mark.parametrize("age_s", [0.5, -0.1])
def test_an_old_picture_moves_nothing(age_s: float) -> None:
    """Nor does one from the future."""
    now = 10 * SECOND
    rig = Rig(Camera([frame(now - round(age_s * SECOND), 1)]))
    assert rig.sight().look(now, inside=False) is None
    assert rig.asked == []


def test_pictures_of_a_closing_mouth_are_counted_in_a_row() -> None:
    rig = Rig()
    sight = rig.sight()
    told = []
    for k, opening in enumerate((0.045, 0.02, 0.01, 0.045, 0.02)):
        rig.locator.opening = opening
        rig.camera.answers = [frame(k * SECOND // 5, k + 1)]
        sight.look(k * SECOND // 5, inside=False)
        told.append(sight.closed_for)
    assert told == [0, 1, 2, 0, 1]


def test_a_refusal_as_closed_counts_as_closed_and_another_does_not() -> None:
    rig = Rig()
    sight = rig.sight()
    reasons = (RefusalReason.MOUTH_CLOSED, RefusalReason.MOUTH_CLOSED, RefusalReason.OCCLUDED)
    for k, reason in enumerate(reasons):
        rig.locator.refusal = reason
        rig.camera.answers = [frame(k * SECOND // 5, k + 1)]
        seen = sight.look(k * SECOND // 5, inside=False)
        assert isinstance(seen, Refusal)
        assert sight.closed_for == (k + 1 if reason is RefusalReason.MOUTH_CLOSED else 0)


def test_another_person_starts_anew() -> None:
    rig = Rig(locator=Locator(opening=0.01))
    rig.camera.answers = [frame(0, 1)]
    sight = rig.sight()
    sight.look(0, inside=False)
    sight.forget()
    assert sight.closed_for == 0
    assert sight.look(100 * SECOND, inside=False) is None, "the silence before does not count"
