from dataclasses import dataclass, field

import numpy as np
import pytest

from spatial import Pose, Vector, vector
from station.config import SessionSettings
from station.sight import CameraSight
from vision.camera import CameraFault, NoFrame
from vision.frame import Frame, Intrinsics
from vision.structure import Structure
from vision.swab import SwabSighting, TipSighting
from vision.target import Refusal, RefusalReason, Sighting
from vision.tracking import MouthTracker, TrackedMouth
from vision.watch import Alarm, Notice

INTRINSICS = Intrinsics(64, 48, 60.0, 60.0, 31.5, 23.5)
SECOND = 1_000_000_000
SETTINGS = SessionSettings()
TIP = vector((0.5, 0.0, 0.6))
TIP_SEEN = TipSighting(vector((30.0, 20.0), 2), 0.001, {Structure.LEFT_TONSIL: 0.004})


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
    tips: list[Vector] = field(default_factory=list)

    def look(self, frame: Frame) -> Refusal:
        return Refusal(RefusalReason.CAMERA, frame.stamp_ns, "a fake takes no looks")

    def see_swab(self, _looks: object, _frame: Frame, optical_tip: Vector) -> SwabSighting:
        self.tips.append(optical_tip)
        return SwabSighting(optical_tip, 2e-4, 0.0, TIP_SEEN)

    def judge(self, _looks: object, frame: Frame) -> Sighting | Refusal:
        if self.refusal is not None:
            return Refusal(self.refusal, frame.stamp_ns, "told so")
        optical_mouth = Pose(translation=vector((0.0, 0.0, 0.3)))
        return Sighting(frame.stamp_ns, optical_mouth, np.eye(6) * 1e-6, self.opening, {})


@dataclass
class Watch:
    """Takes down where the mouth was; says what it is told to say."""

    says: Notice | None = None
    mouths: list[Pose | None] = field(default_factory=list)
    entries: list[Pose | None] = field(default_factory=list)

    def start(self, base_mouth: Pose | None) -> None:
        self.entries.append(base_mouth)

    def check(
        self, _seen: object, swab: SwabSighting | None, base_mouth: Pose | None
    ) -> Notice | None:
        assert swab is not None
        self.mouths.append(base_mouth)
        return self.says


@dataclass
class Rig:
    camera: Camera = field(default_factory=Camera)
    locator: Locator = field(default_factory=Locator)
    watch: Watch = field(default_factory=Watch)
    asked: list[int] = field(default_factory=list)

    def base_camera_at(self, stamp_ns: int) -> Pose:
        self.asked.append(stamp_ns)
        return Pose(translation=vector((0.5, 0.0, 0.4)))

    def sight(self) -> CameraSight:
        tracker = MouthTracker()
        return CameraSight(
            self.camera, self.locator, tracker, self.watch, self.base_camera_at, SETTINGS
        )


def frame(stamp_ns: int, sequence: int) -> Frame:
    rgb = np.zeros((48, 64, 3), np.uint8)
    return Frame(rgb, np.ones((48, 64), np.float32), INTRINSICS, stamp_ns, sequence)


def test_a_picture_gives_the_mouth_in_the_base_at_its_own_stamp() -> None:
    rig = Rig(Camera([frame(SECOND, 1)]))
    sight = rig.sight()
    seen = sight.look(SECOND + 50_000_000)
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
        sight.look(k * 10_000_000)
    assert rig.camera.asked == pytest.approx(SECOND / period, abs=1)


def test_inside_the_mouth_fewer_pictures_are_taken() -> None:
    rig = Rig()
    sight = rig.sight()
    for k in range(1, 101):
        rig.camera.answers = [frame(k * 10_000_000, k)]
        sight.look(k * 10_000_000, TIP)
    assert SETTINGS.picture_rate_inside_hz < SETTINGS.picture_rate_hz
    assert rig.camera.asked == pytest.approx(SETTINGS.picture_rate_inside_hz, abs=1)


def test_silence_within_the_bound_is_nothing() -> None:
    sight = Rig().sight()
    assert sight.look(0) is None
    assert sight.look(round(0.9 * SETTINGS.camera_timeout_s * SECOND)) is None


