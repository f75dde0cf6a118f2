"""A booth without the service: codes are checked here, visits are written down and merged later."""

import json
import os
from datetime import datetime
from pathlib import Path

from pydantic import TypeAdapter

from booth_queue.client.booth import BoothClient
from booth_queue.contract.work import MergeView, OfflineVisit, OfflineVisits
from booth_queue.domain import code as codes
from booth_queue.errors import BoothQueueError

_MOST_AT_ONCE = 500  # what the service takes in one call
_VISIT = TypeAdapter(OfflineVisit)


class CodeRefused(BoothQueueError):  # noqa: N818 - reads as what happened
    """The code shown may not be used here and now; the message says why."""


class OfflineBooth:
    """Checks booking codes with the service's public key, and keeps a journal of visits.

    Parameters
    ----------
    booth_id
        The booth whose bookings are taken.
    public_key
        From ``GET /v1/codes/key`` while the service was there (`BoothClient.code_key`).
    journal
        File that visits are appended to, one JSON object a line, each synced to disk.

    Notes
    -----
    A booking is taken once by this journal. A booking cancelled while the service was away cannot
    be known here: it is reported as a conflict when visits are merged.
    """

    def __init__(self, booth_id: str, public_key: str, journal: Path) -> None:
        self._booth_id = booth_id
        self._key = codes.public_key(public_key)
        self._journal = journal
        self._cut_tail()
        self._taken = {self._booking(visit.code) for visit in self.visits()}

    def check(self, code: str, now: datetime) -> str:
        """Return the booking of a code.

        Raises
        ------
        CodeRefused
            Forged, over, for another booth, or used here before.
        """
        try:
            payload = codes.verify(self._key, codes.BOOKING, code, now)
        except codes.CodeError as error:
            raise CodeRefused(f"this code cannot be used: {error}") from error
        if payload["k"] != self._booth_id:
            raise CodeRefused(f"this booking is for booth {payload['k']}, not {self._booth_id}")
        booking = str(payload["b"])
        if booking in self._taken:
            raise CodeRefused("this booking was used here already")
        return booking

    def write_down(self, visit: OfflineVisit) -> None:
        """Append a visit to the journal; it is on disk when this returns.

        Raises
        ------
        CodeRefused
            Its code may not be used.
        OSError
            The journal cannot be written.
        """
        booking = self.check(visit.code, visit.opened_at)
        with self._journal.open("a", encoding="utf-8") as file:
            file.write(visit.model_dump_json() + "\n")
            file.flush()
            os.fsync(file.fileno())
        self._taken.add(booking)

    def visits(self) -> list[OfflineVisit]:
        """Return the journal."""
        if not self._journal.exists():
            return []
        lines = self._journal.read_text(encoding="utf-8").splitlines()
        return [_VISIT.validate_json(line) for line in lines]

    def merge(self, client: BoothClient) -> list[MergeView]:
        """Send the whole journal; again changes nothing, so it may be repeated after any loss."""
        visits = self.visits()
        told: list[MergeView] = []
        for at in range(0, len(visits), _MOST_AT_ONCE):
            part = OfflineVisits(visits=visits[at : at + _MOST_AT_ONCE])
            told += client.merge_visits(part).visits
        return told

    def _cut_tail(self) -> None:
        # A crash may leave half a line, of a visit that `write_down` never returned from.
        if self._journal.exists():
            whole = self._journal.read_bytes().rpartition(b"\n")
            if whole[2]:
                with self._journal.open("r+b") as file:
                    file.truncate(len(whole[0]) + len(whole[1]))

    def _booking(self, code: str) -> str:
        # What stands in the journal was checked when it was written.
        return str(json.loads(codes.payload_text(code))["b"])
