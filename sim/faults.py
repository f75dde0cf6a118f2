"""What can go wrong: faults in PX4's vocabulary for every unit, and mechanical mishaps.

A fault says what the rest of the system sees of a broken unit. A process (controller, vision) has
no body in the simulator: its fault shows at its outputs, the commands and the pictures' use.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, TypeVar

import numpy as np

from sim.errors import SimError


class Mode(StrEnum):
    """How a unit fails (the vocabulary of PX4's failure injection)."""

    OFF = "off"
    STUCK = "stuck"
    GARBAGE = "garbage"
    WRONG = "wrong"
    SLOW = "slow"
    DELAYED = "delayed"
    INTERMITTENT = "intermittent"


class Unit(StrEnum):
    """What may fail.

    Sensors: ``wrist``, ``encoders``, ``camera_colour``, ``camera_depth``, ``grip_sensor``.
    Actuators: ``servos``, ``gripper``. Processes: ``controller`` and ``vision``. Links: ``state``
    (arm to controller), ``command`` (controller to arm), ``camera`` (camera to vision).
    """

    WRIST = "wrist"
    ENCODERS = "encoders"
    CAMERA_COLOUR = "camera_colour"
    CAMERA_DEPTH = "camera_depth"
    GRIP_SENSOR = "grip_sensor"
    SERVOS = "servos"
    GRIPPER = "gripper"
    CONTROLLER = "controller"
    VISION = "vision"
    STATE = "state"
    COMMAND = "command"
    CAMERA = "camera"


JOINTED = (Unit.ENCODERS, Unit.SERVOS)
"""The units of which each joint has one, picked by a fault's index."""


class Mishap(StrEnum):
    """Something mechanical that happens at once and stays."""

    SWAB_BREAKS = "swab_breaks"
    SWAB_SLIPS = "swab_slips"
    SWAB_BITTEN = "swab_bitten"
    GRIPPER_DROPS = "gripper_drops"
    JOINT_STALLS = "joint_stalls"


_MAGNITUDE_BOUND = 100.0

DEFAULT_MAGNITUDE: dict[Mode, float] = {
    Mode.OFF: 1.0,
    Mode.STUCK: 1.0,
    Mode.GARBAGE: 1.0,
    Mode.WRONG: 1.0,
    Mode.SLOW: 10.0,  # every tenth value comes
    Mode.DELAYED: 0.2,  # [s]
    Mode.INTERMITTENT: 0.5,  # share of the time that nothing comes
}


@dataclass(frozen=True, slots=True)
class Fault:
    """One unit failing in one mode.

    ``magnitude`` scales ``garbage`` and ``wrong`` (1 is what is typical of the unit), divides the
    rate of ``slow``, is the delay [s] of ``delayed`` and the silent share of ``intermittent``.
    ``duration_s`` [s] is how long it lasts. ``index`` picks one joint of the
    encoders or the servos.
    """

    unit: Unit
    mode: Mode
    magnitude: float
    duration_s: float = float("inf")
    index: int = 0

    def __post_init__(self) -> None:
        low, high = 0.0, _MAGNITUDE_BOUND
        if self.mode is Mode.SLOW:
            low = 1.0
        elif self.mode is Mode.DELAYED:
            high = 5.0
        elif self.mode is Mode.INTERMITTENT:
            high = 1.0
        if not low <= self.magnitude <= high:
            raise SimError(
                f"magnitude {self.magnitude} of {self.unit}.{self.mode} is outside {low} to {high}"
            )
        if not self.duration_s > 0.0:
            raise SimError(f"duration {self.duration_s} s of {self.unit}.{self.mode} must be > 0")
        if not 0 <= self.index < 16:
            raise SimError(f"index {self.index} of {self.unit}.{self.mode} is outside 0 to 15")


T = TypeVar("T")

_BURST_S = 0.05  # mean length of an intermittent unit's silences and words together, halved


class Corruptor(Generic[T]):
    """Corrupts one stream of values in the modes that concern time alone.

    ``off``, ``stuck``, ``slow``, ``delayed`` and ``intermittent`` are the same for every unit; what
    ``garbage`` and ``wrong`` values look like is the unit's own affair.

    Parameters
    ----------
    rng
        Generator of the bursts.
    """

    def __init__(self, rng: np.random.Generator) -> None:
        self._rng = rng
        self._fault: Fault | None = None
        self._until_s = 0.0
        self._history: list[tuple[float, T]] = []
        self._last: T | None = None
        self._count = 0
        self._silent = False
        self._burst_end_s = 0.0

    @property
    def fault(self) -> Fault | None:
        """The fault that is on, if any."""
        return self._fault

    def begin(self, fault: Fault, now_s: float) -> None:
        """Let ``fault`` begin at ``now_s`` [s]; it replaces the one before."""
        self._fault = fault
        self._until_s = now_s + fault.duration_s
        self._history = []
        self._count = 0
        self._silent = False
        self._burst_end_s = now_s

    def mode(self, now_s: float) -> Mode | None:
        """Return the mode that is on at ``now_s`` [s], and end the fault when its time is over."""
        if self._fault is not None and now_s >= self._until_s:
            self._fault = None
        return self._fault.mode if self._fault else None

    def pass_on(self, value: T, now_s: float) -> T | None:
        """Return what of ``value`` gets through at ``now_s`` [s]; None where nothing does.

        ``stuck`` and ``slow`` repeat the last value that got through.
        """
        mode = self.mode(now_s)
        fault = self._fault
        result: T | None = value
        if fault is None or mode in (Mode.GARBAGE, Mode.WRONG):
            pass
        elif mode is Mode.OFF:
            result = None
        elif mode is Mode.STUCK:
            result = self._last
        elif mode is Mode.SLOW:
            self._count += 1
            if self._count % max(1, round(fault.magnitude)) != 1:
                result = self._last
        elif mode is Mode.DELAYED:
            self._history.append((now_s, value))
            result = self._last
            while self._history and self._history[0][0] + fault.magnitude <= now_s + 1e-9:
                result = self._history.pop(0)[1]
        elif mode is Mode.INTERMITTENT:
            result = None if self._quiet(fault, now_s) else value
        if result is not None:
            self._last = result
        return result

    def _quiet(self, fault: Fault, now_s: float) -> bool:
        while now_s >= self._burst_end_s:
            self._silent = not self._silent
            share = fault.magnitude if self._silent else 1.0 - fault.magnitude
            self._burst_end_s += 2.0 * _BURST_S * share * float(self._rng.uniform(0.5, 1.5)) + 1e-6
        return self._silent
