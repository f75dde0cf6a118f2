"""Models of depth cameras: what a RealSense makes of a perfect picture."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from sim.anatomy.bounded import bounded, check_bounds
from sim.anatomy.profile import Array
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
        image: NDArray[np.float32] = rgb.astype(np.float32)
        if self.blur > 0.0:
            cv2.GaussianBlur(image, (0, 0), self.blur, dst=image)
        if self.shake > 0.0:
            image = np.asarray(cv2.filter2D(image, -1, _streak(self.shake, rng)), np.float32)
        noise = rng.standard_normal(rgb.shape, dtype=np.float32)
        image += noise * np.sqrt(self.read_noise**2 + self.shot_noise**2 * np.maximum(image, 0.0))
        return np.asarray(np.clip(image + 0.5, 0.0, 255.0), dtype=np.uint8)

    def _depth(self, picture: Picture, rng: np.random.Generator) -> Depth:
        k, z = picture.intrinsics, picture.depth
        scale = k.width / 640.0
        seen = self._fattened(z, scale, rng)
        # noise lives in disparity, correlated as the matching window correlates it
        disparity = (k.fx * self.baseline / np.maximum(seen, 1e-3)).astype(np.float32)
        noise = rng.standard_normal(z.shape, dtype=np.float32)
        width = max(self.correlation * scale, 0.3)
        noise = cv2.GaussianBlur(noise, (0, 0), width) * np.float32(2.0 * np.sqrt(np.pi) * width)
        noisy = disparity + np.float32(self.disparity_noise * scale) * noise
        measured = k.fx * self.baseline / np.maximum(noisy, 1e-4)
        measured = np.round(measured / self.unit) * self.unit
        lost = self._lost(picture, disparity, scale, rng)
        lost |= (measured < self.min_range) | (measured > self.max_range)
        depth = np.where(lost, np.nan, measured).astype(np.float32)
        return self._shifted(depth, scale, rng)

    def _fattened(self, z: Depth, scale: float, rng: np.random.Generator) -> Depth:
        """Near edges grow over what lies behind them, raggedly."""
        size = round(self.bleeding * scale)
        if size < 1:
            return z
        near = cv2.erode(z, np.ones((2 * size + 1, 2 * size + 1), np.uint8))
        ragged = cv2.resize(
            rng.random((z.shape[0] // 4, z.shape[1] // 4), dtype=np.float32),
            (z.shape[1], z.shape[0]),
            interpolation=cv2.INTER_LINEAR,
        )
        return np.asarray(np.where(ragged > 0.5, near, z), dtype=np.float32)

    def _lost(
        self, picture: Picture, disparity: Depth, scale: float, rng: np.random.Generator
    ) -> NDArray[np.bool_]:
        """Where nothing is matched: glare, darkness, grazing and half-hidden surfaces."""
        k, rgb = picture.intrinsics, picture.rgb
        grey = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY)
        glare = cv2.dilate((grey > 247).astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
        patches = cv2.resize(
            rng.random((k.height // 8, k.width // 8), dtype=np.float32),
            (k.width, k.height),
            interpolation=cv2.INTER_CUBIC,
        )
        lost = glare | ((grey < 14) & (patches < 0.75))
        # smooth wet mucosa gives the matcher nothing to hold on to
        mucosa = (picture.labels >= 4) & (picture.labels <= 15)
        lost |= mucosa & (patches < self.holes)
        slope = np.abs(cv2.Sobel(picture.depth, cv2.CV_32F, 1, 0, scale=0.125))
        slope += np.abs(cv2.Sobel(picture.depth, cv2.CV_32F, 0, 1, scale=0.125))
        grazing = slope * k.fx / np.maximum(picture.depth, 1e-3)
        lost |= (grazing > 5.0) & (patches < 0.8)
        # the second eye does not see behind an edge
        hidden = np.zeros(lost.shape, bool)
        for step in range(1, round(24 * scale) + 1):
            hidden[:, step:] |= disparity[:, :-step] - disparity[:, step:] > step
        return np.asarray(lost | hidden)

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
