"""What the loop's process drives: an arm with gripper and clock, simulated or real."""

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from arm_control.controller import ArmController
from arm_control.ports import ArmDriver, Clock, Gripper
from vision.camera import Camera

if TYPE_CHECKING:
    from arm_control.ports import Safety


@dataclass(frozen=True, slots=True)
class BenchSettings:
    """Which arm, where, its set-points a second [Hz]; the simulator's seed and pictures [Hz].

    ``address`` is the real arm's host, ``namespace`` the booth's, where topics are spoken,
    ``calibration`` the real booth's file.
    """

    driver: str
    address: str
    arm: str
    seed: int = 0
    picture_rate_hz: float = 10.0
    rate_hz: float = 125.0
    namespace: str = ""
    calibration: str = ""


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
    """Open the arm.

    Raises ArmControlError, SimError, StationError, VisionError or OSError where it cannot be had.
    """
    # the real arm's machine need not have the simulator, nor the simulator's an arm's client
    if settings.driver == "sim":
        from booth_arm.simulated import SimulatedBench  # noqa: PLC0415

        return SimulatedBench(settings).open()
    from booth_arm.real import open_real  # noqa: PLC0415

    return open_real(settings)
