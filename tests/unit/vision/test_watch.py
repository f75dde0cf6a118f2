from dataclasses import replace

import numpy as np
import pytest

from spatial import Pose, Vector
from tests.unit.vision.painted import PaintReader, Scene, Slab
from vision.pipeline import ThroatLocator
from vision.structure import Structure
from vision.swab import SwabSighting, TipSighting
from vision.target import Refusal, RefusalReason, Sighting, Site
from vision.watch import Alarm, Notice, SwabWatch, WatchSettings

SCENE = Scene()
TIP_ON_TONSIL = np.array([-0.058, 0.017, -0.003])
SWAB = Slab(Structure.SWAB, -0.058, (0.0155, 0.0185), (-0.030, -0.001))
WATCHED = SCENE.plus(SWAB)


def checked(watch: SwabWatch, scene: Scene, tip: Vector, times: int = 3) -> Alarm | None:
    notice = None
    for _ in range(times):
        notice = watch.check(*shown(scene, tip))
    return None if notice is None else notice.alarm


def shown(scene: Scene, tip: Vector) -> tuple[Sighting | Refusal, SwabSighting | None, Pose | None]:
    """Return what one picture shows; the camera stands at the base's origin."""
    locator, frame = ThroatLocator(PaintReader(scene.optical_mouth)), scene.frame()
    looks = locator.look(frame)
    seen = locator.judge(looks, frame)
    swab = locator.see_swab(looks, frame, scene.optical_mouth.apply(tip))
    return seen, swab, seen.optical_mouth if isinstance(seen, Sighting) else None


def entered() -> SwabWatch:
    watch = SwabWatch()
    watch.start(SCENE.optical_mouth)
    return watch


def test_all_is_well() -> None:
    assert checked(entered(), WATCHED, TIP_ON_TONSIL) is None


def tip_of(scene: Scene, tip: Vector) -> TipSighting | None:
    _, swab, _ = shown(scene, tip)
    assert swab is not None
    return swab.tip


def test_the_tip_confirms_the_site_it_touches_and_no_other() -> None:
    tip = tip_of(WATCHED, TIP_ON_TONSIL)
    assert tip is not None
    assert tip.offset < 0.001
    assert tip.distances[Structure.LEFT_TONSIL] == pytest.approx(0.005, abs=0.0015)
    assert [site for site in Site if tip.confirms(site)] == [Site.LEFT_TONSIL]


def beside(x: float, y: float) -> Vector:
    """Return a place ``x`` and ``y`` [m] from the tip on the tonsil."""
    return TIP_ON_TONSIL + np.array([x, y, 0.0])


def test_a_tip_before_a_site_in_the_picture_does_not_touch_it() -> None:
    before = beside(0.010, 0.0)
    scene = SCENE.plus(replace(SWAB, x=-0.048))
    tip = tip_of(scene, before)
    assert tip is not None
    assert not tip.distances


def test_a_bent_shaft_is_found_where_it_is_and_a_far_one_is_not() -> None:
    bent, far = beside(0.0, 0.006), beside(0.0, 0.022)
    tip = tip_of(WATCHED, bent)
    assert tip is not None
    assert tip.offset == pytest.approx(0.0045, abs=0.0015)
    assert tip_of(WATCHED, far) is None


def test_a_lost_swab() -> None:
    assert checked(entered(), SCENE, TIP_ON_TONSIL) is Alarm.SWAB_LOST


def test_one_picture_is_no_alarm() -> None:
    assert checked(entered(), SCENE, TIP_ON_TONSIL, times=2) is None


def test_an_alarm_has_to_last_without_a_gap_and_brings_its_evidence() -> None:
    watch = entered()
    checked(watch, SCENE, TIP_ON_TONSIL, times=2)
    checked(watch, WATCHED, TIP_ON_TONSIL, times=1)
    assert checked(watch, SCENE, TIP_ON_TONSIL, times=2) is None
    notice = watch.check(*shown(SCENE, TIP_ON_TONSIL))
    assert notice == Notice(Alarm.SWAB_LOST, "0 mm² of swab seen, bound 15, in 3 pictures")


