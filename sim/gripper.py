"""The simulated gripper: takes swabs from the rack, leaves them in the tube, or drops them."""

from typing import Protocol

import numpy as np

from sim.scene import Scene
from sim.truth import SwabFate
from spatial import Pose

_POSITION_TOLERANCE = 0.008  # [m]
_ANGLE_TOLERANCE = np.deg2rad(10.0)


class SwabHolder(Protocol):
    """The world, as far as the gripper needs it."""

    @property
    def base_tip(self) -> Pose:
        """The swab's tip, or where it would be."""
        ...

    def straighten_swab(self) -> None:
        """Put a fresh, straight swab into the hand."""
        ...


class SimGripper:
    """Jaws around the swab's shaft.

    A swab is found only at the swab rack's pose, and ends in the tube only when released at the
    tube rack's pose, both to 8 mm and 10°.

    Parameters
    ----------
    scene
        The booth, for the racks.
    world
        Where the tip is.
    """

    def __init__(self, scene: Scene, world: SwabHolder) -> None:
        self._scene = scene
        self._world = world
        self.fate = SwabFate.IN_HAND if scene.swab_in_hand else SwabFate.NONE
        self.tubes = 0

    @property
    def holding(self) -> bool:
        """Whether the jaws are held apart by a shaft, a broken one included."""
        return self.fate in (SwabFate.IN_HAND, SwabFate.BROKEN)

    def grasp(self) -> None:
        """Close; a fresh swab is in hand afterwards if the hand stood at the swab rack."""
        if not self.holding and self._at(self._scene.base_swab_rack):
            self.fate = SwabFate.IN_HAND
            self._world.straighten_swab()

    def release(self) -> None:
        """Open; the swab stays in the tube, or falls."""
        if self.holding:
            if self._at(self._scene.base_tube_rack):
                self.fate = SwabFate.IN_TUBE
                self.tubes += 1
            else:
                self.fate = SwabFate.DROPPED

    def lose(self, fate: SwabFate) -> None:
        """Note that the swab broke, or slipped out of the jaws."""
        self.fate = fate

    def _at(self, base_rack: Pose) -> bool:
        tip = self._world.base_tip
        distance = float(np.linalg.norm(tip.translation - base_rack.translation))
        cosine = float(tip.rotation[:, 2] @ base_rack.rotation[:, 2])
        return distance <= _POSITION_TOLERANCE and cosine >= np.cos(_ANGLE_TOLERANCE)
