import json
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.vision.painted import PaintReader, Scene, read_paint
from vision.annotate import draw_frame, draw_photo
from vision.confidence import Confidence, Curve, Evidence
from vision.data import LabelledFrame, RenderedSet, SiteTruth
from vision.errors import VisionError
from vision.evaluation.metrics import (
    Box,
    Detection,
    average_precision,
    calibration_error,
    iou,
    mean_average_precision,
)
from vision.evaluation.photos import evaluate_photos, load_photo, photo_figures, read_boxes
from vision.evaluation.rendered import evaluate
from vision.evaluation.report import subgroup_rows, worst, write_json
from vision.photo import Reading, read_photo
from vision.pipeline import ThroatLocator
from vision.segmentation import Segmentation
from vision.structure import Structure
from vision.target import Refusal, RefusalReason, Site

corner = st.floats(0, 100)
boxes = st.builds(
    lambda x, y, w, h: (x, y, x + w, y + h), corner, corner, st.floats(1, 50), st.floats(1, 50)
)
SCENE = Scene()


@given(boxes, boxes)
def test_iou_is_a_similarity(a: Box, b: Box) -> None:
    assert iou(a, b) == pytest.approx(iou(b, a))
    assert 0.0 <= iou(a, b) <= 1.0
    assert iou(a, a) == pytest.approx(1.0)


def test_average_precision_of_known_cases() -> None:
    box = (0.0, 0.0, 10.0, 10.0)
    truths = [(k, box) for k in range(4)]
    perfect = [Detection(k, box, 0.9) for k in range(4)]
    assert mean_average_precision(perfect, truths) == pytest.approx(1.0)
    assert mean_average_precision([], truths) == 0.0
    assert np.isnan(average_precision(perfect, [], 0.5))
    half = average_precision(perfect[:2], truths, 0.5)
    assert half == pytest.approx(51 / 101)
    # a false alarm surer than every hit costs precision everywhere
    noisy = [Detection(9, box, 0.99), *perfect]
    assert average_precision(noisy, truths, 0.5) == pytest.approx(0.8)
    # found twice, the second is a false alarm, but below all hits it costs nothing
    assert average_precision([*perfect, Detection(0, box, 0.1)], truths, 0.5) == pytest.approx(1.0)
    shifted = [Detection(k, (2.0, 0.0, 12.0, 10.0), 0.9) for k in range(4)]  # IoU 2/3
    assert mean_average_precision(shifted, truths) == pytest.approx(0.4)


def test_calibration_error_tells_the_sure_liar() -> None:
    rng = np.random.default_rng(0)
    confidence = rng.uniform(0.2, 1.0, 4000)
    honest = rng.random(4000) < confidence
    assert calibration_error(confidence, honest) < 0.03
    assert calibration_error(np.full(100, 0.99), np.zeros(100, bool)) == pytest.approx(0.99)


def labelled(scene: Scene = SCENE, safe: bool = True, kind: str = "booth") -> LabelledFrame:
    frame = scene.frame()
    normal = scene.optical_mouth.rotate((1.0, 0.0, 0.0))
    where = {
        Site.RIGHT_TONSIL: (-0.062, -0.015, -0.003),
        Site.LEFT_TONSIL: (-0.062, 0.015, -0.003),
        Site.POSTERIOR_WALL: (-0.085, 0.0, -0.005),
    }
    reason = None if safe else RefusalReason.OCCLUDED
    attributes = {
        "skin_tone": 0.5, "tonsil_right": 1.0, "tonsil_left": 1.0, "tongue_height": 0.1,
        "glasses": False, "beard": 0.0, "swab": False, "mask": False,
    }  # fmt: skip
    return LabelledFrame(
        frame,
        read_paint(frame.rgb).astype(np.uint8),
        kind,
        "D405",
        "adult",
        attributes,
        scene.optical_mouth,
        0.044,
        {
            s: SiteTruth(scene.optical_mouth.apply(p), normal, 80.0, reason)
            for s, p in where.items()
        },
    )


def test_a_perfect_reader_is_found_perfect() -> None:
    locator = ThroatLocator(PaintReader(SCENE.optical_mouth))
    figures = evaluate(locator, [labelled()]).figures()
    assert figures["wrong_target_rate"] == 0.0
    assert figures["refusal_rate"] == 0.0
    assert figures["ap5095_mean"] > 0.65
    assert figures["target_error_mm_p50"] < 12.0
    assert figures["iou_tongue"] > 0.9


def test_a_target_where_none_is_safe_is_wrong() -> None:
    locator = ThroatLocator(PaintReader(SCENE.optical_mouth))
    results = evaluate(locator, [labelled(), labelled(safe=False)])
    figures = results.figures()
    assert figures["wrong_target_rate"] == pytest.approx(0.5)
    assert figures["unsafe_refused_rate"] == 0.0
    assert not worst(results.outcomes, 1)[0].right
    rows = {(kind, name): row for kind, name, row in subgroup_rows(results.outcomes)}
    assert rows["camera", "D405"]["targets"] == 6


