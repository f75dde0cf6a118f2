"""A sight without pictures is misled by what would mislead a real one."""

from dataclasses import replace

import numpy as np
import pytest

from sim.anatomy import Anatomy, Articulation, OralCavity
from sim.snapshot import Snapshot
from sim.truth_eye import SightErrors, TruthEye
from spatial import Pose, vector
from vision.frame import Frame
from vision.target import Refusal, RefusalReason, Sighting, Site, Target

EXACT = SightErrors(0.0, 0.0, 0.0, 0.0)
CAVITY = OralCavity(Anatomy(), Articulation())
FACING = Pose.from_axes((0.0, 1.0, 0.0), (0.0, 0.0, -1.0)).rotation  # x out of the mouth: -z


class Bench:
    """An eye that is shown mouths at chosen distances."""

    def __init__(self) -> None:
        self.eye = TruthEye(EXACT, 1)
        self._rng = np.random.default_rng(2)

    def shot(self, distance: float, stamp_ns: int) -> Frame:
        mouth = Pose(FACING, vector((0.01, 0.0, distance)))
        seen = Snapshot(stamp_ns, Pose(), Pose(), None, mouth, CAVITY)
        return Frame(*self.eye.paint(seen, self._rng), self.eye.intrinsics, stamp_ns, 1)

    def sight(self, frame: Frame) -> Sighting:
        seen = self.eye.locate(frame)
        assert isinstance(seen, Sighting)
        return seen


@pytest.fixture
def bench() -> Bench:
    return Bench()


def test_without_errors_the_truth_is_told(bench: Bench) -> None:
    seen = bench.sight(bench.shot(0.25, 1))
    np.testing.assert_array_equal(seen.optical_mouth.translation, (0.01, 0.0, 0.25))
    target = seen.targets[Site.POSTERIOR_WALL]
    assert isinstance(target, Target)
    point = seen.optical_mouth.apply(CAVITY.site(Site.POSTERIOR_WALL).point)
    np.testing.assert_allclose(target.point, point, atol=1e-12)


def test_an_old_picture_with_a_new_stamp_shows_what_was_then(bench: Bench) -> None:
    old, new = bench.shot(0.30, 1), bench.shot(0.20, 2)
    seen = bench.sight(replace(new, rgb=old.rgb, depth=old.depth))
    assert seen.stamp_ns == 2
    np.testing.assert_array_equal(seen.optical_mouth.translation, (0.01, 0.0, 0.30))


def test_old_depth_under_a_new_picture_puts_the_mouth_at_the_old_distance(bench: Bench) -> None:
    old, new = bench.shot(0.30, 1), bench.shot(0.20, 2)
    seen = bench.sight(replace(new, depth=old.depth))
    np.testing.assert_allclose(seen.optical_mouth.translation, (0.015, 0.0, 0.30))


def test_depth_in_a_wrong_unit_scales_what_is_seen(bench: Bench) -> None:
    frame = bench.shot(0.20, 1)
    seen = bench.sight(replace(frame, depth=frame.depth * np.float32(1.05)))
    np.testing.assert_allclose(seen.optical_mouth.translation, (0.0105, 0.0, 0.21), rtol=1e-6)


def test_what_was_never_painted_is_refused(bench: Bench) -> None:
    frame = bench.shot(0.2, 1)
    rgb = frame.rgb.copy()
    rgb[0, 0] = (0, 9, 9)
    refused = bench.eye.locate(replace(frame, rgb=rgb))
    assert isinstance(refused, Refusal)
    assert refused.reason is RefusalReason.CAMERA
