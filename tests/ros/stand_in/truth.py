"""What the simulator knows, handed from the loop's process to the stand-in for the vision.

Tests of the graph ask how nodes work together. Whether a network understands a picture is asked
elsewhere, so here the sighting of each exposed picture is made from the simulator's ground truth.
"""

import pickle

import numpy as np
from booth_common.shared import Block, SharedError

from sim.world import World
from spatial import Pose, unit
from vision.frame import Frame
from vision.target import Refusal, RefusalReason, Sighting, Site, Target

SIZE = 65_536
CLOSED = 0.012  # m


def block_name(booth: str) -> str:
    return f"swab_{booth}_truth"


def sighting_of(world: World, base_camera: Pose, frame: Frame) -> Sighting | Refusal:
    """Return what a picture shows; ``base_camera`` is where it was taken from, then, not now."""
    truth = world.truth
    if not truth.seated:
        return Refusal(RefusalReason.NO_FACE, frame.stamp_ns, "the chair is empty")
    if truth.opening < CLOSED:
        detail = f"mouth opens {truth.opening * 1e3:.0f} mm, bound {CLOSED * 1e3:.0f} mm"
        return Refusal(RefusalReason.MOUTH_CLOSED, frame.stamp_ns, detail)
    optical_mouth = base_camera.inverse() @ truth.base_mouth
    targets: dict[Site, Target | Refusal] = {}
    for site, outcome in truth.sites.items():
        normal = outcome.mouth_normal
        along = unit(np.array((0.0, 0.0, 1.0)) - normal[2] * normal)  # upwards on the surface
        path = [outcome.mouth_point + step * along for step in (-0.005, 0.0, 0.005)]
        targets[site] = Target(
            site,
            optical_mouth.apply(outcome.mouth_point),
            optical_mouth.rotate(normal),
            optical_mouth.apply(np.array(path)),
            np.eye(3) * 1e-6,
            0.95,
            0.006,
        )
    covariance = np.diag([1e-6] * 3 + [1e-4] * 3)
    return Sighting(frame.stamp_ns, optical_mouth, covariance, truth.opening, targets)


class TruthWriter:
    """In the loop's process."""

    def __init__(self, booth: str) -> None:
        self._block = Block.create(block_name(booth), SIZE)

    def write(self, seen: Sighting | Refusal) -> None:
        self._block.write(pickle.dumps(seen))

    def close(self) -> None:
        self._block.close()


class TruthLocator:
    """In the vision node's process: knows nothing of pictures but their stamp."""

    def __init__(self, booth: str) -> None:
        self._booth = booth

    def locate(self, frame: Frame) -> Sighting | Refusal:
        try:
            block = Block.attach(block_name(self._booth))
        except SharedError as error:
            return Refusal(RefusalReason.CAMERA, frame.stamp_ns, str(error))
        try:
            value = block.read()
        finally:
            block.close()
        if value is None:
            return Refusal(RefusalReason.CAMERA, frame.stamp_ns, "no truth yet")
        return pickle.loads(value)  # type: ignore[no-any-return]  # noqa: S301 - our own process
