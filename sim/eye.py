"""The simulated eye-in-hand camera behind its port: exposure grid, delay, faults, lazy pictures."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from sim.broken_eye import BrokenEye
from sim.engine import STEP_NS
from sim.errors import SimError
from sim.faults import Fault
from sim.snapshot import Snapshot
from spatial import seconds
from vision.camera import CameraFault, NoFrame
from vision.frame import Frame, Intrinsics


class Painter(Protocol):
    """Turns an instant of the world into what the camera measured."""

    @property
    def intrinsics(self) -> Intrinsics:
        """The camera's intrinsics."""
        ...

    def paint(
        self, snapshot: Snapshot, rng: np.random.Generator
    ) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
        """Return colour (H, W, 3) and depth (H, W) [m], NaN where nothing was measured."""
        ...

    def close(self) -> None:
        """Release the renderer."""
        ...


@runtime_checkable
class PaintsAhead(Protocol):
    """A painter that begins a picture when it is exposed; see `sim.darkroom`."""

    def expose(self, snapshot: Snapshot, seed: int) -> None:
        """Begin with a picture whose noise is seeded by ``seed`` and the snapshot's stamp."""
        ...


@dataclass(frozen=True, slots=True)
class EyeModel:
    """The camera as a device: its name, rate, delay and who paints its pictures.

    ``delay_s`` lies between mid-exposure and the frame being handed out. ``painter`` is called
    once, when the first picture is wanted, so that a world without pictures needs no OpenGL.
    """

    name: str = "simulated D405"
    rate_hz: float = 30.0
    delay_s: float = 0.045
    painter: Callable[[], Painter] | None = None

    def __post_init__(self) -> None:
        if not 1.0 <= self.rate_hz <= 100.0:
            raise SimError(f"camera rate {self.rate_hz} Hz is outside 1 to 100 Hz")
        if not 0.0 <= self.delay_s <= 1.0:
            raise SimError(f"camera delay {self.delay_s} s is outside 0 to 1 s")


class Filmed(Protocol):
    """The world, as far as the camera needs it."""

    def snapshot(self) -> Snapshot:
        """Return everything a picture of this instant needs."""
        ...

    def advance(self, deadline_ns: int) -> None:
        """Step the physics until ``deadline_ns``."""
        ...


class SimCamera:
    """A camera that exposes on its grid and paints only what somebody asks for.

    Parameters
    ----------
    model
        The device.
    world
        What it looks at.
    rng
        Generator of its noise.
    """

    def __init__(self, model: EyeModel, world: Filmed, rng: np.random.Generator) -> None:
        self._model = model
        self._world = world
        self._rng = rng
        self._painter: Painter | None = None
        self._ahead: PaintsAhead | None = None  # the painter, if it is one
        self._seed = 0  # of the pictures it paints
        self._exposed: list[tuple[int, Snapshot]] = []
        self._sequence = 0
        self._handed_out = 0
        self._now_ns = 0
        self._next_ns = 0
        self._period_ns = 1e9 / model.rate_hz
        self._delay_ns = round(model.delay_s * 1e9)
        # who took a picture this few exposures ago will want the next one
        self._habit = int(model.delay_s * model.rate_hz) + 3
        self._broken = BrokenEye(rng.spawn(1)[0])
        self._closed = False

    def fail(self, fault: Fault) -> None:
        """Let colour, depth or the link fail from now on."""
        self._broken.fail(fault, seconds(self._now_ns))

    @property
    def name(self) -> str:
        """The camera's model."""
        return self._model.name

    @property
    def intrinsics(self) -> Intrinsics:
        """The camera's own intrinsics."""
        return self._paint().intrinsics

    def tick(self, now_ns: int) -> None:
        """Expose where the grid says so; called by the world after every step."""
        self._now_ns = now_ns
        if now_ns >= self._next_ns:
            self._sequence += 1
            self._next_ns = round(self._sequence * self._period_ns)
            snapshot = self._world.snapshot()
            self._exposed.append((self._sequence, snapshot))
            asked = self._sequence - self._handed_out <= self._habit
            if asked and self._ahead is not None:
                self._ahead.expose(snapshot, self._seed)
            # keep what is on its way, and the newest that has arrived
            while len(self._exposed) > 1 and self._arrived(self._exposed[1][1]):
                self._exposed.pop(0)

    def next_frame(self, timeout_s: float) -> Frame | NoFrame:
        """Return the newest frame not handed out before, waiting up to ``timeout_s`` [s].

        Waiting advances the world, the arm holding still or going on with its last set-point.
        """
        if self._closed:
            return NoFrame(CameraFault.DISCONNECTED, "the camera's world is closed")
        deadline_ns = self._now_ns + round(timeout_s * 1e9)
        while True:
            ready = [(n, s) for n, s in self._exposed if n > self._handed_out and self._arrived(s)]
            if ready:
                break
            if self._now_ns + STEP_NS > deadline_ns:
                return NoFrame(CameraFault.TIMEOUT, f"no new frame within {timeout_s} s")
            self._world.advance(self._now_ns + STEP_NS)
        number, snapshot = ready[-1]
        self._handed_out = number
        painter = self._paint()
        if self._ahead is not None:
            self._ahead.expose(snapshot, self._seed)
        rgb, depth = painter.paint(snapshot, self._rng)
        frame = Frame(rgb, depth, painter.intrinsics, snapshot.stamp_ns, number)
        return self._broken.pass_on(frame, seconds(self._now_ns))

    def _arrived(self, snapshot: Snapshot) -> bool:
        return snapshot.stamp_ns + self._delay_ns <= self._now_ns

    def _paint(self) -> Painter:
        if self._painter is None:
            if self._model.painter is None:
                raise SimError("this world was made without pictures; give its eye a painter")
            self._painter = painter = self._model.painter()
            if isinstance(painter, PaintsAhead):
                self._ahead = painter
                self._seed = int(self._rng.integers(2**63))
        return self._painter

    def close(self) -> None:
        """Release the renderer, if one was ever made."""
        self._closed = True
        if self._painter is not None:
            self._painter.close()
            self._painter = self._ahead = None
