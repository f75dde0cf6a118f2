"""What the service must still be told of finished sessions: kept on disk until it has answered."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from booth_queue.client import BoothClient, Refused, Unreachable
from booth_queue.contract import CalledPerson
from booth_queue.contract import Outcome as ServiceOutcome
from station.errors import StationError
from station.reasons import Reason
from station.record import Outcome, Provenance, SamplingRecord
from station.signing import SignedRecord
from station.store import RecordStore, write_durably

_BEGUN, _TOLD = "begun.json", "told.json"


@dataclass(frozen=True, slots=True)
class _Begun:
    """A session that was asked for; ``session`` is empty until the service has answered."""

    ticket_id: str
    number: str
    started_at: str
    session: str = ""


@dataclass(frozen=True, slots=True)
class _Told:
    """How far the service has been told: all records up to ``through``.

    ``refused`` holds, by a record's number, what the service would not take of it, and why.
    """

    through: int = 0
    refused: Mapping[str, list[str]] = field(default_factory=dict)


class Outbox:
    """Tells the service of every session once, whatever fails in between.

    A session's beginning is written down before the service hears of it, and its record is in the
    store before it is sent; every command carries a key made of the session, so that repeating it
    does nothing twice. After a crash ``recover`` ends what had begun, and ``flush`` sends what was
    not sent. One thread uses it.
    """

    def __init__(self, store: RecordStore, client: BoothClient) -> None:
        self._store = store
        self._client = client

    def begin(self, person: CalledPerson) -> str:
        """Open the session of ``person`` with the service; returns its id.

        Raises StationError where the beginning cannot be written, and what the client raises.
        """
        begun = _Begun(person.ticket_id, person.number, datetime.now(UTC).isoformat())
        self._note(begun)
        try:
            opened = self._client.open_session(begun.ticket_id, key=f"{begun.ticket_id}:open")
        except Refused:
            self._forget()  # it was not opened
            raise
        self._note(replace(begun, session=opened.id))
        return opened.id

    def finish(self, record: SamplingRecord) -> SignedRecord:
        """Sign and store the record of the session that has ended, and send what can be sent.

        Raises StationError where it cannot be stored.
        """
        signed = self._store.append(record)
        self._forget()
        self.flush()
        return signed

    def recover(self, booth: str, origin: Provenance) -> SignedRecord | None:
        """End a session that was cut off, as ABORTED; returns its record, or None.

        Raises Unreachable while the service cannot say whether it had opened the session.
        """
        begun = self._begun()
        if begun is None:
            return None
        head = self._store.head()
        if head is not None and begun.session and head.record.get("session") == begun.session:
            self._forget()  # it was cut off after its record
            return None
        session = begun.session
        if not session:
            try:
                session = self._client.open_session(
                    begun.ticket_id, key=f"{begun.ticket_id}:open"
                ).id
            except Refused:
                self._forget()
                return None
        return self.finish(
            SamplingRecord(
                booth=booth,
                session=session,
                ticket=begun.number,
                outcome=Outcome.ABORTED,
                reason=Reason.CUT_OFF,
                started_at=begun.started_at,
                duration_s=0.0,
                sites=(),
                trail=(),
                provenance=origin,
            )
        )

    def flush(self) -> bool:
        """Send every record that was not sent, in order; False where the service is away."""
        told = self._told()
        for signed in self._store.after(told.through):
            try:
                refused = self._tell(signed)
            except Unreachable:
                return False
            said = dict(told.refused)
            if refused:
                said[str(signed.sequence)] = refused
            told = _Told(signed.sequence, said)
            self._write(_TOLD, {"through": told.through, "refused": told.refused})
        return True

    @property
    def refused(self) -> Mapping[str, list[str]]:
        """What the service would not take, by the record's number: for a person to look at."""
        return self._told().refused

    def _tell(self, signed: SignedRecord) -> list[str]:
        """Bind, store, close: the order that leaves no sample without its person."""
        record = signed.record
        session, tube = record["session"], record["tube"]
        outcome, reason = ServiceOutcome(record["outcome"]), record["reason"] or None
        client, refused = self._client, list[str]()

        def try_to(step: str, do: Callable[[str], object]) -> None:
            try:
                do(f"{session}:{step}")
            except (Refused, ValueError) as refusal:  # turned down there, or here by the contract
                refused.append(f"{step}: {' '.join(str(refusal).split())}")

        if tube:
            try_to("swab", lambda key: client.bind_swab(session, tube, key=key))
        try_to("record", lambda key: client.store_record(session, signed.document(), key=key))
        try_to("close", lambda key: client.close_session(session, outcome, reason=reason, key=key))
        return refused

    def _begun(self) -> _Begun | None:
        found = self._read(_BEGUN)
        return None if found is None else _Begun(**found)

    def _told(self) -> _Told:
        found = self._read(_TOLD)
        return _Told() if found is None else _Told(**found)

    def _note(self, begun: _Begun) -> None:
        fields = ("ticket_id", "number", "started_at", "session")
        self._write(_BEGUN, {name: getattr(begun, name) for name in fields})

    def _forget(self) -> None:
        (self._store.folder / _BEGUN).unlink(missing_ok=True)

    def _read(self, name: str) -> dict[str, Any] | None:
        path = self._store.folder / name
        try:
            found = json.loads(path.read_bytes())
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as error:
            raise StationError(
                f"cannot read {path} ({error}); restore it, or ask for it"
            ) from error
        if not isinstance(found, dict):
            raise StationError(f"{path} holds no mapping; restore it")
        return found

    def _write(self, name: str, values: Mapping[str, Any]) -> None:
        path = self._store.folder / name
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            write_durably(path, json.dumps(values, indent=1).encode())
        except OSError as error:
            raise StationError(f"cannot write {path}: {error.strerror}; free space") from error
