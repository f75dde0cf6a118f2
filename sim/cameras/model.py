"""Models of depth cameras: what a RealSense makes of a perfect picture."""

from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

from sim.anatomy.bounded import bounded, check_bounds
from sim.anatomy.profile import Array
from sim.cameras import grain
from sim.cameras.kernels import expose, match
from sim.errors import SimError
from sim.pictures.view import Picture
from vision.frame import Frame, Intrinsics

Depth = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class CameraModel:
    """A stereo depth camera with a colour picture aligned to it.

    Depth noise follows from disparity noise: sigma_z = z² sigma_d / (f b) (Keselman et al. 2017,
    CVPR workshops, section 4), with ``disparity_noise`` sigma_d [px at 640 columns] correlated
    over ``correlation`` [px], as the matching window makes it. ``focal`` is the focal length as a
    share of the picture's height. ``misalignment`` [px at 640 columns] is the standard deviation
    of the shift between depth and colour.
    """

    name: str
    focal: float = bounded(0.9, 0.4, 4.0, "picture heights")
    baseline: float = bounded(0.018, 0.005, 0.2, "m")
    disparity_noise: float = bounded(0.08, 0.0, 2.0, "px")
    correlation: float = bounded(2.0, 0.3, 12.0, "px")
    min_range: float = bounded(0.07, 0.0, 1.0, "m")
    max_range: float = bounded(0.5, 0.1, 20.0, "m")
    unit: float = bounded(1e-4, 1e-6, 1e-2, "m a step")
    holes: float = bounded(0.25, 0.0, 1.0, "share of smooth wet surface not matched")
    bleeding: float = bounded(2.0, 0.0, 12.0, "px that edges are fattened")
    misalignment: float = bounded(0.0, 0.0, 8.0, "px")
    read_noise: float = bounded(1.2, 0.0, 20.0, "grey levels")
    shot_noise: float = bounded(0.25, 0.0, 4.0, "grey levels per square root of a level")
    blur: float = bounded(0.6, 0.0, 6.0, "px")
    shake: float = bounded(0.0, 0.0, 20.0, "px that the picture moves during the exposure")
    delay_s: float = bounded(0.045, 0.0, 0.5, "s from exposure to hand-over")

    def __post_init__(self) -> None:
        check_bounds(self)
        if self.min_range >= self.max_range:
            raise SimError(
                f"camera {self.name}: min_range {self.min_range} m is not below max_range "
                f"{self.max_range} m"
            )

    def intrinsics(self, width: int, height: int) -> Intrinsics:
        """Return the intrinsics of a picture of this size, cropped at the sides."""
        f = self.focal * height
        return Intrinsics(width, height, f, f, width / 2 - 0.5, height / 2 - 0.5)

    def depth_sigma(self, z: Array, intrinsics: Intrinsics) -> Array:
        """Return the standard deviation [m] of depth at depths ``z`` [m]."""
        sigma_d = self.disparity_noise * intrinsics.width / 640.0
        return np.asarray(z**2 * sigma_d / (intrinsics.fx * self.baseline))

    def measure(
        self, picture: Picture, rng: np.random.Generator, stamp_ns: int = 0, sequence: int = 0
    ) -> Frame:
        """Return the frame this camera would deliver of ``picture``."""
        return Frame(
            rgb=self._colour(picture.rgb, rng),
            depth=self._depth(picture, rng),
            intrinsics=picture.intrinsics,
            stamp_ns=stamp_ns,
            sequence=sequence,
        )

    def _colour(self, rgb: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
        light: NDArray[np.uint8] | Depth = np.ascontiguousarray(rgb)
        if self.shake > 0.0:
            smeared = cv2.filter2D(rgb.astype(np.float32), -1, _streak(self.shake, rng))
            light = np.asarray(smeared, np.float32)
        height, width = rgb.shape[:2]
        out = np.empty_like(rgb)
        expose(
            light,
            _half_gaussian(self.blur),
            grain.white(),
            grain.places(rng, height, 3 * width),
            self.read_noise,
            self.shot_noise,
            out,
        )
        return out

    def _depth(self, picture: Picture, rng: np.random.Generator) -> Depth:
        k = picture.intrinsics
        scale = k.width / 640.0
        grey = np.asarray(cv2.cvtColor(picture.rgb, cv2.COLOR_RGB2GRAY), np.uint8)
        depth = np.empty(picture.depth.shape, np.float32)
        match(
            picture.depth,
            _nearest(picture.depth, round(self.bleeding * scale)),
            _patches(rng, k.height, k.width, 4, cv2.INTER_LINEAR),  # edges grow raggedly
            # noise lives in disparity, correlated as the matching window correlates it
            grain.windowed(rng, k.height, k.width, max(self.correlation * scale, 0.3)),
            grey,
            np.asarray(cv2.dilate(grey, np.ones((3, 3), np.uint8)), np.uint8),
            _patches(rng, k.height, k.width, 8, cv2.INTER_CUBIC),
            picture.labels,
            (
                k.fx * self.baseline,
                k.fx,
                self.disparity_noise * scale,
                self.unit,
                self.min_range,
                self.max_range,
                self.holes,
                round(24 * scale),
            ),
            depth,
        )
        return self._shifted(depth, scale, rng)

    def _shifted(self, depth: Depth, scale: float, rng: np.random.Generator) -> Depth:
        if self.misalignment <= 0.0:
            return depth
        dx, dy = rng.normal(0.0, self.misalignment * scale, 2)
        return np.asarray(
            cv2.warpAffine(
                depth,
                np.array([[1.0, 0.0, dx], [0.0, 1.0, dy]]),
                (depth.shape[1], depth.shape[0]),
                flags=cv2.INTER_NEAREST,
                borderMode=cv2.BORDER_REPLICATE,
            )
        )


def _nearest(depth: Depth, reach: int) -> Depth:
    """Return the smallest depth within ``reach`` px of each pixel."""
    if reach < 1:
        return depth
    return np.asarray(cv2.erode(depth, np.ones((2 * reach + 1, 2 * reach + 1), np.uint8)))


def _patches(rng: np.random.Generator, height: int, width: int, size: int, smooth: int) -> Depth:
    """Return patches (height, width) of uniform noise, ``size`` px each, passing into another."""
    coarse = rng.random((height // size, width // size), dtype=np.float32)
    return np.asarray(cv2.resize(coarse, (width, height), interpolation=smooth), np.float32)


@cache
def _half_gaussian(sigma: float) -> Depth:
    """Return a Gaussian's weights from its middle outwards, to four standard deviations."""
    reach = np.arange(int(np.ceil(4.0 * sigma)) + 1)
    weights = np.exp(-0.5 * (reach / max(sigma, 1e-6)) ** 2)
    return np.asarray(weights / (2.0 * weights.sum() - weights[0]), np.float32)


def _streak(length: float, rng: np.random.Generator) -> Depth:
    """Return the kernel of a straight motion of ``length`` px in a random direction."""
    half = int(np.ceil(length / 2))
    kernel = np.zeros((2 * half + 1, 2 * half + 1), np.float32)
    angle = rng.uniform(0.0, np.pi)
    reach = 0.5 * length * np.array([np.cos(angle), np.sin(angle)])
    ends = np.round((half + np.stack([-reach, reach])) * 16).astype(int)
    cv2.line(kernel, tuple(ends[0]), tuple(ends[1]), 1.0, 1, cv2.LINE_AA, 4)
    return np.asarray(kernel / kernel.sum(), np.float32)


D405 = CameraModel("D405", focal=0.91)
"""RealSense D405: 7 to 50 cm, 18 mm baseline, colour from the depth sensor, 0.1 mm steps."""

D435 = CameraModel(
    "D435",
    focal=1.29,
    baseline=0.050,
    disparity_noise=0.10,
    correlation=2.5,
    min_range=0.17,
    max_range=3.0,
    unit=1e-3,
    holes=0.3,
    bleeding=4.0,
    misalignment=0.8,
    delay_s=0.060,
)
"""RealSense D435: from 17 cm, 50 mm baseline, colour from a lens of its own, 1 mm steps."""

CAMERAS = {camera.name: camera for camera in (D405, D435)}
"""The camera models by name."""
