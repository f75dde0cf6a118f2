"""What the loop's process drives: an arm with gripper and clock, simulated or real."""

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Protocol

from arm_control.model import ArmModel
from arm_control.ports import ArmInfo, ArmState, Clock, Gripper
from arm_control.report import Fault
from station.ports import Controller
from vision.camera import Camera


class Feed(Protocol):
    """What the loop shows of the arm: its driver, or what measures for it."""

    @property
    def info(self) -> ArmInfo:
        """What the driver states of its arm."""
        ...

    def read(self) -> ArmState:
        """Return the latest measurement."""
        ...


class Steering(Controller, Protocol):
    """The arm as the node's orders drive it: in this process, or in the real-time loop's."""

    model: ArmModel

    @property
    def latched(self) -> bool:
        """Whether something has tripped and nobody has reset it."""
        ...

    def pause(self) -> None:
        """Come smoothly to rest, keeping the goal."""
        ...

    def resume(self, by: str) -> None:
        """Take the paused goal up again on the word of ``by``."""
        ...

    def reset(self, by: str) -> None:
        """Clear a trip after ``by`` has looked."""
        ...


class Tripwire(Protocol):
    """Where the loop's own word latches."""

    def trip(self, fault: Fault) -> None:
        """Latch ``fault``; the arm stops, or leaves the mouth."""
        ...


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
    """Everything the loop owns. ``person`` passes a word on to the simulated person.

    ``rate_hz`` [Hz] is how often the loop cycles, the driver's own rate where it says nothing.
    """

    driver: Feed
    gripper: Gripper
    clock: Clock
    controller: Steering
    safety: Tripwire
    camera: Camera | None = None
    person: Callable[..., None] = field(default=lambda *_: None)
    simulated: bool = False
    rate_hz: float | None = None
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