@pytest.mark.parametrize(("depth", "alarm"), [(-0.036, Alarm.CONTAMINATED), (-0.028, None)])
def test_a_tip_on_the_tongue_is_contaminated_and_one_above_it_is_not(
    depth: float, alarm: Alarm | None
) -> None:
    scene = SCENE.plus(Slab(Structure.SWAB, depth, (-0.002, 0.002), (-0.018, -0.010)))
    assert checked(entered(), scene, np.array([depth, 0.0, -0.016])) is alarm


def test_a_tip_that_is_still_between_the_lips_is_not_contaminated() -> None:
    scene = SCENE.plus(Slab(Structure.SWAB, 0.004, (-0.002, 0.002), (-0.034, -0.022)))
    tip = np.array([0.004, 0.0, -0.026])
    sighting = tip_of(scene, tip)
    assert sighting is not None
    assert sighting.distances[Structure.LIPS] < 0.006
    assert checked(entered(), scene, tip) is None


@pytest.mark.parametrize(
    ("shift", "alarm"),
    [
        ((0.0, 0.0, 0.04), Alarm.LEANING_BACK),
        ((0.06, 0.0, 0.0), Alarm.HEAD_LEFT),
        ((0.005, 0.0, 0.0), None),
    ],
)
def test_a_head_that_moves_away(shift: tuple[float, float, float], alarm: Alarm | None) -> None:
    pose = SCENE.optical_mouth
    moved = replace(WATCHED, optical_mouth=Pose(pose.rotation, pose.translation + shift))
    assert checked(entered(), moved, TIP_ON_TONSIL) is alarm


def test_where_the_mouth_was_is_not_known_nothing_is_said_of_its_motion() -> None:
    watch = SwabWatch()
    watch.start(None)
    assert checked(watch, WATCHED, TIP_ON_TONSIL) is None


def test_a_closing_mouth() -> None:
    watch = SwabWatch(WatchSettings(closing=0.05))
    watch.start(SCENE.optical_mouth)
    assert checked(watch, WATCHED, TIP_ON_TONSIL) is Alarm.MOUTH_CLOSING


def test_a_raised_hand_stops() -> None:
    scene = WATCHED.plus(Slab(Structure.HAND, 0.03, (0.026, 0.09), (-0.09, 0.09)))
    watch = SwabWatch(WatchSettings(hand_share=0.001))
    watch.start(SCENE.optical_mouth)
    assert checked(watch, scene, TIP_ON_TONSIL) is Alarm.HAND_RAISED


def test_fingers_taken_for_a_swab_are_too_broad_for_one() -> None:
    broad = Slab(Structure.SWAB, 0.03, (-0.02, 0.02), (-0.02, 0.005))
    assert checked(entered(), SCENE.plus(broad), TIP_ON_TONSIL) is Alarm.HAND_RAISED


@pytest.mark.parametrize(
    ("reason", "alarm"),
    [
        (RefusalReason.NO_FACE, Alarm.HEAD_LEFT),
        (RefusalReason.OUT_OF_REACH, Alarm.HEAD_LEFT),
        (RefusalReason.OCCLUDED, Alarm.HAND_RAISED),
        (RefusalReason.MASK, Alarm.HAND_RAISED),
        (RefusalReason.MOUTH_CLOSED, Alarm.MOUTH_CLOSING),
        (RefusalReason.LIGHT, None),
        (RefusalReason.DEPTH_INVALID, None),
    ],
)
def test_what_a_refused_picture_means_with_a_swab_inside(
    reason: RefusalReason, alarm: Alarm | None
) -> None:
    watch = entered()
    refusal = Refusal(reason, 0, "told so")
    notices = [watch.check(refusal, None, None) for _ in range(3)]
    assert notices[:2] == [None, None]
    assert notices[2] == (None if alarm is None else Notice(alarm, "told so, in 3 pictures"))
