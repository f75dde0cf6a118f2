"""The append-only chain person -> ticket -> swab -> tube -> box -> result.

Every entry carries the hash of the one before it in its scope (a booth, or the laboratory), so
that a changed or missing entry is found by whoever recomputes the hashes. Entries name people by
their random keys alone: erasing a person leaves the chain whole.
"""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

FIRST: Final = "0" * 64


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry; ``corrects`` names the entry it replaces, and then ``why`` says why."""

    id: str
    scope: str
    number: int
    at: datetime
    kind: str
    subject: str
    body: dict[str, Any]
    by: str
    previous: str
    sha256: str
    corrects: str | None = None
    why: str | None = None


def entry_hash(
    previous: str,
    scope: str,
    number: int,
    at: datetime,
    kind: str,
    subject: str,
    body: dict[str, Any],
    by: str,
    corrects: str | None,
    why: str | None,
) -> str:
    """Return the SHA-256 of an entry's canonical JSON, the previous hash included."""
    said = [previous, scope, number, at.isoformat(), kind, subject, body, by, corrects, why]
    text = json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def first_fault(entries: Iterable[Entry]) -> Entry | None:
    """Return the first entry of a scope that does not follow from the one before it.

    Parameters
    ----------
    entries
        All entries of one scope, by number.
    """
    previous, number = FIRST, 1
    for entry in entries:
        expected = entry_hash(
            previous,
            entry.scope,
            number,
            entry.at,
            entry.kind,
            entry.subject,
            entry.body,
            entry.by,
            entry.corrects,
            entry.why,
        )
        if (entry.number, entry.previous, entry.sha256) != (number, previous, expected):
            return entry
        previous, number = entry.sha256, number + 1
    return None
