from dataclasses import dataclass, replace

import numpy as np
import pytest
from numpy.typing import NDArray

from spatial import Pose
from tests.unit.vision.painted import PaintReader, Scene, Slab, paint, read_paint
from vision.confidence import Confidence
from vision.frame import Frame
from vision.person import find_rest_of_throat
from vision.pipeline import Looks, ThroatLocator
from vision.preprocess import Crop, Look
from vision.segmentation import Segmentation
from vision.settings import LocatorSettings
from vision.sites import THROAT
from vision.structure import ORAL, Structure
from vision.target import Refusal, RefusalReason, Sighting, Site, Target
from vision.view import View

SCENE = Scene()


def sighted(locator: ThroatLocator, frame: Frame) -> Sighting:
    seen = locator.locate(frame)
    assert isinstance(seen, Sighting), seen
    return seen


def test_mouth_and_sites_are_where_they_were_put() -> None:
    seen = sighted(ThroatLocator(PaintReader(SCENE.optical_mouth)), SCENE.frame())
    distance, angle = seen.optical_mouth.distance_to(SCENE.optical_mouth)
    assert distance < 0.004
    assert angle < 0.1  # the reader's rotation is the camera's, off by the crop's line of sight
    assert seen.opening == pytest.approx(0.044, abs=0.003)
    truth = {
        Site.RIGHT_TONSIL: (-0.062, -0.018, -0.003),
        Site.LEFT_TONSIL: (-0.062, 0.018, -0.003),
    }
    for site, where in truth.items():
        target = seen.targets[site]
        assert isinstance(target, Target), target
        # the cheeks hide a tonsil's outer half, so its visible middle lies nearer the midline
        assert np.linalg.norm(target.point - SCENE.optical_mouth.apply(where)) < 0.005
        assert target.normal @ SCENE.optical_mouth.rotation[:, 0] > 0.99
    wall = seen.targets[Site.POSTERIOR_WALL]
    assert isinstance(wall, Target), wall
    assert SCENE.optical_mouth.inverse().apply(wall.point)[0] == pytest.approx(-0.085, abs=1e-3)
    assert wall.clearance > 0.005


