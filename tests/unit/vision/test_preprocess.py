import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vision.errors import VisionError
from vision.frame import Intrinsics
from vision.preprocess import Crop, cut, network_input, view_optical

K = Intrinsics(640, 480, 430.0, 430.0, 320.0, 240.0)
crops = st.builds(Crop, st.floats(-300, 600), st.floats(-300, 400), st.floats(20, 800))


@given(crops)
def test_the_view_frame_looks_through_the_crops_centre(crop: Crop) -> None:
    R = view_optical(K, crop)
    u, v = crop.centre
    ray = np.array([(u - K.cx) / K.fx, (v - K.cy) / K.fy, 1.0])
    seen = R @ ray
    assert np.abs(seen[:2]).max() < 1e-9
    assert seen[2] > 0
    assert np.abs(R @ R.T - np.eye(3)).max() < 1e-9
    assert np.linalg.det(R) == pytest.approx(1.0)


@given(crops, st.sampled_from([64, 128, 160]))
def test_the_middle_of_a_crop_is_the_middle_of_its_square(crop: Crop, size: int) -> None:
    A = crop.to_square(size)
    middle = A[:, :2] @ np.array(crop.centre) + A[:, 2]
    assert np.allclose(middle, (size - 1) / 2)


@pytest.mark.parametrize("side", [48, 96, 200, 460])
def test_a_cut_shows_what_lies_there(side: int) -> None:
    columns = np.tile(np.arange(640) / 640 * 250, (480, 1))
    rgb = np.repeat(columns[:, :, None], 3, axis=2).astype(np.uint8)
    depth = (0.2 + columns / 1000).astype(np.float32)
    crop = Crop(60.0, 5.0, float(side))
    square, picked = cut(rgb, depth, crop, 96)
    assert picked is not None
    u = crop.left + (np.arange(96) + 0.5) * side / 96 - 0.5
    inside = (u > 62) & (u < 636)
    assert np.abs(square[48, inside, 0] - u[inside] / 640 * 250).max() < 2.0
    assert np.abs(picked[48, inside] - (0.2 + u[inside] / 640 / 4)).max() < 2e-3 * side / 96 + 1e-3


def test_beyond_the_picture_there_is_nothing() -> None:
    rgb, depth = np.full((480, 640, 3), 200, np.uint8), np.full((480, 640), 0.3, np.float32)
    square, picked = cut(rgb, depth, Crop.whole(640, 480), 64)
    assert picked is not None
    assert (square[0] == 0).all()
    assert np.isnan(picked[0]).all()
    assert (square[32] == 200).all()


def test_depth_is_told_relative_to_the_crop() -> None:
    rgb = np.zeros((64, 64, 3), np.uint8)
    near, far = (np.full((64, 64), z, np.float32) for z in (0.25, 0.40))
    near[:8], far[:8] = 0.28, 0.43
    assert np.allclose(network_input(rgb, near), network_input(rgb, far), atol=1e-5)
    near[20] = np.nan
    tensor = network_input(rgb, near)
    assert (tensor[3:, 20] == 0).all()
    assert (tensor[4, 21:] == 1).all()
    assert tensor[3, 40, 0] == 0.0
    assert tensor[3, 0, 0] == pytest.approx(0.5)
    assert (network_input(rgb, None)[3:] == 0).all()
    assert np.abs(tensor[:3] + 1.0).max() < 1e-6


def test_a_crop_of_nothing_is_refused() -> None:
    with pytest.raises(VisionError, match="widen the crop"):
        Crop(0.0, 0.0, 1.0)
