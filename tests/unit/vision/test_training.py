import json
import shutil
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest

from sim.dataset import DatasetPlan, write_dataset
from tests.unit.vision.painted import Scene, read_paint
from vision.confidence import Evidence
from vision.data import LabelledFrame, SiteTruth
from vision.evaluation.boxes import true_box
from vision.network import DEFAULT_MODEL, boxes_path, bytes_path, load_network
from vision.preprocess import Crop, Look, view_optical
from vision.sites import SITE_STRUCTURES, THROAT
from vision.structure import BOXED, MIRRORED, Structure
from vision.target import Site
from vision.train.additive import fit_confidence
from vision.train.augment import IGNORED, Sample, augment, distort
from vision.train.calibrate import calibrate, write_blank_card
from vision.train.samples import RenderedSamples, windows

SCENE = Scene()
PLACES = {
    Site.RIGHT_TONSIL: (-0.062, -0.016, -0.003),
    Site.LEFT_TONSIL: (-0.062, 0.016, -0.003),
    Site.POSTERIOR_WALL: (-0.085, 0.0, -0.008),
}


OPENING = 0.044


def labelled(
    scene: Scene = SCENE, opening: float = OPENING, depressor: float = 0.0
) -> LabelledFrame:
    frame, normal = scene.frame(), scene.optical_mouth.rotate((1.0, 0.0, 0.0))
    return LabelledFrame(
        frame,
        read_paint(frame.rgb).astype(np.uint8),
        "booth",
        "D405",
        "adult",
        {"depressor": depressor},
        scene.optical_mouth,
        opening,
        {
            site: SiteTruth(scene.optical_mouth.apply(PLACES[site]), normal, 80.0, None)
            for site in Site
        },
    )


@pytest.fixture(scope="module")
def samples() -> dict[Look, Sample]:
    return windows(labelled())


@pytest.mark.parametrize("strength", [0.0, 0.3, 1.0])
@pytest.mark.parametrize("look", list(Look))
def test_labels_places_and_pose_move_together(
    samples: dict[Look, Sample], look: Look, strength: float
) -> None:
    rng, checked = np.random.default_rng(4), 0
    for _ in range(12):
        example = augment(samples[look], rng, look.size, strength)
        x, z = example.columns[:3], example.columns[3:]
        assert np.linalg.norm(x) == pytest.approx(1.0, abs=1e-5)
        assert abs(float(x @ z)) < 1e-5
        # the mouth looks at the camera and stands upright, mirrored or not
        assert x[2] < -0.8
        assert z[1] < -0.6
        for number, site in enumerate(Site, start=1):
            if not example.visible[number]:
                continue
            column, row = np.round(4 * example.places[number] + 1.5).astype(int)
            last = example.labels.shape[0] - 1
            near = example.labels[
                max(0, row - 1) : min(row, last) + 2, max(0, column - 1) : min(column, last) + 2
            ]
            if (near == IGNORED).any():
                continue
            assert np.isin(near, SITE_STRUCTURES[site]).any(), site
            checked += 1
    assert checked > 10


@pytest.mark.parametrize("look", list(Look))
def test_a_look_at_the_throat_is_asked_for_boxes(samples: dict[Look, Sample], look: Look) -> None:
    rng, checked = np.random.default_rng(6), 0
    for _ in range(12):
        example = augment(samples[look], rng, look.size)
        assert example.boxes.shape == (len(BOXED), 4)
        if look is not Look.THROAT:
            assert np.isnan(example.boxes).all()
            continue
        for structure, box in zip(BOXED, example.boxes, strict=True):
            if np.isnan(box).any() or (example.labels == IGNORED).any():
                continue
            assert box.tolist() == list(true_box(example.labels, structure) or ())
            checked += 1
    assert checked > 10 or look is not Look.THROAT


