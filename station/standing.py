"""A simulated booth that stands at a running queue service and serves whoever is called."""

import threading
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from arm_control.procedure import Procedure
from booth_queue.client import BoothClient, Unreachable
from booth_queue.contract import CalledPerson
from sim.person import Person
from station.attendance import Attendance, Idle
from station.booth import Booth
from station.config import BoothConfig
from station.errors import StationError
from station.provenance import provenance
from station.reasons import Reason
from station.sight import LOCATOR
from station.signing import BoothKey
from station.simulated import SimulatedBooth, simulated_booth
from station.store import RecordStore
from vision.network import DEFAULT_MODEL, OnnxModel
from vision.pipeline import ThroatLocator

_IDLE_S = 1.0  # s between two heartbeats while nobody is served


class StandingBooth:
    """Serves until ``end``; heartbeats and staff's orders go on all the while.

    The bodies of those who are called are made up from ``seed`` and the ticket's number.
    """

    def __init__(self, config: BoothConfig, seed: int, tell: Callable[[str], None]) -> None:
        self._config = config
        self._seed = seed
        self._tell = tell
        self._ended = threading.Event()
        self._booth: Booth | None = None

    def end(self) -> None:
        """End after the person inside, whose session withdraws first. Any thread, any signal."""
        self._ended.set()
        if self._booth is not None:
            self._booth.cancel(Reason.OPERATOR)

    def run(self) -> None:
        """Serve until ended; raises StationError for what a person can mend."""
        config, settings = self._config, self._config.session
        folder = Path(config.records.folder)
        folder.mkdir(parents=True, exist_ok=True)
        store = RecordStore(
            folder, BoothKey.load_or_create(folder.parent / "booth.key"), config.records.room_bytes
        )
        procedure = Procedure.shipped(settings.procedure)
        with ExitStack() as stack:
            client = stack.enter_context(
                BoothClient(config.queue.url, config.booth, read_secret(config.queue.secret_file))
            )
            locator = ThroatLocator(OnnxModel(), LOCATOR)
            simulated = stack.enter_context(
                simulated_booth(self._seed, locator, procedure, settings)
            )
            self._booth = booth = Booth(
                config.booth,
                client,
                simulated.world.clock,
                simulated.world.arm.info.rate_hz,
                simulated.new_session,
                store,
                CountedTubes(config.booth, store),
                provenance(config, procedure, DEFAULT_MODEL, simulated=True),
            )
            attendance = Attendance(client, simulated, booth.outbox)
            self._recover(booth)
            self._tell(f"booth {config.booth} stands at {config.queue.url}")
            while not self._ended.is_set():
                found = attendance.next()
                if isinstance(found, Idle):
                    self._ended.wait(_IDLE_S)
                else:
                    self._serve(booth, simulated, attendance, found)

    def _recover(self, booth: Booth) -> None:
        while not self._ended.is_set():
            try:
                left = booth.recover()
            except Unreachable as error:
                self._tell(str(error))
                self._ended.wait(_IDLE_S)
                continue
            if left is not None:
                self._tell(f"a session was cut off; it is ended as record {left.sequence}")
            return

    def _serve(
        self, booth: Booth, simulated: SimulatedBooth, attendance: Attendance, person: CalledPerson
    ) -> None:
        digits = "".join(letter for letter in person.number if letter.isdigit())
        body = Person.sample(self._seed + int(digits or 0))
        served = booth.serve(person, lambda _: simulated.seated(body))
        attendance.after(served.result)
        result = served.result
        self._tell(
            f"{person.number} {result.outcome} {result.reason} {result.duration_s:.1f} s".strip()
        )


class CountedTubes:
    """Stands for the tube's bar code reader: one code for each record to come."""

    def __init__(self, booth: str, store: RecordStore) -> None:
        self._booth = booth
        self._store = store

    def scan(self) -> str:
        """Return the next tube's code."""
        head = self._store.head()
        return f"{self._booth.upper()}-{1 if head is None else head.sequence + 1:06d}"


def read_secret(file: str) -> str:
    """Return the device's secret; raises StationError where it is missing or others may read it."""
    if not file:
        raise StationError("queue.secret_file is not set; name the file with the device's secret")
    path = Path(file)
    try:
        if path.stat().st_mode & 0o077:
            raise StationError(f"{path} can be read by others; run `chmod 600 {path}`")
        secret = path.read_text(encoding="utf-8").strip()
    except OSError as error:
        raise StationError(f"cannot read the device's secret {path}: {error.strerror}") from error
    if not secret:
        raise StationError(f"{path} is empty; write the device's secret into it")
    return secret
