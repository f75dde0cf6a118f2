"""What a swab feels: stiffness, damping and friction of every part of a mouth.

Engine-independent: distances come from the anatomy, forces from `sim.shaft`, and a physics engine
only receives the resulting wrench. Stiffness 7 to 500 N/m follows from shear moduli of 2.5 to
2.7 kPa for mucosa and from bone close behind it over the spine and at the teeth.
"""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from sim.anatomy import Part
from sim.errors import SimError
from spatial import Matrix, Vector

MIN_STIFFNESS, MAX_STIFFNESS = 7.0, 500.0

_RELAXATION_S = 0.02
"""Damping over stiffness: how long compressed mucosa takes to come back [s] (assumed)."""

_MUCOSA_FRICTION, _SKIN_FRICTION = 0.2, 0.5
_SHARE_OF_WALL: dict[Part, float] = {
    Part.POSTERIOR_WALL: 1.0,
    Part.PHARYNX: 0.6,
    Part.TONSIL_RIGHT: 0.4,
    Part.TONSIL_LEFT: 0.4,
    Part.ARCH_RIGHT: 0.35,
    Part.ARCH_LEFT: 0.35,
    Part.TONGUE: 0.5,
    Part.SOFT_PALATE: 0.3,
    Part.UVULA: 0.1,
    Part.CHEEK: 0.3,
    Part.LIPS: 0.6,
    Part.SKIN: 1.5,
}
_HARD = frozenset(
    {
        Part.TEETH,
        Part.GUMS,
        Part.HARD_PALATE,
        Part.DEPRESSOR,
        Part.GLASSES,
        Part.CHIN_REST,
        Part.BOOTH,
    }
)
_DRY = frozenset({Part.SKIN, Part.HAIR, Part.MASK, Part.HAND, Part.CLOTHES})


class Surface(Protocol):
    """A head's surface, as the anatomy gives it, in the mouth frame."""

    def signed_distance(self, points: Matrix) -> tuple[Vector, Matrix, NDArray[np.uint8]]:
        """Return distance (n,) [m], negative in tissue, outward normal (n, 3) and part (n,)."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class Tissue:
    """Contact parameters by part, indexed by the part's number.

    ``stiffness`` [N/m], ``damping`` [N·s/m] and ``friction`` [-], each (parts,).
    """

    stiffness: Vector
    damping: Vector
    friction: Vector

    @classmethod
    def of_wall(cls, wall_stiffness: float) -> "Tissue":
        """Return the tissue of a person whose posterior wall has this stiffness [N/m].

        The other soft parts follow in fixed proportion, clipped to 7 to 500 N/m; teeth, hard palate
        and furniture take the upper end.
        """
        if not MIN_STIFFNESS <= wall_stiffness <= MAX_STIFFNESS:
            raise SimError(
                f"wall stiffness {wall_stiffness} N/m is outside {MIN_STIFFNESS} to "
                f"{MAX_STIFFNESS} N/m; change the temperament"
            )
        stiffness = np.full(len(Part), wall_stiffness)
        friction = np.full(len(Part), _MUCOSA_FRICTION)
        for part in Part:
            if part in _HARD:
                stiffness[part] = MAX_STIFFNESS
            else:
                share = _SHARE_OF_WALL.get(part, 1.0)
                stiffness[part] = np.clip(share * wall_stiffness, MIN_STIFFNESS, MAX_STIFFNESS)
            if part in _DRY:
                friction[part] = _SKIN_FRICTION
        return cls(stiffness, _RELAXATION_S * stiffness, friction)
