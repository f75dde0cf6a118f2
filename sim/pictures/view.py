"""What is asked of the renderer, and what it gives back."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from sim.anatomy import Mesh, OralCavity
from sim.pictures.look import Look
from spatial import Pose
from vision.frame import Intrinsics


@dataclass(frozen=True, slots=True, eq=False)
class Prop:
    """A rigid thing in the scene: its mesh in its own frame, and ``mouth_prop``."""

    mesh: Mesh
    mouth_prop: Pose = field(default_factory=Pose)


@dataclass(frozen=True, slots=True, eq=False)
class SceneView:
    """One view of one head and the things around it.

    ``optical_mouth`` maps mouth coordinates to the optical frame (x right, y down, z forward).
    Without a ``cavity`` nobody is there, and the mouth frame only places the props. Shadows are
    cast within ``shadow_radius`` [m] around the mouth.
    """

    cavity: OralCavity | None
    optical_mouth: Pose
    intrinsics: Intrinsics
    look: Look = field(default_factory=Look)
    props: tuple[Prop, ...] = ()
    detail: float = 1.0
    shadow_radius: float = 0.10


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """A perfect picture.

    ``rgb`` (H, W, 3) uint8; ``depth`` (H, W) float32 [m] along the optical axis; ``labels``
    (H, W) uint8, values of `sim.anatomy.Part`; ``intrinsics`` they were drawn with.
    """

    rgb: NDArray[np.uint8]
    depth: NDArray[np.float32]
    labels: NDArray[np.uint8]
    intrinsics: Intrinsics
