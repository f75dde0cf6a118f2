"""The network's form in bytes sees in rendered mouths what the network itself sees."""

import numpy as np
import pytest

from sim.anatomy import Articulation, OralCavity, Population
from sim.cameras import CAMERAS
from sim.pictures import Renderer, SceneView, look_at
from vision.frame import Frame
from vision.network import load_network, multiplies_bytes
from vision.pipeline import Looks, ThroatLocator, look_closer
from vision.target import Sighting, Target
from vision.view import View

pytestmark = pytest.mark.skipif(
    not multiplies_bytes(), reason="this processor runs the network in floats"
)


@pytest.fixture(scope="module")
def frames() -> list[Frame]:
    rng, camera, frames = np.random.default_rng(11), CAMERAS["D405"], []
    with Renderer(640, 480) as renderer:
        for number in range(4):
            anatomy = Population.named("adult").sample(rng)
            cavity = OralCavity(anatomy, Articulation(opening=0.05, tongue_height=0.02))
            pose = look_at((rng.uniform(0.25, 0.40), rng.normal(0, 0.02), 0.02), (-0.03, 0, 0))
            view = SceneView(cavity, pose, camera.intrinsics(640, 480))
            frames.append(camera.measure(renderer.render(view), rng, number + 1, number))
    return frames


def alike(one: View, other: View) -> float:
    """Return the share of cells that both label alike."""
    return float((one.cells == other.cells).mean())


def test_labels_are_the_same_but_for_a_few_edges(frames: list[Frame]) -> None:
    exact, in_bytes = load_network(threads=1, exact=True), load_network(threads=1)
    assert exact.digest == in_bytes.digest
    differ = 0
    for frame in frames:
        whole = ThroatLocator(exact).glance(frame)
        assert alike(ThroatLocator(in_bytes).glance(frame), whole) > 0.98
        looks = look_closer(exact, whole, frame)
        assert isinstance(looks, Looks)
        for look in (looks.mouth, looks.throat):
            again = View.look(in_bytes, frame.rgb, frame.depth, look.crop, look.cells.shape[0])
            assert alike(again, look) > 0.97
            differ += int((again.cells != look.cells).sum())
    assert differ > 0  # else both ran the same file


def test_sites_are_found_at_the_same_places(frames: list[Frame]) -> None:
    exact, in_bytes = (ThroatLocator(load_network(threads=1, exact=e)) for e in (True, False))
    apart = []
    for frame in frames:
        one, other = exact.locate(frame), in_bytes.locate(frame)
        assert isinstance(one, Sighting)
        assert isinstance(other, Sighting)
        for site, target in one.targets.items():
            again = other.targets[site]
            if isinstance(target, Target) and isinstance(again, Target):
                apart.append(float(np.linalg.norm(target.point - again.point)))
    assert len(apart) >= 6
    assert np.median(apart) < 0.001
    assert max(apart) < 0.004
