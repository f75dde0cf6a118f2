"""Evaluation on photographs: the uvula in its box, the wall point in the wall's, or refused."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from vision.errors import VisionError
from vision.photo import Reading
from vision.target import Refusal

Rgb = NDArray[np.uint8]
"""A picture (H, W, 3)."""

Fractions = tuple[float, float, float, float]
"""Left, top, right, bottom as fractions of width and height from the top left."""

_ROUNDING = 1e-3  # what a file's decimals may put a box beyond its picture
_SMALLEST = 16  # px a side below which a picture shows nothing
_STRUCTURES = ("uvula", "posterior_wall")


@dataclass(frozen=True, slots=True)
class PhotoTruth:
    """One photograph and where its uvula and wall are; no boxes where they are not visible."""

    path: Path
    boxes: Mapping[str, tuple[Fractions, ...]]


def read_boxes(folder: Path, file: Path) -> list[PhotoTruth]:
    """Read a file of boxes for photographs under ``folder``.

    Raises VisionError naming file and key where it is malformed or a photograph is missing.
    """
    try:
        given = json.loads(file.read_text("utf-8"))["boxes"]
        items = sorted(given.items())
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise VisionError(
            f'{file} cannot be read ({error!r}); wants {{"boxes": {{...}}}}'
        ) from error
    truths = []
    for name, boxes in items:
        path = folder / name
        if not path.is_file():
            raise VisionError(f"{file}: {name}: no such photograph under {folder}")
        if not isinstance(boxes, dict):
            raise VisionError(f"{file}: {name}: wants an object of boxes, has {boxes!r}")
        known = {k: _fractions(file, f"{name}: {k}", boxes.get(k)) for k in _STRUCTURES}
        truths.append(PhotoTruth(path, known))
    return truths


@dataclass(frozen=True, slots=True)
class PhotoOutcome:
    """What became of one photograph; ``wall`` is "right", "wrong" or "refused".

    ``fault`` says why a file could not be read; it counts as refused, as in the booth.
    """

    path: Path
    uvula_in_box: bool
    uvula_visible: bool
    wall: str
    wall_visible: bool
    confidence: float
    fault: str | None = None


def evaluate_photos(
    read: Callable[[Rgb], Reading],
    truths: Sequence[PhotoTruth],
    show: Callable[[PhotoTruth, Rgb, Reading], None] | None = None,
) -> list[PhotoOutcome]:
    """Read every photograph and compare; ``show`` gets each with its reading."""
    outcomes = []
    for truth in truths:
        uvula, wall = truth.boxes["uvula"], truth.boxes["posterior_wall"]
        try:
            rgb = load_photo(truth.path)
        except VisionError as error:
            outcomes.append(
                PhotoOutcome(truth.path, False, bool(uvula), "refused", bool(wall), 0.0, str(error))
            )
            continue
        reading = read(rgb)
        if show is not None:
            show(truth, rgb, reading)
        size = (rgb.shape[1], rgb.shape[0])
        hit = reading.uvula is not None and _inside(reading.uvula, uvula, size)
        if isinstance(reading.wall, Refusal):
            verdict = "refused"
        else:
            verdict = "right" if _inside(reading.wall, wall, size) else "wrong"
        outcomes.append(
            PhotoOutcome(truth.path, hit, bool(uvula), verdict, bool(wall), reading.confidence)
        )
    return outcomes


def photo_figures(outcomes: Sequence[PhotoOutcome]) -> dict[str, float]:
    """Return rates of all photographs, and the counts behind them."""
    total = len(outcomes)
    counts = {
        "uvula_in_box": sum(o.uvula_in_box for o in outcomes),
        **{f"wall_{v}": sum(o.wall == v for o in outcomes) for v in ("right", "wrong", "refused")},
    }
    return {
        **{name: count / total if total else float("nan") for name, count in counts.items()},
        **{f"{name}_count": float(count) for name, count in counts.items()},
        "photos_count": float(total),
        "unreadable_count": float(sum(o.fault is not None for o in outcomes)),
        "uvula_visible_count": float(sum(o.uvula_visible for o in outcomes)),
        "wall_visible_count": float(sum(o.wall_visible for o in outcomes)),
    }


def load_photo(path: Path) -> Rgb:
    """Return a picture file as RGB (H, W, 3), turned as its metadata says and at most 1600 px.

    Raises VisionError where it is no picture, or smaller than 16 px a side.
    """
    try:
        data = np.frombuffer(path.read_bytes(), dtype=np.uint8)
    except OSError as error:
        raise VisionError(f"{path} cannot be read ({error.strerror})") from error
    try:
        picture = cv2.imdecode(data, cv2.IMREAD_COLOR) if len(data) else None
    except cv2.error as error:  # a header that claims more pixels than can be held
        raise VisionError(f"{path} cannot be decoded ({error.err}); give a JPEG or PNG") from error
    if picture is None:
        raise VisionError(f"{path} is no picture that can be read; give a JPEG or PNG")
    if min(picture.shape[:2]) < _SMALLEST:
        raise VisionError(
            f"{path} is {picture.shape[1]}x{picture.shape[0]} px, bound {_SMALLEST} px; "
            "give the whole photograph"
        )
    longest = max(picture.shape[:2])
    if longest > 1600:
        scale = 1600 / longest
        picture = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    return np.ascontiguousarray(picture[:, :, ::-1], dtype=np.uint8)


def _fractions(file: Path, key: str, boxes: object) -> tuple[Fractions, ...]:
    if boxes is None:
        return ()
    if not isinstance(boxes, list):
        raise VisionError(f"{file}: {key}: wants a list of boxes or null, has {boxes!r}")
    found = []
    for box in boxes:
        try:
            left, top, right, bottom = (float(v) for v in box)
        except (TypeError, ValueError) as error:
            raise VisionError(f"{file}: {key}: {box!r} is not [x0, y0, x1, y1]") from error
        within = min(left, top) >= -_ROUNDING and max(right, bottom) <= 1 + _ROUNDING
        if not (within and left < right and top < bottom):
            raise VisionError(
                f"{file}: {key}: {box!r} wants 0 <= x0 < x1 <= 1 and 0 <= y0 < y1 <= 1"
            )
        found.append((left, top, right, bottom))
    return tuple(found)


def _inside(place: tuple[float, float], boxes: Sequence[Fractions], size: tuple[int, int]) -> bool:
    u, v = (place[0] + 0.5) / size[0], (place[1] + 0.5) / size[1]
    return any(x0 <= u <= x1 and y0 <= v <= y1 for x0, y0, x1, y1 in boxes)
