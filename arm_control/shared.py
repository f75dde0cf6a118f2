"""Records shared between processes under a sequence lock: one writer, any readers, no waiting.

The writer makes the sequence odd, copies, and makes it even again; a reader copies between two
looks at the sequence and keeps the copy only if they are equal and even (Lamport 1977, Concurrent
Reading and Writing). Fences keep compiler and processor from moving the copies across the looks.
"""

import mmap
import os
from multiprocessing.shared_memory import SharedMemory
from typing import Any, Protocol, Self

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from arm_control.compiled import kernel
from arm_control.errors import ArmControlError

_TRIES = 1000


@intrinsic  # type: ignore[untyped-decorator]  # numba ships no types
def _fence(typing_context: Any) -> Any:  # noqa: ANN401, ARG001 - numba's own protocol
    """Emit a full memory fence."""

    def generate(context: Any, builder: ir.IRBuilder, *_: Any) -> Any:  # noqa: ANN401 - the same
        builder.fence("seq_cst")
        return context.get_dummy_value()

    return types.none(), generate


@kernel
def publish(shared: np.ndarray, words: np.ndarray) -> None:
    """Copy ``words`` (n,) uint64 into ``shared`` (n + 1,), whose first word is the sequence."""
    sequence = shared[0]
    if sequence % 2 == 1:  # the last writer died while copying
        sequence += np.uint64(1)
    shared[0] = sequence + np.uint64(1)
    _fence()
    for k in range(words.size):
        shared[k + 1] = words[k]
    _fence()
    shared[0] = sequence + np.uint64(2)


@kernel
def snapshot(shared: np.ndarray, words: np.ndarray, tries: int) -> bool:
    """Copy ``shared`` into ``words``; False when every one of ``tries`` copies was torn."""
    for _ in range(tries):
        before = shared[0]
        _fence()
        for k in range(words.size):
            words[k] = shared[k + 1]
        _fence()
        if shared[0] == before and before % 2 == 0:
            return True
    return False


class _Memory(Protocol):
    """What a record lies in: shared memory with a name, or an open file's."""

    @property
    def buf(self) -> memoryview | None: ...
    @property
    def name(self) -> str: ...
    def close(self) -> None: ...
    def unlink(self) -> None: ...


class _NamelessMemory:
    """The memory of an open file without a name; it is gone with the last process that maps it."""

    name = ""

    def __init__(self, descriptor: int) -> None:
        self._map = mmap.mmap(descriptor, 0)
        self.buf = memoryview(self._map)

    def close(self) -> None:
        self.buf.release()
        self._map.close()

    def unlink(self) -> None:
        """Do nothing: there is no name to remove."""


class SharedRecord:
    """One record of ``kind`` in shared memory. One process writes, any number read.

    Create it with ``create`` in the owner, hand ``name`` to the others, ``attach`` there. The owner
    alone ``unlink``s it. Programs that are no children of Python's multiprocessing inherit a
    descriptor made by ``room_for`` instead, and map it with ``inherit``, as the owner does.
    """

    def __init__(self, memory: _Memory, kind: np.dtype) -> None:
        if kind.itemsize % 8:
            raise ArmControlError(
                f"record of {kind.itemsize} bytes is no multiple of 8; declare it with align=True"
            )
        self._memory = memory
        self._kind = kind
        self._words = np.ndarray((kind.itemsize // 8 + 1,), np.uint64, memory.buf)

    @classmethod
    def create(cls, kind: np.dtype) -> Self:
        """Make a new, zeroed record."""
        return cls(SharedMemory(create=True, size=kind.itemsize + 8), kind)

    @classmethod
    def attach(cls, name: str, kind: np.dtype) -> Self:
        """Open the record called ``name``. Raises FileNotFoundError where it is gone."""
        return cls(SharedMemory(name=name), kind)

    @classmethod
    def inherit(cls, descriptor: int, kind: np.dtype) -> Self:
        """Map the record in the room that ``descriptor`` is of; the descriptor may be closed."""
        return cls(_NamelessMemory(descriptor), kind)

    @staticmethod
    def room_for(kind: np.dtype) -> int:
        """Return a descriptor of zeroed, nameless memory for one record; who asks closes it."""
        descriptor = os.memfd_create("shared-record")
        os.truncate(descriptor, kind.itemsize + 8)
        return descriptor

    @property
    def name(self) -> str:
        """The name by which another process attaches."""
        return self._memory.name

    @property
    def words(self) -> np.ndarray:
        """The shared words (n + 1,) uint64, the sequence first: for `publish` and `snapshot`."""
        return self._words

    @property
    def sequence(self) -> int:
        """How often the record was written, times two; odd while it is being written."""
        return int(self._words[0])

    def write(self, record: np.ndarray) -> None:
        """Publish ``record`` (1,). Only the one writer may call."""
        publish(self._words, record.view(np.uint64))

    def read(self, record: np.ndarray) -> bool:
        """Copy the newest whole record into ``record`` (1,); False when all were torn."""
        return bool(snapshot(self._words, record.view(np.uint64), _TRIES))

    def close(self) -> None:
        """Let go of the memory here; what is read afterwards is zero."""
        self._words = np.zeros_like(self._words)
        self._memory.close()

    def unlink(self) -> None:
        """Remove the memory from the machine; the owner calls this after ``close``."""
        self._memory.unlink()
