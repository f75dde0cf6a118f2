"""Hand-over between two processes through shared memory: the newest value, never a wait."""

import contextlib
import mmap
import os
import struct
import zlib
from pathlib import Path
from typing import Self

import numpy as np

from vision.frame import Frame, Intrinsics

FOLDER = Path("/dev/shm")  # noqa: S108 - the kernel's shared memory, not a temporary folder

_HEAD = struct.Struct("<QIIQ")  # sequence, length, CRC-32, writer's process id
_SEQUENCE = struct.Struct("<Q")
_TRIES = 8


class SharedError(OSError):
    """A block of shared memory is missing, too small or owned; the message says what to do."""


class Block:
    """The newest value of one writer, as bytes, in a named file of the kernel's shared memory.

    A sequence lock: the writer makes the sequence odd, writes, makes it even; a reader that saw it
    odd or changed looks again. The CRC catches what a weakly ordered machine could still tear.
    One writer, any number of readers; neither ever waits for the other.
    """

    def __init__(self, path: Path, memory: mmap.mmap, *, owner: bool) -> None:
        self._path = path
        self._memory = memory
        self._owner = owner
        self._sequence = 0

    @classmethod
    def create(cls, name: str, size: int) -> Self:
        """Make a block for values of up to ``size`` bytes, in place of one left by a dead writer.

        Raises SharedError while another live process owns it.
        """
        path = FOLDER / name
        if path.exists():
            cls._refuse_owned(path)
        fresh = path.with_name(f"{name}.{os.getpid()}")
        descriptor = os.open(fresh, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600)
        try:
            os.ftruncate(descriptor, _HEAD.size + size)
            memory = mmap.mmap(descriptor, _HEAD.size + size)
        finally:
            os.close(descriptor)
        _HEAD.pack_into(memory, 0, 0, 0, 0, os.getpid())
        fresh.replace(path)  # a reader sees the whole block or none
        return cls(path, memory, owner=True)

    @classmethod
    def attach(cls, name: str) -> Self:
        """Open a block for reading. Raises SharedError while no process has made it."""
        path = FOLDER / name
        try:
            descriptor = os.open(path, os.O_RDONLY)
        except OSError as error:
            raise SharedError(f"no shared memory {path}: start the process that owns it") from error
        try:
            memory = mmap.mmap(descriptor, 0, prot=mmap.PROT_READ)
        except ValueError as error:
            raise SharedError(f"shared memory {path} is empty: start its owner again") from error
        finally:
            os.close(descriptor)
        return cls(path, memory, owner=False)

    @property
    def owner_alive(self) -> bool:
        """Whether the writing process still runs and this is still its block."""
        try:
            os.kill(_HEAD.unpack_from(self._memory, 0)[3], 0)
            return self._path.exists()
        except ProcessLookupError:
            return False

    @property
    def sequence(self) -> int:
        """Counts the values written, times two."""
        return int(_HEAD.unpack_from(self._memory, 0)[0])

    def write(self, value: bytes | memoryview) -> None:
        """Put ``value`` in the place of the one before. Raises SharedError if it is too long."""
        if len(value) > len(self._memory) - _HEAD.size:
            raise SharedError(
                f"{len(value)} bytes do not fit {self._path} of "
                f"{len(self._memory) - _HEAD.size}; make the block larger"
            )
        head = _HEAD.pack(self._sequence + 1, len(value), zlib.crc32(value), os.getpid())
        # the sequence alone, first and last: packing in place would show a head of zeros between
        self._memory[: _SEQUENCE.size] = head[: _SEQUENCE.size]
        self._memory[: _HEAD.size] = head
        self._memory[_HEAD.size : _HEAD.size + len(value)] = bytes(value)
        self._sequence += 2
        self._memory[: _SEQUENCE.size] = _SEQUENCE.pack(self._sequence)

    def read(self) -> bytes | None:
        """Return the newest value, or None where there is none yet or the writer is too quick."""
        for _ in range(_TRIES):
            before, length, crc, _ = _HEAD.unpack_from(self._memory, 0)
            if before == 0 or before % 2:
                continue
            value = self._memory[_HEAD.size : _HEAD.size + length]
            after = _HEAD.unpack_from(self._memory, 0)[0]
            if before == after and zlib.crc32(value) == crc:
                return bytes(value)
        return None

    def close(self) -> None:
        """Let go; the writer also takes the name away."""
        if self._owner:
            with contextlib.suppress(FileNotFoundError):
                self._path.unlink()
            self._owner = False
        self._memory.close()

    @classmethod
    def _refuse_owned(cls, path: Path) -> None:
        block = cls.attach(path.name)
        try:
            if block.owner_alive:
                raise SharedError(
                    f"shared memory {path} belongs to a live process; end that booth, or give "
                    "this one another namespace"
                )
        finally:
            block.close()


_PICTURE = struct.Struct("<QQII4d")  # stamp, sequence, width, height, fx, fy, cx, cy


def picture_size(width: int, height: int) -> int:
    """Return the bytes one RGB-D picture takes."""
    return _PICTURE.size + width * height * (3 + 4)


def picture_bytes(frame: Frame) -> bytes:
    """Return a frame as the bytes of a block."""
    k = frame.intrinsics
    head = _PICTURE.pack(frame.stamp_ns, frame.sequence, k.width, k.height, k.fx, k.fy, k.cx, k.cy)
    return b"".join((head, frame.rgb.tobytes(), frame.depth.tobytes()))


def picture_from(value: bytes) -> Frame:
    """Return the frame in a block's bytes. Raises VisionError where its parts do not agree."""
    stamp, sequence, width, height, fx, fy, cx, cy = _PICTURE.unpack_from(value, 0)
    pixels = width * height
    rgb = np.frombuffer(value, np.uint8, pixels * 3, _PICTURE.size)
    depth = np.frombuffer(value, np.float32, pixels, _PICTURE.size + pixels * 3)
    return Frame(
        rgb.reshape(height, width, 3),
        depth.reshape(height, width),
        Intrinsics(width, height, fx, fy, cx, cy),
        stamp,
        sequence,
    )
