"""What the loop's process drives: an arm with gripper and clock, simulated or real."""

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from arm_control.controller import ArmController
from arm_control.errors import ArmControlError
from arm_control.ports import ArmDriver, Clock, Gripper
from vision.camera import Camera

if TYPE_CHECKING:
    from arm_control.ports import Safety


@dataclass(frozen=True, slots=True)
class BenchSettings:
    """Which arm, where, and the simulator's seed and pictures per second [Hz]."""

    driver: str
    address: str
    arm: str
    seed: int
    picture_rate_hz: float


@dataclass(frozen=True, slots=True)
class Bench:
    """Everything the loop owns. ``person`` passes a word on to the simulated person."""

    driver: ArmDriver
    gripper: Gripper
    clock: Clock
    controller: ArmController
    safety: "Safety"
    camera: Camera | None = None
    person: Callable[..., None] = field(default=lambda *_: None)
    simulated: bool = False
    opened: ExitStack = field(default_factory=ExitStack)

    def close(self) -> None:
        """Stop the arm, end the safety monitor, release everything."""
        self.opened.close()


def open_bench(settings: BenchSettings) -> Bench:
    """Open the arm. Raises ArmControlError, SimError or OSError where it cannot be had."""
    if settings.driver == "sim":
        return _simulated(settings)
    raise ArmControlError(
        f"driver {settings.driver!r} has no bench yet; choose sim, or open it in bench.py"
    )


def _simulated(settings: BenchSettings) -> Bench:
    # the real arm's machine need not have the simulator
    from booth_arm.simulated import SimulatedBench  # noqa: PLC0415

    return SimulatedBench(settings).open()
