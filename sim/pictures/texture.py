"""Tileable textures made once per renderer: noise in four scales, and blood vessels."""

import cv2
import numpy as np
from numpy.typing import NDArray

from sim.anatomy.profile import Array


def _periodic_noise(rng: np.random.Generator, size: int, wavelength: float) -> Array:
    """Smooth periodic noise (size, size) in [0, 1] with features of ``wavelength`` pixels."""
    spectrum = np.fft.rfft2(rng.standard_normal((size, size)))
    f = np.hypot(np.fft.fftfreq(size)[:, None], np.fft.rfftfreq(size)[None])
    centre = 1.0 / wavelength
    below = np.exp(-((np.minimum(f - centre, 0.0) / (0.4 * centre)) ** 2))
    spectrum *= below * (np.maximum(f, centre) / centre) ** -2.5
    field = np.fft.irfft2(spectrum, (size, size))
    return np.asarray(np.clip(0.5 + field / (5.0 * field.std()), 0.0, 1.0))


def noise_texture(rng: np.random.Generator, size: int = 256) -> NDArray[np.uint8]:
    """Return four periodic noises (size, size, 4), coarse to fine (64, 20, 8 and 3.5 pixels)."""
    layers = [_periodic_noise(rng, size, w) for w in (64.0, 20.0, 8.0, 3.5)]
    return np.ascontiguousarray((np.stack(layers, -1) * 255).astype(np.uint8))


def vessel_texture(rng: np.random.Generator, size: int = 512) -> NDArray[np.uint8]:
    """Return periodic vessels (size, size) uint8: branching random walks of falling calibre."""
    canvas = np.zeros((size, size), np.float32)
    stack = [
        (rng.random(2) * size, rng.random() * 2 * np.pi, rng.uniform(1.6, 3.2), 0)
        for _ in range(26)
    ]
    while stack:
        at, heading, calibre, depth = stack.pop()
        points = [at]
        for _ in range(int(rng.integers(14, 34))):
            heading += rng.normal(0.0, 0.28)
            at = at + 6.0 * np.array([np.cos(heading), np.sin(heading)])
            points.append(at)
            if depth < 3 and rng.random() < 0.09:
                turn = rng.choice((-1.0, 1.0)) * rng.uniform(0.4, 0.9)
                stack.append((at, heading + turn, 0.68 * calibre, depth + 1))
        line = np.array(points)
        for dx in (-size, 0, size):
            for dy in (-size, 0, size):
                shifted = np.round((line + np.array([dx, dy])) * 8).astype(np.int32)
                layer_weight = 0.35 + 0.2 * calibre
                cv2.polylines(
                    canvas,
                    [shifted],
                    isClosed=False,
                    color=min(layer_weight, 1.0),
                    thickness=max(round(calibre), 1),
                    lineType=cv2.LINE_AA,
                    shift=3,
                )
    blurred = cv2.GaussianBlur(np.pad(canvas, 8, mode="wrap"), (0, 0), 1.1)[8:-8, 8:-8]
    return np.ascontiguousarray((np.clip(blurred, 0, 1) * 255).astype(np.uint8))


def face_texture(size: int = 512) -> NDArray[np.uint8]:
    """Return what is painted on the face (size, size, 4): brow, redness, darkness, beard.

    Column: distance from the midline in shares of 0.12 m of an adult; row: height above the lips
    from -0.12 m to 0.12 m, upwards.
    """
    side, up = np.meshgrid(
        np.linspace(0.0, 0.12, size), np.linspace(-0.12, 0.12, size), indexing="xy"
    )

    def spot(y: float, z: float, sy: float, sz: float) -> Array:
        return np.asarray(np.exp(-(((side - y) / sy) ** 2) - ((up - z) / sz) ** 2))

    def step(low: float, high: float, value: Array) -> Array:
        t = np.clip((value - low) / (high - low), 0.0, 1.0)
        return np.asarray(t * t * (3 - 2 * t))

    arch = 0.0775 + 0.10 * (side - 0.012) - 9.0 * np.maximum(side - 0.030, 0.0) ** 2
    brow = 1.0 - step(0.0018, 0.0050, np.abs(up - arch))
    brow *= step(0.011, 0.017, side) * (1.0 - step(0.044, 0.053, side))
    flush = 0.7 * spot(0.042, 0.030, 0.022, 0.020) + 0.8 * spot(0.0, 0.024, 0.014, 0.012)
    nostril = step(0.25, 0.75, spot(0.0070, 0.0125, 0.0048, 0.0032))
    crease = np.abs(side - (0.019 + 0.55 * (0.020 - up)))
    fold = np.exp(-((crease / 0.003) ** 2)) * step(-0.012, 0.002, up) * (1 - step(0.014, 0.024, up))
    lid = 0.36 * (1.0 - ((side - 0.032) / 0.0145) ** 2) * 0.0145 + 0.0620
    near = (np.abs(side - 0.032) < 0.0150).astype(float)
    lash = near * (1.0 - step(0.0003, 0.0011, np.abs(up - lid)))
    crease_lid = near * (1.0 - step(0.0004, 0.0016, np.abs(up - lid - 0.0042)))
    socket = spot(0.018, 0.062, 0.008, 0.010)
    dark = np.maximum.reduce(
        [0.88 * nostril, 0.16 * fold, 0.80 * lash, 0.22 * crease_lid, 0.18 * socket]
    )
    jaw = 1.0 - step(-0.024, -0.006, up) + step(0.036, 0.050, side) * (1.0 - step(0.0, 0.045, up))
    moustache = (
        step(0.003, 0.006, up) * (1 - step(0.011, 0.015, up)) * (1 - step(0.022, 0.032, side))
    )
    beard = np.clip(np.maximum(np.clip(jaw, 0.0, 1.0), moustache), 0.0, 1.0)
    layers = np.stack([brow, np.clip(flush, 0, 1), dark, beard], -1)
    return np.ascontiguousarray((255 * layers).astype(np.uint8))


def eye_texture(size: int = 1024) -> NDArray[np.uint8]:
    """Return both eyes (size // 4, size, 4): linear colour, and 255 where an eye is.

    Column: -0.12 to 0.12 m across the face of an adult; row: 0.0324 to 0.0924 m above the lips.
    """
    across, up = np.meshgrid(
        np.linspace(-0.12, 0.12, size), np.linspace(0.0324, 0.0924, size // 4), indexing="xy"
    )
    x, y = (np.abs(across) - 0.032) / 0.0145, (up - 0.0620) / 0.0145
    lid = 0.36 * (1.0 - x**2)
    open_eye = (np.abs(x) < 1.0) & (y < lid) & (y > -0.8 * lid)
    r = np.hypot(x, y - 0.02)
    colour = np.broadcast_to(np.array([0.78, 0.74, 0.70]), (*r.shape, 3)).copy()
    colour[r < 0.43] = (0.075, 0.040, 0.022)
    colour[(r > 0.37) & (r < 0.43)] *= 0.45
    colour[r < 0.17] = 0.005
    colour *= (0.5 + 0.5 * np.clip((lid - y) / 0.16, 0.0, 1.0))[..., None]
    return np.ascontiguousarray(
        (255 * np.concatenate([colour, open_eye[..., None]], -1)).astype(np.uint8)
    )
