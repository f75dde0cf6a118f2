"""What training does to a rendered frame so that no real picture looks stranger than it.

Geometry (crop, zoom, turn, mirror) moves picture, depth, labels and pose together; photometry
changes the picture alone; depth is thinned, shifted or taken away altogether. Pictures without
depth stand for photographs of anybody's throat: their shapes are bent, and every structure has a
colour of its own, so that neither the simulator's anatomy nor its tones are relied on.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from vision.evaluation.boxes import SMALLEST, true_box
from vision.frame import Intrinsics
from vision.preprocess import Crop, Look, network_input, view_optical
from vision.structure import BOXED, MIRRORED

IGNORED = 255
"""Label of pixels that no loss counts."""

_MIRROR_TABLE = np.arange(256, dtype=np.uint8)
for _from, _to in MIRRORED.items():
    _MIRROR_TABLE[_from] = _to
_MIRRORED_PLACES = [0, 2, 1, 3, 4, 5]  # right and left tonsil change places
_MEASURED = 0.6  # share of examples with depth; the rest stand for photographs
_TILT, _PHOTO_TILT = 0.15, 0.22  # rad, standard deviation of a turn in the picture's plane
_CALM = 0.5  # how strange pictures with depth may look: they come from the booth's own cameras
_MARGINS = {
    Look.WHOLE: (0.6, 1.0, 1.6),
    Look.MOUTH: (0.95, 1.25, 1.9),
    Look.THROAT: (1.0, 1.15, 1.7),
}
"""Side of the square that is looked at, in extents of what it is about: least, usual, most."""
_NOISE = np.random.default_rng(0).standard_normal((660, 660, 3), dtype=np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """A window of a rendered frame about what one look is at.

    ``rgb`` (h, w, 3), ``depth`` (h, w) [m], ``labels`` (h, w) Structure. ``window`` is the square
    of the frame they show, ``rotation`` (3, 3) that of optical_mouth. ``places`` (6, 2) [px of the
    window] is where the mouth's origin, the middles of the sites, in the order of ``Site``, and the
    incisors' upper and lower edge are seen; ``visible`` (6,) says which of them really are.
    ``extent`` is the smallest square [px of the window] about what the look is at, None where that
    is not to be seen.
    """

    look: Look
    rgb: NDArray[np.uint8]
    depth: NDArray[np.floating]
    labels: NDArray[np.uint8]
    intrinsics: Intrinsics
    window: Crop
    rotation: NDArray[np.float64]
    places: NDArray[np.float64]
    visible: NDArray[np.bool_]
    extent: Crop | None


@dataclass(frozen=True, slots=True, eq=False)
class Example:
    """What the network is shown and should say: labels (S, S), places in quarters of its pixels.

    ``boxes`` (boxed, 4) [px] of a look at the throat, NaN where there is nothing to box.
    """

    tensor: NDArray[np.float32]
    labels: NDArray[np.uint8]
    columns: NDArray[np.float32]
    places: NDArray[np.float32]
    visible: NDArray[np.bool_]
    boxes: NDArray[np.float32]


def augment(sample: Sample, rng: np.random.Generator, size: int, strength: float = 1.0) -> Example:
    """Return a random variant of ``sample`` as the network would meet it, ``size`` pixels wide.

    ``strength`` 0 gives the plain crop, for validation.
    """
    crop = _random_crop(sample, rng, strength)
    measured = not strength or rng.random() < _MEASURED
    angle = float(rng.normal(0.0, _TILT if measured else _PHOTO_TILT) * strength)
    mirrored = bool(strength) and rng.random() < 0.5
    to_square = _turned(crop, size, angle, mirrored)
    rgb, depth, labels = _warp(sample, to_square, crop.side / size, size)
    rotation = _rotated_view(sample, crop, angle, mirrored)
    if mirrored:
        labels = _MIRROR_TABLE[labels]
    places = sample.places @ to_square[:, :2].T + to_square[:, 2]
    visible = sample.visible & ((places >= 0) & (places < size - 1)).all(axis=1)
    if mirrored:
        places, visible = places[_MIRRORED_PLACES], visible[_MIRRORED_PLACES]
    use_depth: NDArray[np.float32] | None = depth
    strangeness = strength
    if strength and measured:
        use_depth = _thin_depth(depth, rng)
        strangeness = strength * _CALM
    elif strength:
        use_depth = None
        if rng.random() < 0.4 * strength:
            rgb, labels, places = _bend(rgb, labels, places, rng)
            visible = visible & ((places >= 0) & (places < size - 1)).all(axis=1)
        if rng.random() < 0.6 * strength:
            rgb = _recolour(rgb, labels, rng)
        if rng.random() < 0.3 * strength:
            rgb = _coat(rgb, rng)
        if rng.random() < 0.25 * strength:
            rgb = _restyle(rgb, rng)
    boxes = _boxes(sample.look, labels, crop.side / size)
    if strength:
        rgb, labels = _photometry(rgb, labels, rng, strangeness)
    return Example(
        network_input(rgb, use_depth),
        labels,
        np.concatenate([rotation[:, 0], rotation[:, 2]]).astype(np.float32),
        ((places - 1.5) / 4).astype(np.float32),
        visible,
        boxes,
    )


def distort(rgb: NDArray[np.uint8], rng: np.random.Generator, strength: float) -> NDArray[np.uint8]:
    """Return a picture (H, W, 3) as another camera, in other light, might have taken it."""
    side = max(rgb.shape[:2])
    square = np.zeros((side, side, 3), dtype=np.uint8)
    square[: rgb.shape[0], : rgb.shape[1]] = rgb
    labels = np.zeros((side, side), dtype=np.uint8)
    distorted, _ = _photometry(square, labels, rng, strength)
    return np.ascontiguousarray(distorted[: rgb.shape[0], : rgb.shape[1]])


def _boxes(look: Look, labels: NDArray[np.uint8], ratio: float) -> NDArray[np.float32]:
    """Return the boxes (boxed, 4) [px] to be found; ``ratio`` is window pixels to one of labels."""
    boxes = np.full((len(BOXED), 4), np.nan, dtype=np.float32)
    if look is Look.THROAT:
        smallest = max(4, round(SMALLEST / ratio**2))
        for number, structure in enumerate(BOXED):
            if (box := true_box(labels, structure, smallest)) is not None:
                boxes[number] = box
    return boxes


def _random_crop(sample: Sample, rng: np.random.Generator, strength: float) -> Crop:
    """Return about the square of the window that the locator would cut out."""
    height, width = sample.labels.shape
    whole = Crop.whole(width, height)
    if sample.extent is None:
        side = whole.side * (float(rng.uniform(0.3, 0.9)) if strength else 0.6)
        u, v = rng.uniform(0.3, 0.7, 2) * (width, height) if strength else np.array(whole.centre)
        return Crop(float(u) - side / 2, float(v) - side / 2, side)
    low, usual, high = _MARGINS[sample.look]
    extent = sample.extent
    scale = float(np.exp(rng.uniform(np.log(low), np.log(high)))) if strength else usual
    side = extent.side * scale
    slack = max(0.08 * extent.side, 0.35 * (side - extent.side)) if strength else 0.0
    u, v = np.array(extent.centre) + 0.5 + rng.uniform(-slack, slack, 2)
    return Crop(float(u) - side / 2, float(v) - side / 2, side)


def _turned(crop: Crop, size: int, angle: float, mirrored: bool) -> NDArray[np.float64]:
    """Return the affine map (2, 3) of the crop, turned about its middle and then mirrored."""
    plain = np.vstack([crop.to_square(size), [0, 0, 1]])
    middle = (size - 1) / 2
    c, s = np.cos(angle), np.sin(angle)
    turn = np.array(
        [
            [c, -s, middle - c * middle + s * middle],
            [s, c, middle - s * middle - c * middle],
            [0, 0, 1],
        ]
    )
    full = turn @ plain
    if mirrored:
        full = np.array([[-1.0, 0.0, size - 1.0], [0, 1, 0], [0, 0, 1]]) @ full
    return np.asarray(full[:2], dtype=np.float64)


def _rotated_view(sample: Sample, crop: Crop, angle: float, mirrored: bool) -> NDArray[np.float64]:
    c, s = np.cos(angle), np.sin(angle)
    about_sight = np.array([[c, -s, 0.0], [s, c, 0.0], [0.0, 0.0, 1.0]])
    there, ratio = sample.window, sample.window.side / max(sample.labels.shape)
    seen = Crop(there.left + ratio * crop.left, there.top + ratio * crop.top, ratio * crop.side)
    rotation = about_sight @ view_optical(sample.intrinsics, seen) @ sample.rotation
    if mirrored:  # picture x and the person's left both flip, so that it stays a rotation
        rotation = np.diag([-1.0, 1.0, 1.0]) @ rotation @ np.diag([1.0, -1.0, 1.0])
    return np.asarray(rotation, dtype=np.float64)


def _warp(
    sample: Sample, to_square: NDArray[np.float64], ratio: float, size: int
) -> tuple[NDArray[np.uint8], NDArray[np.float32], NDArray[np.uint8]]:
    rgb = sample.rgb
    if ratio > 1.5:
        rgb = np.asarray(cv2.GaussianBlur(rgb, (0, 0), 0.35 * ratio), dtype=np.uint8)
    square = cv2.warpAffine(rgb, to_square, (size, size), flags=cv2.INTER_LINEAR)
    depth = cv2.warpAffine(
        sample.depth.astype(np.float32),
        to_square,
        (size, size),
        flags=cv2.INTER_NEAREST,
        borderValue=float("nan"),
    )
    labels = cv2.warpAffine(sample.labels, to_square, (size, size), flags=cv2.INTER_NEAREST)
    return (
        np.asarray(square, dtype=np.uint8),
        np.asarray(depth, dtype=np.float32),
        np.asarray(labels, dtype=np.uint8),
    )


def _thin_depth(depth: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float32]:
    out = depth.copy()
    if rng.random() < 0.3:  # holes with soft edges, as wet and dark places give
        size = out.shape[0]
        noise = cv2.GaussianBlur(
            rng.standard_normal((size // 4, size // 4)).astype(np.float32), (0, 0), 4.0
        )
        noise = cv2.resize(noise, (size, size))
        out[noise > np.quantile(noise, rng.uniform(0.5, 0.95))] = np.nan
    if rng.random() < 0.3:
        out += rng.normal(0.0, 0.002, out.shape).astype(np.float32)
    return out


def _bend(
    rgb: NDArray[np.uint8],
    labels: NDArray[np.uint8],
    places: NDArray[np.float64],
    rng: np.random.Generator,
) -> tuple[NDArray[np.uint8], NDArray[np.uint8], NDArray[np.float64]]:
    """Move picture, labels and places (n, 2) [px] by a smooth field, for throats differ."""
    size = rgb.shape[0]
    knots = rng.normal(0.0, rng.uniform(0.01, 0.04) * size, (2, 4, 4)).astype(np.float32)
    du, dv = (cv2.resize(k, (size, size), interpolation=cv2.INTER_CUBIC) for k in knots)
    rows, columns = np.mgrid[0:size, 0:size].astype(np.float32)
    # whatever is seen at (u, v) came from (u + du, v + dv); for a field so smooth the way back is
    # the field's opposite
    picture = cv2.remap(rgb, columns + du, rows + dv, cv2.INTER_LINEAR)
    moved = cv2.remap(labels, columns + du, rows + dv, cv2.INTER_NEAREST)
    u, v = np.clip(np.round(places).astype(int), 0, size - 1).T
    return (
        np.asarray(picture, dtype=np.uint8),
        np.asarray(moved, dtype=np.uint8),
        places - np.stack([du[v, u], dv[v, u]], axis=1),
    )


def _recolour(
    rgb: NDArray[np.uint8], labels: NDArray[np.uint8], rng: np.random.Generator
) -> NDArray[np.uint8]:
    """Give every structure a brightness and tint of its own."""
    bright, tint = rng.normal(0.0, 0.22, (256, 1)), rng.normal(0.0, 0.10, (256, 3))
    gain = cv2.GaussianBlur(
        np.exp(bright + tint).astype(np.float32)[labels], (0, 0), float(rng.uniform(0.5, 4.0))
    )
    return np.asarray(np.clip(rgb * gain, 0.0, 255.0), dtype=np.uint8)


def _coat(rgb: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    """Lay a ragged coat of one colour over parts, as exudate, saliva and blood do."""
    size = rgb.shape[0]
    grain = int(rng.integers(6, size // 4))
    noise = cv2.resize(
        rng.standard_normal((grain, grain)).astype(np.float32),
        (size, size),
        interpolation=cv2.INTER_CUBIC,
    )
    cover = np.clip(float(rng.uniform(1.5, 8.0)) * (noise - float(rng.uniform(1.0, 2.2))), 0.0, 1.0)
    cover *= float(rng.uniform(0.2, 0.8))
    colour = rng.uniform((150, 120, 60), (255, 250, 220)) * rng.choice([1.0, 1.0, 0.4])
    return np.asarray(rgb + cover[:, :, None] * (colour - rgb), dtype=np.uint8)


def _restyle(rgb: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    """Mix a picture with a random filtering of itself: shapes stay, colours and grain do not.

    Random convolutions (Xu et al. 2021, arXiv 2007.13003).
    """
    side = int(rng.choice([1, 3, 5]))
    kernels = rng.standard_normal((3, 3, side, side)).astype(np.float32)
    planes = [plane.astype(np.float32) for plane in cv2.split(rgb)]
    filtered = np.stack(
        [sum(cv2.filter2D(p, -1, k) for p, k in zip(planes, row, strict=True)) for row in kernels],
        axis=2,
    )
    filtered -= filtered.mean()
    filtered *= float(rgb.std()) / max(float(filtered.std()), 1e-3)
    share = float(rng.uniform(0.2, 0.9))
    mixed = rgb + share * (filtered + float(rgb.mean()) - rgb)
    return np.asarray(np.clip(mixed, 0.0, 255.0), dtype=np.uint8)


def _photometry(
    rgb: NDArray[np.uint8], labels: NDArray[np.uint8], rng: np.random.Generator, strength: float
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    size = rgb.shape[0]
    level = np.linspace(0.0, 1.0, 256, dtype=np.float32)[:, None]  # (256, 3) once tinted
    level = level ** float(np.exp(rng.normal(0.0, 0.3) * strength))
    level = level * np.exp(rng.normal(0.0, 0.14, 3) * strength).astype(np.float32)
    level = level * float(np.exp(rng.normal(0.0, 0.25) * strength))
    level = level + float(rng.normal(0.0, 0.05) * strength)
    picture = np.stack([level[:, c][rgb[:, :, c]] for c in range(3)], axis=2)
    if rng.random() < 0.5 * strength:
        grey = picture.mean(axis=2, keepdims=True)
        picture = grey + (picture - grey) * np.float32(rng.uniform(0.2, 1.6))
    if rng.random() < 0.5 * strength:  # uneven light: a smooth field, multiplied in
        field = np.exp(rng.normal(0.0, 0.35 * strength, (3, 3))).astype(np.float32)
        picture = (
            picture * cv2.resize(field, (size, size), interpolation=cv2.INTER_LINEAR)[:, :, None]
        )
    if rng.random() < 0.25 * strength:
        picture = picture * _lamp(size, rng)[:, :, None]
    if rng.random() < 0.3 * strength:  # patchy colour: tissue is never one colour
        patches = rng.normal(
            0.0, rng.uniform(0.02, 0.12) * strength, (int(rng.integers(6, 40)),) * 2 + (3,)
        )
        picture = picture + cv2.resize(patches.astype(np.float32), (size, size))
    if rng.random() < 0.3 * strength:
        picture = _shine(picture, rng)
    if rng.random() < strength:
        picture = _blur(picture, rng)
    picture = picture + np.float32(rng.uniform(0.0, 0.05) * strength) * _noise(size, rng)
    out = (np.clip(picture, 0.0, 1.0) * 255.0).astype(np.uint8)
    if rng.random() < 0.4 * strength:
        quality = int(rng.integers(15, 90))
        _, packed = cv2.imencode(".jpg", out, [cv2.IMWRITE_JPEG_QUALITY, quality])
        out = np.asarray(cv2.imdecode(packed, cv2.IMREAD_COLOR), dtype=np.uint8)
    if rng.random() < 0.25 * strength:
        out, labels = _cut_out(out, labels, rng)
    return out, labels


def _lamp(size: int, rng: np.random.Generator) -> NDArray[np.float32]:
    """Return the light (size, size) of a lamp that lights a part of the picture alone."""
    middle, reach = rng.uniform(0.25, 0.75, 2), float(rng.uniform(0.2, 0.6))
    u, v = (np.exp(-0.5 * ((np.linspace(0.0, 1.0, size) - m) / reach) ** 2) for m in middle)
    dark, bright = float(rng.uniform(0.1, 0.8)), float(rng.uniform(0.9, 1.7))
    return np.asarray(dark + (bright - dark) * np.outer(v, u), dtype=np.float32)


def _noise(size: int, rng: np.random.Generator) -> NDArray[np.float32]:
    """Return unit noise (size, size, 3), cut at a random place from one large sheet."""
    top, left = rng.integers(0, len(_NOISE) - size, 2)
    return _NOISE[top : top + size, left : left + size]


def _shine(picture: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float32]:
    size = picture.shape[0]
    blobs = np.zeros((size, size), dtype=np.float32)
    for _ in range(int(rng.integers(1, 12))):
        centre = tuple(int(c) for c in rng.integers(0, size, 2))
        axes = tuple(int(a) for a in rng.integers(1, max(2, size // 24), 2))
        cv2.ellipse(blobs, centre, axes, float(rng.uniform(0, 180)), 0, 360, 1.0, -1)
    blobs = np.asarray(
        cv2.GaussianBlur(blobs, (0, 0), float(rng.uniform(0.5, 2.5))), dtype=np.float32
    )
    return np.asarray(picture + float(rng.uniform(0.3, 1.0)) * blobs[:, :, None], dtype=np.float32)


def _blur(picture: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float32]:
    kind, size = rng.random(), picture.shape[0]
    if kind < 0.3:
        picture = np.asarray(
            cv2.GaussianBlur(picture, (0, 0), float(rng.uniform(0.4, 2.5))), dtype=np.float32
        )
    elif kind < 0.6:  # as if seen from afar and enlarged
        small = int(size / rng.uniform(1.3, 5.0))
        tiny = cv2.resize(picture, (small, small), interpolation=cv2.INTER_AREA)
        picture = np.asarray(cv2.resize(tiny, (size, size)), dtype=np.float32)
    elif kind < 0.7:  # motion
        length = 2 * int(rng.integers(1, 6)) + 1
        kernel = np.zeros((length, length), dtype=np.float32)
        angle = float(rng.uniform(0, np.pi))
        middle = length // 2
        for step in np.linspace(-middle, middle, 4 * length):
            row, column = middle + step * np.sin(angle), middle + step * np.cos(angle)
            kernel[round(row), round(column)] = 1.0
        picture = np.asarray(cv2.filter2D(picture, -1, kernel / kernel.sum()), dtype=np.float32)
    if rng.random() < 0.2:  # sharpened by a telephone
        soft = cv2.GaussianBlur(picture, (0, 0), 1.5)
        picture = np.asarray(
            picture + float(rng.uniform(0.3, 1.5)) * (picture - soft), dtype=np.float32
        )
    return picture


def _cut_out(
    rgb: NDArray[np.uint8], labels: NDArray[np.uint8], rng: np.random.Generator
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Paint over a patch and do not ask what lies beneath it."""
    size = rgb.shape[0]
    rgb, labels = rgb.copy(), labels.copy()
    height, width = (int(v) for v in rng.integers(size // 16, size // 4, 2))
    top, left = int(rng.integers(0, size - height)), int(rng.integers(0, size - width))
    rgb[top : top + height, left : left + width] = rng.integers(0, 256, 3)
    labels[top : top + height, left : left + width] = IGNORED
    return rgb, labels