@pytest.mark.parametrize("strength", [0.0, 1.0])
def test_the_incisors_edges_are_told_where_they_are_however_a_look_is_bent(
    samples: dict[Look, Sample], strength: float
) -> None:
    rng, sample, seen = np.random.default_rng(7), samples[Look.MOUTH], []
    for _ in range(20):
        example = augment(sample, rng, Look.MOUTH.size, strength)
        if not example.visible[[0, 4, 5]].all():
            continue
        mouth, upper, lower = example.places[[0, 4, 5]]
        assert upper[1] < mouth[1] < lower[1]
        # the mouth lies midway, but for the lower incisors' greater depth and the look's bends
        assert np.linalg.norm((upper + lower) / 2 - mouth) < 0.15 * np.linalg.norm(upper - lower)
        seen.append(float(np.linalg.norm(upper - lower)))
    assert len(seen) >= 10
    if not strength:
        k, distance = sample.intrinsics, SCENE.optical_mouth.translation[2]
        side = 1.25 * sample.extent.side * sample.window.side / len(sample.labels)  # type: ignore[union-attr]  # a mouth is there
        expected = OPENING * k.fx / (distance + 0.012) * Look.MOUTH.size / side / 4
        assert seen == pytest.approx([expected] * len(seen), rel=0.03)


def test_frames_that_teach_more_are_drawn_more_often() -> None:
    hidden = SCENE.without(*THROAT)
    frames = [labelled(), labelled(opening=0.036), labelled(depressor=0.7), labelled(hidden)]
    drawn = RenderedSamples([frames[:2], frames[2:]])
    rng = np.random.default_rng(0)
    count = {look: np.bincount(drawn.drawn(look, 8_000, rng), minlength=4) / 8_000 for look in Look}
    assert count[Look.WHOLE] == pytest.approx([0.25] * 4, abs=0.02)
    assert count[Look.MOUTH] == pytest.approx([1 / 6, 1 / 3, 1 / 3, 1 / 6], abs=0.02)
    assert count[Look.THROAT] == pytest.approx([0.23, 0.23, 0.46, 0.08], abs=0.02)


def test_every_look_is_about_its_own(samples: dict[Look, Sample]) -> None:
    shares = {}
    for look, sample in samples.items():
        labels = augment(sample, np.random.default_rng(0), look.size, 0.0).labels
        shares[look] = float(np.isin(labels, THROAT).mean())
    assert shares[Look.WHOLE] < shares[Look.MOUTH] < shares[Look.THROAT]
    assert shares[Look.THROAT] > 0.2


def test_a_mirrored_pose_is_still_a_rotation(samples: dict[Look, Sample]) -> None:
    sample = samples[Look.MOUTH]
    R = view_optical(sample.intrinsics, Crop(300, 200, 100)) @ sample.rotation
    mirrored = np.diag([-1.0, 1.0, 1.0]) @ R @ np.diag([1.0, -1.0, 1.0])
    assert np.linalg.det(mirrored) == pytest.approx(1.0)
    for structure, other in MIRRORED.items():
        assert MIRRORED[other] is structure


def test_depth_is_often_taken_away(samples: dict[Look, Sample]) -> None:
    rng, sample = np.random.default_rng(0), samples[Look.THROAT]
    blind = [not augment(sample, rng, 160).tensor[3:].any() for _ in range(60)]
    assert 9 < sum(blind) < 33  # 35 % of 60


def test_distortion_keeps_size_and_changes_the_look() -> None:
    rgb = SCENE.frame().rgb
    out = distort(rgb, np.random.default_rng(1), 1.4)
    assert out.shape == rgb.shape
    assert (out != rgb).any()


def evidence(seen: float, rng: np.random.Generator) -> Evidence:
    return Evidence(seen, *(float(v) for v in rng.random(12)))


def test_the_threshold_keeps_wrong_targets_to_the_stated_rate() -> None:
    rng = np.random.default_rng(2)
    seen = rng.random(3000)
    right = rng.random(3000) < 1.0 / (1.0 + np.exp(-16 * (seen - 0.4)))
    given = [evidence(float(s), rng) for s in seen]
    confidence, kept = fit_confidence(given[:2000], right[:2000].tolist(), 0.02)
    believed = np.array([confidence.of(e) for e in given])
    emitted = believed[2000:] >= confidence.threshold
    assert (~right[2000:][emitted]).mean() < 0.04  # 2 % is stated; people not fitted on
    assert kept > 0.5
    stated = believed[:2000].mean()
    assert stated == pytest.approx(right[:2000].mean(), abs=0.02)


