"""What the simulator knows, handed from the loop's process to the stand-in for the vision.

Tests of the graph ask how nodes work together. Whether a network understands a picture is asked
elsewhere, so here the sighting of each exposure is the simulator's truth with a vision's errors.
"""

import pickle

from booth_common.shared import FOLDER, Block, SharedError

from vision.frame import Frame
from vision.target import Refusal, RefusalReason, Sighting

SIZE = 65_536


def block_name(booth: str) -> str:
    return f"swab_{booth}_truth"


def lens_cap(booth: str) -> str:
    """Return the file that, while it is there, leaves the booth without pictures."""
    return str(FOLDER / f"swab_{booth}_lens_cap")


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

    def look(self, frame: Frame) -> Refusal:
        return Refusal(RefusalReason.CAMERA, frame.stamp_ns, "no picture is looked at")

    def see_swab(self, *_: object) -> None:
        """Tell nothing of a swab."""

    def judge(self, _looks: Refusal, frame: Frame) -> Sighting | Refusal:
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
