"""Where signed records lie: one file each, written whole or not at all, chained in order."""

import errno
import json
import os
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

from station.errors import StationError
from station.record import SamplingRecord
from station.signing import GENESIS, BoothKey, SignedRecord

_NAME = re.compile(r"^(\d{6})\.json$")
_ROOM_BYTES = 64 * 1024 * 1024  # a day of records with force traces stays far below this
_RESERVE = ".reserve"
_RESERVE_BYTES = 1024 * 1024  # given up when the disk is full: the record of whoever sits there
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})


class RecordStore:
    """A folder of signed records, ``000001.json`` on, and the chain's head.

    One process at a time appends. ``check`` is called before a person is called, so that a full
    or unwritable disk is found while nobody sits in the chair. Should it fill up while somebody
    does, space that ``check`` has set aside is given up for the record. ``write`` writes a file
    durably; tests hand in a disk that is full.
    """

    def __init__(
        self,
        folder: Path,
        key: BoothKey,
        room_bytes: int = _ROOM_BYTES,
        write: Callable[[Path, bytes], None] | None = None,
    ) -> None:
        self._folder = folder
        self._key = key
        self._room_bytes = room_bytes
        self._write = write_durably if write is None else write

    @property
    def folder(self) -> Path:
        """The folder the records lie in."""
        return self._folder

    def check(self) -> None:
        """Raise StationError unless the folder takes a synced file and has room to spare."""
        probe = self._folder / ".probe"
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            self._write(probe, b"room for a record")
            probe.unlink()
            free = shutil.disk_usage(self._folder).free
            if free >= self._room_bytes and not (self._folder / _RESERVE).exists():
                self._write(self._folder / _RESERVE, bytes(_RESERVE_BYTES))
        except OSError as error:
            raise StationError(
                f"cannot write records to {self._folder}: {error.strerror}; "
                "give the folder to this user or choose another"
            ) from error
        if free < self._room_bytes:
            raise StationError(
                f"{free // 2**20} MiB are free in {self._folder}, wants "
                f"{self._room_bytes // 2**20} MiB; move old records away"
            )

    def append(self, record: SamplingRecord) -> SignedRecord:
        """Sign ``record`` as the next of the chain and write it durably.

        Raises StationError when it cannot be written; the record then still belongs to the caller
        and the chain is unchanged.
        """
        head = self.head()
        sequence = 1 if head is None else head.sequence + 1
        previous = GENESIS if head is None else head.digest
        signed = self._key.sign(record.document(), sequence, previous)
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            self._keep(self._folder / f"{sequence:06d}.json", signed.to_bytes() + b"\n")
        except OSError as error:
            raise StationError(
                f"record {sequence} was not written to {self._folder}: {error.strerror}; "
                "free space there, the booth calls nobody until then"
            ) from error
        return signed

    def _keep(self, path: Path, content: bytes) -> None:
        try:
            self._write(path, content)
        except OSError as error:
            reserve = self._folder / _RESERVE
            if error.errno not in _FULL or not reserve.exists():
                raise
            reserve.unlink()
            self._write(path, content)

    def after(self, sequence: int) -> Iterator[SignedRecord]:
        """Yield the records behind number ``sequence``, in order."""
        files = _record_files(self._folder)
        return (read_record(path) for path in files if int(path.stem) > sequence)

    def head(self) -> SignedRecord | None:
        """Return the last record, or None in an empty folder."""
        files = _record_files(self._folder)
        return read_record(files[-1]) if files else None

    def __iter__(self) -> Iterator[SignedRecord]:
        return (read_record(path) for path in _record_files(self._folder))


def read_record(path: Path) -> SignedRecord:
    """Read one signed record; raises StationError on a file that is none."""
    try:
        document = json.loads(path.read_bytes())
    except OSError as error:
        raise StationError(f"cannot read {path}: {error.strerror}") from error
    except ValueError as error:
        raise StationError(f"{path} is no JSON: {error}") from error
    return SignedRecord.from_document(document)


def read_folder(folder: Path) -> Iterator[SignedRecord]:
    """Yield a folder's records in order; raises StationError where there are none."""
    files = _record_files(folder)
    if not files:
        raise StationError(f"no records (000001.json ...) in {folder}; name the records' folder")
    return (read_record(path) for path in files)


def _record_files(folder: Path) -> list[Path]:
    if not folder.is_dir():
        return []
    return sorted(path for path in folder.iterdir() if _NAME.match(path.name))


def write_durably(path: Path, content: bytes) -> None:
    """Write to a neighbour, sync, rename, sync the folder: after a crash it is whole or absent."""
    draft = path.with_name(path.name + ".part")
    try:
        with draft.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except OSError:
        draft.unlink(missing_ok=True)
        raise
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
