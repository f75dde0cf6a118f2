"""How a scene is lit and what its surfaces look like: everything that is not geometry."""

from dataclasses import dataclass, field

import numpy as np

from sim.anatomy.bounded import bounded, check_bounds


@dataclass(frozen=True, slots=True)
class Look:
    """Light, wetness, colour and background of one picture.

    ``lamp`` (3,) [m] is the lamp's place in the optical frame (x right, y down), ``lamp_colour``
    and ``room_colour`` are linear RGB. ``exposure`` is the share of full scale that white skin
    facing the lamp at the mouth reaches. ``glove`` colours the hand.
    """

    lamp: tuple[float, float, float] = (0.0, -0.035, 0.0)
    lamp_colour: tuple[float, float, float] = (1.0, 0.97, 0.92)
    lamp_size: float = bounded(0.012, 0.0, 0.08, "m radius, softens shadows")
    room: float = bounded(0.25, 0.0, 2.0, "of the lamp's light at the mouth")
    room_colour: tuple[float, float, float] = (0.95, 0.98, 1.0)
    room_direction: tuple[float, float, float] = (0.5, 0.3, 0.8)
    exposure: float = bounded(0.85, 0.05, 6.0, "of full scale")
    gamma: float = bounded(2.2, 1.4, 3.0, "1")
    wetness: float = bounded(0.6, 0.0, 1.5, "strength of wet highlights")
    bumps: float = bounded(1.0, 0.0, 3.0, "strength of surface relief")
    vessels: float = bounded(0.5, 0.0, 1.5, "strength of visible vessels")
    bounce: float = bounded(0.35, 0.0, 1.0, "light scattered inside the mouth")
    hue: tuple[float, float, float] = (1.0, 1.0, 1.0)
    saturation: float = bounded(1.0, 0.2, 1.8, "1")
    background: tuple[float, float, float] = (0.55, 0.60, 0.63)
    background_depth: float = bounded(1.2, 0.3, 6.0, "m behind the camera's plane")
    background_seed: int = 0
    clutter: float = bounded(0.1, 0.0, 1.0, "contrast of the background")
    glove: tuple[float, float, float] | None = (0.25, 0.45, 0.75)
    shirt: tuple[float, float, float] = (0.25, 0.32, 0.42)
    texture_offset: tuple[float, float] = field(default=(0.0, 0.0))

    def __post_init__(self) -> None:
        check_bounds(self)

    @classmethod
    def sample(cls, rng: np.random.Generator) -> "Look":
        """Draw a look far wider than any booth's, so that a network cannot rely on one."""
        warm = rng.uniform(-0.25, 0.25)
        room_warm = rng.uniform(-0.25, 0.25)
        angle, radius = rng.uniform(0.0, 2 * np.pi), rng.gamma(1.5, 0.022)
        u = rng.normal(size=3)
        direction = u / np.linalg.norm(u)
        glove = tuple(rng.uniform(0.05, 0.95, 3)) if rng.random() < 0.7 else None
        return cls(
            lamp=(
                float(radius * np.cos(angle)),
                float(radius * np.sin(angle)),
                float(rng.uniform(-0.03, 0.05)),
            ),
            lamp_colour=(1.0 + warm, 1.0 + 0.2 * float(rng.normal(0, 0.2)), 1.0 - warm),
            lamp_size=float(rng.uniform(0.003, 0.04)),
            room=float(np.clip(rng.gamma(1.3, 0.22), 0.0, 2.0)),
            room_colour=(1.0 + room_warm, 1.0, 1.0 - room_warm),
            room_direction=(abs(float(direction[0])), float(direction[1]), float(direction[2])),
            exposure=float(np.clip(0.8 * np.exp(rng.normal(0.0, 0.5)), 0.1, 4.0)),
            gamma=float(rng.uniform(1.8, 2.5)),
            wetness=float(rng.uniform(0.0, 1.3)),
            bumps=float(rng.uniform(0.3, 2.2)),
            vessels=float(rng.uniform(0.0, 1.1)),
            bounce=float(rng.uniform(0.1, 0.75)),
            hue=tuple(np.exp(rng.normal(0.0, 0.10, 3))),
            saturation=float(rng.uniform(0.6, 1.35)),
            background=tuple(rng.uniform(0.02, 0.95, 3)),
            background_depth=float(rng.uniform(0.5, 3.0)),
            background_seed=int(rng.integers(2**31)),
            clutter=float(rng.uniform(0.0, 0.8)),
            glove=glove,
            shirt=tuple(rng.uniform(0.03, 0.9, 3)),
            texture_offset=tuple(rng.random(2)),
        )