def test_the_wiping_path_lies_on_the_site() -> None:
    seen = sighted(ThroatLocator(PaintReader(SCENE.optical_mouth)), SCENE.frame())
    target = seen.targets[Site.LEFT_TONSIL]
    assert isinstance(target, Target)
    path = SCENE.optical_mouth.inverse().apply(target.path)
    assert np.abs(path[:, 0] + 0.062).max() < 1e-3
    assert np.ptp(path[:, 2]) > 0.005  # a tonsil is wiped up and down
    middle = target.path[len(target.path) // 2]
    assert np.linalg.norm(middle - target.point) < 1e-9


def yaw_of(scene: Scene, told: float) -> float:
    """Return by how much [rad] a mouth seems turned aside to a reader told so of a straight one."""
    turned = scene.optical_mouth @ Pose.from_rotation_vector((0.0, 0.0, told))
    seen = sighted(ThroatLocator(PaintReader(turned)), scene.frame())
    x_axis = scene.optical_mouth.inverse().rotate(seen.optical_mouth.rotation[:, 0])
    return float(np.arctan2(x_axis[1], x_axis[0]))


@pytest.mark.parametrize("told", [0.05, 0.10, 0.15])
def test_measured_lips_tell_which_way_a_mouth_looks(told: float) -> None:
    # the reader's rotation is the camera's, off by the crop's line of sight: look at differences
    left = (yaw_of(SCENE, told) - yaw_of(SCENE, -told)) / (2 * told)
    assert left == pytest.approx(0.25, abs=0.05)
    assert abs(yaw_of(SCENE, 0.0)) < 0.02


def test_lips_far_askew_or_half_hidden_tell_nothing() -> None:
    assert yaw_of(SCENE, 0.35) == pytest.approx(0.35, abs=0.04)
    # a sheet before the left half of the lips, and all that is left of them is narrow
    half = SCENE.plus(Slab(Structure.SKIN, 0.004, (-0.016, 0.05), (-0.04, -0.0241))).plus(
        Slab(Structure.SKIN, 0.004, (-0.016, 0.05), (0.0241, 0.04)),
        Slab(Structure.SKIN, 0.004, (0.0241, 0.05), (-0.04, 0.04)),
    )
    assert yaw_of(half, 0.1) == pytest.approx(0.1, abs=0.04)


def refusal_of(seen: Sighting | Refusal, site: Site | None) -> RefusalReason | None:
    if site is None:
        return seen.reason if isinstance(seen, Refusal) else None
    assert isinstance(seen, Sighting), seen
    target = seen.targets[site]
    return target.reason if isinstance(target, Refusal) else None


def test_a_throat_that_a_look_cuts_off_is_looked_at_again() -> None:
    frame, reader = SCENE.frame(), PaintReader(SCENE.optical_mouth)
    width, height = frame.intrinsics.width, frame.intrinsics.height
    looks = ThroatLocator(reader).look(frame)
    assert isinstance(looks, Looks)
    crop = looks.throat.crop
    assert find_rest_of_throat(looks.throat, width, height) is None
    beside = Crop(crop.left + crop.side / 3, crop.top, crop.side)
    cut_off = View.look(reader, frame.rgb, frame.depth, beside, Look.THROAT.size)
    rest = find_rest_of_throat(cut_off, width, height)
    assert rest is not None
    assert rest.left < beside.left - 0.05 * crop.side or rest.side > 1.1 * crop.side
    again = View.look(reader, frame.rgb, frame.depth, rest, Look.THROAT.size)
    throat = np.isin(again.cells, THROAT).sum() * (rest.side / crop.side) ** 2
    assert throat > 1.1 * np.isin(cut_off.cells, THROAT).sum()
    # what lies beyond the picture is not to be had
    assert find_rest_of_throat(replace(cut_off, crop=Crop(0, 0, width)), width, height) is None


def test_nobody_there() -> None:
    empty = replace(SCENE, slabs=(Slab(Structure.BACKGROUND, 0.0, (-1, 1), (-1, 1)),))
    seen = ThroatLocator(PaintReader(SCENE.optical_mouth)).locate(empty.frame())
    assert refusal_of(seen, None) is RefusalReason.NO_FACE


@dataclass(frozen=True)
class Shortsighted:
    """A reader that takes a small mouth for skin, however sure it is that one is to be seen."""

    reader: PaintReader
    sure: float

    digest = "paint"

    @property
    def confidence(self) -> Confidence:
        return self.reader.confidence

    photo_confidence = confidence

    def segment(self, rgb: NDArray[np.uint8], depth: NDArray[np.float32] | None) -> Segmentation:
        said = replace(self.reader.segment(rgb, depth), seen=np.array([self.sure, 1.0, 1.0, 1.0]))
        labels = read_paint(rgb)
        mouth = np.isin(labels, [*ORAL, Structure.LIPS])
        if mouth.sum() > 1_000:
            return said
        labels[mouth] = Structure.SKIN
        face = self.reader.segment(paint(labels.astype(np.uint8)), depth)
        return replace(said, weights=face.weights)


def test_a_mouth_too_small_to_be_made_out_is_looked_for_where_it_should_be() -> None:
    reader = PaintReader(SCENE.optical_mouth)
    sure, unsure = (ThroatLocator(Shortsighted(reader, p)) for p in (0.9, 0.1))
    assert refusal_of(unsure.locate(SCENE.frame()), None) is RefusalReason.NO_FACE
    seen = sighted(sure, SCENE.frame())
    assert seen.optical_mouth.distance_to(SCENE.optical_mouth)[0] < 0.004
    # where a closer look shows no mouth either, there is none to be swabbed
    masked = SCENE.plus(Slab(Structure.MASK, 0.02, (-0.06, 0.06), (-0.07, 0.03)))
    assert refusal_of(sure.locate(masked.frame()), None) is RefusalReason.MASK


def test_a_mask() -> None:
    masked = SCENE.plus(Slab(Structure.MASK, 0.02, (-0.06, 0.06), (-0.07, 0.03)))
    seen = ThroatLocator(PaintReader(SCENE.optical_mouth)).locate(masked.frame())
    assert refusal_of(seen, None) is RefusalReason.MASK


def test_a_hand() -> None:
    covered = SCENE.plus(Slab(Structure.HAND, 0.02, (-0.06, 0.06), (-0.07, 0.04)))
    seen = ThroatLocator(PaintReader(SCENE.optical_mouth)).locate(covered.frame())
    assert refusal_of(seen, None) is RefusalReason.OCCLUDED


def test_a_hand_beside_the_mouth_counts_by_its_size() -> None:
    locator = ThroatLocator(PaintReader(SCENE.optical_mouth))
    raised = SCENE.plus(Slab(Structure.HAND, 0.02, (0.04, 0.10), (-0.04, 0.03)))
    assert refusal_of(locator.locate(raised.frame()), None) is RefusalReason.OCCLUDED
    speck = SCENE.plus(Slab(Structure.HAND, 0.02, (0.04, 0.06), (-0.04, -0.02)))
    assert isinstance(locator.locate(speck.frame()), Sighting)


def test_two_faces() -> None:
    pair = SCENE.plus(
        Slab(Structure.SKIN, 0.0, (0.08, 0.2), (-0.1, 0.1)),
        Slab(Structure.LIPS, 0.002, (0.11, 0.17), (-0.03, 0.03)),
    )
    seen = ThroatLocator(PaintReader(SCENE.optical_mouth)).locate(pair.frame())
    assert refusal_of(seen, None) is RefusalReason.TWO_FACES


def test_a_closed_mouth() -> None:
    shut = replace(
        SCENE,
        slabs=(
            Slab(Structure.SKIN, 0.0, (-0.07, 0.07), (-0.09, 0.12)),
            Slab(Structure.SKIN, -0.001, (-0.07, 0.07), (-0.09, 0.12)),
            Slab(Structure.LIPS, 0.002, (-0.03, 0.03), (-0.03, 0.03)),
            Slab(Structure.LIPS, -0.0005, (-0.03, 0.03), (-0.03, 0.03)),
        ),
    )
    seen = ThroatLocator(PaintReader(SCENE.optical_mouth)).locate(shut.frame())
    assert refusal_of(seen, None) is RefusalReason.MOUTH_CLOSED


def test_a_picture_of_an_open_mouth_is_no_mouth() -> None:
    frame = SCENE.frame()
    flat = replace(frame, depth=np.minimum(frame.depth, np.float32(0.302)))
    seen = ThroatLocator(PaintReader(SCENE.optical_mouth)).locate(flat)
    assert refusal_of(seen, None) is RefusalReason.MOUTH_CLOSED


def test_an_opening_must_exceed_the_least_by_the_error_of_measuring_it() -> None:
    seen = ThroatLocator(PaintReader(SCENE.optical_mouth)).locate(SCENE.frame())
    assert isinstance(seen, Sighting)
    least = seen.opening - 0.001
    for margin, enough in ((0.0005, True), (0.0015, False)):
        settings = LocatorSettings(min_opening=least, opening_margin=margin)
        said = ThroatLocator(PaintReader(SCENE.optical_mouth), settings).locate(SCENE.frame())
        assert isinstance(said, Sighting) is enough


def test_too_narrow() -> None:
    locator = ThroatLocator(PaintReader(SCENE.optical_mouth), LocatorSettings(min_opening=0.050))
    assert refusal_of(locator.locate(SCENE.frame()), None) is RefusalReason.TOO_NARROW


@pytest.mark.parametrize("distance", [0.05, 0.75])
def test_out_of_reach(distance: float) -> None:
    moved = replace(SCENE, optical_mouth=Pose(SCENE.optical_mouth.rotation, (0.0, 0.0, distance)))
    locator = ThroatLocator(PaintReader(moved.optical_mouth))
    assert refusal_of(locator.locate(moved.frame()), None) is RefusalReason.OUT_OF_REACH


def test_a_turned_face() -> None:
    # 40 degrees, the bound is 35; turned further the painted slabs come apart, as no face does
    turned = Pose(
        SCENE.optical_mouth.rotation @ Pose.from_rotation_vector((0, 0, 0.7)).rotation,
        SCENE.optical_mouth.translation,
    )
    seen = ThroatLocator(PaintReader(turned)).locate(replace(SCENE, optical_mouth=turned).frame())
    assert refusal_of(seen, None) is RefusalReason.OUT_OF_REACH


def test_a_high_tongue_hides_the_wall() -> None:
    high = SCENE.without(Structure.POSTERIOR_WALL).plus(
        Slab(Structure.TONGUE, -0.045, (-0.03, 0.03), (-0.03, 0.03))
    )
    reader = PaintReader(SCENE.optical_mouth)
    seen = ThroatLocator(reader).locate(high.frame())
    assert refusal_of(seen, Site.POSTERIOR_WALL) in (
        RefusalReason.TONGUE_HIGH,
        RefusalReason.WALL_NOT_SEEN,
    )


def test_depth_that_something_before_the_wall_lends_it_is_not_the_walls() -> None:
    frame, locator = SCENE.frame(), ThroatLocator(PaintReader(SCENE.optical_mouth))
    wall = sighted(locator, frame).targets[Site.POSTERIOR_WALL]
    assert isinstance(wall, Target)
    column, row = frame.intrinsics.project(wall.point[None])[0]
    rows, columns = np.indices(frame.depth.shape)
    lent = (rows - row) ** 2 + (columns - column) ** 2 < 4.5**2
    depth = np.where(lent, frame.depth - np.float32(0.018), frame.depth)
    again = sighted(locator, replace(frame, depth=depth)).targets[Site.POSTERIOR_WALL]
    assert isinstance(again, Target)
    assert np.linalg.norm(again.point - wall.point) < 0.001


def test_missing_tonsil_and_wall() -> None:
    bare = SCENE.without(Structure.LEFT_TONSIL, Structure.POSTERIOR_WALL)
    seen = ThroatLocator(PaintReader(SCENE.optical_mouth)).locate(bare.frame())
    assert refusal_of(seen, Site.LEFT_TONSIL) is RefusalReason.TONSIL_NOT_SEEN
    assert refusal_of(seen, Site.POSTERIOR_WALL) is RefusalReason.WALL_NOT_SEEN
    assert refusal_of(seen, Site.RIGHT_TONSIL) is None


def test_a_cavity_without_depth_is_refused_site_by_site() -> None:
    frame = SCENE.frame()
    holed = replace(frame, depth=np.where(frame.depth > 0.38, np.float32(np.nan), frame.depth))
    seen = ThroatLocator(PaintReader(SCENE.optical_mouth)).locate(holed)
    assert refusal_of(seen, Site.POSTERIOR_WALL) is RefusalReason.DEPTH_INVALID
    assert refusal_of(seen, Site.RIGHT_TONSIL) is None


def test_no_depth_at_all() -> None:
    frame = SCENE.frame()
    blind = replace(frame, depth=np.full_like(frame.depth, np.nan))
    seen = ThroatLocator(PaintReader(SCENE.optical_mouth)).locate(blind)
    assert refusal_of(seen, None) is RefusalReason.DEPTH_INVALID


@pytest.mark.parametrize("level", [0, 255])
def test_light(level: int) -> None:
    frame = SCENE.frame()
    lit = replace(frame, rgb=np.full_like(frame.rgb, level))
    seen = ThroatLocator(PaintReader(SCENE.optical_mouth)).locate(lit)
    assert refusal_of(seen, None) is RefusalReason.LIGHT


def test_an_unsure_model_is_not_believed() -> None:
    seen = ThroatLocator(PaintReader(SCENE.optical_mouth, 0.2)).locate(SCENE.frame())
    for site in Site:
        assert refusal_of(seen, site) is RefusalReason.MODEL_UNSURE


def test_a_tonsil_in_front_of_the_arches_is_not_believed() -> None:
    odd = SCENE.without(Structure.RIGHT_TONSIL).plus(
        Slab(Structure.RIGHT_TONSIL, -0.020, (-0.024, -0.012), (-0.012, 0.006))
    )
    seen = ThroatLocator(PaintReader(SCENE.optical_mouth)).locate(odd.frame())
    assert refusal_of(seen, Site.RIGHT_TONSIL) is RefusalReason.OUT_OF_REACH


def test_the_lips_depth_beside_the_throat_is_not_the_throats() -> None:
    frame, reader = SCENE.frame(), PaintReader(SCENE.optical_mouth)
    wall = read_paint(frame.rgb) == Structure.POSTERIOR_WALL
    bled = wall & (np.random.default_rng(0).random(wall.shape) < 0.7)
    depth = np.where(bled, SCENE.optical_mouth.translation[2], frame.depth).astype(np.float32)
    target = sighted(ThroatLocator(reader), replace(frame, depth=depth)).targets[
        Site.POSTERIOR_WALL
    ]
    assert isinstance(target, Target), target
    assert SCENE.optical_mouth.inverse().apply(target.point)[0] == pytest.approx(-0.085, abs=1e-3)


def test_mirrored_sides_are_not_believed() -> None:
    swapped = SCENE.without(Structure.RIGHT_TONSIL, Structure.LEFT_TONSIL).plus(
        Slab(Structure.LEFT_TONSIL, -0.062, (-0.024, -0.012), (-0.012, 0.006)),
        Slab(Structure.RIGHT_TONSIL, -0.062, (0.012, 0.024), (-0.012, 0.006)),
    )
    seen = ThroatLocator(PaintReader(SCENE.optical_mouth)).locate(swapped.frame())
    assert refusal_of(seen, Site.RIGHT_TONSIL) is RefusalReason.OUT_OF_REACH
    assert refusal_of(seen, Site.LEFT_TONSIL) is RefusalReason.OUT_OF_REACH


class ShortSighted(PaintReader):
    """Sees of the whole picture's mouth a part alone, as of a mouth far away."""

    def segment(self, rgb: np.ndarray, depth: np.ndarray | None) -> Segmentation:
        said = super().segment(rgb, depth)
        if rgb.shape[0] != Look.WHOLE.size:
            return said
        mouth = [int(s) for s in (*ORAL, Structure.LIPS)]
        rows = np.flatnonzero(np.isin(said.probability.argmax(axis=0), mouth).any(axis=1))
        below = int(rows[len(rows) // 2])
        hidden = said.probability.copy()
        hidden[:, below:] = 0.0
        hidden[Structure.SKIN, below:] = 1.0
        return Segmentation.of_map(hidden, said.places, said.rotation, said.seen)


def test_a_mouth_half_seen_at_first_is_looked_at_whole() -> None:
    frame = SCENE.frame()
    looks = ThroatLocator(ShortSighted(SCENE.optical_mouth)).look(frame)
    assert isinstance(looks, Looks)
    seen = sighted(ThroatLocator(ShortSighted(SCENE.optical_mouth)), frame)
    assert seen.opening == pytest.approx(0.044, abs=0.003)
    assert looks.mouth.crop.side > looks.throat.crop.side


def test_the_same_frame_gives_the_same_sighting() -> None:
    locator, frame = ThroatLocator(PaintReader(SCENE.optical_mouth)), SCENE.frame()
    first, second = sighted(locator, frame), sighted(locator, frame)
    assert first.optical_mouth.almost_equals(second.optical_mouth)
    for site in Site:
        a, b = first.targets[site], second.targets[site]
        assert isinstance(a, Target)
        assert isinstance(b, Target)
        assert (a.point == b.point).all()
