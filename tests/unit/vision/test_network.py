import hashlib
import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from vision.errors import VisionError
from vision.network import (
    DEFAULT_MODEL,
    bytes_path,
    load_network,
    multiplies_bytes,
    rotation_of_columns,
)
from vision.preprocess import network_input
from vision.segmentation import PLACES, Edge, Segmentation
from vision.structure import BOXED, MIRRORED, Structure

RNG = np.random.default_rng(0)


def test_the_shipped_network_is_what_its_card_says() -> None:
    model = load_network()
    card = json.loads(DEFAULT_MODEL.with_suffix(".json").read_text())
    assert model.digest == card["sha256"]
    assert DEFAULT_MODEL.stat().st_size < 10_000_000


@pytest.mark.parametrize("size", [64, 128, 160, 192])
def test_what_it_says_is_a_distribution(size: int) -> None:
    rgb = RNG.integers(0, 255, (size, size, 3)).astype(np.uint8)
    depth = RNG.uniform(0.2, 0.4, (size, size)).astype(np.float32)
    for given in (depth, None):
        said = load_network(threads=1).segment(rgb, given)
        assert said.probability.shape[1:] == (size, size)
        assert np.allclose(said.probability.sum(axis=0), 1.0, atol=1e-4)
        assert np.allclose(said.places.sum(axis=(1, 2)), 1.0, atol=1e-3)
        assert np.abs(said.rotation @ said.rotation.T - np.eye(3)).max() < 1e-6
        assert np.linalg.det(said.rotation) > 0
        assert ((said.seen >= 0) & (said.seen <= 1)).all()


def test_the_same_picture_gives_the_same_answer() -> None:
    rgb = RNG.integers(0, 255, (128, 128, 3)).astype(np.uint8)
    first, second = (load_network(threads=1).segment(rgb, None) for _ in range(2))
    assert (first.probability == second.probability).all()


def test_parts_put_together_are_the_picture() -> None:
    full = RNG.dirichlet(np.ones(len(Structure)), (64, 64)).astype(np.float32).transpose(2, 0, 1)
    places = np.full((len(PLACES), 16, 16), 1 / 256, np.float32)
    said = Segmentation.of_map(full, places, np.eye(3), np.ones(4))
    labels, best = said.likeliest
    assert np.allclose(said.probability, full, atol=1e-6)
    assert (labels == full.argmax(axis=0)).all()
    assert np.allclose(best, full.max(axis=0), atol=1e-6)
    two = [Structure.UVULA, Structure.TONGUE]
    assert np.allclose(said.probability_of(two), full[two].sum(axis=0))


def test_weights_count_in_proportion_to_their_sum() -> None:
    said = said_at_random()
    scale = RNG.uniform(0.1, 9.0, said.weights.shape[1:]).astype(np.float32)
    scaled = replace(said, weights=said.weights * scale)
    assert np.allclose(scaled.probability, said.probability, atol=1e-6)
    for one, other in zip(scaled.likeliest, said.likeliest, strict=True):
        assert np.allclose(one, other, atol=1e-6)
    two = [Structure.UVULA, Structure.TONGUE]
    assert np.allclose(scaled.probability_of(two), said.probability_of(two), atol=1e-6)


def said_at_random() -> Segmentation:
    full = RNG.dirichlet(np.ones(len(Structure)), (64, 64)).astype(np.float32).transpose(2, 0, 1)
    places = RNG.dirichlet(np.ones(256), len(PLACES)).astype(np.float32).reshape(-1, 16, 16)
    said = Segmentation.of_map(full, places, np.eye(3), RNG.random(4))
    boxes = RNG.uniform(0, 64, (len(BOXED), 5)).astype(np.float32)
    return Segmentation(said.weights, said.places, said.rotation, said.seen, boxes)


def test_a_mirror_image_changes_sides() -> None:
    said = said_at_random()
    other = said.mirrored()
    right, left = Structure.RIGHT_TONSIL, Structure.LEFT_TONSIL
    assert np.allclose(other.probability[left], said.probability[right][:, ::-1], atol=1e-6)
    assert (other.places[1] == said.places[2][:, ::-1]).all()
    upper = PLACES.index(Edge.UPPER)  # up stays up
    assert (other.places[upper] == said.places[upper][:, ::-1]).all()
    assert other.boxes is not None
    assert said.boxes is not None
    x0, y0, x1, y1, score = said.boxes[BOXED.index(right)]
    assert np.allclose(other.boxes[BOXED.index(left)], (64 - x1, y0, 64 - x0, y1, score))
    assert np.linalg.det(other.rotation) == pytest.approx(1.0)


def test_the_mirror_image_of_a_mirror_image_is_the_picture() -> None:
    said = said_at_random()
    again = said.mirrored().mirrored()
    assert (again.weights == said.weights).all()
    assert (again.places == said.places).all()
    assert (again.seen == said.seen).all()
    assert np.allclose(again.rotation, said.rotation)
    assert said.boxes is not None
    assert again.boxes is not None
    assert np.allclose(again.boxes, said.boxes, atol=1e-5)


