"""A campaign's folder: what is flown there, by which code, and every episode so far."""

import contextlib
import fcntl
import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from sim.episode import Episode
from sim.errors import SimError
from sim.scenario import Scenario
from sim.source import Source

EPISODES = "episodes.jsonl"
MANIFEST = "campaign.json"


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a folder holds: episodes of ``source`` flown by ``pilot`` on the code of this hash.

    ``episodes`` is how many it is to hold in the end, ``source_hash`` `Source.digest` of then.
    """

    source: Source
    source_hash: str
    pilot: str
    episodes: int
    code_hash: str

    @classmethod
    def of(cls, folder: Path) -> "Manifest | None":
        """Read a folder's manifest; None where there is none."""
        path = folder / MANIFEST
        if not path.exists():
            return None
        try:
            values = json.loads(path.read_text(encoding="utf-8"))
            source = Source(**values.pop("source"))
            # folders of before this hash was kept say by their path what they are of
            values.setdefault("source_hash", "" if source.path else source.digest())
            return cls(source, **values)
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise SimError(f"{path}: cannot be read: {error}; choose another folder") from error

    def write(self, folder: Path) -> None:
        """Write it, whole or not at all."""
        path = folder / MANIFEST
        part = path.with_suffix(".part")
        part.write_text(json.dumps(asdict(self), indent=1) + "\n", encoding="utf-8")
        part.replace(path)


class Logbook:
    """The one writer of a campaign's folder; a context manager.

    Every episode noted is on disk when `note` returns. What a campaign cut short left of a line is
    dropped, and its episode is flown again.

    Parameters
    ----------
    folder
        The folder; made where it is missing.
    manifest
        What is to be flown.
    anew
        Whether to throw away what the folder holds of another campaign; it is refused otherwise.

    Raises
    ------
    SimError
        Where the folder cannot be written, is being written by another process, or holds another
        campaign.
    """

    def __init__(self, folder: Path, manifest: Manifest, *, anew: bool = False) -> None:
        self._path = folder / EPISODES
        try:
            folder.mkdir(parents=True, exist_ok=True)
            # unbuffered: what could not be written now is not tried again behind our back
            self._file = self._path.open("ab", buffering=0)
        except OSError as error:
            raise _unwritable(folder, error) from error
        try:
            self.episodes = self._open(folder, manifest, anew)
        except OSError as error:
            self.close()
            raise _unwritable(folder, error) from error
        except BaseException:
            self.close()
            raise

    def _open(self, folder: Path, manifest: Manifest, anew: bool) -> dict[str, Episode]:
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise SimError(f"{folder}: another campaign is writing there; wait for it") from None
        whole = self._path.read_bytes()
        self._file.truncate(whole.rfind(b"\n") + 1)
        old = Manifest.of(folder)
        difference = _difference(old, manifest, self._path)
        if difference and not anew:
            raise SimError(
                f"{folder}: holds a campaign of {difference}; choose another folder, or let it "
                "begin anew (--anew)"
            )
        if difference:
            self._file.truncate(0)
        elif old is not None and old.episodes > manifest.episodes:
            manifest = old  # fewer of the same people: the others stay
        manifest.write(folder)
        return _lines(self._path)

    def note(self, key: str, episode: Episode) -> None:
        """Write an episode down."""
        text = json.dumps({"key": key, **episode.line()}, ensure_ascii=False) + "\n"
        line = text.encode()
        try:
            while line:
                line = line[self._file.write(line) :]
            os.fsync(self._file.fileno())
        except OSError as error:
            raise SimError(
                f"{self._path}: cannot be written: {error}; make room, and the same command goes on"
            ) from error
        self.episodes[key] = episode

    def close(self) -> None:
        """Let go of the folder; may be called twice."""
        with contextlib.suppress(OSError):  # nothing is buffered that could be lost
            self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def read(folder: Path) -> list[Episode]:
    """Return the episodes that lie in a campaign's folder, also while it is being flown."""
    path = folder / EPISODES
    if not path.is_file():
        raise SimError(f"{path}: no campaign lies there; run `booth sim campaign` first")
    episodes = list(_lines(path).values())
    if not episodes:
        raise SimError(f"{path}: no episode has been flown yet; run `booth sim campaign` first")
    return episodes


def planned(folder: Path) -> int:
    """Return how many episodes a campaign's folder is to hold in the end."""
    return _manifest(folder).episodes


def find_scenario(folder: Path, episode: Episode) -> Scenario:
    """Return the scenario that ``episode`` of a campaign's folder was flown from."""
    for scenario in _manifest(folder).source.scenarios():
        if scenario.digest() == episode.scenario_hash:
            return scenario
    path = folder / MANIFEST
    raise SimError(f"{path}: its scenarios have changed since; run the campaign again")


def _manifest(folder: Path) -> Manifest:
    manifest = Manifest.of(folder)
    if manifest is None:
        raise SimError(f"{folder / MANIFEST}: is missing; run the campaign again")
    return manifest


def _difference(old: Manifest | None, new: Manifest, episodes: Path) -> str:
    """Return in what the campaign that lies there is another than ``new``, or nothing."""
    flown = _lines(episodes)
    if not flown:
        return ""
    if old is not None and old.source_hash != new.source_hash:
        return f"other scenarios ({old.source.path or f'people of seed {old.source.seed}'})"
    if old is not None and old.pilot != new.pilot:
        return f"another pilot ({old.pilot})"
    others = {e.code_hash for e in flown.values()} - {new.code_hash}
    if others:
        return f"other code ({min(others)[:12]}, this is {new.code_hash[:12]})"
    return ""


def _lines(path: Path) -> dict[str, Episode]:
    """Return the episodes by key; a last line without an end is still being written."""
    found = {}
    *lines, _ = path.read_text(encoding="utf-8").split("\n")
    for number, line in enumerate(lines, 1):
        try:
            values: Mapping[str, Any] = json.loads(line)
            found[str(values["key"])] = Episode.of_line(
                {name: value for name, value in values.items() if name != "key"}
            )
        except (ValueError, KeyError, TypeError, AttributeError, SimError) as error:
            raise SimError(f"{path}:{number}: no episode: {error}; delete the line") from error
    return found


def _unwritable(folder: Path, error: OSError) -> SimError:
    return SimError(f"{folder}: cannot be written: {error}; choose another folder")
