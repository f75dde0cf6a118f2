"""Measures the camera models against the stereo law they state."""

from dataclasses import dataclass

import numpy as np

from sim.anatomy import Part
from sim.cameras.model import CameraModel
from sim.pictures.view import Picture


@dataclass(frozen=True, slots=True)
class DepthNoise:
    """Depth noise on a flat skin-like target at ``depth`` [m]: measured and stated SD [m].

    The stated one includes quantisation, unit / sqrt(12).
    """

    camera: str
    depth: float
    measured: float
    stated: float
    valid: float


def depth_noise(model: CameraModel, depths: tuple[float, ...], seed: int) -> list[DepthNoise]:
    """Return the noise of ``model`` at each of ``depths`` [m], over one 640x480 frame each."""
    k = model.intrinsics(640, 480)
    rows = []
    for i, z in enumerate(depths):
        flat = Picture(
            np.full((480, 640, 3), 128, np.uint8),
            np.full((480, 640), z, np.float32),
            np.full((480, 640), int(Part.SKIN), np.uint8),
            k,
        )
        seen = model.measure(flat, np.random.default_rng([seed, i])).depth
        valid = np.isfinite(seen)
        sigma = float(model.depth_sigma(np.array(z), k))
        rows.append(
            DepthNoise(
                model.name,
                z,
                float(seen[valid].astype(np.float64).std()) if valid.any() else float("nan"),
                float(np.hypot(sigma, model.unit / np.sqrt(12.0))),
                float(valid.mean()),
            )
        )
    return rows