def test_boxes_are_read_where_they_are_asked_for() -> None:
    rgb = RNG.integers(0, 255, (128, 128, 3)).astype(np.uint8)
    asked = load_network(threads=1, boxes=True).segment(rgb, None)
    assert load_network(threads=1).segment(rgb, None).boxes is None
    assert asked.boxes is not None
    assert asked.boxes.shape == (len(BOXED), 5)
    assert ((asked.boxes[:, 4] >= 0) & (asked.boxes[:, 4] <= 1)).all()
    assert ((asked.boxes[:, :4] >= 0) & (asked.boxes[:, :4] <= 128)).all()


def test_boxes_are_the_same_however_the_picture_is_held() -> None:
    rgb = RNG.integers(0, 255, (128, 128, 3)).astype(np.uint8)
    depth = RNG.uniform(0.2, 0.4, (128, 128)).astype(np.float32)
    network = load_network(threads=1, boxes=True)
    said = network.segment(rgb, depth)
    back = network.segment(rgb[:, ::-1].copy(), depth[:, ::-1].copy()).mirrored()
    assert said.boxes is not None
    assert back.boxes is not None
    assert np.allclose(said.boxes, back.boxes, atol=1e-3)


def test_an_exported_network_can_be_trained_on() -> None:
    torch = pytest.importorskip("torch")
    resume = pytest.importorskip("vision.train.resume")
    boxhead = pytest.importorskip("vision.train.boxhead")
    picture = RNG.integers(0, 255, (64, 64, 3)).astype(np.uint8)
    depth = RNG.uniform(0.2, 0.4, (64, 64)).astype(np.float32)
    tensor = torch.from_numpy(network_input(picture, depth)[None])
    network = resume.unfold(DEFAULT_MODEL, tensor)
    behind = torch.from_numpy(network_input(picture[:, ::-1], depth[:, ::-1])[None])
    with torch.no_grad():
        unfolded, other = network(tensor), network(behind)
    said = load_network(threads=1, boxes=True, exact=True).segment(picture, depth)
    parts = said.weights / said.weights.sum(axis=0)
    assert np.allclose(unfolded.logs[0].exp().numpy(), parts, atol=1e-4)
    assert np.allclose(unfolded.seen[0].sigmoid().numpy(), said.seen, atol=1e-4)
    assert np.allclose(rotation_of_columns(unfolded.columns[0].numpy()), said.rotation, atol=1e-4)
    assert said.boxes is not None
    edges, back = (boxhead.edges_of(seen.edges)[0].numpy() for seen in (unfolded, other))
    back = back[[BOXED.index(MIRRORED.get(structure, structure)) for structure in BOXED]]
    back[:, [0, 2]] = 64 - back[:, [2, 0]]
    assert np.allclose((edges + back) / 2, said.boxes[:, :4], atol=1e-2)


@pytest.mark.parametrize("size", [48, 100, 672])
def test_a_size_it_cannot_take_is_refused(size: int) -> None:
    with pytest.raises(VisionError, match="multiple of 32"):
        load_network(threads=1).segment(np.zeros((size, size, 3), np.uint8), None)


def test_weights_that_are_not_the_cards_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "throat.onnx"
    shutil.copy(DEFAULT_MODEL, path)
    shutil.copy(DEFAULT_MODEL.with_suffix(".json"), tmp_path)
    path.write_bytes(path.read_bytes() + b"\0")
    with pytest.raises(VisionError, match="hash"):
        load_network(path)
    path.unlink()
    with pytest.raises(VisionError, match="cannot be read"):
        load_network(path)
    with pytest.raises(VisionError, match="model card"):
        load_network(tmp_path / "other.onnx")


@pytest.mark.skipif(not multiplies_bytes(), reason="this processor runs the network in floats")
def test_a_form_in_bytes_of_another_network_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "throat.onnx"
    shutil.copy(bytes_path(DEFAULT_MODEL), tmp_path)
    path.write_bytes(DEFAULT_MODEL.read_bytes() + b"\0")
    card = json.loads(DEFAULT_MODEL.with_suffix(".json").read_text())
    card["sha256"] = hashlib.sha256(path.read_bytes()).hexdigest()
    path.with_suffix(".json").write_text(json.dumps(card))
    with pytest.raises(VisionError, match="was made of network"):
        load_network(path)
    bytes_path(path).write_bytes(b"")
    with pytest.raises(VisionError, match="hash"):
        load_network(path)


def test_parallel_columns_still_give_a_rotation() -> None:
    R = rotation_of_columns(np.array([1, 0, 0, 2, 0, 0], dtype=np.float32))
    assert np.abs(R @ R.T - np.eye(3)).max() < 1e-9
