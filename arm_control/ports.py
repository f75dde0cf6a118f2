"""The ports of the arm: what a driver and a clock must do, real, simulated or fake."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

import numpy as np

from arm_control.errors import ArmControlError
from arm_control.report import Fault
from spatial import Vector, Wrench, vector


class ArmStatus(StrEnum):
    """What the arm's own controller says of itself."""

    READY = "ready"
    STOPPED = "stopped"
    PROTECTIVE_STOP = "protective_stop"
    FAULT = "fault"
    OFFLINE = "offline"


@dataclass(frozen=True, slots=True)
class ArmInfo:
    """What a driver states of its arm: names in joint order, rate, delays, what its stop does.

    ``command_delay_s`` [s] is from a command to its first motion, ``sensor_delay_s`` [s] from load
    to reading of the wrist sensor; a reading is taken to be at least a period old.
    """

    name: str
    joint_names: tuple[str, ...]
    rate_hz: float
    command_delay_s: float
    stop_behaviour: str
    sensor_delay_s: float = 0.0

    def __post_init__(self) -> None:
        if not 10.0 <= self.rate_hz <= 2_000.0:
            raise ArmControlError(
                f"arm rate {self.rate_hz} Hz is outside 10 to 2000 Hz; state the rate at which "
                "the arm takes commands"
            )
        if not 0.0 <= self.sensor_delay_s <= 0.1:
            raise ArmControlError(
                f"delay of the wrist sensor {self.sensor_delay_s} s is outside 0 to 0.1 s; see its "
                "data sheet"
            )

    @property
    def joints(self) -> int:
        """The number of joints."""
        return len(self.joint_names)


@dataclass(frozen=True, slots=True, eq=False)
class ArmState:
    """One measurement of the arm.

    ``position`` [rad], ``velocity`` [rad/s] and ``effort`` [N·m] are (n,) in joint order.
    ``wrench`` is what the wrist sensor read, raw (tool weight and bias included), in the sensor
    frame: what the environment exerts on the tool. ``stamp_ns`` is when it was measured.
    """

    stamp_ns: int
    position: Vector
    velocity: Vector
    effort: Vector
    wrench: Wrench = field(default_factory=Wrench)
    status: ArmStatus = ArmStatus.READY

    def __post_init__(self) -> None:
        n = len(self.position)
        object.__setattr__(self, "position", vector(self.position, n, "joint position"))
        object.__setattr__(self, "velocity", vector(self.velocity, n, "joint velocity"))
        object.__setattr__(self, "effort", vector(self.effort, n, "joint effort"))


@dataclass(frozen=True, slots=True, eq=False)
class JointCommand:
    """A joint set-point: ``position`` [rad] and ``velocity`` [rad/s], both (n,)."""

    position: Vector
    velocity: Vector

    def __post_init__(self) -> None:
        n = len(self.position)
        object.__setattr__(self, "position", vector(self.position, n, "commanded position"))
        object.__setattr__(self, "velocity", vector(self.velocity, n, "commanded velocity"))


class ArmDriver(Protocol):
    """An arm. Only the control loop's thread may call it, ``stop`` excepted."""

    @property
    def info(self) -> ArmInfo:
        """What the driver states of its arm."""
        ...

    def read(self) -> ArmState:
        """Return the latest measurement; never blocks for longer than one period."""
        ...

    def write(self, command: JointCommand) -> None:
        """Hand the arm its next set-point."""
        ...

    def stop(self) -> None:
        """Stop by the arm's own means, refuse commands until ``reset``; any thread may call."""
        ...

    def reset(self) -> None:
        """Take commands again after a stop; only ever on a person's word."""
        ...

    def close(self) -> None:
        """Stop, then release whatever the driver holds."""
        ...


class Gripper(Protocol):
    """What holds the swab's shaft."""

    @property
    def holding(self) -> bool:
        """Whether a swab is held, as the gripper itself measures it."""
        ...

    def grasp(self) -> None:
        """Close on the swab in front of it."""
        ...

    def release(self) -> None:
        """Open."""
        ...


class Clock(Protocol):
    """A monotonic clock; in lock-step simulation, sleeping is what advances the world."""

    def now_ns(self) -> int:
        """Return the time [ns]."""
        ...

    def sleep_until(self, deadline_ns: int) -> None:
        """Return at ``deadline_ns`` or as soon after as can be; at once if it has passed."""
        ...


class Safety(Protocol):
    """A safety monitor as the controller sees it. A trip latches until a person resets it."""

    def check(self, sample: np.ndarray) -> Fault | None:
        """Return the latched fault, if any, after this cycle's ``sample`` (1,) of SAMPLE."""
        ...

    def trip(self, fault: Fault) -> None:
        """Latch ``fault`` on the controller's own word."""
        ...

    def reset(self, by: str) -> None:
        """Clear the latch; ``by`` names the person who looked and answers for it."""
        ...

    def close(self) -> None:
        """End the monitor; the arm must be stopped before."""
        ...