def test_silence_beyond_the_bound_is_a_fault() -> None:
    sight = Rig().sight()
    sight.look(0)
    fault = sight.look(round(1.1 * SETTINGS.camera_timeout_s * SECOND))
    assert isinstance(fault, NoFrame)
    assert fault.fault is CameraFault.TIMEOUT
    assert str(SETTINGS.camera_timeout_s) in fault.detail


def test_a_stuck_camera_is_a_fault() -> None:
    rig = Rig()
    sight = rig.sight()
    last: object = None
    for k in range(30):
        rig.camera.answers = [frame(k * SECOND // 10, 7)]
        last = sight.look(k * SECOND // 10)
    assert isinstance(last, NoFrame)
    assert last.fault is CameraFault.STUCK


@pytest.mark.parametrize("age_s", [0.5, -0.1])
def test_an_old_picture_moves_nothing(age_s: float) -> None:
    """Nor does one from the future."""
    now = 10 * SECOND
    rig = Rig(Camera([frame(now - round(age_s * SECOND), 1)]))
    assert rig.sight().look(now) is None
    assert rig.asked == []


def test_pictures_of_a_closing_mouth_are_counted_in_a_row() -> None:
    rig = Rig()
    sight = rig.sight()
    told = []
    for k, opening in enumerate((0.045, 0.02, 0.01, 0.045, 0.02)):
        rig.locator.opening = opening
        rig.camera.answers = [frame(k * SECOND // 5, k + 1)]
        sight.look(k * SECOND // 5)
        told.append(sight.closed_for)
    assert told == [0, 1, 2, 0, 1]


def test_a_refusal_as_closed_counts_as_closed_and_another_does_not() -> None:
    rig = Rig()
    sight = rig.sight()
    reasons = (RefusalReason.MOUTH_CLOSED, RefusalReason.MOUTH_CLOSED, RefusalReason.OCCLUDED)
    for k, reason in enumerate(reasons):
        rig.locator.refusal = reason
        rig.camera.answers = [frame(k * SECOND // 5, k + 1)]
        seen = sight.look(k * SECOND // 5)
        assert isinstance(seen, Refusal)
        assert sight.closed_for == (k + 1 if reason is RefusalReason.MOUTH_CLOSED else 0)


def test_another_person_starts_anew() -> None:
    rig = Rig(locator=Locator(opening=0.01))
    rig.camera.answers = [frame(0, 1)]
    sight = rig.sight()
    sight.look(0)
    sight.forget()
    assert sight.closed_for == 0
    assert sight.look(100 * SECOND) is None, "the silence before does not count"


def test_the_swab_is_watched_from_where_the_mouth_was_as_it_entered_until_it_is_out() -> None:
    rig = Rig(watch=Watch(Notice(Alarm.HAND_RAISED, "a hand")))
    sight = rig.sight()
    told = []
    for k, base_tip in enumerate([None, TIP, TIP, None, TIP], start=1):
        now = k * SECOND // 4
        rig.camera.answers = [frame(now, k)]
        assert isinstance(sight.look(now, base_tip), TrackedMouth)
        told.append((sight.notice, sight.tip))
    watched = (rig.watch.says, TIP_SEEN)
    assert told == [(None, None), watched, watched, (None, None), watched]
    assert rig.locator.tips == [pytest.approx((0.0, 0.0, 0.2))] * 3, "in the camera's own frame"
    for mouth in (*rig.watch.entries, *rig.watch.mouths):
        assert mouth is not None
        assert mouth.translation == pytest.approx((0.5, 0.0, 0.7))
    assert (len(rig.watch.entries), len(rig.watch.mouths)) == (2, 3)


def test_a_picture_without_a_mouth_is_watched_too() -> None:
    rig = Rig(locator=Locator(refusal=RefusalReason.OCCLUDED))
    rig.camera.answers = [frame(SECOND, 1)]
    assert isinstance(rig.sight().look(SECOND, TIP), Refusal)
    assert rig.watch.entries == rig.watch.mouths == [None]
