"""Pictures painted ahead, in processes of their own, while the world goes on.

A camera hands a frame out a good while after its exposure. That delay is time to paint in: the
world sends every exposure to a helper, steps on, and waits only for a picture that is due and not
yet done. Each picture draws its noise from a generator of its own, seeded by its stamp, so it is
the same whichever helper paints it, and whenever.
"""

import contextlib
import multiprocessing
import os
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from multiprocessing.shared_memory import SharedMemory

import numpy as np
from numpy.typing import NDArray

from sim.anatomy import Anatomy, Articulation, OralCavity
from sim.errors import SimError
from sim.eye import Painter
from sim.snapshot import Snapshot
from vision.frame import Intrinsics

_START_S = 120.0  # a helper imports, compiles shaders and kernels before its first picture
_PAINT_S = 60.0
_RASTER_THREADS = "2"  # the world waits for single pictures: two cores shorten each

Head = tuple[Anatomy, Articulation]


@dataclass(slots=True)
class _Helper:
    """One process, what it was sent and has not finished, and the head it holds."""

    process: BaseProcess
    link: Connection
    busy: deque[int] = field(default_factory=deque)  # stamps, in order
    head: OralCavity | None = None


class Darkroom:
    """A painter that paints ahead. One thread; start it under ``if __name__ == "__main__"``.

    Parameters
    ----------
    make
        Makes the painter, once in every helper; it is pickled.
    helpers
        How many processes paint.
    ahead
        How many exposures may be under way or wait to be handed out at once.
    """

    def __init__(self, make: Callable[[], Painter], helpers: int = 2, ahead: int = 6) -> None:
        if not 1 <= helpers <= 16:
            raise SimError(f"{helpers} helpers of a darkroom are outside 1 to 16")
        self._ahead = max(ahead, helpers)
        self._count = 0
        self._slots: dict[int, int] = {}  # by stamp: where its picture lies, or will
        self._memory: SharedMemory | None = None
        # neither physics clients nor OpenGL survive a fork
        context = multiprocessing.get_context("spawn")
        self._helpers: list[_Helper] = []
        try:
            for _ in range(helpers):
                ours, theirs = context.Pipe()
                process = context.Process(target=_work, args=(theirs, make), daemon=True)
                process.start()
                theirs.close()
                self._helpers.append(_Helper(process, ours))
            told = [self._hear(helper, _START_S) for helper in self._helpers]
            self.intrinsics: Intrinsics = told[0]
            k = self.intrinsics
            self._memory = SharedMemory(create=True, size=self._ahead * _size(k))
            for helper in self._helpers:
                helper.link.send((self._memory.name, k))
        except BaseException:
            self.close()
            raise

    def expose(self, snapshot: Snapshot, seed: int) -> None:
        """Let a helper begin with the picture of ``snapshot``, its noise seeded by ``seed``.

        Does nothing where one has begun; waits where no slot is free.
        """
        stamp = snapshot.stamp_ns
        if stamp in self._slots:
            return
        slot = self._count % self._ahead
        helper = self._helpers[self._count % len(self._helpers)]
        self._count += 1
        for old in [s for s, taken in self._slots.items() if taken == slot]:
            self._finish(old)
            del self._slots[old]  # nobody asked for it in time
        head: Head | None = None
        cavity = snapshot.cavity
        if cavity is not None and cavity is not helper.head:
            head = (cavity.anatomy, cavity.articulation)
        helper.head = cavity
        # a head is large and rarely changes: what it is made of travels, and only when it is new
        bare = replace(snapshot, cavity=None)
        try:
            helper.link.send((slot, (seed, stamp), bare, cavity is not None, head))
        except OSError as error:
            raise SimError(f"a helper of the darkroom has died: {error}") from error
        helper.busy.append(stamp)
        self._slots[stamp] = slot

    def paint(
        self, snapshot: Snapshot, rng: np.random.Generator
    ) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
        """Return the picture of ``snapshot``; ``rng`` seeds it where it was not exposed before."""
        stamp = snapshot.stamp_ns
        if stamp not in self._slots:
            self.expose(snapshot, int(rng.integers(2**63)))
        self._finish(stamp)
        assert self._memory is not None  # noqa: S101 - made before any helper works
        rgb, depth = _views(self._memory, self._slots[stamp], self.intrinsics)
        return rgb.copy(), depth.copy()

    def _finish(self, stamp: int) -> None:
        """Wait until the picture of ``stamp`` is painted."""
        for helper in self._helpers:
            while stamp in helper.busy:
                self._hear(helper, _PAINT_S)
                helper.busy.popleft()

    def _hear(self, helper: _Helper, patience_s: float) -> Intrinsics:
        """Return a helper's next word: its intrinsics, with which it also says that it is done."""
        try:
            if not helper.link.poll(patience_s):
                raise SimError(f"a helper of the darkroom was silent for {patience_s:.0f} s")
            word = helper.link.recv()
        except (EOFError, OSError) as error:
            raise SimError(f"a helper of the darkroom has died: {error}") from error
        if isinstance(word, str):
            raise SimError(word)
        assert isinstance(word, Intrinsics)  # noqa: S101 - helpers say nothing else
        return word

    def close(self) -> None:
        """End the helpers; may be called twice."""
        for helper in self._helpers:
            with contextlib.suppress(OSError):
                helper.link.send(None)
            helper.link.close()
        for helper in self._helpers:
            helper.process.join(5.0)
            if helper.process.is_alive():
                helper.process.kill()
                helper.process.join()
        self._helpers = []
        if self._memory is not None:
            self._memory.close()
            self._memory.unlink()
            self._memory = None


def _size(k: Intrinsics) -> int:
    return 8 * k.width * k.height  # three bytes of colour, one to align, four of depth


def _views(
    memory: SharedMemory, slot: int, k: Intrinsics
) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """Return a slot's colour (H, W, 3) and depth (H, W)."""
    size, start = (k.height, k.width), slot * _size(k)
    rgb = np.ndarray((*size, 3), np.uint8, memory.buf, start)
    depth = np.ndarray(size, np.float32, memory.buf, start + 4 * k.width * k.height)
    return rgb, depth


def _work(link: Connection, make: Callable[[], Painter]) -> None:
    """Paint what the link brings until it brings None or is closed."""
    os.environ["LP_NUM_THREADS"] = _RASTER_THREADS  # Mesa reads it when the painter is made
    try:
        painter = make()
    except SimError as error:
        link.send(str(error))
        return
    with contextlib.suppress(EOFError, OSError, KeyboardInterrupt):
        link.send(painter.intrinsics)
        name, k = link.recv()
        memory = SharedMemory(name)
        cavity: OralCavity | None = None
        while (job := link.recv()) is not None:
            slot, seeds, snapshot, occupied, head = job
            if head is not None:
                cavity = OralCavity(*head)
            rng = np.random.default_rng(seeds)
            shown = replace(snapshot, cavity=cavity if occupied else None)
            rgb, depth = painter.paint(shown, rng)
            to_rgb, to_depth = _views(memory, slot, k)
            to_rgb[:], to_depth[:] = rgb, depth
            del to_rgb, to_depth  # views would keep the memory from being closed
            link.send(k)
        memory.close()
    painter.close()
