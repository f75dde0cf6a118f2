"""A broken vision process: what the session gets instead of sightings."""

from dataclasses import replace

import numpy as np

from sim.faults import Corruptor, Fault, Mode
from spatial import seconds
from vision.frame import Frame
from vision.target import Locator, Refusal, RefusalReason, Sighting, Target

_OFFSET = 0.010  # [m] of a wrong target, at magnitude 1
_GARBAGE = 0.05  # [m]


class SpoiltLocator:
    """A locator behind a vision process that may fail.

    A pilot passes its locator through `World.spoil`, so that the fault ``vision`` has something to
    break: silence becomes a refusal for the camera's sake, as of a process that does not answer.

    Parameters
    ----------
    locator
        The real one.
    rng
        Generator of bursts and garbage.
    """

    def __init__(self, locator: Locator, rng: np.random.Generator) -> None:
        self._locator = locator
        self._rng = rng
        self._corruptor: Corruptor[Sighting | Refusal] = Corruptor(rng.spawn(1)[0])

    def fail(self, fault: Fault, now_s: float) -> None:
        """Let the vision process fail from now on."""
        self._corruptor.begin(fault, now_s)

    def locate(self, frame: Frame) -> Sighting | Refusal:
        """Return what the vision would say, as far as its process still says it."""
        said = self._locator.locate(frame)
        seen = self._corruptor.pass_on(said, seconds(frame.stamp_ns))
        fault = self._corruptor.fault
        if seen is None:
            return Refusal(RefusalReason.CAMERA, frame.stamp_ns, "the vision does not answer")
        if fault is None or isinstance(seen, Refusal):
            return seen
        if fault.mode is Mode.WRONG:
            return self._shifted(seen, np.full(3, _OFFSET * fault.magnitude / np.sqrt(3.0)))
        if fault.mode is Mode.GARBAGE:
            return self._shifted(seen, self._rng.normal(0.0, _GARBAGE * fault.magnitude, 3))
        return seen

    def _shifted(self, sighting: Sighting, by: np.ndarray) -> Sighting:
        moved = {
            site: replace(t, point=t.point + by, path=t.path + by) if isinstance(t, Target) else t
            for site, t in sighting.targets.items()
        }
        return replace(sighting, targets=moved)
