"""Compiled loops against NumPy's own answers."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.linalg import eigvalsh, lstsq, norm

from vision.kernels import (
    eigen,
    huber_fit,
    likeliest_of,
    nearest_to_path,
    nearest_to_way,
    plane_through,
    sums_of,
)

SEEDS = st.integers(0, 2**32 - 1).map(np.random.default_rng)
quickly = settings(max_examples=40, deadline=None)  # the first call may wait for the compiler


@quickly
@given(SEEDS, st.integers(1, 8), st.integers(-9, 3))
def test_eigenvalues_and_vectors_make_the_matrix(
    rng: np.random.Generator, size: int, magnitude: int
) -> None:
    half = rng.normal(size=(size, size)) * 10.0**magnitude
    symmetric = half @ half.T
    values, vectors = eigen(symmetric)
    assert np.allclose(np.sort(values), eigvalsh(symmetric), rtol=0, atol=1e-13 * values.max())
    assert np.allclose(vectors.T @ vectors, np.eye(size), rtol=0, atol=1e-12)
    assert np.allclose((vectors * values) @ vectors.T, symmetric, atol=1e-13 * values.max())


@quickly
@given(SEEDS, st.integers(8, 60), st.integers(1, 6))
def test_a_fit_without_outliers_is_least_squares(
    rng: np.random.Generator, count: int, terms: int
) -> None:
    basis, heights = rng.normal(size=(count, terms)), rng.normal(size=count)
    plain = lstsq(basis, heights, rcond=1e-3)[0]
    assert np.allclose(huber_fit(basis, heights, 1e9, 3, 1e-3), plain, atol=1e-9)


def test_a_fit_leaves_out_what_the_points_do_not_tell() -> None:
    a = np.random.default_rng(1).normal(size=30)
    basis = np.stack([a, a + 1e-6 * np.roll(a, 1)], axis=1)  # two columns that are one
    plain = lstsq(basis, 2.0 * a, rcond=1e-3)[0]
    assert np.allclose(huber_fit(basis, 2.0 * a, 1.0, 1, 1e-3), plain, atol=1e-9)
    assert np.allclose(plain, [1.0, 1.0], atol=1e-5)


def test_outliers_pull_little() -> None:
    rng = np.random.default_rng(2)
    basis = np.stack([np.ones(80), rng.uniform(-1, 1, 80)], axis=1)
    heights = basis @ [0.5, 2.0] + rng.normal(0, 1e-3, 80)
    heights[:8] += 1.0
    assert huber_fit(basis, heights, 1e-3, 20, 1e-9) == pytest.approx([0.5, 2.0], abs=2e-3)
    assert abs(huber_fit(basis, heights, 1e-3, 1, 1e-9)[0] - 0.5) > 0.05


@quickly
@given(SEEDS, st.integers(3, 80))
def test_a_plane_is_that_of_the_singular_values(rng: np.random.Generator, count: int) -> None:
    points = rng.normal(size=(count, 3)) * [0.01, 0.004, 0.0005] + [0.0, 0.01, 0.3]
    middle, normal, residual, spread = plane_through(points)
    _, singular, axes = np.linalg.svd(points - points.mean(axis=0), full_matrices=False)
    assert np.allclose(middle, points.mean(axis=0), atol=1e-12)
    assert abs(normal @ axes[2]) == pytest.approx(1.0, abs=1e-9)
    assert residual == pytest.approx(singular[2] / np.sqrt(count), abs=1e-9)
    assert spread == pytest.approx(singular[1], abs=1e-9)


def test_points_on_a_line_have_no_spread() -> None:
    line = np.array([0.0, 0.0, 0.3]) + np.outer(np.linspace(-0.01, 0.01, 20), [0.6, 0.0, 0.8])
    assert plane_through(line)[3] < 1e-8


@quickly
@given(SEEDS, st.integers(0, 60))
def test_the_nearest_are_those_of_every_point(rng: np.random.Generator, count: int) -> None:
    points, path = rng.normal(size=(count, 3)), rng.normal(size=(9, 3))
    away = np.sort([min(norm(point - each) for each in path) for point in points])
    assert nearest_to_path(points, path) == pytest.approx(away[2] if count > 2 else np.inf)

    start, way = rng.normal(size=3), rng.normal(size=3)
    way /= norm(way)
    beside = []
    for point in points:
        along = float((point - start) @ way)
        if 0.0 < along < 1.5:
            beside.append(norm(point - start - min(along, 1.0) * way))
    fourth = sorted(beside)[3] if len(beside) > 3 else np.inf
    assert nearest_to_way(points, start, way, 1.0, 1.5) == pytest.approx(fourth)


@quickly
@given(SEEDS, st.integers(1, 19), st.integers(1, 6), st.integers(1, 9))
def test_the_likeliest_class_is_the_first_of_most_weight(
    rng: np.random.Generator, classes: int, height: int, width: int
) -> None:
    weights = rng.integers(1, 5, (classes, 4, height, width)).astype(np.float32)
    labels, shares, totals = likeliest_of(weights)
    counts, sums = sums_of(labels, shares, classes)
    for part in range(4):
        there = np.s_[part // 2 :: 2, part % 2 :: 2]
        assert (labels[there] == weights[:, part].argmax(axis=0)).all()
        assert np.allclose(totals[there], weights[:, part].sum(axis=0))
        assert np.allclose(shares[there] * totals[there], weights[:, part].max(axis=0))
    assert (counts == np.bincount(labels.ravel(), minlength=classes)).all()
    assert np.allclose(sums, [shares[labels == number].sum() for number in range(classes)])
