import numpy as np
import pytest

from sim.anatomy import Part
from sim.painter import SimPainter, eye_of
from sim.person import Person
from sim.pictures import Renderer
from sim.scene import Scene
from sim.world import Options, World
from vision.frame import Frame

SCENE = Scene()


def labels_of(world: World) -> np.ndarray:
    painter = SimPainter(SCENE)
    renderer = Renderer(640, 480)
    picture = renderer.render(painter.view(world.snapshot()))
    renderer.close()
    painter.close()
    return picture.labels


def test_the_camera_sees_the_mouth_where_the_truth_says() -> None:
    with World(SCENE, 1, Options(eye=eye_of(SCENE))) as world:
        world.seat(Person.sample(3))
        world.cue("say_ah")
        world.clock.sleep_until(3_000_000_000)
        frame = world.camera.next_frame(0.2)
        assert isinstance(frame, Frame)
        labels = labels_of(world)
        optical = world.base_camera.inverse() @ world.truth.base_mouth
        (u, v), *_ = frame.intrinsics.project(optical.apply([[0.0, 0.0, 0.0]]))
        around = labels[round(v) - 20 : round(v) + 20, round(u) - 20 : round(u) + 20]
        inside = [Part.TONGUE, Part.SOFT_PALATE, Part.HARD_PALATE, Part.POSTERIOR_WALL, Part.UVULA]
        inside += [Part.ARCH_LEFT, Part.ARCH_RIGHT, Part.TONSIL_LEFT, Part.TONSIL_RIGHT, Part.CHEEK]
        assert np.isin(around, [*inside, Part.TEETH, Part.LIPS, Part.GUMS]).mean() > 0.9
        # the depth of the skin beside the mouth is the distance there
        cheek = frame.depth[round(v) - 60 : round(v) - 50, round(u) - 5 : round(u) + 5]
        assert np.nanmedian(cheek) == pytest.approx(optical.translation[2], abs=0.03)


def test_the_swab_is_drawn_where_the_shaft_is_bent_and_unbent() -> None:
    with World(SCENE, 1, Options(eye=eye_of(SCENE))) as world:
        for bend in ((0.0, 0.0), (0.2, 0.1)):
            z = world.engine.state.hand_rotation @ np.array([*bend, 1.0])
            world._shaft.direction[:] = z / np.linalg.norm(z)
            labels = labels_of(world)
            optical_base = world.base_camera.inverse()
            painter = SimPainter(SCENE)
            near_tip = world.base_tip.apply([0.0, 0.0, -0.004])
            (u, v), *_ = painter.intrinsics.project(optical_base.apply(near_tip)[None])
            painter.close()
            assert labels[round(v), round(u)] == Part.SWAB
            # the shaft meets the gripper: the point at the jaws is drawn as one of the two
            state = world.engine.state
            jaws = state.hand_position + state.hand_rotation[:, 2] * 0.145
            (u, v), *_ = painter.intrinsics.project(optical_base.apply(jaws)[None])
            if 0 <= v < 480:
                assert labels[round(v), round(u)] in (Part.SWAB, Part.GRIPPER)


def test_an_empty_chair_shows_nobody() -> None:
    with World(SCENE, 1) as world:
        labels = labels_of(world)
        assert Part.SKIN not in labels
        assert Part.CHIN_REST in labels