def test_no_evidence_weighs_against_its_meaning() -> None:
    rng = np.random.default_rng(5)
    given = [evidence(float(s), rng) for s in rng.random(60)]
    # by chance alone, right targets here have more spread and less surely seen neighbours
    right = [e.spread - e.neighbours + 0.5 * e.seen > 0.2 for e in given]
    confidence, _ = fit_confidence(given, right, 0.05)
    assert set(confidence.curves["spread"].logits) == {0.0}
    assert set(confidence.curves["neighbours"].logits) == {0.0}
    assert confidence.curves["seen"].logits[-1] > 0.0


def test_a_map_doubled_has_each_pixel_four_times() -> None:
    onnx = pytest.importorskip("onnx")
    import onnxruntime  # noqa: PLC0415 - heavy

    from vision.train.layout import doubled  # noqa: PLC0415 - needs onnx

    given = np.random.default_rng(6).integers(0, 255, (1, 3, 5, 7)).astype(np.uint8)
    nodes, shapes = doubled("given", "made", 7)
    of_any_size = onnx.helper.make_tensor_value_info("given", onnx.TensorProto.UINT8, [None] * 4)
    made = onnx.helper.make_tensor_value_info("made", onnx.TensorProto.UINT8, [None] * 4)
    graph = onnx.helper.make_graph(nodes, "doubled", [of_any_size], [made], shapes)
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 20)])
    model.ir_version = 10
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), providers=["CPUExecutionProvider"]
    )
    (out,) = session.run(None, {"given": given})
    assert (out == given.repeat(2, axis=1).repeat(2, axis=2)).all()


@pytest.mark.slow
def test_a_network_is_exported_put_in_bytes_and_loaded(tmp_path: Path) -> None:
    pytest.importorskip("torch")
    pytest.importorskip("onnxscript")
    from vision.train.export import export  # noqa: PLC0415 - needs torch
    from vision.train.quantise import quantise  # noqa: PLC0415 - needs onnx
    from vision.train.unet import ThroatNet  # noqa: PLC0415 - needs torch

    path = tmp_path / "tiny.onnx"
    digest = export(ThroatNet(), path)
    write_blank_card(path)
    in_bytes = quantise(path, [SCENE.frame()])
    assert in_bytes.stat().st_size < 0.4 * path.stat().st_size
    write_blank_card(path)
    picture = SCENE.frame().rgb[::5, ::5][:96, :96]
    exact = load_network(path, exact=True).segment(picture, None).probability
    assert np.allclose(load_network(path).segment(picture, None).probability, exact, atol=0.05)
    said = load_network(path).segment(np.zeros((96, 96, 3), np.uint8), None)
    assert said.probability.shape == (len(Structure), 96, 96)
    assert json.loads(path.with_suffix(".json").read_text())["sha256"] == digest
    assert asdict(evidence(0.5, np.random.default_rng(0)))["seen"] == 0.5


@pytest.mark.slow
def test_trust_fitted_by_several_processes_is_the_same(tmp_path: Path) -> None:
    for seed in (1, 2):
        write_dataset(
            DatasetPlan(tmp_path / str(seed), frames=52, seed=seed, width=320, height=240)
        )
    cards = []
    for jobs in (1, 3):
        network = tmp_path / f"net{jobs}.onnx"
        shutil.copy(DEFAULT_MODEL, network)
        shutil.copy(bytes_path(DEFAULT_MODEL), bytes_path(network))
        shutil.copy(boxes_path(DEFAULT_MODEL), boxes_path(network))
        calibrate(network, [tmp_path / "1", tmp_path / "2"], held_out=True, jobs=jobs)
        card = json.loads(network.with_suffix(".json").read_text())
        assert card["calibrated_on"]["frames"] == 104
        assert card["calibrated_on"]["photographs"] == 34
        cards.append({k: card[k] for k in ("confidence", "photo_confidence", "sha256")})
    assert cards[0] == cards[1]
