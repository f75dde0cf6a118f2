from collections.abc import Iterator

import cv2
import numpy as np
import pytest

from sim.anatomy import Anatomy, Articulation, OralCavity, Part, Population
from sim.errors import SimError
from sim.pictures import Look, Prop, Renderer, SceneView, look_at, swab_mesh
from sim.pictures.truth import SeenSite, seen_sites
from spatial import Pose, vector
from vision.frame import Intrinsics
from vision.target import RefusalReason, Site

K = Intrinsics(256, 192, 420.0, 420.0, 127.5, 95.5)


@pytest.fixture(scope="module")
def renderer() -> Iterator[Renderer]:
    with Renderer(320, 240) as made:
        yield made


def view_of(
    articulation: Articulation | None = None,
    anatomy: Anatomy | None = None,
    props: tuple[Prop, ...] = (),
    look: Look | None = None,
) -> SceneView:
    cavity = OralCavity(anatomy or Anatomy(), articulation or Articulation(opening=0.05))
    return SceneView(
        cavity,
        look_at((0.25, 0.0, 0.02), (-0.03, 0.0, 0.0)),
        K,
        look or Look(),
        props,
    )


def seen(view: SceneView, renderer: Renderer) -> dict[Site, SeenSite]:
    assert view.cavity is not None
    return seen_sites(view.cavity, view, renderer.render(view))


def test_the_depth_picture_lies_on_the_surfaces_of_the_anatomy(renderer: Renderer) -> None:
    # One throat, one truth: deprojected pixels have no distance to the contact surfaces.
    view = view_of()
    picture = renderer.render(view)
    assert view.cavity is not None
    inner = (picture.labels >= Part.LIPS) & (picture.labels <= Part.PHARYNX)
    rows, columns = np.nonzero(inner)
    points = np.array(
        [K.deproject(u, v, float(picture.depth[v, u])) for v, u in zip(rows, columns, strict=True)]
    )
    distance, _, parts = view.cavity.signed_distance(view.optical_mouth.inverse().apply(points))
    assert len(points) > 3000
    assert np.quantile(np.abs(distance), 0.95) < 0.6e-3
    assert (parts == picture.labels[inner]).mean() > 0.88


def test_the_person_s_right_is_on_the_left_of_the_picture(renderer: Renderer) -> None:
    picture = renderer.render(view_of(anatomy=Anatomy(tonsil_right=3.0, tonsil_left=3.0)))
    right = np.nonzero(picture.labels == Part.TONSIL_RIGHT)[1]
    left = np.nonzero(picture.labels == Part.TONSIL_LEFT)[1]
    assert right.mean() < 127.5 < left.mean()
    lips = np.nonzero(picture.labels == Part.LIPS)[0]
    eyes = np.nonzero(picture.labels == Part.EYES)[0]
    assert lips.mean() > 60
    assert len(eyes) == 0 or eyes.mean() < lips.mean()


def test_the_same_view_gives_the_same_picture(renderer: Renderer) -> None:
    first, second = renderer.render(view_of()), renderer.render(view_of())
    np.testing.assert_array_equal(first.rgb, second.rgb)
    np.testing.assert_array_equal(first.depth, second.depth)


def test_more_exposure_is_brighter(renderer: Renderer) -> None:
    dark = renderer.render(view_of(look=Look(exposure=0.3)))
    light = renderer.render(view_of(look=Look(exposure=1.2)))
    face = dark.labels == Part.SKIN
    assert light.rgb[face].mean() > 1.3 * dark.rgb[face].mean()


def test_a_lamp_far_to_the_side_leaves_the_throat_in_shadow(renderer: Renderer) -> None:
    front = renderer.render(view_of(look=Look(lamp=(0.0, 0.0, 0.0), room=0.0, bounce=0.0)))
    side = renderer.render(view_of(look=Look(lamp=(0.30, 0.0, 0.0), room=0.0, bounce=0.0)))
    wall = front.labels == Part.POSTERIOR_WALL
    assert side.rgb[wall].mean() < 0.4 * front.rgb[wall].mean()


def test_a_swab_in_the_mouth_is_drawn_where_its_pose_says(renderer: Renderer) -> None:
    tip = vector((-0.05, 0.004, 0.002))
    mouth_tip = Pose.from_axes((-1.0, 0.0, 0.0), (0.0, 0.0, -1.0), tip)
    view = view_of(props=(Prop(swab_mesh(), mouth_tip),))
    picture = renderer.render(view)
    u, v = np.round(K.project(view.optical_mouth.apply(tip).reshape(1, 3))[0]).astype(int)
    assert picture.labels[v, u] == Part.SWAB


