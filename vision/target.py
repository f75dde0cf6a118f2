"""What the vision says: targets in 3-D, or a typed refusal."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

import numpy as np

from spatial import Matrix, Pose, Vector, matrix, unit, vector
from vision.errors import VisionError
from vision.frame import Frame


class Site(StrEnum):
    """A place on the throat that is swabbed; right and left are the person's own."""

    RIGHT_TONSIL = "right_tonsil"
    LEFT_TONSIL = "left_tonsil"
    POSTERIOR_WALL = "posterior_wall"


class RefusalReason(StrEnum):
    """Why there is no target. Refusing is a normal outcome."""

    NO_FACE = "no_face"
    TWO_FACES = "two_faces"
    MASK = "mask"
    MOUTH_CLOSED = "mouth_closed"
    TOO_NARROW = "too_narrow"
    TONGUE_HIGH = "tongue_high"
    WALL_NOT_SEEN = "wall_not_seen"
    TONSIL_NOT_SEEN = "tonsil_not_seen"
    HEAD_MOVING = "head_moving"
    DEPTH_INVALID = "depth_invalid"
    LIGHT = "light"
    OCCLUDED = "occluded"
    OUT_OF_REACH = "out_of_reach"
    ANOTHER_PERSON = "another_person"
    MODEL_UNSURE = "model_unsure"
    CAMERA = "camera"


@dataclass(frozen=True, slots=True)
class Refusal:
    """A refusal: its reason, the stamp of the frame [ns], and the value against the bound."""

    reason: RefusalReason
    stamp_ns: int
    detail: str


@dataclass(frozen=True, slots=True, eq=False)
class Target:
    """Where and how to touch one site, in the optical frame of the frame it was seen in.

    ``point`` (3,) [m]; ``normal`` (3,) unit, out of the tissue; ``path`` (n, 3) [m] the wiping path
    on the surface, through the point; ``covariance`` (3, 3) [m²] of the point; ``confidence`` the
    calibrated probability that the point lies on the site; ``clearance`` [m] to the nearest uvula,
    tongue or teeth.
    """

    site: Site
    point: Vector
    normal: Vector
    path: Matrix
    covariance: Matrix
    confidence: float
    clearance: float

    def __post_init__(self) -> None:
        object.__setattr__(self, "point", vector(self.point, 3, "target point"))
        object.__setattr__(self, "normal", unit(self.normal, "target normal"))
        object.__setattr__(self, "path", matrix(self.path, (-1, 3), "wiping path"))
        covariance = matrix(self.covariance, (3, 3), "covariance")
        if np.linalg.eigvalsh(covariance)[0] < -1e-12:
            raise VisionError("target covariance has a negative eigenvalue; refuse the frame")
        object.__setattr__(self, "covariance", covariance)
        if not 0.0 <= self.confidence <= 1.0:
            raise VisionError(
                f"confidence {self.confidence} is outside [0, 1]; calibrate the model"
            )


@dataclass(frozen=True, slots=True, eq=False)
class Sighting:
    """One frame understood: the mouth, and a target or a refusal for every site.

    ``optical_mouth`` maps mouth coordinates (origin midway between the lips, x out of the mouth
    towards the arm, z up) to the optical frame; ``covariance`` (6, 6) is of its translation [m²]
    and then its rotation vector [rad²], both in optical axes, about the mouth's origin;
    ``opening`` [m] between the incisors or lips.
    """

    stamp_ns: int
    optical_mouth: Pose
    covariance: Matrix
    opening: float
    targets: Mapping[Site, Target | Refusal]

    def __post_init__(self) -> None:
        covariance = matrix(self.covariance, (6, 6), "mouth covariance")
        if np.linalg.eigvalsh(covariance)[0] <= 0.0:
            raise VisionError("mouth covariance is not positive definite; refuse the frame")
        object.__setattr__(self, "covariance", covariance)
        if not 0.0 <= self.opening <= 0.12:
            raise VisionError(
                f"mouth opening {self.opening:.4f} m is outside 0 to 0.12 m; refuse the frame"
            )


class Locator(Protocol):
    """Turns a frame into a sighting, or refuses it."""

    def locate(self, frame: Frame) -> Sighting | Refusal:
        """Return what the frame shows; never raises on a picture, however bad."""
        ...
