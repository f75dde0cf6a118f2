from dataclasses import replace

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.anatomy import Part
from sim.cameras import D405, D435, CameraModel
from sim.errors import SimError
from sim.pictures import Picture


def flat(z: float, part: Part = Part.SKIN, grey: int = 120, model: CameraModel = D405) -> Picture:
    k = model.intrinsics(640, 480)
    return Picture(
        np.full((480, 640, 3), grey, np.uint8),
        np.full((480, 640), z, np.float32),
        np.full((480, 640), part, np.uint8),
        k,
    )


@pytest.mark.parametrize(
    ("model", "z"), [(D405, 0.2), (D405, 0.3), (D405, 0.45), (D435, 0.7), (D435, 1.2), (D435, 2.0)]
)
def test_depth_noise_follows_the_stereo_law(model: CameraModel, z: float) -> None:
    depth = model.measure(flat(z, model=model), np.random.default_rng(1)).depth
    error = depth[np.isfinite(depth)] - z
    expected = float(model.depth_sigma(np.array(z), model.intrinsics(640, 480)))
    assert abs(error.mean()) < 0.1 * expected + model.unit / 2
    # quantisation adds its own variance, unit² / 12
    assert error.std() == pytest.approx(np.hypot(expected, model.unit / 12**0.5), rel=0.1)


@settings(deadline=None, max_examples=10)
@given(st.floats(0.02, 0.065))
def test_nothing_is_measured_closer_than_the_minimum(z: float) -> None:
    depth = D405.measure(flat(z), np.random.default_rng(2)).depth
    assert np.isnan(depth).all()


def test_wet_mucosa_and_darkness_leave_holes_where_skin_leaves_none() -> None:
    rng = np.random.default_rng(3)
    skin = np.isnan(D405.measure(flat(0.3), rng).depth).mean()
    wet = np.isnan(D405.measure(flat(0.3, Part.SOFT_PALATE), rng).depth).mean()
    dark = np.isnan(D405.measure(flat(0.3, grey=2), rng).depth).mean()
    glare = np.isnan(D405.measure(flat(0.3, grey=255), rng).depth).mean()
    assert skin < 0.01
    assert 0.05 < wet < 0.5
    assert dark > 0.5
    assert glare > 0.95


def test_behind_an_edge_the_second_eye_sees_nothing_on_one_side() -> None:
    picture = flat(0.4)
    picture.depth[:, 250:390] = 0.2
    lost = np.isnan(D405.measure(picture, np.random.default_rng(4)).depth)
    # the shadow is as wide as the disparity jump: f b (1 / 0.2 - 1 / 0.4) = 19 px
    shadow = lost[:, 392:407].mean()
    assert shadow > 0.8
    assert lost[:, 230:245].mean() < 0.2


def test_depth_is_quantised_to_the_camera_s_unit() -> None:
    depth = D435.measure(flat(0.5, model=D435), np.random.default_rng(5)).depth.astype(float)
    steps = depth[np.isfinite(depth)] / D435.unit
    np.testing.assert_allclose(steps, np.round(steps), atol=1e-3)


def test_shake_smears_the_picture_and_keeps_its_light() -> None:
    picture = flat(0.3)
    picture.rgb[200:280, 300:340] = 220
    still = replace(D405, read_noise=0.0, shot_noise=0.0, blur=0.0)
    moved = replace(still, shake=8.0).measure(picture, np.random.default_rng(1)).rgb
    sharp = still.measure(picture, np.random.default_rng(1)).rgb
    np.testing.assert_array_equal(sharp, picture.rgb)
    between = (moved > 130) & (moved < 210)
    assert between.sum() > 1000
    assert moved.mean() == pytest.approx(sharp.mean(), rel=0.01)


def test_a_lens_blurs_as_a_gaussian_does() -> None:
    picture = flat(0.3)
    picture.rgb[:] = np.random.default_rng(0).integers(0, 256, picture.rgb.shape)
    lens = replace(D405, read_noise=0.0, shot_noise=0.0, blur=1.3)
    seen = lens.measure(picture, np.random.default_rng(1)).rgb
    expected = cv2.GaussianBlur(picture.rgb.astype(np.float64), (0, 0), 1.3)
    assert np.abs(seen - expected).max() < 0.6  # rounding, and the tails beyond four sigma


def test_colour_noise_is_white_normal_and_new_in_every_frame() -> None:
    camera = replace(D405, read_noise=2.0, shot_noise=0.5, blur=0.0)
    rng = np.random.default_rng(2)
    first, second = (camera.measure(flat(0.3), rng).rgb.astype(float) - 120.0 for _ in range(2))
    expected = np.hypot(np.hypot(2.0, 0.5 * 120.0**0.5), 12**-0.5)
    assert first.std() == pytest.approx(expected, rel=0.01)
    assert abs((first**4).mean() / first.var() ** 2 - 3.0) < 0.05
    for other in (second, np.roll(first, 1, 0), np.roll(first, 1, 1), np.roll(first, 1, 2)):
        assert abs(np.corrcoef(first.ravel(), other.ravel())[0, 1]) < 0.01


def test_depth_noise_is_as_wide_as_the_window_and_new_in_every_frame() -> None:
    rng = np.random.default_rng(3)
    first, second = (D435.measure(flat(1.0, model=D435), rng).depth - 1.0 for _ in range(2))
    valid = np.isfinite(first) & np.isfinite(second)

    def likeness(other: np.ndarray) -> float:
        both = valid & np.isfinite(other)
        return float(np.corrcoef(first[both], other[both])[0, 1])

    # white noise behind a Gaussian of sigma is correlated by exp(-d² / (4 sigma²))
    assert likeness(np.roll(first, 3, 1)) == pytest.approx(np.exp(-9 / (4 * 2.5**2)), abs=0.05)
    assert abs(likeness(np.roll(first, 14, 0))) < 0.05
    assert abs(likeness(second)) < 0.1


def test_a_camera_is_repeatable_by_its_seed() -> None:
    first = D435.measure(flat(0.5), np.random.default_rng(6), stamp_ns=5, sequence=2)
    second = D435.measure(flat(0.5), np.random.default_rng(6), stamp_ns=5, sequence=2)
    np.testing.assert_array_equal(first.rgb, second.rgb)
    np.testing.assert_array_equal(first.depth, second.depth)
    assert (first.stamp_ns, first.sequence) == (5, 2)


def test_an_impossible_camera_is_refused() -> None:
    with pytest.raises(SimError, match="min_range"):
        CameraModel("x", min_range=0.5, max_range=0.3)
    with pytest.raises(SimError, match="baseline"):
        CameraModel("x", baseline=3.0)