def test_a_refusing_reader_is_safe_and_useless() -> None:
    locator = ThroatLocator(PaintReader(SCENE.optical_mouth, 0.1))
    figures = evaluate(locator, [labelled(), labelled(safe=False)]).figures()
    assert figures["refusal_rate"] == 1.0
    assert figures["unsafe_refused_rate"] == 1.0
    assert np.isnan(figures["wrong_target_rate"])


class Doubtful(PaintReader):
    """Half as sure as needed of the uvula: everywhere it is, it sees soft palate a little surer."""

    def segment(self, rgb: np.ndarray, depth: np.ndarray | None) -> Segmentation:
        said = super().segment(rgb, depth)
        doubted = said.probability.copy()
        uvula = doubted[Structure.UVULA].copy()
        doubted[Structure.UVULA] = 0.45 * uvula
        doubted[Structure.SOFT_PALATE] += 0.55 * uvula
        return Segmentation.of_map(doubted, said.places, said.rotation, said.seen)


def test_a_box_holds_what_may_well_be_the_structure() -> None:
    rgb = SCENE.frame().rgb
    sure = read_photo(PaintReader(SCENE.optical_mouth), rgb)
    doubtful = read_photo(Doubtful(SCENE.optical_mouth), rgb)
    box, score = sure.boxes[Structure.UVULA]
    doubted, lower = doubtful.boxes[Structure.UVULA]
    assert iou(box, doubted) > 0.8
    assert lower < 0.6 < score
    assert sure.uvula is not None
    assert doubtful.uvula is None  # nowhere is it the likeliest


