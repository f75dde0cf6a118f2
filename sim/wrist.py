"""The wrist's force-torque sensor: bias, drift, noise, lag, delay, quantisation, saturation."""

from collections import deque
from dataclasses import dataclass

import numpy as np

from sim.engine import STEP_S
from sim.errors import SimError
from sim.faults import Corruptor, Fault, Mode
from spatial import Vector, Wrench

_BLOCK = 1024


@dataclass(frozen=True, slots=True)
class WristSensorModel:
    """What a mid-range six-axis sensor does to a wrench; force [N] and torque [N·m] in pairs.

    ``noise`` standard deviation of one sample; ``bias`` standard deviation of the constant offset
    drawn at start; ``drift`` random walk per root second; ``resolution`` step of the reading;
    ``span`` where it saturates; ``bandwidth_hz`` of its first-order low-pass; ``delay_s`` between
    the load and the reading.
    """

    noise: tuple[float, float] = (0.02, 0.001)
    bias: tuple[float, float] = (0.8, 0.04)
    drift: tuple[float, float] = (0.0015, 0.0001)
    resolution: tuple[float, float] = (0.005, 0.0002)
    span: tuple[float, float] = (100.0, 8.0)
    bandwidth_hz: float = 200.0
    delay_s: float = 0.001

    def __post_init__(self) -> None:
        for name in ("noise", "bias", "drift", "resolution"):
            for value in getattr(self, name):
                if not 0.0 <= value <= 10.0:
                    raise SimError(f"wrist sensor {name} {value} is outside 0 to 10 N or N·m")
        if not all(0.1 <= s <= 1e4 for s in self.span):
            raise SimError(f"wrist sensor span {self.span} is outside 0.1 to 10000 N or N·m")
        if not 5.0 <= self.bandwidth_hz <= 500.0:
            raise SimError(f"wrist sensor bandwidth {self.bandwidth_hz} Hz is outside 5 to 500 Hz")
        if not 0.0 <= self.delay_s <= 0.1:
            raise SimError(f"wrist sensor delay {self.delay_s} s is outside 0 to 0.1 s")


class WristSensor:
    """One sensor with its own bias and generator; fed once a step.

    Parameters
    ----------
    model
        Its data sheet.
    rng
        Its generator.
    """

    def __init__(self, model: WristSensorModel, rng: np.random.Generator) -> None:
        self.model = model
        self._rng = rng
        self._pair = np.repeat(np.eye(2), 3, axis=1)  # (2, 6): force, torque
        self._bias = rng.standard_normal(6) * (np.array(model.bias) @ self._pair)
        self._sigma = np.array(model.noise) @ self._pair
        self._walk = np.array(model.drift) @ self._pair * np.sqrt(STEP_S)
        # a sensor without steps has steps too fine to matter
        self._step = np.maximum(np.array(model.resolution) @ self._pair, 1e-12)
        self._span = np.array(model.span) @ self._pair
        self._blend = 1.0 - np.exp(-2.0 * np.pi * model.bandwidth_hz * STEP_S)
        self._filtered: Vector | None = None
        self._line: deque[Vector] = deque(maxlen=1 + round(model.delay_s / STEP_S))
        self._noise = np.empty((0, 12))
        self._next = 0
        self._corruptor: Corruptor[Vector] = Corruptor(rng.spawn(1)[0])
        self._now_s = 0.0

    def fail(self, fault: Fault) -> None:
        """Let the sensor fail from now on."""
        self._corruptor.begin(fault, self._now_s)

    def feed(self, load: Vector) -> None:
        """Take the true load (6,) of this step, force [N] then torque [N·m], sensor frame."""
        if self._next >= len(self._noise):
            self._noise = self._rng.standard_normal((_BLOCK, 12))
            self._next = 0
        self._now_s += STEP_S
        draw = self._noise[self._next]
        self._next += 1
        if self._filtered is None:
            self._filtered = load.copy()
        self._filtered += self._blend * (load - self._filtered)
        self._bias += self._walk * draw[6:]
        self._line.append(self._filtered + self._bias + self._sigma * draw[:6])

    def read(self) -> Vector:
        """Return the reading (6,) now, as late, coarse, bounded and broken as the sensor is."""
        if not self._line:
            raise SimError("the wrist sensor was read before the world's first step")
        reading = self._line[0]
        coarse = np.rint(reading / self._step) * self._step
        whole = np.minimum(np.maximum(coarse, -self._span), self._span)
        seen = self._corruptor.pass_on(whole, self._now_s)
        fault = self._corruptor.fault
        if seen is None:
            return np.zeros(6)  # a cut wire reads nothing
        if fault is not None and fault.mode is Mode.GARBAGE:
            share = min(0.1 * fault.magnitude, 1.0)
            return self._span * share * self._rng.uniform(-1.0, 1.0, 6)
        if fault is not None and fault.mode is Mode.WRONG:
            # a slipped zero: an offset far beyond the sensor's bias
            return np.clip(
                seen + 2.0 * fault.magnitude * np.array([1, 1, 1, 0.1, 0.1, 0.1]),
                -self._span,
                self._span,
            )
        return seen

    def wrench(self) -> Wrench:
        """Return the reading as a wrench: what the environment exerts on the tool, raw."""
        reading = self.read()
        return Wrench(reading[:3], reading[3:])
