import numpy as np

from sim.scene import Scene
from station.simulated import places_of


def test_a_used_swab_is_let_go_above_the_scenes_bin() -> None:
    scene = Scene()
    places = places_of(scene)
    above = places.before(places.base_bin).translation - scene.base_bin
    assert np.hypot(above[0], above[1]) < 0.05
    assert 0.0 < above[2] < 0.1