def test_an_open_mouth_shows_all_sites_and_a_closed_one_none(renderer: Renderer) -> None:
    view = view_of(Articulation(opening=0.05, tongue_height=0.0))
    assert all(site.safe for site in seen(view, renderer).values())
    closed = view_of(Articulation(opening=0.004))
    for site in seen(closed, renderer).values():
        assert site.reason is RefusalReason.MOUTH_CLOSED
    narrow = view_of(Articulation(opening=0.030))
    for site in seen(narrow, renderer).values():
        assert site.reason is RefusalReason.TOO_NARROW


def test_mask_hand_and_tongue_give_their_own_reason(renderer: Renderer) -> None:
    masked = view_of(anatomy=Anatomy(mask=True))
    assert seen(masked, renderer)[Site.LEFT_TONSIL].reason is (RefusalReason.MASK)
    covered = view_of(Articulation(opening=0.05, hand=1.0))
    assert seen(covered, renderer)[Site.LEFT_TONSIL].reason is (RefusalReason.OCCLUDED)
    tongue = view_of(Articulation(opening=0.05, tongue_height=1.0))
    assert seen(tongue, renderer)[Site.POSTERIOR_WALL].reason in (
        RefusalReason.TONGUE_HIGH,
        RefusalReason.WALL_NOT_SEEN,
    )


def test_a_view_larger_than_the_renderer_is_refused(renderer: Renderer) -> None:
    big = Intrinsics(640, 480, 600.0, 600.0, 320.0, 240.0)
    view = SceneView(OralCavity(Anatomy()), look_at((0.3, 0, 0), (0, 0, 0)), big)
    with pytest.raises(SimError, match="640x480"):
        renderer.render(view)


def test_two_renderers_do_not_touch_each_other(renderer: Renderer) -> None:
    before = renderer.render(view_of())
    with Renderer(64, 48) as other:
        small = Intrinsics(64, 48, 60.0, 60.0, 31.5, 23.5)
        other.render(SceneView(OralCavity(Anatomy()), look_at((0.3, 0, 0), (0, 0, 0)), small))
    np.testing.assert_array_equal(before.rgb, renderer.render(view_of()).rgb)


def test_a_look_out_of_bounds_is_refused() -> None:
    with pytest.raises(SimError, match="exposure"):
        Look(exposure=50.0)


def test_with_nobody_seated_the_props_alone_are_drawn(renderer: Renderer) -> None:
    mouth_tip = Pose.from_axes((-1.0, 0.0, 0.0), (0.0, 0.0, -1.0), (0.05, 0.0, 0.0))
    view = SceneView(
        None, look_at((0.25, 0, 0.02), (0, 0, 0)), K, props=(Prop(swab_mesh(), mouth_tip),)
    )
    assert set(np.unique(renderer.render(view).labels)) == {Part.BACKGROUND, Part.SWAB}
    bare = SceneView(None, look_at((0.25, 0, 0.02), (0, 0, 0)), K)
    assert set(np.unique(renderer.render(bare).labels)) == {Part.BACKGROUND}
    absent = seen_sites(OralCavity(Anatomy()), bare, renderer.render(bare))
    assert {site.reason for site in absent.values()} == {RefusalReason.NO_FACE}


def test_metal_teeth_are_darker_than_enamel(renderer: Renderer) -> None:
    enamel = renderer.render(view_of())
    metal = renderer.render(view_of(anatomy=Anatomy(teeth_metal=2**28 - 1)))
    teeth = enamel.labels == Part.TEETH
    assert teeth.sum() > 100
    assert metal.rgb[teeth].mean() < 0.85 * enamel.rgb[teeth].mean()


@pytest.mark.parametrize("seed", range(6))
def test_nowhere_between_the_lips_does_the_room_shine_through(
    renderer: Renderer, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    name = ("adult", "child", "elderly")[seed % 3]
    anatomy = Population.named(name).sample(rng)
    cavity = OralCavity(anatomy, Articulation(opening=float(rng.uniform(0.02, 0.06))))
    eye = (0.22, float(rng.uniform(-0.1, 0.1)), float(rng.uniform(-0.06, 0.08)))
    picture = renderer.render(SceneView(cavity, look_at(eye, (-0.02, 0.0, 0.0)), K, detail=0.6))
    rows, columns = np.nonzero(picture.labels == Part.LIPS)
    hull = cv2.convexHull(np.stack([columns, rows], -1).astype(np.int32))
    inside = cv2.fillConvexPoly(np.zeros(picture.labels.shape, np.uint8), hull, 1) > 0
    assert (picture.labels[inside] == Part.BACKGROUND).sum() == 0
