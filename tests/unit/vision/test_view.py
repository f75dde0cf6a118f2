"""What is computed from whole maps at once is what one pixel after the other would give."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from spatial import Pose
from tests.unit.vision.painted import PaintReader, Scene, Slab
from vision.frame import Frame
from vision.mouth import measure_opening
from vision.pipeline import Looks, ThroatLocator
from vision.ranks import median, medians, quantile, quantile_of_counts
from vision.settings import LocatorSettings
from vision.sites import SITE_STRUCTURES, Spot, find_spot
from vision.structure import ORAL, Structure
from vision.target import Site
from vision.view import View, rays

STRAIGHT = Scene()
ASKEW = replace(
    STRAIGHT,
    optical_mouth=STRAIGHT.optical_mouth @ Pose.from_rotation_vector((0.1, -0.15, 0.2)),
).plus(Slab(Structure.SWAB, 0.001, (0.004, 0.007), (-0.03, 0.03)))


def looks_at(scene: Scene) -> tuple[Looks, Frame]:
    frame = scene.frame()
    rng = np.random.default_rng(2)
    depth = np.where(rng.random(frame.depth.shape) < 0.2, np.float32("nan"), frame.depth)
    frame = replace(frame, depth=depth)
    looks = ThroatLocator(PaintReader(scene.optical_mouth)).look(frame)
    assert isinstance(looks, Looks)
    return looks, frame


@given(arrays(np.int64, st.integers(1, 40), elements=st.integers(0, 9)), st.floats(0, 1))
def test_quantiles_of_counts_are_those_of_the_numbers_counted(
    counts: np.ndarray[tuple[int], np.dtype[np.int64]], share: float
) -> None:
    counts[0] += 1  # of nothing there is no quantile
    numbers = np.repeat(np.arange(len(counts)), counts)
    assert quantile_of_counts(counts, share) == pytest.approx(
        float(np.quantile(numbers, share)), abs=1e-9
    )


@given(
    arrays(np.float64, st.integers(1, 40), elements=st.floats(-1e3, 1e3)),
    st.floats(0, 1),
)
def test_ranks_are_numpy_s(
    numbers: np.ndarray[tuple[int], np.dtype[np.float64]], share: float
) -> None:
    assert median(numbers) == pytest.approx(float(np.median(numbers)), abs=1e-9)
    assert quantile(numbers, share) == pytest.approx(float(np.quantile(numbers, share)), abs=1e-9)
    columns = np.stack([numbers, -np.roll(numbers, 1)], axis=1)
    assert medians(columns) == pytest.approx(np.median(columns, axis=0), abs=1e-9)


@pytest.mark.parametrize("scene", [STRAIGHT, ASKEW])
def test_masks_and_points_are_those_of_every_pixel(scene: Scene) -> None:
    looks, frame = looks_at(scene)
    for view in (looks.mouth, looks.throat):
        assert (view.mask(ORAL) == np.isin(view.labels, ORAL)).all()
        assert (view.cells_of(s for s in ORAL) == np.isin(view.cells, ORAL)).all()
        rows, columns = np.nonzero(np.isin(view.labels, ORAL) & np.isfinite(view.depth))
        z = view.depth[rows, columns].astype(np.float64)[:, None]
        plain = rays(view.pixels(rows, columns), frame.intrinsics) * z
        assert len(plain) > 100
        points = view.points(view.mask(ORAL), frame.intrinsics)
        assert np.allclose(points, plain, rtol=0, atol=1e-12)
        few = view.points(view.mask(ORAL), frame.intrinsics, 50)
        assert 50 <= len(few) < 101
        assert (few == points[:: len(points) // 50]).all()


@pytest.mark.parametrize("scene", [STRAIGHT, ASKEW])
@pytest.mark.parametrize("site", list(Site))
def test_a_spot_is_weighed_as_over_the_whole_view(scene: Scene, site: Site) -> None:
    view = looks_at(scene)[0].throat
    spot = find_spot(view, site, LocatorSettings(), 0)
    assert isinstance(spot, Spot)
    place = view.place(site).astype(np.float64)
    rows, columns = np.indices(view.shape)
    square = (rows - spot.row) ** 2 + (columns - spot.column) ** 2
    spread = np.sqrt((square * place).sum() / place.sum()) * view.step
    assert spot.spread == pytest.approx(float(spread), rel=1e-6)
    disc = square <= max(2.0, (0.02 * view.crop.side / view.step) ** 2)
    certainty = view.probability(SITE_STRUCTURES[site])[disc].mean()
    assert spot.certainty == pytest.approx(float(certainty), rel=1e-5)


@pytest.mark.parametrize("scene", [STRAIGHT, ASKEW])
def test_the_opening_is_that_of_every_pixel_in_its_strip(scene: Scene) -> None:
    looks, frame = looks_at(scene)
    measured = measure_opening(looks.mouth, frame.intrinsics, scene.optical_mouth)
    plain = plain_opening(looks.mouth, frame, scene.optical_mouth)
    assert measured == pytest.approx(plain, abs=1e-9)


def plain_opening(view: View, frame: Frame, optical_mouth: Pose) -> float:
    """Measure the opening as ``measure_opening`` says it does, pixel by pixel."""
    mouth_optical = optical_mouth.inverse()
    start = mouth_optical.translation
    inside: dict[int, list[tuple[float, float]]] = {}
    teeth: dict[int, list[float]] = {}
    barred = set()
    for row, column in np.argwhere(np.isin(view.labels, [*ORAL, Structure.SWAB])):
        ray = rays(view.pixels(np.array([row]), np.array([column])), frame.intrinsics)[0]
        along = mouth_optical.rotate(ray)
        at_teeth = start + (-0.012 - start[0]) / along[0] * along
        at_lips = start - start[0] / along[0] * along
        if abs(at_teeth[1]) >= 0.014:
            continue
        strip = int((at_teeth[1] + 0.014) / 0.001)
        label, depth = view.labels[row, column], float(view.depth[row, column])
        if label == Structure.SWAB:
            barred.add(strip)
        elif label == Structure.TEETH:
            teeth.setdefault(strip, []).append(at_teeth[2])
        elif not mouth_optical.apply(ray * depth)[0] > -0.001:
            inside.setdefault(strip, []).append((at_teeth[2], at_lips[2]))
    gaps = []
    for strip, heights in inside.items():
        (low, high), (lips_low, lips_high) = ((min(h), max(h)) for h in zip(*heights, strict=True))
        if strip in barred or not high > low:
            continue
        bounded = teeth.get(strip, [])
        top = high if any(z > high for z in bounded) else lips_high - 0.0034
        bottom = low if any(z < low for z in bounded) else lips_low + 0.0034
        gaps.append(top - bottom)
    assert len(gaps) > 10
    return float(np.percentile(gaps, 85))
