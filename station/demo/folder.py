"""The folder a demonstration writes to, and what lies where in it."""

from dataclasses import dataclass
from pathlib import Path

from station.errors import StationError

DEFAULT = Path("out")


@dataclass(frozen=True, slots=True)
class DemoFolder:
    """Where database, records, traces, pictures and report of one demonstration lie."""

    root: Path

    @classmethod
    def create(cls, wanted: Path | None) -> "DemoFolder":
        """Make ``wanted``, or the next free ``out/demo-N``.

        Raises StationError where it cannot be written, or holds an earlier demonstration.
        """
        root = _next_free(DEFAULT) if wanted is None else wanted
        folder = cls(root)
        if folder.database.exists():
            raise StationError(
                f"{root} holds an earlier demonstration; choose another folder with --out, "
                "or remove this one"
            )
        try:
            for path in (root, folder.records, folder.sessions):
                path.mkdir(parents=True, exist_ok=True)
            probe = root / ".probe"
            probe.write_bytes(b"")
            probe.unlink()
        except OSError as error:
            raise StationError(
                f"cannot write to {root}: {(error.strerror or str(error)).lower()}; "
                "choose another folder with --out"
            ) from error
        return folder

    @property
    def database(self) -> Path:
        """The queue service's SQLite file."""
        return self.root / "queue.db"

    @property
    def credentials(self) -> Path:
        """The logins made by seeding the database."""
        return self.root / "credentials.json"

    @property
    def log(self) -> Path:
        """What the queue service printed."""
        return self.root / "queue.log"

    @property
    def records(self) -> Path:
        """The signed sampling records."""
        return self.root / "records"

    @property
    def key(self) -> Path:
        """The booth's private key; the public half lies beside it."""
        return self.root / "booth.key"

    @property
    def sessions(self) -> Path:
        """One folder a ticket: pictures and force trace."""
        return self.root / "sessions"

    @property
    def report(self) -> Path:
        """The page about it all."""
        return self.root / "report.html"


def _next_free(parent: Path) -> Path:
    number = 1
    while (parent / f"demo-{number}").exists():
        number += 1
    return parent / f"demo-{number}"