def test_figures_are_written_for_tools(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "out.json"
    write_json(path, "vision_evaluate", {"ap5095_mean": 0.8, "wrong_target_rate": np.nan}, {})
    read = json.loads(path.read_text())
    first, second = read["figures"]
    assert (first["name"], first["value"], first["goal"]) == ("ap5095_mean", 0.8, 0.85)
    assert second["value"] is None


def photograph(folder: Path) -> Path:
    path = folder / "a" / "one.png"
    path.parent.mkdir(parents=True)
    cv2.imwrite(str(path), SCENE.frame().rgb[:, :, ::-1])
    return path


def test_a_photograph_is_read_without_depth(tmp_path: Path) -> None:
    rgb = load_photo(photograph(tmp_path))
    reading = read_photo(PaintReader(SCENE.optical_mouth), rgb)
    assert not isinstance(reading.wall, Refusal), reading.wall
    label = read_paint(rgb)[round(reading.wall[1]), round(reading.wall[0])]
    assert label == Structure.POSTERIOR_WALL
    assert reading.uvula is not None
    assert read_paint(rgb)[round(reading.uvula[1]), round(reading.uvula[0])] == Structure.UVULA
    assert Structure.RIGHT_TONSIL in reading.boxes
    assert reading.evidence is not None
    assert reading.evidence.agreement > 0.9
    assert draw_photo(rgb, reading).shape == rgb.shape


def test_a_uvula_seen_in_two_pieces_is_in_one_of_them() -> None:
    rgb = SCENE.frame().rgb.copy()
    rows, columns = np.nonzero(read_paint(rgb) == Structure.UVULA)
    width = int(np.ptp(columns)) + 1
    rgb[rows, columns + 2 * width] = rgb[rows, columns]
    reading = read_photo(PaintReader(SCENE.optical_mouth), rgb)
    assert reading.uvula is not None
    assert read_paint(rgb)[round(reading.uvula[1]), round(reading.uvula[0])] == Structure.UVULA


def test_a_photograph_is_refused_by_an_unsure_model(tmp_path: Path) -> None:
    rgb = load_photo(photograph(tmp_path))
    reading = read_photo(PaintReader(SCENE.optical_mouth, 0.2), rgb)
    assert isinstance(reading.wall, Refusal)
    assert reading.wall.reason is RefusalReason.MODEL_UNSURE
    no_wall = SCENE.without(Structure.POSTERIOR_WALL).frame().rgb
    hidden = read_photo(PaintReader(SCENE.optical_mouth), no_wall)
    assert isinstance(hidden.wall, Refusal)


@pytest.mark.parametrize(
    ("wall", "verdict"),
    [([[0.0, 0.0, 1.0, 1.0]], "right"), ([[0.0, 0.0, 0.1, 0.1]], "wrong"), (None, "wrong")],
)
def test_photographs_are_judged_by_their_boxes(tmp_path: Path, wall: object, verdict: str) -> None:
    photograph(tmp_path)
    file = tmp_path / "boxes.json"
    given = {"a/one.png": {"uvula": [[0.4, 0.4, 0.6, 0.6]], "posterior_wall": wall}}
    file.write_text(json.dumps({"boxes": given}))
    model = PaintReader(SCENE.optical_mouth)
    outcomes = evaluate_photos(lambda rgb: read_photo(model, rgb), read_boxes(tmp_path, file))
    figures = photo_figures(outcomes)
    assert outcomes[0].wall == verdict
    assert figures[f"wall_{verdict}"] == 1.0
    assert figures["uvula_in_box"] == 1.0
    assert figures["photos_count"] == 1.0

    def refuse(_: np.ndarray) -> Reading:
        return Reading({}, None, Refusal(RefusalReason.MODEL_UNSURE, 0, ""), 0.1, None, None)

    refused = photo_figures(evaluate_photos(refuse, read_boxes(tmp_path, file)))
    assert refused["wall_refused"] == 1.0
    assert refused["uvula_in_box"] == 0.0


@pytest.mark.parametrize(
    "content",
    [
        "not json",
        '{"boxes": []}',
        '{"boxes": {"none.png": {}}}',
        '{"boxes": {"a/one.png": []}}',
        '{"boxes": {"a/one.png": {"uvula": [[0.5, 0.5, 0.4, 0.9]]}}}',
        '{"boxes": {"a/one.png": {"uvula": [[0, 0, 300, 200]]}}}',
        '{"boxes": {"a/one.png": {"uvula": 7}}}',
    ],
)
def test_a_broken_box_file_is_named(tmp_path: Path, content: str) -> None:
    photograph(tmp_path)
    file = tmp_path / "boxes.json"
    file.write_text(content)
    with pytest.raises(VisionError, match=r"boxes\.json"):
        read_boxes(tmp_path, file)


def test_what_is_no_picture_is_named(tmp_path: Path) -> None:
    (tmp_path / "x.jpg").write_text("text")
    with pytest.raises(VisionError, match=r"x\.jpg"):
        load_photo(tmp_path / "x.jpg")


def test_a_sighting_is_drawn_without_touching_the_frame() -> None:
    frame = SCENE.frame()
    before = frame.rgb.copy()
    locator = ThroatLocator(PaintReader(SCENE.optical_mouth))
    looks = locator.look(frame)
    drawn = draw_frame(frame, looks, locator.judge(looks, frame))
    assert (frame.rgb == before).all()
    assert (drawn != before).any()


def test_confidence_rises_with_what_speaks_for_it() -> None:
    evidence = Evidence(0.9, 0.8, 0.7, 5.0, 4.0, 0.9, 0.3, 0.8, 5.0, 5.0, 5.0, 1.0, 5.0)
    confidence = Confidence(-2.0, {"seen": Curve((0.0, 0.5, 1.0), (0.0, 0.1, 3.0))})
    assert confidence.of(replace(evidence, seen=0.2)) < confidence.of(evidence) < 1.0
    unknown = replace(evidence, seen=float("nan"))
    assert confidence.of(unknown) == confidence.of(replace(evidence, seen=-9.0))
    with pytest.raises(VisionError, match="another version"):
        Confidence(0.0, {"luck": Curve((0.0,), (1.0,))})
    with pytest.raises(VisionError, match="as many"):
        Curve((0.0, 1.0), (1.0,))
    with pytest.raises(VisionError, match="do not rise"):
        Curve((0.0, 0.0), (0.0, 1.0))
    with pytest.raises(VisionError, match="threshold"):
        Confidence(threshold=1.5)


def test_a_data_set_is_read_by_its_format(tmp_path: Path) -> None:
    n, w, h = 3, 64, 48
    rng = np.random.default_rng(0)
    labels = np.full((n, h, w), 10, np.uint8)
    depth = np.full((n, h, w), 3000, np.uint16)
    depth[:, 0] = 0
    np.savez(
        tmp_path / "shard-00000.npz",
        rgb=rng.integers(0, 255, (n, h, w, 3)).astype(np.uint8),
        depth=depth,
        labels=labels,
    )
    site = {"point": [0, 0, 0.3], "normal": [0, 0, -2], "visible_mm2": 50.0, "safe": True}
    entry = {
        "shard": "shard-00000.npz", "kind": "booth", "population": "adult", "camera": "D405",
        "intrinsics": {"fx": 50.0, "fy": 50.0, "cx": 31.5, "cy": 23.5},
        "optical_mouth": {"quaternion_wxyz": [1, 0, 0, 0], "translation_m": [0, 0, 0.3]},
        "opening_m": 0.05, "attributes": {},
        "sites": {
            "right_tonsil": {**site, "reason": None},
            "left_tonsil": {**site, "safe": False, "reason": "tongue_high"},
            "posterior_wall": {**site, "reason": None},
        },
    }  # fmt: skip
    manifest = {
        "schema": 1, "width": w, "height": h, "depth_unit_m": 1e-4, "parts": {"uvula": 10},
        "frames": [{**entry, "index": i, "frame": i} for i in range(n)],
    }  # fmt: skip
    (tmp_path / "manifest.json").write_text(json.dumps(manifest))
    frames = RenderedSet(tmp_path)
    assert len(frames) == n
    read = frames[1]
    assert (read.labels == Structure.UVULA).all()
    assert np.isnan(read.frame.depth[0]).all()
    assert read.frame.depth[5, 5] == pytest.approx(0.3)
    assert read.sites[Site.RIGHT_TONSIL].safe
    assert read.sites[Site.LEFT_TONSIL].reason is RefusalReason.TONGUE_HIGH
    (tmp_path / "manifest.json").write_text(json.dumps({**manifest, "schema": 9}))
    with pytest.raises(VisionError, match="schema"):
        RenderedSet(tmp_path)
    with pytest.raises(VisionError, match="booth sim dataset"):
        RenderedSet(tmp_path / "none")


def test_a_photograph_that_cannot_be_read_counts_as_refused(tmp_path: Path) -> None:
    good = photograph(tmp_path)
    (tmp_path / "torn.jpg").write_bytes(good.read_bytes()[:200])
    (tmp_path / "empty.jpg").write_bytes(b"")
    cv2.imwrite(str(tmp_path / "dot.png"), np.zeros((1, 1, 3), dtype=np.uint8))
    names = ("a/one.png", "torn.jpg", "empty.jpg", "dot.png")
    file = tmp_path / "boxes.json"
    file.write_text(json.dumps({"boxes": {name: {} for name in names}}))
    model = PaintReader(SCENE.optical_mouth)
    outcomes = evaluate_photos(lambda rgb: read_photo(model, rgb), read_boxes(tmp_path, file))
    faults = {o.path.name: o.fault for o in outcomes}
    assert faults.pop(good.name) is None
    assert all(fault is not None and name in fault for name, fault in faults.items())
    figures = photo_figures(outcomes)
    assert figures["unreadable_count"] == 3.0
    assert figures["wall_refused_count"] == 3.0
    assert figures["photos_count"] == 4.0


def _turned_by_metadata(jpeg: bytes, orientation: int) -> bytes:
    """Return the JPEG with an EXIF segment of nothing but an orientation."""
    entry = b"\x01\x12\x00\x03\x00\x00\x00\x01" + bytes([0, orientation, 0, 0])
    tiff = b"MM\x00\x2a\x00\x00\x00\x08\x00\x01" + entry + b"\x00\x00\x00\x00"
    body = b"Exif\x00\x00" + tiff
    return jpeg[:2] + b"\xff\xe1" + (len(body) + 2).to_bytes(2, "big") + body + jpeg[2:]


def test_photographs_of_every_kind_are_loaded_upright_and_in_colour(tmp_path: Path) -> None:
    upright = np.zeros((90, 60, 3), dtype=np.uint8)
    upright[:30], upright[30:60], upright[60:] = (200, 40, 40), (40, 200, 40), (40, 40, 200)
    bgr = np.ascontiguousarray(upright[:, :, ::-1])
    lying = cv2.rotate(bgr, cv2.ROTATE_90_COUNTERCLOCKWISE)
    _, packed = cv2.imencode(".jpg", lying, [cv2.IMWRITE_JPEG_QUALITY, 95])
    (tmp_path / "turned.jpg").write_bytes(_turned_by_metadata(packed.tobytes(), 6))
    clear = np.dstack([bgr, np.full(bgr.shape[:2], 255, dtype=np.uint8)])
    cv2.imwrite(str(tmp_path / "alpha.png"), clear)
    cv2.imwrite(str(tmp_path / "deep.png"), bgr.astype(np.uint16) * 257)
    for name in ("turned.jpg", "alpha.png", "deep.png"):
        rgb = load_photo(tmp_path / name)
        assert rgb.shape == upright.shape
        assert rgb.dtype == np.uint8
        assert np.abs(rgb[15::30].astype(int) - upright[15::30]).max() < 12
    cv2.imwrite(str(tmp_path / "grey.png"), cv2.cvtColor(bgr, cv2.COLOR_BGR2GRAY))
    grey = load_photo(tmp_path / "grey.png")
    assert (grey[:, :, 0] == grey[:, :, 2]).all()
    cv2.imwrite(str(tmp_path / "large.jpg"), cv2.resize(bgr, (2000, 3000)))
    assert max(load_photo(tmp_path / "large.jpg").shape) == 1600
