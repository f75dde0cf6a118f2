"""What stands in the way to a site, and where a site may be at all."""

import numpy as np
import pytest

from tests.unit.vision.painted import PaintReader, Scene, Slab
from vision.confidence import Confidence, Evidence, PhotoEvidence
from vision.pipeline import Looks, ThroatLocator
from vision.region import strangeness
from vision.structure import Structure
from vision.target import Sighting, Site
from vision.way import find_obstacles, passage

SCENE = Scene()
START, WALL = np.array([0.0, 0.0, 0.3]), np.array([0.0, 0.0, 0.4])


class Witness(PaintReader):
    """Reads the paint, believes everything, and keeps the evidence it was shown."""

    def __init__(self) -> None:
        super().__init__(SCENE.optical_mouth)
        self.shown: list[Evidence] = []
        believe = Confidence(bias=9.0)
        witness = self

        class Shown:
            threshold = 0.0

            def of(self, evidence: Evidence | PhotoEvidence) -> float:
                assert isinstance(evidence, Evidence)
                witness.shown.append(evidence)
                return believe.of(evidence)

        self.confidence = Shown()  # type: ignore[assignment]  # whatever weighs evidence


def shown(scene: Scene) -> dict[Site, Evidence]:
    witness = Witness()
    seen = ThroatLocator(witness).locate(scene.frame())
    assert isinstance(seen, Sighting), seen
    return dict(zip(Site, witness.shown, strict=True))


def test_a_way_is_as_wide_as_what_stands_beside_it() -> None:
    for gap in (0.002, 0.006):
        beside = START + np.array([[gap, 0.0, z] for z in np.linspace(0.01, 0.05, 8)])
        assert passage(beside, START, WALL) == pytest.approx(gap)
    behind = WALL + np.array([[0.001, 0.0, z] for z in np.linspace(0.02, 0.05, 8)])
    assert passage(behind, START, WALL) == pytest.approx(0.010)
    assert passage(np.empty((0, 3)), START, WALL) == pytest.approx(0.010)


def test_a_depressor_in_the_way_in_is_an_obstacle() -> None:
    blade = Slab(Structure.DEPRESSOR, -0.020, (0.002, 0.012), (-0.006, 0.003))
    frame = SCENE.plus(blade).frame()
    looks = ThroatLocator(PaintReader(SCENE.optical_mouth)).look(frame)
    assert isinstance(looks, Looks)
    obstacles = find_obstacles(looks.mouth, frame.intrinsics)
    behind = -SCENE.optical_mouth.inverse().apply(obstacles)[:, 0]
    assert (np.abs(behind - 0.020) < 0.002).sum() > 4
    free, barred = shown(SCENE), shown(SCENE.plus(blade))
    assert barred[Site.LEFT_TONSIL].passage < 2.0 < free[Site.LEFT_TONSIL].passage
    assert barred[Site.RIGHT_TONSIL].passage > 5.0


def test_the_farther_from_where_sites_lie_the_stranger() -> None:
    usual = np.array([-0.067, -0.0106, 0.0105])
    assert strangeness(usual, Site.RIGHT_TONSIL) == pytest.approx(0.0, abs=1e-6)
    assert strangeness(usual * (1, -1, 1), Site.LEFT_TONSIL) == pytest.approx(0.0, abs=1e-6)
    away = [strangeness(usual - (d, 0, 0), Site.RIGHT_TONSIL) for d in (0.005, 0.010, 0.020)]
    assert away == sorted(away)
    assert away[-1] == pytest.approx(3.0, abs=0.1)
    assert strangeness(usual, Site.POSTERIOR_WALL) > 3.0


def test_how_far_a_site_is_seen_from_the_uvula() -> None:
    wide = Slab(Structure.UVULA, -0.060, (-0.010, 0.004), (-0.004, 0.006))
    alone, beside = shown(SCENE.without(Structure.UVULA)), shown(SCENE.plus(wide))
    assert alone[Site.RIGHT_TONSIL].beside == pytest.approx(10.0)
    assert beside[Site.RIGHT_TONSIL].beside < 9.0 < beside[Site.LEFT_TONSIL].beside
