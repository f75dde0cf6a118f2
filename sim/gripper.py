"""The simulated gripper: takes swabs from the rack, leaves them in tube or bin, or drops them."""

from typing import Protocol

import numpy as np

from sim.errors import SimError
from sim.faults import Corruptor, Fault, Mode, Unit
from sim.scene import Scene
from sim.truth import SwabFate
from spatial import Pose, Vector

_POSITION_TOLERANCE = 0.008  # [m]
_ANGLE_TOLERANCE = np.deg2rad(10.0)
_BIN_RADIUS, _BIN_HEIGHT = 0.06, 0.20  # [m] of the bin's mouth, and from how high a swab falls in


class SwabHolder(Protocol):
    """The world, as far as the gripper needs it."""

    @property
    def base_tip(self) -> Pose:
        """The swab's tip, or where it would be."""
        ...

    @property
    def now_s(self) -> float:
        """The world's time [s]."""
        ...

    def straighten_swab(self) -> None:
        """Put a fresh, straight swab into the hand."""
        ...


class SimGripper:
    """Jaws around the swab's shaft.

    A swab is found only at the swab rack's pose, and ends in the tube only when released at the
    tube rack's pose, both to 8 mm and 10°. One let go above the bin's mouth ends in the bin, and
    anywhere else on the floor or on the person.

    Parameters
    ----------
    scene
        The booth, for the racks.
    world
        Where the tip is.
    rng
        Generator of its faults.
    """

    def __init__(self, scene: Scene, world: SwabHolder, rng: np.random.Generator) -> None:
        self._scene = scene
        self._world = world
        self._rng = rng
        self._sense: Corruptor[bool] = Corruptor(rng.spawn(1)[0])
        self._jaws: Corruptor[bool] = Corruptor(rng.spawn(1)[0])
        self.fate = SwabFate.IN_HAND if scene.swab_in_hand else SwabFate.NONE
        self.tubes = 0

    def fail(self, fault: Fault) -> None:
        """Let the jaws or their sensor fail from now on."""
        if fault.unit not in (Unit.GRIPPER, Unit.GRIP_SENSOR):
            raise SimError(f"unit {fault.unit} is no part of the gripper")
        if fault.unit is Unit.GRIPPER:
            self._jaws.begin(fault, self._world.now_s)
            return
        # the sensor has been reading all the time, whether anybody asked or not
        self._sense.pass_on(self._holds, self._world.now_s)
        self._sense.begin(fault, self._world.now_s)

    @property
    def holding(self) -> bool:
        """Whether the jaws are held apart by a shaft, a broken one included, as they sense it."""
        sensed = self._sense.pass_on(self._holds, self._world.now_s)
        fault = self._sense.fault
        if fault is not None and fault.mode is Mode.GARBAGE:
            return bool(self._rng.random() < 0.5)
        if fault is not None and fault.mode is Mode.WRONG:
            return not sensed
        return bool(sensed)

    @property
    def _holds(self) -> bool:
        return self.fate in (SwabFate.IN_HAND, SwabFate.BROKEN)

    def grasp(self) -> None:
        """Close; a fresh swab is in hand afterwards if the hand stood at the swab rack."""
        self._move(close=True)

    def release(self) -> None:
        """Open; the swab stays in the tube, or falls, into the bin where that is below."""
        self._move(close=False)

    def _move(self, *, close: bool) -> None:
        """Close or open the jaws, as far as they obey.

        Jaws that are off, stuck, slow or late do not move in the moment they are asked to.
        """
        obeyed = self._jaws.pass_on(close, self._world.now_s)
        fault = self._jaws.fault
        if fault is not None:
            if fault.mode is Mode.WRONG:
                obeyed = not close
            elif fault.mode is Mode.GARBAGE:
                obeyed = bool(self._rng.random() < 0.5)
            elif fault.mode is not Mode.INTERMITTENT:
                return
        if obeyed is None:
            return
        if obeyed and not self._holds and self._at(self._scene.base_swab_rack):
            self.fate = SwabFate.IN_HAND
            self._world.straighten_swab()
        elif not obeyed and self._holds:
            if self._at(self._scene.base_tube_rack):
                self.fate = SwabFate.IN_TUBE
                self.tubes += 1
            elif self._over(self._scene.base_bin):
                self.fate = SwabFate.IN_BIN
            else:
                self.fate = SwabFate.DROPPED

    def lose(self, fate: SwabFate) -> None:
        """Note that the swab broke, or slipped out of the jaws."""
        self.fate = fate

    def _over(self, base_bin: Vector) -> bool:
        """Whether a swab that is let go here falls into the bin."""
        away = self._world.base_tip.translation - base_bin
        return float(np.hypot(away[0], away[1])) <= _BIN_RADIUS and 0.0 <= away[2] <= _BIN_HEIGHT

    def _at(self, base_rack: Pose) -> bool:
        tip = self._world.base_tip
        distance = float(np.linalg.norm(tip.translation - base_rack.translation))
        cosine = float(tip.rotation[:, 2] @ base_rack.rotation[:, 2])
        return distance <= _POSITION_TOLERANCE and cosine >= np.cos(_ANGLE_TOLERANCE)
