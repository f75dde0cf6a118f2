from dataclasses import replace

import numpy as np
import pytest

from spatial import Pose, Vector
from tests.unit.vision.painted import PaintReader, Scene, Slab
from vision.pipeline import Looks, ThroatLocator
from vision.sites import SITE_STRUCTURES
from vision.structure import Structure
from vision.target import Refusal, RefusalReason, Site
from vision.watch import Alarm, SwabWatch, WatchSettings, confirms_site, find_tip

SCENE = Scene()
TIP_ON_TONSIL = np.array([-0.058, 0.017, -0.003])
SWAB = Slab(Structure.SWAB, -0.058, (0.0155, 0.0185), (-0.030, -0.001))


def checked(watch: SwabWatch, scene: Scene, tip: Vector | None, times: int = 3) -> Alarm | None:
    locator, frame = ThroatLocator(PaintReader(scene.optical_mouth)), scene.frame()
    looks = locator.look(frame)
    optical_tip = None if tip is None else scene.optical_mouth.apply(tip)
    alarm = None
    for _ in range(times):
        alarm = watch.check(frame, looks, locator.judge(looks, frame), Pose(), optical_tip)
    return alarm


def entered() -> SwabWatch:
    watch = SwabWatch()
    watch.start(SCENE.optical_mouth)
    return watch


def test_all_is_well() -> None:
    assert checked(entered(), SCENE, None) is None
    assert checked(entered(), SCENE.plus(SWAB), TIP_ON_TONSIL) is None


def test_the_tip_confirms_its_site() -> None:
    scene = SCENE.plus(SWAB)
    frame = scene.frame()
    looks = ThroatLocator(PaintReader(scene.optical_mouth)).look(frame)
    assert isinstance(looks, Looks)
    tip = find_tip(looks.mouth, frame, scene.optical_mouth.apply(TIP_ON_TONSIL), 0.003)
    assert tip is not None
    assert confirms_site(tip, SITE_STRUCTURES[Site.LEFT_TONSIL])
    assert not confirms_site(tip, SITE_STRUCTURES[Site.POSTERIOR_WALL])


def test_a_lost_swab() -> None:
    assert checked(entered(), SCENE, TIP_ON_TONSIL) is Alarm.SWAB_LOST


def test_one_picture_is_no_alarm() -> None:
    assert checked(entered(), SCENE, TIP_ON_TONSIL, times=2) is None


def test_a_tip_on_the_tongue_is_contaminated() -> None:
    scene = SCENE.plus(Slab(Structure.SWAB, -0.035, (-0.002, 0.002), (-0.030, -0.018)))
    alarm = checked(entered(), scene, np.array([-0.035, 0.0, -0.020]))
    assert alarm is Alarm.CONTAMINATED


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
    moved = replace(SCENE, optical_mouth=Pose(pose.rotation, pose.translation + shift))
    assert checked(entered(), moved, None) is alarm


def test_a_closing_mouth() -> None:
    watch = SwabWatch(WatchSettings(closing=0.05))
    watch.start(SCENE.optical_mouth)
    assert checked(watch, SCENE, None) is Alarm.MOUTH_CLOSING


def test_a_raised_hand_stops() -> None:
    scene = SCENE.plus(Slab(Structure.HAND, 0.03, (0.026, 0.09), (-0.09, 0.09)))
    watch = SwabWatch(WatchSettings(hand_share=0.001))
    watch.start(SCENE.optical_mouth)
    assert checked(watch, scene, None) in (Alarm.HAND_RAISED, Alarm.HEAD_LEFT)


def test_nobody_left_is_an_alarm() -> None:
    watch, frame = entered(), SCENE.frame()
    gone = Refusal(RefusalReason.NO_FACE, 0, "empty chair")
    alarms = [watch.check(frame, gone, gone, Pose(), None) for _ in range(3)]
    assert alarms == [None, None, Alarm.HEAD_LEFT]
